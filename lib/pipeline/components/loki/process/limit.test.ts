import { expect, test } from "vitest";
import { DeliveryError } from "../../../delivery/errors.ts";
import type { Consumer, Host } from "../../../graph/component.ts";
import { collect, testHost, testInvocation, testTime } from "../../../graph/testing.ts";
import { MemoryStore } from "../../../state/memory.ts";
import { labelsFrom } from "../../../telemetry/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { lokiProcess } from "./process.ts";
import { compilePlain, type PlainStage, problem, runStages } from "./run-stages.ts";

const lines = (...texts: readonly string[]) => texts.map(line => ({ line }));
const limit = (args: Record<string, unknown>) => ({ limit: { rate: 1, burst: 1, ...args } });

test.for([
  { it: "drops above the burst", args: { burst: 2, drop: true }, pass: ["a1", "b1"] },
  {
    it: "counts by label, each value by itself",
    args: { drop: true, by_label_name: "app" },
    pass: ["a1", "b1", "none"],
  },
  {
    it: "lets entries without the label pass",
    args: { drop: true, by_label_name: "no" },
    pass: ["a1", "b1", "a2", "none"],
  },
])("limit: $it", ({ args, pass }) => {
  const entries = [
    { line: "a1", labels: { app: "a" } },
    { line: "b1", labels: { app: "b" } },
    { line: "a2", labels: { app: "a" } },
    { line: "none", labels: { other: "a" } },
  ];
  const { out, dropped } = runStages([limit(args)], entries);
  const passed = out.map(({ line }) => line);
  expect(passed.sort()).toEqual(pass.sort());
  expect(dropped).toEqual(
    Array.from({ length: 4 - pass.length }, () => ({ reason: "ratelimit_drop_stage", items: 1 })),
  );
});

test.for([
  { it: "a rate of 0", args: { rate: 0 }, message: "stage.limit: limit stage failed to parse rate or burst" },
  { it: "a burst below 1", args: { burst: -1 }, message: "stage.limit: limit stage failed to parse rate or burst" },
  {
    it: "labels without drop",
    args: { by_label_name: "a" },
    message: "stage.limit: When ratelimiting by label, drop must be true",
  },
])("limit: refuses $it", ({ args, message }) => {
  expect(() => compilePlain([limit(args)])).toThrow(problem(message));
});

const batch = (...texts: readonly string[]): LogBatch => [
  {
    labels: labelsFrom([["app", "shop"]]),
    entries: texts.map((line, i) => ({ timestamp: BigInt(i), line, metadata: [] })),
  },
];

/** A component with stages, as the graph builds it. */
async function build(stage: readonly PlainStage[], overrides: Partial<Host> = {}) {
  const out = collect<LogBatch>();
  const host = testHost(overrides);
  const args = lokiProcess.args.decode({ forward_to: [], stage });
  const { exports, needs } = await lokiProcess.build({ ...args, forward_to: [out] }, host);
  const { receiver } = exports as { receiver: Consumer<LogBatch> }; // by its schema
  const passed = () => out.batches.flat().flatMap(({ entries }) => entries.map(({ line }) => line));
  return { receiver, passed, needs, host };
}

test("limit: entries above the rate wait for their batch's last one", async () => {
  const { receiver, passed } = await build([limit({ rate: 1000, burst: 1 })]);
  await receiver.consume(batch("a", "b", "c"), testInvocation());
  expect(passed()).toEqual(["a", "b", "c"]);
});

test("limit: a batch that would pass after the deadline goes back, and takes nothing", async () => {
  const { receiver, passed } = await build([limit({ rate: 1, burst: 2 })]);
  const invocation = testInvocation({ deadline: testTime + 2500 });
  const refused = receiver.consume(batch("a", "b", "c", "d", "e"), invocation);
  await expect(refused).rejects.toEqual(
    new DeliveryError("stage.limit: lines should pass before the deadline in 2.5s, got 3s to wait at this rate", {
      kind: "retry",
      retryAfterMs: 3000,
    }),
  );
  await receiver.consume(batch("f", "g"), invocation);
  expect(passed()).toEqual(["f", "g"]);
});

