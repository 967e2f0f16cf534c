import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Signal } from "../../../graph/trigger.ts";
import { anyValue, keyValues, logRequest, metricRequest, spanRequest } from "../../../ottl/testing.ts";
import { openPipeline, problemsOf } from "../testing.ts";

const directory = mkdtempSync(path.join(tmpdir(), "amalgam-debug-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** A semicolon is a line break. */
const config = (body: string) => `otelcol.exporter.debug "d" {\n${body.replaceAll("; ", "\n")}\n}`;

let files = 0;

/** What is written of requests, each at its time in milliseconds. */
async function written(body: string, signal: Signal, requests: readonly (readonly [now: number, request: object])[]) {
  const file = path.join(directory, `${files++}`);
  const pipeline = await openPipeline(
    config(`use_internal_logger = false; output_paths = [${JSON.stringify(file)}]; ${body}`),
  );
  for (const [now, request] of requests) await pipeline.push("otelcol.exporter.debug.d", signal, request, { now });
  await pipeline.close();
  return readFileSync(file, "utf8");
}

const traces = spanRequest(
  {
    traceId: "000102030405060708090a0b0c0d0e0f",
    spanId: "0001020304050607",
    parentSpanId: "0a0b0c0d0e0f0001",
    traceState: "a=1",
    name: "GET /",
    kind: 2,
    startTimeUnixNano: "1700000000000000000",
    endTimeUnixNano: "1700000000500000000",
    attributes: keyValues({ a: "x", n: 5n, m: { k: 1.5 } }),
    droppedAttributesCount: 1,
    events: [{ name: "e", timeUnixNano: "1700000000000000001", attributes: keyValues({ b: true }) }],
    links: [{ traceId: "000102030405060708090a0b0c0d0e0f", spanId: "0001020304050607", traceState: "c=2" }],
    status: { code: 2, message: "bad" },
  },
  { attributes: keyValues({ "service.name": "shop" }) },
  { name: "lib", version: "1.2", attributes: keyValues({ s: "y" }) },
);

const logs = logRequest({
  timeUnixNano: "1700000000000000000",
  severityNumber: 10,
  severityText: "Info",
  body: anyValue({ k: "v" }),
  attributes: keyValues({ a: [1n, "x"] }),
  traceId: "000102030405060708090a0b0c0d0e0f",
});

const metrics = {
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          scope: { name: "lib" },
          metrics: [
            {
              name: "g",
              unit: "s",
              gauge: { dataPoints: [{ asDouble: 1.5, attributes: keyValues({ a: "x", b: 1n }) }] },
            },
            { name: "s", sum: { dataPoints: [{ asInt: "7" }], isMonotonic: true, aggregationTemporality: 2 } },
            {
              name: "h",
              histogram: {
                dataPoints: [{ count: "3", sum: 4.5, min: 1, max: 2, bucketCounts: ["1", "2"], explicitBounds: [10] }],
                aggregationTemporality: 1,
              },
            },
            {
              name: "y",
              summary: { dataPoints: [{ count: "3", sum: 4.5, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
            },
          ],
        },
      ],
    },
  ],
};

test.for<[signal: Signal, request: object, line: string]>([
  ["traces", traces, 'Traces\t{"resource spans": 1, "spans": 1}\n'],
  ["logs", logs, 'Logs\t{"resource logs": 1, "log records": 1}\n'],
  ["metrics", metrics, 'Metrics\t{"resource metrics": 1, "metrics": 4, "data points": 4}\n'],
])("basic: %s", async ([signal, request, line]) => {
  expect(await written("", signal, [[0, request]])).toBe(line);
});

test.for<[signal: Signal, request: object, text: string]>([
  [
    "traces",
    traces,
    `ResourceTraces #0 service.name=shop
ScopeTraces #0 lib@1.2 s=y
GET / 000102030405060708090a0b0c0d0e0f 0001020304050607 a=x n=5 m={"k":1.5}

`,
  ],
  ["logs", logs, 'ResourceLog #0\nScopeLog #0\n{"k":"v"} a=[1,"x"]\n\n'],
  [
    "metrics",
    metrics,
    `ResourceMetrics #0
ScopeMetrics #0 lib
g{a=x,b=1} 1.5
s{} 7
h{} count=3 sum=4.5 min=1 max=2 le10=1 2
y{} count=3 sum=4.500000 q0.5=1

`,
  ],
])("normal: %s", async ([signal, request, text]) => {
  const all = await written('verbosity = "Normal"', signal, [[0, request]]);
  expect(all.slice(all.indexOf("\n") + 1)).toBe(text);
});

test.for<[signal: Signal, request: object, text: string]>([
  [
    "traces",
    traces,
    `ResourceSpans #0
Resource SchemaURL: 
Resource attributes:
     -> service.name: Str(shop)
ScopeSpans #0
ScopeSpans SchemaURL: 
InstrumentationScope lib 1.2
InstrumentationScope attributes:
     -> s: Str(y)
Span #0
    Trace ID       : 000102030405060708090a0b0c0d0e0f
    Parent ID      : 0a0b0c0d0e0f0001
    ID             : 0001020304050607
    Name           : GET /
    Kind           : Server
    TraceState     : a=1
    Start time     : 2023-11-14 22:13:20 +0000 UTC
    End time       : 2023-11-14 22:13:20.5 +0000 UTC
    Status code    : Error
    Status message : bad
    DroppedAttributesCount: 1
    DroppedEventsCount: 0
    DroppedLinksCount: 0
Attributes:
     -> a: Str(x)
     -> n: Int(5)
     -> m: Map({"k":1.5})
Events:
SpanEvent #0
     -> Name: e
     -> Timestamp: 2023-11-14 22:13:20.000000001 +0000 UTC
     -> DroppedAttributesCount: 0
     -> Attributes::
          -> b: Bool(true)
Links:
SpanLink #0
     -> Trace ID: 000102030405060708090a0b0c0d0e0f
     -> ID: 0001020304050607
     -> TraceState: c=2
     -> DroppedAttributesCount: 0

`,
  ],
  [
    "logs",
    logs,
    `ResourceLog #0
Resource SchemaURL: 
ScopeLogs #0
ScopeLogs SchemaURL: 
InstrumentationScope  
LogRecord #0
ObservedTimestamp: 1970-01-01 00:00:00 +0000 UTC
Timestamp: 2023-11-14 22:13:20 +0000 UTC
SeverityText: Info
SeverityNumber: Info2(10)
Body: Map({"k":"v"})
Attributes:
     -> a: Slice([1,"x"])
Trace ID: 000102030405060708090a0b0c0d0e0f
Span ID: 
Flags: 0

`,
  ],
  [
    "metrics",
    metricRequest({
      name: "s",
      unit: "s",
      sum: { dataPoints: [{ asDouble: 1.5 }], isMonotonic: true, aggregationTemporality: 2 },
    }),
    `ResourceMetrics #0
Resource SchemaURL: 
ScopeMetrics #0
ScopeMetrics SchemaURL: 
InstrumentationScope  
Metric #0
Descriptor:
     -> Name: s
     -> Description: 
     -> Unit: s
     -> DataType: Sum
     -> IsMonotonic: true
     -> AggregationTemporality: Cumulative
NumberDataPoints #0
StartTimestamp: 1970-01-01 00:00:00 +0000 UTC
Timestamp: 1970-01-01 00:00:00 +0000 UTC
Value: 1.500000

`,
  ],
])("detailed: %s", async ([signal, request, text]) => {
  const all = await written('verbosity = "detailed"', signal, [[0, request]]);
  expect(all.slice(all.indexOf("\n") + 1).slice(0, text.length)).toBe(text);
});

test("detailed: points of each kind", async () => {
  const exponential = {
    name: "e",
    exponentialHistogram: {
      dataPoints: [{ count: "3", scale: 0, zeroCount: "1", positive: { offset: 0, bucketCounts: ["2"] } }],
    },
  };
  const all = await written('verbosity = "detailed"', "metrics", [
    [0, metrics],
    [2000, metricRequest(exponential)],
  ]);
  for (const part of [
    "Data point attributes:\n     -> a: Str(x)\n     -> b: Int(1)\n",
    "HistogramDataPoints #0\n",
    "Count: 3\nSum: 4.500000\nMin: 1.000000\nMax: 2.000000\nExplicitBounds #0: 10.000000\nBuckets #0, Count: 1\nBuckets #1, Count: 2\n",
    "SummaryDataPoints #0\n",
    "QuantileValue #0: Quantile 0.500000, Value 1.000000\n",
    "ExponentialHistogramDataPoints #0\n",
    "Bucket [0, 0], Count: 1\nBucket (1.000000, 2.000000], Count: 2\n",
  ])
    expect(all).toContain(part);
});

test.for<[it: string, body: string, times: number[], lines: number]>([
  ["all where nothing else is said", "", [0, 1, 2, 3, 4], 5],
  ["the first two of each second", "sampling_thereafter = 0", [0, 1, 2, 999, 1000, 1001, 1002], 4],
  ["then every third", "sampling_initial = 1; sampling_thereafter = 3", [0, 1, 2, 3, 4, 5, 6], 3],
])("of equal messages: %s", async ([, body, times, lines]) => {
  const text = await written(
    body,
    "logs",
    times.map(now => [now, logs] as const),
  );
  expect(text.split("\n")).toHaveLength(lines + 1);
});

test("the process' log is where it goes else", async () => {
  const pipeline = await openPipeline(config(""));
  await pipeline.push("otelcol.exporter.debug.d", "logs", logs);
  expect(pipeline.logged).toEqual([
    ["Logs", { component: "otelcol.exporter.debug.d", "resource logs": 1, "log records": 1 }],
  ]);
  await pipeline.close();
});

test.for<[it: string, body: string, problem: string]>([
  [
    "an unknown verbosity",
    'verbosity = "loud"',
    '"loud" invalid verbosity "loud", expected basic, normal, detailed @ "loud"',
  ],
  [
    "a path with the internal log",
    'output_paths = ["stderr"]',
    'output_paths requires use_internal_logger = false @ ["stderr"]',
  ],
  ["no path", "use_internal_logger = false; output_paths = []", "output_paths cannot be empty @ []"],
])("mistake: %s", async ([, body, problem]) => {
  expect(await problemsOf(config(body))).toEqual([problem]);
});
