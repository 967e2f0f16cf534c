/** What the OpenTelemetry SDK sends arrives, as protobuf and as JSON, with the changes that the configuration asks for and no other. */
import { createHash } from "node:crypto";
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, ValueType } from "@opentelemetry/api";
import { type Logger, SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtoMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  MetricReader,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { expect, test } from "vitest";
import type { AnyValue, Attributed, OtlpRequest } from "./support/decode.ts";
import { freePort } from "./support/ports.ts";
import { startAmalgam, writeConfig } from "./support/process.ts";
import { type Sink, startSink } from "./support/sink.ts";

const resource = resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3", "host.cpus": 4 });
/** Every kind of value that an attribute can have in the SDK. */
const attributes = {
  text: 'with "quotes", a \\ and ünïcödé 🙂',
  empty: "",
  yes: true,
  no: false,
  whole: 42,
  large: Number.MAX_SAFE_INTEGER,
  negative: -7,
  fraction: 0.1,
  texts: ["a", "", "c"],
  flags: [true, false],
  numbers: [1, -2, 3],
  fractions: [0.5, 1.25],
  nothing: [] as string[],
};

interface Telemetry {
  readonly spans: ReadableSpan[];
  readonly records: ReadableLogRecord[];
  readonly metrics: ResourceMetrics;
}

/** An application that does something with everything in it. */
async function telemetry(): Promise<Telemetry> {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new NodeTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(spans)] });
  const tracer = tracerProvider.getTracer("shop/http", "0.1.0");
  const parent = tracer.startSpan(
    "GET /cart",
    {
      kind: SpanKind.SERVER,
      attributes: { ...attributes, "user.email": "ada@example.com", "http.route": "/cart" },
      root: true,
    },
    ROOT_CONTEXT,
  );
  const within = trace.setSpan(ROOT_CONTEXT, parent);
  const child = tracer.startSpan(
    "SELECT",
    {
      kind: SpanKind.CLIENT,
      attributes: { "db.statement": "SELECT 1", token: "abc" },
      links: [{ context: parent.spanContext(), attributes: { why: "because" } }],
    },
    within,
  );
  child.addEvent("retried", { attempt: 2, reason: "lock" });
  child.recordException(new TypeError("no row"));
  child.setStatus({ code: SpanStatusCode.ERROR, message: "no row" });
  child.end();
  parent.setStatus({ code: SpanStatusCode.OK });
  parent.end();
  tracer
    .startSpan("GET /health", { kind: SpanKind.SERVER, attributes: { "http.route": "/health" } }, ROOT_CONTEXT)
    .end();

  const records = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({
    resource,
    processors: [new SimpleLogRecordProcessor({ exporter: records })],
  });
  emitLogs(loggerProvider.getLogger("shop/log", "0.2.0"), within);

  const reader = new OnDemandReader();
  const meterProvider = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: "payload", aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = meterProvider.getMeter("shop/metrics", "0.3.0");
  meter
    .createCounter("requests", { description: "Requests.", unit: "1", valueType: ValueType.INT })
    .add(5, { ...attributes, "user.email": "ada@example.com" });
  meter.createUpDownCounter("queue", { unit: "{item}", valueType: ValueType.DOUBLE }).add(-1.5, { token: "abc" });
  meter.createObservableGauge("temperature").addCallback(result => result.observe(36.6, { room: "one" }));
  const duration = meter.createHistogram("duration", {
    unit: "ms",
    advice: { explicitBucketBoundaries: [1, 10, 100] },
  });
  for (const milliseconds of [0.5, 5, 50, 500]) duration.record(milliseconds, { "http.route": "/cart" });
  for (const bytes of [0, 1, 1000, 1_000_000]) meter.createHistogram("payload").record(bytes);
  meter.createCounter("debug.calls").add(1);
  const { resourceMetrics } = await reader.collect();
  await Promise.all([tracerProvider.forceFlush(), loggerProvider.forceFlush()]);
  return { spans: spans.getFinishedSpans(), records: records.getFinishedLogRecords(), metrics: resourceMetrics };
}