test("limit: the end of an invocation ends the wait", async () => {
  const { receiver, passed } = await build([limit({ rate: 0.1, burst: 1 })]);
  const stop = new AbortController();
  const waiting = receiver.consume(batch("a", "b"), testInvocation({ signal: stop.signal }));
  stop.abort();
  await expect(waiting).rejects.toThrow(
    "stage.limit: lines should wait until the rate allows them, got the end of the invocation",
  );
  expect(passed()).toEqual([]);
});

const slow = [limit({ rate: 0.001, burst: 3, drop: true })];

test("limit: an instance with the same arguments goes on counting, one with others starts anew", async () => {
  const memory = new Map<string, unknown>();
  const first = await build(slow, { memory });
  await first.receiver.consume(batch("a", "b"), testInvocation());
  const second = await build(slow, { memory });
  await second.receiver.consume(batch("c", "d"), testInvocation());
  expect(second.passed()).toEqual(["c"]);
  const third = await build([limit({ rate: 0.001, burst: 2, drop: true })], { memory });
  await third.receiver.consume(batch("e", "f", "g"), testInvocation());
  expect(third.passed()).toEqual(["e", "f"]);
});

test("limit: a function's instances count together", async () => {
  const shared = { mode: "function" as const, state: new MemoryStore({ clock: () => testTime }) };
  const [one, two] = [await build(slow, shared), await build(slow, shared)];
  expect(one.needs).toEqual({ state: true });
  await one.receiver.consume(batch("a", "b"), testInvocation());
  await two.receiver.consume(batch("c", "d"), testInvocation());
  expect([one.passed(), two.passed()]).toEqual([["a", "b"], ["c"]]);
  const later = testInvocation({ now: testTime + 1_000_000 });
  await one.receiver.consume(batch("e", "f"), later);
  expect(one.passed()).toEqual(["a", "b", "e"]);
});

test("limit: what instances let through at the same time is missing afterwards", async () => {
  const shared = { mode: "function" as const, state: new MemoryStore({ clock: () => testTime }) };
  const [one, two] = [await build(slow, shared), await build(slow, shared)];
  await Promise.all([one, two].map(({ receiver }) => receiver.consume(batch("a", "b", "c"), testInvocation())));
  expect([one.passed(), two.passed()]).toEqual([
    ["a", "b", "c"],
    ["a", "b", "c"],
  ]);
  const three = await build(slow, shared);
  await three.receiver.consume(batch("d"), testInvocation({ now: testTime + 3_000_000 }));
  expect(three.passed()).toEqual([]);
  await three.receiver.consume(batch("e"), testInvocation({ now: testTime + 4_000_000 }));
  expect(three.passed()).toEqual(["e"]);
});

test("limit: many records of one invocation are counted each once", async () => {
  const shared = { mode: "function" as const, state: new MemoryStore({ clock: () => testTime }) };
  const one = await build([limit({ rate: 0.001, burst: 10, drop: true })], shared);
  const invocation = testInvocation();
  await Promise.all(Array.from({ length: 8 }, (_, i) => one.receiver.consume(batch(`a${i}`), invocation)));
  const two = await build([limit({ rate: 0.001, burst: 10, drop: true })], shared);
  await two.receiver.consume(batch("b", "c", "d"), testInvocation());
  expect([one.passed().length, two.passed()]).toEqual([8, ["b", "c"]]);
});

test("limit: a store that fails leaves the instance to count by itself", async () => {
  const state = new MemoryStore();
  state.get = async () => {
    throw new Error("store is away");
  };
  const { receiver, passed, host } = await build(slow, { mode: "function", state });
  await receiver.consume(batch("a", "b", "c", "d"), testInvocation());
  expect(passed()).toEqual(["a", "b", "c"]);
  expect((host.log as unknown as { lines: string[] }).lines).toContain(
    'warn what is left of the limit could not be exchanged, this instance counts by itself {"component":"test.part.a","error":"store is away"}',
  ); // a test log
});

test("limit: stands in stage.match, too", () => {
  const nested = { match: { selector: '{app="shop"}', stage: [limit({ drop: true })] } };
  expect(runStages([nested], lines("a", "b")).out.map(({ line }) => line)).toEqual(["a"]);
});
