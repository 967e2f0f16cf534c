import { expect, test, vi } from "vitest";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { loadFunction } from "./entry.ts";
import { createHandler } from "./handler.ts";
import { modeOf, observeMetrics } from "./metrics.ts";

test.for([
  { text: undefined, onLambda: true, mode: { kind: "emf", components: false } },
  { text: undefined, onLambda: false, mode: { kind: "off" } },
  { text: "emf", onLambda: false, mode: { kind: "emf", components: false } },
  { text: "emf:components", onLambda: true, mode: { kind: "emf", components: true } },
  { text: "off", onLambda: true, mode: { kind: "off" } },
  { text: "otlp:a.b.c", onLambda: true, mode: { kind: "otlp", component: "a.b.c" } },
])("AMALGAM_METRICS $text, on Lambda: $onLambda", ({ text, onLambda, mode }) => {
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", onLambda ? "shop" : undefined);
  expect(modeOf(text)).toEqual(mode);
  vi.unstubAllEnvs();
});

test("AMALGAM_METRICS that means nothing is refused", () => {
  expect(() => modeOf("statsd")).toThrow(
    new Error("AMALGAM_METRICS should be emf, emf:components, otlp: and the id of a component, or off, got statsd"),
  );
});

/** Invokes a function of probes with events, and gives what it has counted, without times. */
async function counted(config: string, ...events: unknown[]): Promise<readonly string[]> {
  const metrics = new MetricsRegistry();
  const { pipeline } = await loadProbes(config);
  const mode = modeOf("off");
  const observe = observeMetrics({ mode, metrics, pipeline, write: () => {}, clock: Date.now, initMs: 120 });
  const handler = createHandler(pipeline, { observe });
  for (const event of events) await handler(event).catch(() => {});
  return metrics
    .expose()
    .split("\n")
    .filter(line => /^amalgam_function/.test(line) && !/_bucket|_sum/.test(line));
}

const push = recorded("function-url-loki-push");
const bytesOf = (event: { body: string }) => Buffer.from(event.body, "base64").length;

test.for([
  {
    it: "a request",
    config: 'probe.http "a" { path = "/loki/api/v1/push" }',
    events: [push, push],
    counts: {
      answers: '{status="200"} 2',
      cold_starts: " 1",
      failed_invocations: " 0",
      received_bytes: ` ${2 * (push.isBase64Encoded ? bytesOf(push) : Buffer.byteLength(push.body))}`,
      received_records: " 2",
      returned_records: " 0",
    },
    invocations: 2,
  },
  {
    it: "messages that go back",
    config: 'probe.records "a" { format = "loki"; outcome = "retry" }',
    events: [recorded("sqs-loki-push")],
    counts: {
      cold_starts: " 1",
      failed_invocations: " 0",
      received_bytes: ` ${Buffer.byteLength(recorded("sqs-loki-push").Records[0].body)}`,
      received_records: " 1",
      returned_records: " 1",
    },
    invocations: 1,
  },
  {
    it: "an invocation that fails",
    config: 'probe.schedule "a" { outcome = "bug" }',
    events: [recorded("eventbridge-rule")],
    counts: {
      cold_starts: " 1",
      failed_invocations: " 1",
      received_bytes: " 0",
      received_records: " 1",
      returned_records: " 0",
    },
    invocations: 1,
  },
])("$it is counted", async ({ config, events, counts, invocations }) => {
  const lines = Object.entries(counts).map(([name, rest]) => `amalgam_function_${name}_total${rest}`);
  const others = [
    `amalgam_function_duration_seconds_count ${invocations}`,
    "amalgam_function_init_duration_seconds 0.12",
  ];
  expect(new Set(await counted(config, ...events))).toEqual(new Set([...lines, ...others]));
});

