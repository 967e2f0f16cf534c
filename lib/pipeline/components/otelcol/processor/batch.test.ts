import { afterEach, expect, test, vi } from "vitest";
import type { Signal } from "../../../graph/trigger.ts";
import { openPipeline, problemsOf, type TestPipeline } from "../testing.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** A semicolon is a line break. */
const config = (body: string, sink = "") => `
  otelcol.processor.batch "b" {
    ${body.replaceAll("; ", "\n")}
    output {
      traces  = [test.sink.out.input]
      metrics = [test.sink.out.input]
      logs    = [test.sink.out.input]
    }
  }
  test.sink "out" { ${sink} }
`;

/** Resources by their names, each with records of these numbers. */
const logs = (resources: { readonly [name: string]: readonly number[] }) => ({
  resourceLogs: Object.entries(resources).map(([name, records]) => ({
    resource: { attributes: [{ key: "name", value: { stringValue: name } }] },
    scopeLogs: [{ logRecords: records.map(i => ({ severityText: `${i}` })) }],
  })),
});

type Logs = ReturnType<typeof logs>;

const batches = ({ received }: TestPipeline) =>
  received.map(({ request }) =>
    // as it was sent
    (request as unknown as Logs).resourceLogs.map(
      ({ resource, scopeLogs }) =>
        `${resource.attributes[0]?.value.stringValue}:${scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ severityText }) => severityText)).join("")}`,
    ),
  );

const push = (pipeline: TestPipeline, request: object, signal: Signal = "logs", metadata?: [string, string[]][]) =>
  pipeline.push("otelcol.processor.batch.b", signal, request, metadata ? { metadata: new Map(metadata) } : {});

test("what comes within the timeout goes together, resources apart", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config('timeout = "200ms"'));
  const pushes = [push(pipeline, logs({ a: [1, 2] })), push(pipeline, logs({ a: [3], b: [4] }))];
  await vi.advanceTimersByTimeAsync(199);
  expect(batches(pipeline)).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(pushes);
  expect(batches(pipeline)).toEqual([["a:12", "a:3", "b:4"]]);
  await pipeline.close();
});

test("the time counts from the first item that waits", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config('timeout = "200ms"'));
  void push(pipeline, logs({ a: [1] }));
  await vi.advanceTimersByTimeAsync(150);
  void push(pipeline, logs({ a: [2] }));
  await vi.advanceTimersByTimeAsync(50);
  expect(batches(pipeline)).toEqual([["a:1", "a:2"]]);
  await pipeline.close();
});

test("as many as send_batch_size go at once", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config("send_batch_size = 3; send_batch_max_size = 0"));
  const pushes = [push(pipeline, logs({ a: [1, 2] })), push(pipeline, logs({ a: [3, 4] }))];
  await Promise.all(pushes);
  expect(batches(pipeline)).toEqual([["a:12", "a:34"]]);
  await pipeline.close();
});

test("batches of more than send_batch_max_size are cut by items", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config("send_batch_size = 3; send_batch_max_size = 3"));
  const pushed = push(pipeline, logs({ a: [1, 2], b: [3, 4, 5], c: [6, 7] }));
  await vi.advanceTimersByTimeAsync(0);
  expect(batches(pipeline)).toEqual([
    ["a:12", "b:3"],
    ["b:45", "c:6"],
  ]);
  await vi.advanceTimersByTimeAsync(200);
  await pushed;
  expect(batches(pipeline)).toEqual([["a:12", "b:3"], ["b:45", "c:6"], ["c:7"]]);
  await pipeline.close();
});

test("metrics are cut by points, and stand in each part with their name", async () => {
  const pipeline = await openPipeline(config('timeout = "0s"; send_batch_size = 2; send_batch_max_size = 2'));
  const dataPoints = ["1", "2", "3"].map(asInt => ({ asInt }));
  await push(
    pipeline,
    { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", sum: { dataPoints, isMonotonic: true } }] }] }] },
    "metrics",
  );
  const points = pipeline.received.map(({ request }) =>
    JSON.stringify(request).match(/"name":"m"|"isMonotonic":true|"asInt":"\d"/g),
  );
  expect(points.map(found => found?.toSorted())).toEqual([
    ['"asInt":"1"', '"asInt":"2"', '"isMonotonic":true', '"name":"m"'],
    ['"asInt":"3"', '"isMonotonic":true', '"name":"m"'],
  ]);
  await pipeline.close();
});

test("signals are kept apart", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config(""));
  void push(pipeline, logs({ a: [1] }));
  void push(pipeline, { resourceSpans: [{ scopeSpans: [{ spans: [{ name: "s" }] }] }] }, "traces");
  await vi.advanceTimersByTimeAsync(200);
  expect(pipeline.received.map(({ signal }) => signal)).toEqual(["logs", "traces"]);
  await pipeline.close();
});

