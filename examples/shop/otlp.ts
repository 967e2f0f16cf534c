/** A web shop that is instrumented with the OpenTelemetry SDK, as any service would be; its visitors are made up. */
import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, NodeTracerProvider, type ReadableSpan } from "@opentelemetry/sdk-trace-node";
import { ReportingExporter } from "./exporter.ts";

const timeoutMillis = 3000;
const resource = resourceFromAttributes({
  "service.name": "shop",
  "service.version": "1.4.2",
  "deployment.environment": "demo",
});

interface Visit {
  readonly method: string;
  readonly route: string;
  /** Milliseconds. */
  readonly takes: number;
  readonly status: number;
  readonly database?: string;
}

const routes: readonly Visit[] = [
  { method: "GET", route: "/health", takes: 1, status: 200 },
  { method: "GET", route: "/products/:id", takes: 24, status: 200, database: "SELECT products" },
  { method: "POST", route: "/cart", takes: 38, status: 201, database: "INSERT cart_items" },
  { method: "POST", route: "/checkout", takes: 210, status: 200, database: "INSERT orders" },
  { method: "POST", route: "/checkout", takes: 1450, status: 502, database: "INSERT orders" },
];

export class Shop {
  readonly #spans: ReportingExporter<ReadableSpan[]>;
  readonly #records: ReportingExporter<ReadableLogRecord[]>;
  readonly #points: ReportingExporter<ResourceMetrics>;
  readonly #tracing: NodeTracerProvider;
  readonly #logging: LoggerProvider;
  readonly #metering: MeterProvider;
  #visits = 0;

  constructor(endpoint: string) {
    const url = (signal: string) => ({ url: `${endpoint.replace(/\/$/, "")}/v1/${signal}`, timeoutMillis });
    this.#spans = new ReportingExporter(new OTLPTraceExporter(url("traces")), spans => spans.length);
    this.#records = new ReportingExporter(new OTLPLogExporter(url("logs")), records => records.length);
    this.#points = new ReportingExporter(new OTLPMetricExporter(url("metrics")), countPoints);
    this.#tracing = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(this.#spans)] });
    this.#logging = new LoggerProvider({
      resource,
      processors: [new BatchLogRecordProcessor({ exporter: this.#records })],
    });
    this.#metering = new MeterProvider({
      resource,
      readers: [new PeriodicExportingMetricReader({ exporter: this.#points, exportIntervalMillis: 3_600_000 })],
    });
  }

  /** Some visitors come; what they cause is recorded, and sent later. */
  visit(most: number): number {
    const duration = this.#metering.getMeter("shop").createHistogram("http.server.request.duration", { unit: "s" });
    const orders = this.#metering.getMeter("shop").createCounter("shop.orders", { unit: "{order}" });
    for (let i = 0; i < most; i++) {
      const visit = routes[this.#visits++ % routes.length] as Visit; // within the list
      this.#serve(visit);
      duration.record(visit.takes / 1000, { "http.route": visit.route, "http.response.status_code": visit.status });
      if (visit.route === "/checkout" && visit.status < 400) orders.add(1, { currency: "EUR" });
    }
    return most;
  }

  async sendTraces(): Promise<number> {
    await this.#tracing.forceFlush().catch(() => {}); // the report says it
    return this.#spans.report();
  }

  async sendLogs(): Promise<number> {
    await this.#logging.forceFlush().catch(() => {});
    return this.#records.report();
  }

  async sendMetrics(): Promise<number> {
    await this.#metering.forceFlush().catch(() => {});
    return this.#points.report();
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#tracing.shutdown(), this.#logging.shutdown(), this.#metering.shutdown()]);
  }

  #serve({ method, route, takes, status, database }: Visit): void {
    const end = Date.now();
    const begin = end - takes;
    const server = this.#span(`${method} ${route}`, SpanKind.SERVER, begin, undefined, {
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
      "user.email": `visitor${this.#visits}@example.com`,
    });
    this.#log(server, SeverityNumber.DEBUG, "request received", { "http.route": route });
    if (database) {
      const query = this.#span(database, SpanKind.CLIENT, begin + takes * 0.2, server, {
        "db.system.name": "postgresql",
      });
      query.end(begin + takes * 0.7);
    }
    if (status >= 500) {
      server.setStatus({ code: SpanStatusCode.ERROR, message: "payment provider timed out" });
      this.#log(server, SeverityNumber.ERROR, "payment provider timed out", { provider: "acme-pay", "retry.count": 3 });
    } else if (database)
      this.#log(server, SeverityNumber.INFO, `${method} ${route} answered`, { "duration.ms": takes });
    server.end(end);
  }

  #span(name: string, kind: SpanKind, startTime: number, parent: Span | undefined, attributes: Attributes): Span {
    const within = parent ? trace.setSpan(context.active(), parent) : context.active();
    return this.#tracing.getTracer("shop").startSpan(name, { kind, startTime, attributes }, within);
  }

  #log(span: Span, severityNumber: SeverityNumber, body: string, attributes: Attributes): void {
    this.#logging.getLogger("shop").emit({
      severityNumber,
      severityText: SeverityNumber[severityNumber],
      body,
      attributes,
      context: trace.setSpan(context.active(), span),
    });
  }
}

const countPoints = ({ scopeMetrics }: ResourceMetrics): number =>
  scopeMetrics.flatMap(({ metrics }) => metrics).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
