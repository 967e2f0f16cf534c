import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Invocation } from "../../lib/pipeline/graph/invocation.ts";
import { testInvocation, testLog } from "../../lib/pipeline/graph/testing.ts";
import { type Job, Schedule } from "./schedule.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const begin = () => ({ log: testLog(), runs: [] as number[] });
const invocation = ({ deadlineMs }: { deadlineMs: number }): Invocation =>
  testInvocation({ deadline: Date.now() + deadlineMs });

/** A job that takes a while. */
const job = (runs: number[], takesMs = 0, everyMs = 100): Job => ({
  name: "test.part.a",
  everyMs,
  run: () => {
    runs.push(Date.now());
    return new Promise(resolve => setTimeout(resolve, takesMs));
  },
});

test.for<{ it: string; takesMs: number; runs: number[] }>([
  { it: "a quick job runs at once and then at fixed times", takesMs: 10, runs: [0, 100, 200, 300] },
  { it: "a job that takes longer skips times and never overlaps", takesMs: 150, runs: [0, 200] },
])("$it", async ({ takesMs, runs: expected }) => {
  const { log, runs } = begin();
  new Schedule(invocation, log).set([job(runs, takesMs)]);
  await vi.advanceTimersByTimeAsync(305);
  expect(runs).toEqual(expected);
});

test("a run has its interval as time, and one that fails is logged and does not end the job", async () => {
  const { log } = begin();
  const deadlines: number[] = [];
  const run = async ({ deadline }: Invocation) => {
    deadlines.push(deadline);
    throw new Error("no luck");
  };
  new Schedule(invocation, log).set([{ name: "test.part.a", everyMs: 100, run }]);
  await vi.advanceTimersByTimeAsync(105);
  expect(deadlines).toEqual([100, 200]);
  const line = 'error scheduled run failed {"component":"test.part.a","error":"no luck"}';
  expect(log.lines).toEqual([line, line]);
});

test("stop starts no more runs and waits for the one that is under way", async () => {
  const { log, runs } = begin();
  const schedule = new Schedule(invocation, log);
  schedule.set([job(runs, 50)]);
  await vi.advanceTimersByTimeAsync(120);
  let stopped = false;
  void schedule.stop().then(() => {
    stopped = true;
  });
  await vi.advanceTimersByTimeAsync(20);
  expect(stopped).toBe(false);
  await vi.advanceTimersByTimeAsync(500);
  expect({ stopped, runs }).toEqual({ stopped: true, runs: [0, 100] });
});

test("set leaves jobs alone that are still there, stops the others, and starts new ones at once", async () => {
  const { log } = begin();
  const [stays, goes, comes]: [number[], number[], number[]] = [[], [], []];
  const schedule = new Schedule(invocation, log);
  const staying = job(stays);
  schedule.set([staying, job(goes)]);
  await vi.advanceTimersByTimeAsync(150);
  schedule.set([{ ...staying }, job(comes)]);
  await vi.advanceTimersByTimeAsync(110);
  expect({ stays, goes, comes }).toEqual({ stays: [0, 100, 200], goes: [0, 100], comes: [150, 250] });
});