function emitLogs(logger: Logger, context: typeof ROOT_CONTEXT): void {
  const timestamp = new Date("2026-05-06T07:08:09.123Z");
  logger.emit({
    timestamp,
    severityNumber: SeverityNumber.INFO,
    severityText: "INFO",
    body: "cart shown\nin two lines",
    attributes: { ...attributes, "user.email": "ada@example.com" },
    context,
  });
  logger.emit({
    timestamp,
    severityNumber: SeverityNumber.ERROR,
    severityText: "ERROR",
    eventName: "payment.failed",
    body: { text: "payment failed", amount: 12.5, items: ["a", { of: "b" }], deep: { er: { est: true } } },
    attributes: { token: "abc", nested: { key: ["value"] } },
  });
  logger.emit({ timestamp, severityNumber: SeverityNumber.DEBUG, severityText: "DEBUG", body: "cache hit" });
}

class OnDemandReader extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
  override selectAggregationTemporality = () => AggregationTemporality.CUMULATIVE;
}

interface Exporter<Data> {
  export(data: Data, done: (result: { code: number; error?: Error }) => void): void;
  shutdown(): Promise<void>;
}

async function send<Data>(exporter: Exporter<Data>, data: Data): Promise<void> {
  const result = await new Promise<{ code: number; error?: Error }>(resolve => exporter.export(data, resolve));
  await exporter.shutdown();
  expect(result).toEqual({ code: 0 });
}

const exporters = {
  protobuf: { traces: ProtoTraces, logs: ProtoLogs, metrics: ProtoMetrics },
  JSON: { traces: JsonTraces, logs: JsonLogs, metrics: JsonMetrics },
};

/** Sends everything to an endpoint, and waits for the answers. */
async function sendAll(
  { spans, records, metrics }: Telemetry,
  encoding: keyof typeof exporters,
  endpoint: string,
): Promise<void> {
  const { traces: Traces, logs: Logs, metrics: Metrics } = exporters[encoding];
  await send<ReadableSpan[]>(new Traces({ url: `${endpoint}/v1/traces` }), spans);
  await send<ReadableLogRecord[]>(new Logs({ url: `${endpoint}/v1/logs` }), records);
  await send<ResourceMetrics>(new Metrics({ url: `${endpoint}/v1/metrics` }), metrics);
}

const allSignals = (component: string): string => `
  output {
    traces  = [${component}.input]
    logs    = [${component}.input]
    metrics = [${component}.input]
  }
`;

/** Starts amalgam with processors between a receiver and the sink; gives the address to send to. */
async function startBetween(sink: Sink, first: string, processors: string): Promise<string> {
  const port = await freePort();
  await startAmalgam(
    writeConfig(`
      otelcol.receiver.otlp "in" {
        http {
          endpoint = "127.0.0.1:${port}"
        }
        ${allSignals(first)}
      }
      ${processors}
      otelcol.exporter.otlphttp "out" {
        client {
          endpoint = "${sink.url}"
        }
      }
    `),
  );
  return `http://127.0.0.1:${port}`;
}

const out = "otelcol.exporter.otlphttp.out";

test.for(["protobuf", "JSON"] as const)("what the SDK sends as %s arrives as it was sent", async encoding => {
  const data = await telemetry();
  const direct = await startSink();
  await sendAll(data, "protobuf", direct.url);
  const sink = await startSink();
  await sendAll(data, encoding, await startBetween(sink, out, ""));
  expect(withoutDefaults(sink.traces)).toEqual(withoutDefaults(direct.traces));
  expect(withoutDefaults(sink.logs)).toEqual(withoutDefaults(direct.logs));
  expect(withoutDefaults(sink.metrics)).toEqual(withoutDefaults(direct.metrics));
  // what is compared is all that was made
  expect(spansOf(sink.traces).map(({ name }) => name)).toEqual(["SELECT", "GET /cart", "GET /health"]);
  expect(recordsOf(sink.logs)).toHaveLength(3);
  // the SDK lists metrics that a view changed first
  expect(metricsOf(sink.metrics).map(({ name }) => name)).toEqual([
    "payload",
    "requests",
    "queue",
    "temperature",
    "duration",
    "debug.calls",
  ]);
});

