import { expect, test } from "vitest";
import { otlpBatch } from "../lib/pipeline/graph/kinds.ts";
import type { Signal } from "../lib/pipeline/graph/trigger.ts";
import type { LogBatch } from "../lib/pipeline/telemetry/loki/model.ts";
import { requestFromJson } from "../lib/pipeline/telemetry/otlp/json-read.ts";
import type { MetricBatch, Sample } from "../lib/pipeline/telemetry/prometheus/model.ts";
import { durationText, firstItems, kindOfBatch } from "./item.ts";

const time = "2026-08-01T10:00:00.123Z";
const nanoseconds = `${Date.parse(time)}000000`;
const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const resource = { attributes: [attribute("service.name", "shop")] };
const otlp = (signal: Signal, request: object) => otlpBatch(signal, requestFromJson(signal, JSON.stringify(request)));

const logs: LogBatch = [
  {
    labels: ["app", "cart", "level", "warn"],
    entries: [
      { timestamp: BigInt(nanoseconds), line: "<b>slow</b>", metadata: ["trace_id", "abc", "none", ""] },
      { timestamp: 0n, line: "x".repeat(600), metadata: [] },
    ],
  },
];
const sample = (rest: Partial<Sample>): Sample => ({
  labels: ["__name__", "up", "job", "a"],
  timestamp: Date.parse(time),
  value: 1,
  histogram: undefined,
  exemplars: undefined,
  metadata: undefined,
  startTimestamp: undefined,
  stale: false,
  ...rest,
});
const samples: MetricBatch = [sample({}), sample({ stale: true, value: Number.NaN })];
const traces = otlp("traces", {
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope: { name: "lib" },
          spans: [
            {
              traceId: "0102030405060708090a0b0c0d0e0f10",
              spanId: "0102030405060708",
              name: "GET /cart",
              kind: 2,
              startTimeUnixNano: nanoseconds,
              endTimeUnixNano: String(BigInt(nanoseconds) + 12_340_000n),
              attributes: [attribute("http.route", "/cart")],
              status: { code: 2, message: "gone" },
            },
          ],
        },
      ],
    },
  ],
});
const records = otlp("logs", {
  resourceLogs: [
    {
      resource,
      scopeLogs: [
        {
          logRecords: [
            {
              timeUnixNano: nanoseconds,
              severityNumber: 9,
              severityText: "INFO",
              body: { kvlistValue: { values: [attribute("msg", "hello")] } },
              attributes: [attribute("a", "b")],
            },
          ],
        },
      ],
    },
  ],
});
const points = otlp("metrics", {
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          metrics: [
            { name: "queue", unit: "1", gauge: { dataPoints: [{ timeUnixNano: nanoseconds, asInt: "7" }] } },
            {
              name: "duration",
              unit: "s",
              histogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  { timeUnixNano: nanoseconds, count: "3", sum: 1.5, attributes: [attribute("http.route", "/cart")] },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
});

const resourceGroup = { name: "resource", pairs: [["service.name", "shop"]] };
test.for([
  {
    it: "log entries: line, labels, level; long lines are cut",
    batch: logs,
    kind: "log",
    items: [
      {
        title: "<b>slow</b>",
        about: "app=cart level=warn",
        note: "warn",
        groups: [
          { name: "entry", pairs: [["timestamp", time]] },
          {
            name: "labels",
            pairs: [
              ["app", "cart"],
              ["level", "warn"],
            ],
          },
          { name: "structured metadata", pairs: [["trace_id", "abc"]] },
        ],
      },
      {
        title: `${"x".repeat(500)}…`,
        about: "app=cart level=warn",
        note: "warn",
        groups: [
          {
            name: "labels",
            pairs: [
              ["app", "cart"],
              ["level", "warn"],
            ],
          },
        ],
      },
    ],
  },
  {
    it: "samples: name, labels, value, or that the series is stale",
    batch: samples,
    kind: "metric",
    items: [
      {
        title: "up",
        about: "job=a",
        note: "1",
        groups: [
          {
            name: "sample",
            pairs: [
              ["value", "1"],
              ["timestamp", time],
            ],
          },
          { name: "labels", pairs: [["job", "a"]] },
        ],
      },
      {
        title: "up",
        about: "job=a",
        note: "stale",
        groups: [
          {
            name: "sample",
            pairs: [
              ["value", "stale"],
              ["timestamp", time],
            ],
          },
          { name: "labels", pairs: [["job", "a"]] },
        ],
      },
    ],
  },
  {
    it: "spans: name, attributes, duration",
    batch: traces,
    kind: "trace",
    items: [
      {
        title: "GET /cart",
        about: "service.name=shop http.route=/cart",
        note: "12.3 ms",
        groups: [
          {
            name: "span",
            pairs: [
              ["kind", "server"],
              ["status", "error: gone"],
              ["start", time],
              ["trace id", "0102030405060708090a0b0c0d0e0f10"],
              ["span id", "0102030405060708"],
              ["scope", "lib"],
            ],
          },
          { name: "attributes", pairs: [["http.route", "/cart"]] },
          resourceGroup,
        ],
      },
    ],
  },
  {
    it: "log records: body, attributes, severity",
    batch: records,
    kind: "log",
    items: [
      {
        title: '{"msg":"hello"}',
        about: "a=b",
        note: "INFO",
        groups: [
          {
            name: "record",
            pairs: [
              ["timestamp", time],
              ["severity number", "9"],
            ],
          },
          { name: "attributes", pairs: [["a", "b"]] },
          resourceGroup,
        ],
      },
    ],
  },
  {
    it: "data points: name, attributes, value with its unit",
    batch: points,
    kind: "metric",
    items: [
      {
        title: "queue",
        about: "",
        note: "7",
        groups: [
          {
            name: "point",
            pairs: [
              ["value", "7"],
              ["unit", "1"],
              ["kind", "gauge"],
              ["timestamp", time],
            ],
          },
          resourceGroup,
        ],
      },
      {
        title: "duration",
        about: "http.route=/cart",
        note: "count 3, sum 1.5 s",
        groups: [
          {
            name: "point",
            pairs: [
              ["value", "count 3, sum 1.5"],
              ["unit", "s"],
              ["kind", "histogram"],
              ["timestamp", time],
            ],
          },
          { name: "attributes", pairs: [["http.route", "/cart"]] },
          resourceGroup,
        ],
      },
    ],
  },
])("shows $it", ({ batch, kind, items }) => {
  expect(firstItems(batch, 10)).toEqual(items);
  expect(kindOfBatch(batch)).toBe(kind);
  expect(firstItems(batch, 1)).toEqual(items.slice(0, 1));
});

test("looking at a batch leaves it as it is, also for those who write to it afterwards", () => {
  const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ name: "a" }] }] }] };
  const [looked, other] = [otlp("traces", request), otlp("traces", request)];
  firstItems(looked, 10);
  for (const { data } of [looked, other]) {
    if (!("resourceSpans" in data)) throw new Error("made of traces");
    for (const { scopeSpans } of data.resourceSpans)
      for (const { spans } of scopeSpans) for (const span of spans) span.name = "b";
  }
  expect(Buffer.from(looked.data.encode())).toEqual(Buffer.from(other.data.encode()));
});

test.for([
  { nanoseconds: 0n, text: "0 ms" },
  { nanoseconds: -5n, text: "0 ms" },
  { nanoseconds: 850_000n, text: "850 µs" },
  { nanoseconds: 12_345_678n, text: "12.3 ms" },
  { nanoseconds: 2_500_000_000n, text: "2.5 s" },
])("$nanoseconds ns is $text", ({ nanoseconds, text }) => {
  expect(durationText(nanoseconds)).toBe(text);
});
