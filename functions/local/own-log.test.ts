import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DeliveryError } from "../../lib/pipeline/delivery/errors.ts";
import type { Consumer } from "../../lib/pipeline/graph/component.ts";
import { collect, testInvocation, testLog } from "../../lib/pipeline/graph/testing.ts";
import type { LogBatch } from "../../lib/pipeline/telemetry/loki/model.ts";
import { createLogger } from "./log.ts";
import { OwnLog } from "./own-log.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ["Date", "setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A log whose lines go through a consumer. */
function logInto(consumer: Consumer<LogBatch>) {
  const lines: string[] = [];
  const log = createLogger({ write: line => lines.push(line) });
  const own = new OwnLog(log);
  own.target = { consumer, invocation: () => testInvocation() };
  log.configure({ tee: own.take });
  return { log, own, lines };
}

const messages = (batches: readonly LogBatch[]) =>
  batches.map(batch => batch.flatMap(({ entries }) => entries.map(({ line }) => /msg="?([^"\n]*)/.exec(line)?.[1])));

test("lines come as Alloy sends them: one label, their time, their end", async () => {
  const out = collect<LogBatch>();
  const { log, own } = logInto(out);
  log.info("done", { component: "a.b.c" });
  await own.flush();
  expect(out.batches).toEqual([
    [
      {
        labels: ["component", "alloy"],
        entries: [
          {
            timestamp: 1_700_000_000_000_000_000n,
            line: "ts=2023-11-14T22:13:20.000Z level=info msg=done component=a.b.c\n",
            metadata: [],
          },
        ],
      },
    ],
  ]);
});

test("lines of one moment go together, and those that come while they are handled go next", async () => {
  const handled = Promise.withResolvers<void>();
  const batches: LogBatch[] = [];
  const { log, own } = logInto({
    consume: async batch => {
      batches.push(batch);
      await handled.promise;
    },
  });
  log.info("one");
  log.info("two");
  await vi.waitFor(() => expect(batches).toHaveLength(1));
  log.info("three");
  log.info("four");
  handled.resolve();
  await own.flush();
  expect(messages(batches)).toEqual([
    ["one", "two"],
    ["three", "four"],
  ]);
});

test("what is logged while a line is handled is written, and not sent", async () => {
  const batches: LogBatch[] = [];
  const { log, own, lines } = logInto({
    consume: async batch => {
      batches.push(batch);
      log.info("at once");
      await new Promise(resolve => setImmediate(resolve));
      log.info("later");
    },
  });
  log.info("one");
  await own.flush();
  await own.flush();
  expect(messages(batches)).toEqual([["one"]]);
  expect(lines.map(line => /msg="?([^"]*)/.exec(line)?.[1])).toEqual(["one", "at once", "later"]);
});

describe("a receiver that fails", () => {
  test("for now gets the lines again, and the log says so once", async () => {
    const batches: LogBatch[] = [];
    let failing = true;
    const { log, own, lines } = logInto({
      consume: async batch => {
        batches.push(batch);
        if (failing) throw new DeliveryError("push refused", { kind: "retry" });
      },
    });
    log.info("one");
    await own.flush();
    log.info("two");
    await own.flush();
    failing = false;
    await own.flush();
    expect(messages(batches)).toEqual([["one"], ["one"], ["one", "two"], ["one", "two"]]); // the first by itself
    expect(lines.filter(line => line.includes("the log"))).toEqual([
      'ts=2023-11-14T22:13:20.000Z level=error msg="the log could not be sent" error="push refused"',
      'ts=2023-11-14T22:13:20.000Z level=info msg="the log is sent again" lost=0',
    ]);
  });

  test("for now gets them again by itself after a second", async () => {
    const batches: LogBatch[] = [];
    const { log } = logInto({
      consume: async batch => {
        batches.push(batch);
        if (batches.length === 1) throw new DeliveryError("push refused", { kind: "retry" });
      },
    });
    log.info("one");
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    vi.advanceTimersByTime(1000);
    await vi.waitFor(() => expect(batches).toHaveLength(2));
  });

  test("for good loses them, and the log says how many", async () => {
    const out = collect<LogBatch>(new DeliveryError("bad line", { kind: "reject" }));
    const { log, own, lines } = logInto(out);
    log.info("one");
    await own.flush();
    log.info("two");
    await own.flush();
    own.target = { consumer: collect<LogBatch>(), invocation: () => testInvocation() };
    log.info("three");
    await own.flush();
    expect(messages(out.batches)).toEqual([["one"], ["two"]]);
    expect(lines.at(-1)).toMatch(/msg="the log is sent again" lost=2$/);
  });

  test("does not make the lines that wait fill the memory", async () => {
    const batches: LogBatch[] = [];
    let failing = true;
    const { log, own } = logInto({
      consume: async batch => {
        if (failing) throw new DeliveryError("push refused", { kind: "retry" });
        batches.push(batch);
      },
    });
    for (let i = 0; i < 10_005; i++) log.info(`line ${i}`);
    await own.flush();
    failing = false;
    await own.flush();
    expect(messages(batches).flat().slice(0, 2)).toEqual(["line 5", "line 6"]);
    expect(messages(batches).flat()).toHaveLength(10_000);
  });
});

test("without a receiver nothing is kept", async () => {
  const out = collect<LogBatch>();
  const own = new OwnLog(testLog());
  own.take("line", 0);
  own.target = { consumer: out, invocation: () => testInvocation() };
  await own.flush();
  expect(out.batches).toEqual([]);
});

test("lines from before the configuration was there are written and sent as it says", async () => {
  const lines: string[] = [];
  const out = collect<LogBatch>();
  const log = createLogger({ hold: true, write: line => lines.push(line) });
  const own = new OwnLog(log);
  log.debug("early", { n: 1 });
  expect(lines).toEqual([]);
  own.target = { consumer: out, invocation: () => testInvocation() };
  log.configure({ level: "debug", format: "json", tee: own.take });
  await own.flush();
  expect(lines).toEqual(['{"ts":"2023-11-14T22:13:20.000Z","level":"debug","msg":"early","n":1}']);
  expect(out.batches.flat()[0]?.entries[0]?.line).toBe(`${lines[0]}\n`);
});

test("held lines are not many", () => {
  const lines: string[] = [];
  const log = createLogger({ hold: true, write: line => lines.push(line) });
  for (let i = 0; i < 1001; i++) log.info("line");
  expect(lines).toHaveLength(1001);
});