/** Fields in which a set default is something else than none. */
const oneOf = /_value$|^as_(int|double)$|^(sum|min|max)$/;

/** A message without fields that have their type's default: the SDK writes them, Alloy's encoder does not. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, field]): [string, unknown] => [key, withoutDefaults(field)]);
  return Object.fromEntries(entries.filter(([key, field]) => oneOf.test(key) || !isDefault(field)));
}

const isDefault = (value: unknown): boolean =>
  [0, "0", "", false].includes(value as string) || // any value may be looked for
  (typeof value === "object" && value !== null && Object.keys(value).length === 0);

const spansOf = (requests: readonly OtlpRequest[]) =>
  requests.flatMap(({ resource_spans = [] }) =>
    resource_spans.flatMap(({ scope_spans = [] }) => scope_spans.flatMap(({ spans = [] }) => spans)),
  );
const recordsOf = (requests: readonly OtlpRequest[]) =>
  requests.flatMap(({ resource_logs = [] }) =>
    resource_logs.flatMap(({ scope_logs = [] }) => scope_logs.flatMap(({ log_records = [] }) => log_records)),
  );
const metricsOf = (requests: readonly OtlpRequest[]) =>
  requests.flatMap(({ resource_metrics = [] }) =>
    resource_metrics.flatMap(({ scope_metrics = [] }) => scope_metrics.flatMap(({ metrics = [] }) => metrics)),
  );

/** Attributes as plain values; whole numbers as bigint. */
const attributesOf = ({ attributes = [] }: Attributed): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));

function plain(value: AnyValue = {}): unknown {
  if (value.array_value) return (value.array_value.values ?? []).map(plain);
  if (value.kvlist_value) return attributesOf({ attributes: value.kvlist_value.values ?? [] });
  if (value.int_value !== undefined) return BigInt(value.int_value);
  return value.string_value ?? value.bool_value ?? value.double_value ?? value.bytes_value ?? null;
}

const processors = `
  otelcol.processor.attributes "main" {
    action {
      key    = "env"
      value  = "test"
      action = "insert"
    }
    action {
      key    = "token"
      action = "delete"
    }
    action {
      key    = "user.email"
      action = "hash"
    }
    action {
      key    = "whole"
      value  = 43
      action = "update"
    }
    action {
      key            = "route"
      from_attribute = "http.route"
      action         = "upsert"
    }
    ${allSignals("otelcol.processor.filter.main")}
  }
  otelcol.processor.filter "main" {
    traces {
      span = ["attributes[\\"http.route\\"] == \\"/health\\""]
    }
    logs {
      log_record = ["severity_number < SEVERITY_NUMBER_INFO"]
    }
    metrics {
      metric = ["IsMatch(name, \\"^debug[.]\\")"]
    }
    output {
      traces  = [otelcol.processor.probabilistic_sampler.main.input]
      logs    = [otelcol.processor.batch.main.input]
      metrics = [otelcol.processor.batch.main.input]
    }
  }
  otelcol.processor.probabilistic_sampler "main" {
    sampling_percentage = 100
    output {
      traces = [otelcol.processor.batch.main.input]
    }
  }
  otelcol.processor.batch "main" {
    timeout = "50ms"
    ${allSignals(out)}
  }
`;

