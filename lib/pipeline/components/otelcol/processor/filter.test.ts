import { expect, test } from "vitest";
import { DeliveryError } from "../../../delivery/errors.ts";
import type { Signal } from "../../../graph/trigger.ts";
import { keyValues } from "../../../ottl/testing.ts";
import { openPipeline, problemsOf } from "../testing.ts";

/** A semicolon is a line break. */
const config = (body: string) => `
  otelcol.processor.filter "f" {
    ${body.replaceAll("; ", "\n")}
    output {
      traces  = [test.sink.out.input]
      metrics = [test.sink.out.input]
      logs    = [test.sink.out.input]
    }
  }
  test.sink "out" { }
`;

/** Two resources; names say where a span or an event is. */
const traces = {
  resourceSpans: ["a", "b"].map(name => ({
    resource: { attributes: keyValues({ "service.name": name }) },
    scopeSpans: ["x", "y"].map(scope => ({
      scope: { name: scope },
      spans: [1, 2].map(i => ({
        name: `${name}${scope}${i}`,
        attributes: keyValues({ i: BigInt(i) }),
        events: [{ name: "good" }, { name: "bad" }],
      })),
    })),
  })),
};

const metrics = {
  resourceMetrics: [
    {
      resource: { attributes: keyValues({ "service.name": "a" }) },
      scopeMetrics: [
        {
          scope: { name: "x" },
          metrics: [
            {
              name: "gauge",
              gauge: { dataPoints: [{ asInt: "1" }, { asInt: "2", attributes: keyValues({ k: "v" }) }] },
            },
            { name: "histogram", histogram: { dataPoints: [{ count: "1" }], aggregationTemporality: 2 } },
            { name: "empty" },
          ],
        },
      ],
    },
  ],
};

const logs = {
  resourceLogs: ["a", "b"].map(name => ({
    resource: { attributes: keyValues({ "service.name": name }) },
    scopeLogs: [
      {
        scope: { name: "x" },
        logRecords: [1, 2].map(i => ({
          body: { stringValue: `${name}${i}` },
          severityNumber: i,
          attributes: keyValues({ m: {} }),
        })),
      },
    ],
  })),
};

const requests = { traces, metrics, logs };

/** Groups as nested lists of names: `a[x[ax1(good bad)]]`. */
function outline(node: unknown): string {
  if (Array.isArray(node)) return node.map(outline).join(" ");
  const record = node as Record<string, unknown>; // of a request
  for (const key of ["resourceSpans", "resourceMetrics", "resourceLogs"])
    if (key in record) return outline(record[key]);
  const below = ["scopeSpans", "scopeMetrics", "scopeLogs", "spans", "metrics", "logRecords"].find(
    key => key in record,
  );
  if (below) {
    const { resource, scope } = record as {
      resource?: { attributes: { value: { stringValue: string } }[] };
      scope?: { name: string };
    };
    return `${resource?.attributes[0]?.value.stringValue ?? scope?.name}[${outline(record[below])}]`;
  }
  if ("body" in record) return (record["body"] as { stringValue: string }).stringValue;
  const events = record["events"] as { name: string }[] | undefined;
  const points = (record["gauge"] ?? record["histogram"]) as { dataPoints: unknown[] } | undefined;
  const inside = events
    ? `(${events.map(({ name }) => name).join(" ")})`
    : points
      ? `(${points.dataPoints.length})`
      : "";
  return `${record["name"]}${inside}`;
}

