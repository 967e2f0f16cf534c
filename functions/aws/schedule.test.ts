import { afterEach, describe, expect, test, vi } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const config = 'probe.schedule "a" { }\nprobe.schedule "b" { }\nprobe.tick "c" { }\nprobe.records "d" { }';

test.for([
  {
    it: "everything for a rule",
    event: recorded("eventbridge-rule"),
    runs: ["probe.schedule.a", "probe.schedule.b", "probe.tick.c"],
  },
  {
    it: "everything for a scheduler",
    event: recorded("eventbridge-scheduler"),
    runs: ["probe.schedule.a", "probe.schedule.b", "probe.tick.c"],
  },
  {
    it: "the component that an input names",
    event: { amalgam: { schedule: "probe.schedule.b" } },
    runs: ["probe.schedule.b"],
  },
  { it: "the tick that an input names", event: { amalgam: { schedule: "probe.tick.c" } }, runs: ["probe.tick.c"] },
  {
    it: "several that an input names",
    event: { amalgam: { schedule: ["probe.tick.c", "probe.schedule.a"] } },
    runs: ["probe.schedule.a", "probe.tick.c"],
  },
  {
    it: "what a rule's detail names",
    event: { ...recorded("eventbridge-rule"), detail: { amalgam: { schedule: "probe.schedule.a" } } },
    runs: ["probe.schedule.a"],
  },
])("a schedule runs $it", async ({ event, runs }) => {
  const { pipeline, seen } = await loadProbes(config);
  await createHandler(pipeline)(event);
  expect(seen.map(({ component }) => component)).toEqual(runs);
});

test("a name without a schedule is refused with those that have one", async () => {
  const { pipeline } = await loadProbes(config);
  await expect(createHandler(pipeline)({ amalgam: { schedule: "probe.records.d" } })).rejects.toThrow(
    "amalgam.schedule should name a component with a schedule, got probe.records.d; there are: probe.schedule.a, probe.schedule.b, probe.tick.c",
  );
});

test("one that fails does not keep the others from running, and fails the invocation", async () => {
  const { pipeline, seen, logged } = await loadProbes('probe.schedule "a" { outcome = "retry" }\nprobe.tick "b" { }');
  const message = "probe.schedule.a: scheduled run failed: backend says retry";
  await expect(createHandler(pipeline)(recorded("eventbridge-rule"), { awsRequestId: "r-1" })).rejects.toThrow(message);
  expect(seen.map(({ component }) => component)).toEqual(["probe.schedule.a", "probe.tick.b"]);
  expect(logged).toEqual([
    ["error", "scheduled run failed", { component: "probe.schedule.a", error: "backend says retry" }],
    ["error", "invocation failed", { invocation: "r-1", error: message }],
  ]);
});

describe("an event for a stretch of time", () => {
  afterEach(() => vi.useRealTimers());
  const minute = Date.parse("2026-08-01T10:00:00Z");

  /** Runs an event that comes 300 ms after it was due; gives the seconds of the minute at which runs began. */
  async function runsOf(config: string, { at = minute, takesMs = 0, remainingMs = 90_000 } = {}): Promise<number[]> {
    vi.useFakeTimers({ now: at + 300 });
    const runs: number[] = [];
    const { pipeline } = await loadProbes(config, { clock: () => Date.now() });
    for (const { trigger } of pipeline.triggers)
      if (trigger.kind === "schedule")
        Object.assign(trigger, {
          run: async () => {
            runs.push((Date.now() - minute) / 1000);
            await new Promise(resolve => setTimeout(resolve, takesMs));
          },
        });
    const event = { amalgam: { schedule: "probe.schedule.a", forSeconds: 60, at: new Date(at).toISOString() } };
    const done = createHandler(pipeline)(event, { getRemainingTimeInMillis: () => remainingMs }).catch(() => {});
    await vi.advanceTimersByTimeAsync(remainingMs);
    await done;
    return runs;
  }

  test.for([
    { it: "at each of its times, the first at once", every: 15_000, at: minute, runs: [0.3, 15, 30, 45] },
    { it: "at times of its own", every: 25_000, at: minute, runs: [0.3, 25, 50] },
    { it: "in the next minute where that is its time", every: 25_000, at: minute + 60_000, runs: [75, 100] },
    { it: "of longer than that at once, if one of its times is in it", every: 90_000, at: minute, runs: [0.3] },
    { it: "of longer than that not at all otherwise", every: 90_000, at: minute + 120_000, runs: [] },
    { it: "as often as there is time", every: 10_000, at: minute, remainingMs: 35_000, runs: [0.3, 10, 20, 30] },
    { it: "not twice at a time", every: 10_000, at: minute, takesMs: 24_000, runs: [0.3, 24.3, 48.3] },
  ])("runs $it", async ({ every, runs, ...options }) => {
    expect(await runsOf(`probe.schedule "a" { every = ${every} }`, options)).toEqual(runs);
  });
});