test.for(["protobuf", "JSON"] as const)(
  "what the SDK sends as %s arrives with the changes of the processors",
  async encoding => {
    const data = await telemetry();
    const sink = await startSink();
    await sendAll(data, encoding, await startBetween(sink, "otelcol.processor.attributes.main", processors));
    const email = createHash("sha256").update("ada@example.com").digest("hex");
    const rich = {
      text: attributes.text,
      empty: "",
      yes: true,
      no: false,
      whole: 43n,
      large: 9007199254740991n,
      negative: -7n,
      fraction: 0.1,
      texts: ["a", "", "c"],
      flags: [true, false],
      numbers: [1n, -2n, 3n],
      fractions: [0.5, 1.25],
      nothing: [],
      "user.email": email,
      env: "test",
    };
    const cart = { "http.route": "/cart", route: "/cart", env: "test" };

    const [child, parent, ...others] = spansOf(sink.traces);
    expect(others).toEqual([]);
    expect({
      name: parent?.name,
      kind: parent?.kind,
      status: parent?.status,
      attributes: attributesOf(parent ?? {}),
    }).toEqual({
      name: "GET /cart",
      kind: 2,
      status: { code: 1 },
      attributes: { ...rich, ...cart },
    });
    expect({
      name: child?.name,
      kind: child?.kind,
      status: child?.status,
      attributes: attributesOf(child ?? {}),
      parent: child?.parent_span_id,
    }).toEqual({
      name: "SELECT",
      kind: 3,
      status: { code: 2, message: "no row" },
      attributes: { "db.statement": "SELECT 1", env: "test" },
      parent: parent?.span_id,
    });
    expect(child?.events?.map(event => [event.name, attributesOf(event)])).toEqual([
      ["retried", { attempt: 2n, reason: "lock" }],
      [
        "exception",
        {
          "exception.type": "TypeError",
          "exception.message": "no row",
          "exception.stacktrace": expect.stringContaining("TypeError: no row\n"),
        },
      ],
    ]);
    expect(child?.links?.map(link => [link.trace_id, link.span_id, attributesOf(link)])).toEqual([
      [parent?.trace_id, parent?.span_id, { why: "because" }],
    ]);
    expect(
      data.spans.slice(0, 2).map(span => Buffer.from(span.spanContext().traceId, "hex").toString("base64")),
    ).toEqual([child?.trace_id, parent?.trace_id]);
    expect(parent?.trace_id).toBe(child?.trace_id);

    expect(
      recordsOf(sink.logs).map(record => ({
        severity: record.severity_text,
        event: record.event_name,
        body: plain(record.body),
        attributes: attributesOf(record),
        trace: record.trace_id || undefined,
        time: record.time_unix_nano,
      })),
    ).toEqual([
      {
        severity: "INFO",
        event: undefined,
        body: "cart shown\nin two lines",
        attributes: rich,
        trace: parent?.trace_id,
        time: "1778051289123000000",
      },
      {
        severity: "ERROR",
        event: "payment.failed",
        body: { text: "payment failed", amount: 12.5, items: ["a", { of: "b" }], deep: { er: { est: true } } },
        attributes: { nested: { key: ["value"] }, env: "test" },
        trace: undefined,
        time: "1778051289123000000",
      },
    ]);

    const points = metricsOf(sink.metrics).map(({ name, sum, gauge, histogram, exponential_histogram }) => {
      const kind = sum ?? gauge ?? histogram ?? exponential_histogram;
      return [
        name,
        ...(kind?.data_points ?? []).map(point => ({
          value: point.as_int ?? point.as_double ?? point.sum,
          attributes: attributesOf(point),
        })),
      ];
    });
    expect(points).toEqual([
      ["payload", { value: 1_001_001, attributes: { env: "test" } }],
      ["requests", { value: "5", attributes: rich }],
      ["queue", { value: -1.5, attributes: { env: "test" } }],
      ["temperature", { value: 36.6, attributes: { room: "one", env: "test" } }],
      ["duration", { value: 555.5, attributes: cart }],
    ]);
    for (const each of [...sink.traces, ...sink.logs, ...sink.metrics]) {
      const [first] = each.resource_spans ?? each.resource_logs ?? each.resource_metrics ?? [];
      expect(attributesOf(first?.resource ?? {})).toEqual({
        "service.name": "shop",
        "service.version": "1.2.3",
        "host.cpus": 4n,
      });
    }
  },
);