test("without a timeout nothing waits", async () => {
  const pipeline = await openPipeline(config('timeout = "0s"; send_batch_size = 100; send_batch_max_size = 0'));
  await push(pipeline, logs({ a: [1] }));
  expect(batches(pipeline)).toEqual([["a:1"]]);
  await pipeline.close();
});

test("headers keep batches apart, and only they go on", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config('metadata_keys = ["X-Tenant"]'));
  void push(pipeline, logs({ a: [1] }), "logs", [
    ["x-tenant", ["one"]],
    ["other", ["x"]],
  ]);
  void push(pipeline, logs({ a: [2] }), "logs", [["x-tenant", ["two"]]]);
  void push(pipeline, logs({ a: [3] }), "logs", [["x-tenant", ["one"]]]);
  void push(pipeline, logs({ a: [4] }));
  await vi.advanceTimersByTimeAsync(200);
  expect(batches(pipeline)).toEqual([["a:1", "a:3"], ["a:2"], ["a:4"]]);
  expect(pipeline.received.map(({ invocation }) => [...(invocation.metadata ?? [])])).toEqual([
    [["x-tenant", ["one"]]],
    [["x-tenant", ["two"]]],
    [],
  ]);
  await pipeline.close();
});

test("combinations of headers have a limit", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config('metadata_keys = ["t"]; metadata_cardinality_limit = 1'));
  void push(pipeline, logs({ a: [1] }), "logs", [["t", ["one"]]]);
  await expect(push(pipeline, logs({ a: [2] }), "logs", [["t", ["two"]]])).rejects.toThrow(
    "too many batcher metadata-value combinations",
  );
  void push(pipeline, logs({ a: [3] }), "logs", [["t", ["one"]]]);
  await vi.advanceTimersByTimeAsync(200);
  expect(batches(pipeline)).toEqual([["a:1", "a:3"]]);
  await pipeline.close();
});

test("all whose items were in a batch hear that it failed", async () => {
  vi.useFakeTimers();
  const pipeline = await openPipeline(config("", "failing = true"));
  const pushes = Promise.allSettled([push(pipeline, logs({ a: [1] })), push(pipeline, logs({ b: [2] }))]);
  await vi.advanceTimersByTimeAsync(200);
  const failure = {
    status: "rejected",
    reason: expect.objectContaining({ message: "the sink takes nothing", retryable: true }),
  };
  expect(await pushes).toEqual([failure, failure]);
  await pipeline.close();
});

test("what still waits is sent when the pipeline closes", async () => {
  const pipeline = await openPipeline(config('timeout = "1h"'));
  const pushed = push(pipeline, logs({ a: [1] }));
  await pipeline.close();
  await pushed;
  expect(batches(pipeline)).toEqual([["a:1"]]);
});

test("in a function what one invocation brings goes together when the flow opens", async () => {
  const pipeline = await openPipeline(config("send_batch_size = 0; send_batch_max_size = 3"), { mode: "function" });
  const pushes = [push(pipeline, logs({ a: [1, 2] })), push(pipeline, logs({ a: [3], b: [4] }))];
  await new Promise(setImmediate);
  expect(batches(pipeline)).toEqual([]);
  pipeline.flow.set(true);
  await Promise.all(pushes);
  expect(batches(pipeline)).toEqual([["a:12", "a:3"], ["b:4"]]);
  await push(pipeline, logs({ c: [5] })); // the flow is open
  expect(batches(pipeline).at(-1)).toEqual(["c:5"]);
  await pipeline.close();
});

test.for<[it: string, body: string, problem: string]>([
  ["a time below zero", 'timeout = "-1s"', 'timeout must be greater or equal to 0 @ "-1s"'],
  [
    "a limit below the size",
    "send_batch_size = 5; send_batch_max_size = 4",
    "send_batch_max_size must be greater or equal to send_batch_size when not 0 @ 4",
  ],
  [
    "the same header twice",
    'metadata_keys = ["a", "A"]',
    'duplicate entry in metadata_keys: "A" (case-insensitive) @ "A"]',
  ],
])("mistake: %s", async ([, body, problem]) => {
  expect(await problemsOf(config(body))).toEqual([problem]);
});