test.for<[it: string, signal: Signal, body: string, left: string]>([
  [
    "no conditions, all passes",
    "traces",
    "",
    "a[x[ax1(good bad) ax2(good bad)] y[ay1(good bad) ay2(good bad)]] b[x[bx1(good bad) bx2(good bad)] y[by1(good bad) by2(good bad)]]",
  ],
  [
    "any condition drops a span",
    "traces",
    'traces { span = ["attributes[\\"i\\"] == 1", "name == \\"ax2\\""]; spanevent = ["name == \\"bad\\""] }',
    "a[y[ay2(good)]] b[x[bx2(good)] y[by2(good)]]",
  ],
  [
    "events alone don't drop their span",
    "traces",
    'traces { spanevent = ["IsMatch(name, \\"good|bad\\")", "true"] }',
    "a[x[ax1 ax2] y[ay1 ay2]] b[x[bx1 bx2] y[by1 by2]]",
  ],
  [
    "what is above may be asked",
    "traces",
    'traces { span = ["resource.attributes[\\"service.name\\"] == \\"a\\"", "instrumentation_scope.name == \\"x\\""]; spanevent = ["span.name == \\"by1\\""] }',
    "b[y[by1 by2(good bad)]]",
  ],
  [
    "a metric as a whole",
    "metrics",
    'metrics { metric = ["type == METRIC_DATA_TYPE_HISTOGRAM", "name == \\"empty\\""] }',
    "a[x[gauge(2)]]",
  ],
  [
    "a metric by its points",
    "metrics",
    'metrics { metric = ["HasAttrOnDatapoint(\\"k\\", \\"v\\")"] }',
    "a[x[histogram(1) empty]]",
  ],
  [
    "a point",
    "metrics",
    'metrics { datapoint = ["attributes[\\"k\\"] == \\"v\\""] }',
    "a[x[gauge(1) histogram(1) empty]]",
  ],
  [
    "a metric without points goes",
    "metrics",
    'metrics { datapoint = ["metric.name == \\"gauge\\""] }',
    "a[x[histogram(1) empty]]",
  ],
  ["log records", "logs", 'logs { log_record = ["body == \\"a1\\"", "severity_number == 2"] }', "b[x[b1]]"],
  ["other signals pass", "logs", 'traces { span = ["true"] }', "a[x[a1 a2]] b[x[b1 b2]]"],
  [
    "conditions with a context",
    "traces",
    'trace_conditions { context = "resource"; conditions = ["attributes[\\"service.name\\"] == \\"a\\""] }',
    "b[x[bx1(good bad) bx2(good bad)] y[by1(good bad) by2(good bad)]]",
  ],
  [
    "one block after the other",
    "traces",
    'trace_conditions { context = "scope"; conditions = ["name == \\"x\\""] }\n trace_conditions { context = "span"; conditions = ["attributes[\\"i\\"] == 2"] }',
    "a[y[ay1(good bad)]] b[y[by1(good bad)]]",
  ],
  [
    "the context is found",
    "traces",
    'trace_conditions { conditions = ["spanevent.name == \\"bad\\" and span.name != \\"ax1\\""] }',
    "a[x[ax1(good bad) ax2(good)] y[ay1(good) ay2(good)]] b[x[bx1(good) bx2(good)] y[by1(good) by2(good)]]",
  ],
  [
    "metrics with a context",
    "metrics",
    'metric_conditions { conditions = ["datapoint.value_int == 1"] }',
    "a[x[gauge(1) histogram(1) empty]]",
  ],
  [
    "logs with a context",
    "logs",
    'log_conditions { conditions = ["log.body == \\"a1\\""] }\n log_conditions { conditions = ["resource.attributes[\\"service.name\\"] == \\"b\\""] }',
    "a[x[a2]]",
  ],
])("%s", async ([, signal, body, left]) => {
  const pipeline = await openPipeline(config(body));
  await pipeline.push("otelcol.processor.filter.f", signal, requests[signal]);
  expect(pipeline.received.map(({ request }) => outline(request))).toEqual([left]);
  await pipeline.close();
});

test("a request without anything left goes no further, and what is dropped is counted", async () => {
  const pipeline = await openPipeline(config('logs { log_record = ["true"] }'));
  await pipeline.push("otelcol.processor.filter.f", "logs", logs);
  expect(pipeline.received).toEqual([]);
  expect(pipeline.metric("amalgam_component_dropped_items_total{")).toEqual([
    'amalgam_component_dropped_items_total{component_id="otelcol.processor.filter.f",reason="condition"} 4',
  ]);
  await pipeline.close();
});

const failing = 'logs { log_record = ["Int(attributes[\\"m\\"]) == 1", "body == \\"a1\\""] }';

test("a condition that fails is told once for each batch and passed over", async () => {
  const pipeline = await openPipeline(config(failing));
  await pipeline.push("otelcol.processor.filter.f", "logs", logs);
  expect(pipeline.received.map(({ request }) => outline(request))).toEqual(["a[x[a2]] b[x[b1 b2]]"]);
  expect(pipeline.logged).toEqual([
    [
      "failed to eval condition",
      {
        component: "otelcol.processor.filter.f",
        condition: 'Int(attributes["m"]) == 1',
        error: "unsupported type: pcommon.Map",
        count: 4,
      },
    ],
  ]);
  await pipeline.close();
});

test("or passed over in silence", async () => {
  const pipeline = await openPipeline(config(`error_mode = "Silent"\n ${failing}`));
  await pipeline.push("otelcol.processor.filter.f", "logs", logs);
  expect([pipeline.received.length, pipeline.logged]).toEqual([1, []]);
  await pipeline.close();
});

test("or refuses the batch", async () => {
  const pipeline = await openPipeline(config(`error_mode = "propagate"\n ${failing}`));
  const pushed = pipeline.push("otelcol.processor.filter.f", "logs", logs);
  await expect(pushed).rejects.toThrow(
    new DeliveryError('failed to eval condition: Int(attributes["m"]) == 1, unsupported type: pcommon.Map', {
      kind: "retry",
      status: 503,
    }),
  );
  expect(pipeline.received).toEqual([]);
  await pipeline.close();
});

test.for<[it: string, body: string, problem: string]>([
  [
    "an unknown path",
    'traces { span = ["true", "nmae == 1"] }',
    '"nmae == 1", column 1: unknown path "nmae" in the span context, did you mean "name"? @ "nmae == 1"] }',
  ],
  [
    "a syntax error",
    'logs { log_record = ["body = 1"] }',
    '"body = 1", column 6: expected a comparison, got "=" @ "body = 1"] }',
  ],
  [
    "an unknown context",
    'trace_conditions { context = "log"; conditions = ["true"] }',
    'unknown context "log", expected one of resource, scope, span, spanevent @ "log"',
  ],
  [
    "no context to be found",
    'log_conditions { conditions = ["true"] }',
    'unable to infer the context from the conditions; name it with context @ ["true"] }',
  ],
  [
    "both ways to write conditions",
    'traces { span = ["true"] }\n trace_conditions { context = "span"; conditions = ["true"] }',
    'trace_conditions and the block traces can\'t be used at the same time @ trace_conditions { context = "span"',
  ],
])("mistake: %s", async ([, body, problem]) => {
  expect(await problemsOf(config(body))).toEqual([problem]);
});