test("lines are written before the answer, of what the invocation changed", async () => {
  const metrics = new MetricsRegistry();
  const { pipeline } = await loadProbes('probe.records "a" { format = "loki" }');
  const lines: Record<string, unknown>[] = [];
  const handler = createHandler(pipeline, {
    observe: observeMetrics({
      mode: modeOf("emf"),
      metrics,
      pipeline,
      write: line => lines.push(JSON.parse(line) as Record<string, unknown>), // lines are objects
      clock: () => 1000,
      initMs: 120,
    }),
  });
  const event = recorded("sqs-loki-push");
  for (const awsRequestId of ["r-1", "r-2"]) await handler(event, { awsRequestId });
  const ReceivedBytes = Buffer.byteLength(event.Records[0].body);
  const common = {
    _aws: expect.anything(),
    FunctionName: "amalgam",
    ReceivedRecords: 1,
    ReceivedBytes,
    Duration: [expect.any(Number)],
  };
  expect(lines).toEqual([
    { ...common, ColdStarts: 1, InitDuration: 120, requestId: "r-1" },
    { ...common, requestId: "r-2" },
  ]);
});

const exporter = (url: string) => `
  otelcol.exporter.otlphttp "out" {
    encoding = "json"
    client {
      endpoint    = "${url}"
      compression = "none"
    }
  }`;

async function load(url: string, metrics: MetricsRegistry) {
  const log = testLog();
  let now = 1000;
  const { file } = parseFile({ name: "a.alloy", text: exporter(url) });
  const pipeline = await loadFunction([file], {
    definitions: [...definitions.values()],
    stability: "generally-available",
    directory: "/",
    log,
    metrics,
    environment: { clock: () => now },
  });
  const observe = (component: string) =>
    observeMetrics({
      mode: modeOf(`otlp:${component}`),
      metrics,
      pipeline,
      write: () => {},
      clock: () => now,
      initMs: 120,
    });
  return {
    log,
    observe,
    pipeline,
    later: (ms: number) => {
      now += ms;
    },
  };
}

interface Point {
  readonly asDouble: number;
}
interface Metric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Point[] };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
}

/** Values of the points in a request, by the names of their metrics. */
function pointsIn(body: Uint8Array): Record<string, readonly number[]> {
  const { resourceMetrics } = JSON.parse(Buffer.from(body).toString()) as {
    resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[]; // OTLP's JSON
  };
  const all = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  return Object.fromEntries(
    all.map(({ name, sum, gauge }) => [name, ((sum ?? gauge)?.dataPoints ?? []).map(({ asDouble }) => asDouble)]),
  );
}

test("counters go over OTLP through a component, cumulative, at most once a minute", async () => {
  const { got, url } = await startBackend();
  const metrics = new MetricsRegistry();
  const { log, observe, pipeline, later } = await load(url, metrics);
  const handler = createHandler(pipeline, { observe: observe("otelcol.exporter.otlphttp.out") });
  const schedule = recorded("eventbridge-rule");
  await handler(schedule);
  later(59_000);
  await handler(schedule);
  later(1000);
  await handler(schedule);
  expect(log.lines).toEqual([]);
  expect(got.map(({ path }) => path)).toEqual(["/v1/metrics", "/v1/metrics"]);
  expect(
    got.map(({ body }) => pointsIn(body)).map(points => points["amalgam_function_received_records_total"]),
  ).toEqual([[1], [3]]);
  expect(got.map(({ body }) => pointsIn(body)).map(points => points["amalgam_function_init_duration_seconds"])).toEqual(
    [[0.12], [0.12]],
  );
});

test("what can't be sent over OTLP fails no invocation, and is told", async () => {
  const { url } = await startBackend(() => ({ status: 401 }));
  const { log, observe, pipeline } = await load(url, new MetricsRegistry());
  await createHandler(pipeline, { observe: observe("otelcol.exporter.otlphttp.out") })(recorded("eventbridge-rule"));
  expect(log.lines).toEqual([
    expect.stringMatching(/^error the function's own metrics could not be sent .*status 401/),
  ]);
});

test("a component that takes no OTLP is refused at the start", async () => {
  const { observe } = await load("http://127.0.0.1:1", new MetricsRegistry());
  expect(() => observe("loki.write.out")).toThrow(
    new Error("AMALGAM_METRICS should name a component of the configuration that takes OTLP, got loki.write.out"),
  );
});
