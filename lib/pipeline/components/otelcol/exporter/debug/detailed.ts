/** Every field of every record, a line each. */
import { formatFloat } from "../../../../eval/gofloat.ts";
import type { OtlpBatch } from "../../../../graph/kinds.ts";
import type { Scope } from "../../../../telemetry/otlp/common.ts";
import type { LogRecord } from "../../../../telemetry/otlp/logs.ts";
import {
  type DataPoint,
  type Exemplar,
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  type Metric,
  NumberDataPoint,
} from "../../../../telemetry/otlp/metrics.ts";
import type { Span, SpanEvent, SpanLink } from "../../../../telemetry/otlp/traces.ts";
import type { ValueMap } from "../../../../telemetry/otlp/value.ts";
import type { ViewList } from "../../../../telemetry/otlp/view.ts";
import {
  metricTypeText,
  severityText,
  spanKindText,
  statusText,
  temporalityText,
  timeText,
  typedText,
} from "./words.ts";

export function detailedText(batch: OtlpBatch): string {
  return Array.from(batchLines(batch), line => `${line}\n`).join("");
}

function* batchLines(batch: OtlpBatch): Iterable<string> {
  switch (batch.signal) {
    case "traces":
      for (const [i, group] of indexed(batch.data.resourceSpans)) {
        yield* resourceLines(`ResourceSpans #${i}`, group);
        for (const [j, own] of indexed(group.scopeSpans)) {
          yield* scopeLines("ScopeSpans", j, own);
          for (const [k, span] of indexed(own.spans)) yield* spanLines(k, span);
        }
      }
      return;
    case "logs":
      for (const [i, group] of indexed(batch.data.resourceLogs)) {
        yield* resourceLines(`ResourceLog #${i}`, group);
        for (const [j, own] of indexed(group.scopeLogs)) {
          yield* scopeLines("ScopeLogs", j, own);
          for (const [k, log] of indexed(own.logRecords)) yield* logLines(k, log);
        }
      }
      return;
    case "metrics":
      for (const [i, group] of indexed(batch.data.resourceMetrics)) {
        yield* resourceLines(`ResourceMetrics #${i}`, group);
        for (const [j, own] of indexed(group.scopeMetrics)) {
          yield* scopeLines("ScopeMetrics", j, own);
          for (const [k, metric] of indexed(own.metrics)) yield* metricLines(k, metric);
        }
      }
      return;
    default:
      batch satisfies never;
  }
}

function* indexed<T>(items: Iterable<T>): Iterable<readonly [number, T]> {
  let i = 0;
  for (const item of items) yield [i++, item];
}

function* attributeLines(header: string, attributes: ValueMap): Iterable<string> {
  if (attributes.size === 0) return;
  yield `${header}:`;
  const indent = header.includes("->") ? (header.split("->")[0] ?? "") : "";
  for (const [key, value] of attributes) yield `${indent}     -> ${key}: ${typedText(value)}`;
}

function* resourceLines(
  title: string,
  { schemaUrl, resource }: { readonly schemaUrl: string; readonly resource: { readonly attributes: ValueMap } },
): Iterable<string> {
  yield title;
  yield `Resource SchemaURL: ${schemaUrl}`;
  yield* attributeLines("Resource attributes", resource.attributes);
}

function* scopeLines(
  title: string,
  index: number,
  { schemaUrl, scope }: { readonly schemaUrl: string; readonly scope: Scope },
): Iterable<string> {
  yield `${title} #${index}`;
  yield `${title} SchemaURL: ${schemaUrl}`;
  yield `InstrumentationScope ${scope.name} ${scope.version}`;
  yield* attributeLines("InstrumentationScope attributes", scope.attributes);
}

const field = (name: string, value: string | number): string => `    ${name.padEnd(15)}: ${value}`;

function* spanLines(index: number, span: Span): Iterable<string> {
  yield `Span #${index}`;
  yield field("Trace ID", span.traceIdHex);
  yield field("Parent ID", span.parentSpanIdHex);
  yield field("ID", span.spanIdHex);
  yield field("Name", span.name);
  yield field("Kind", spanKindText(span.kind));
  if (span.traceState !== "") yield field("TraceState", span.traceState);
  yield field("Start time", timeText(span.startTimeUnixNano));
  yield field("End time", timeText(span.endTimeUnixNano));
  yield field("Status code", statusText(span.status.code));
  yield field("Status message", span.status.message);
  yield field("DroppedAttributesCount", span.droppedAttributesCount);
  yield field("DroppedEventsCount", span.droppedEventsCount);
  yield field("DroppedLinksCount", span.droppedLinksCount);
  yield* attributeLines("Attributes", span.attributes);
  yield* eventLines(span.events);
  yield* linkLines(span.links);
}

function* eventLines(events: ViewList<SpanEvent>): Iterable<string> {
  if (events.length > 0) yield "Events:";
  for (const [i, event] of indexed(events)) {
    yield `SpanEvent #${i}`;
    yield `     -> Name: ${event.name}`;
    yield `     -> Timestamp: ${timeText(event.timeUnixNano)}`;
    yield `     -> DroppedAttributesCount: ${event.droppedAttributesCount}`;
    yield* attributeLines("     -> Attributes:", event.attributes);
  }
}

function* linkLines(links: ViewList<SpanLink>): Iterable<string> {
  if (links.length > 0) yield "Links:";
  for (const [i, link] of indexed(links)) {
    yield `SpanLink #${i}`;
    yield `     -> Trace ID: ${link.traceIdHex}`;
    yield `     -> ID: ${link.spanIdHex}`;
    yield `     -> TraceState: ${link.traceState}`;
    yield `     -> DroppedAttributesCount: ${link.droppedAttributesCount}`;
    yield* attributeLines("     -> Attributes:", link.attributes);
  }
}

function* logLines(index: number, log: LogRecord): Iterable<string> {
  yield `LogRecord #${index}`;
  yield `ObservedTimestamp: ${timeText(log.observedTimeUnixNano)}`;
  yield `Timestamp: ${timeText(log.timeUnixNano)}`;
  yield `SeverityText: ${log.severityText}`;
  yield `SeverityNumber: ${severityText(log.severityNumber)}(${log.severityNumber})`;
  if (log.eventName !== "") yield `EventName: ${log.eventName}`;
  yield `Body: ${typedText(log.body)}`;
  yield* attributeLines("Attributes", log.attributes);
  yield `Trace ID: ${log.traceIdHex}`;
  yield `Span ID: ${log.spanIdHex}`;
  yield `Flags: ${log.flags}`;
}

function* metricLines(index: number, metric: Metric): Iterable<string> {
  yield `Metric #${index}`;
  yield "Descriptor:";
  yield `     -> Name: ${metric.name}`;
  yield `     -> Description: ${metric.description}`;
  yield `     -> Unit: ${metric.unit}`;
  yield `     -> DataType: ${metricTypeText(metric.kind)}`;
  const { sum, data } = metric;
  if (sum) yield `     -> IsMonotonic: ${sum.isMonotonic}`;
  if (data && "aggregationTemporality" in data)
    yield `     -> AggregationTemporality: ${temporalityText(data.aggregationTemporality)}`;
  for (const [i, point] of indexed<DataPoint>(metric.dataPoints)) yield* pointLines(i, point);
}

const float = (value: number): string => formatFloat(value, "f", 6);

function pointTitle(point: DataPoint): string {
  if (point instanceof NumberDataPoint) return "NumberDataPoints";
  if (point instanceof HistogramDataPoint) return "HistogramDataPoints";
  return point instanceof ExponentialHistogramDataPoint ? "ExponentialHistogramDataPoints" : "SummaryDataPoints";
}

function* pointLines(index: number, point: DataPoint): Iterable<string> {
  yield `${pointTitle(point)} #${index}`;
  yield* attributeLines("Data point attributes", point.attributes);
  yield `StartTimestamp: ${timeText(point.startTimeUnixNano)}`;
  yield `Timestamp: ${timeText(point.timeUnixNano)}`;
  if (point instanceof NumberDataPoint) {
    const { value } = point;
    if (value !== undefined) yield `Value: ${typeof value === "bigint" ? value : float(value)}`;
    yield* exemplarLines(point.exemplars);
    return;
  }
  yield `Count: ${point.count}`;
  if (point instanceof HistogramDataPoint || point instanceof ExponentialHistogramDataPoint) {
    const { sum, min, max } = point;
    if (sum !== undefined) yield `Sum: ${float(sum)}`;
    if (min !== undefined) yield `Min: ${float(min)}`;
    if (max !== undefined) yield `Max: ${float(max)}`;
    yield* point instanceof HistogramDataPoint ? boundLines(point) : bucketLines(point);
    yield* exemplarLines(point.exemplars);
    return;
  }
  yield `Sum: ${float(point.sum)}`;
  for (const [i, { quantile, value }] of indexed(point.quantileValues))
    yield `QuantileValue #${i}: Quantile ${float(quantile)}, Value ${float(value)}`;
}

function* boundLines({ explicitBounds, bucketCounts }: HistogramDataPoint): Iterable<string> {
  for (const [i, bound] of explicitBounds.entries()) yield `ExplicitBounds #${i}: ${float(bound)}`;
  for (const [i, count] of bucketCounts.entries()) yield `Buckets #${i}, Count: ${count}`;
}

function* bucketLines({ scale, negative, positive, zeroCount }: ExponentialHistogramDataPoint): Iterable<string> {
  const factor = Math.LN2 * 2 ** -scale;
  const edge = (at: number): number => Math.exp(at * factor);
  const below = negative.bucketCounts;
  for (let i = below.length - 1; i >= 0; i--) {
    const at = negative.offset + i;
    yield `Bucket [${float(-edge(at + 1))}, ${float(-edge(at))}), Count: ${below[i]}`;
  }
  if (zeroCount !== 0n) yield `Bucket [0, 0], Count: ${zeroCount}`;
  for (const [i, count] of positive.bucketCounts.entries()) {
    const at = positive.offset + i;
    yield `Bucket (${float(edge(at))}, ${float(edge(at + 1))}], Count: ${count}`;
  }
}

function* exemplarLines(exemplars: ViewList<Exemplar>): Iterable<string> {
  if (exemplars.length > 0) yield "Exemplars:";
  for (const [i, exemplar] of indexed(exemplars)) {
    yield `Exemplar #${i}`;
    yield `     -> Trace ID: ${exemplar.traceIdHex}`;
    yield `     -> Span ID: ${exemplar.spanIdHex}`;
    yield `     -> Timestamp: ${timeText(exemplar.timeUnixNano)}`;
    const { value } = exemplar;
    if (value !== undefined) yield `     -> Value: ${typeof value === "bigint" ? value : float(value)}`;
    yield* attributeLines("     -> FilteredAttributes", exemplar.filteredAttributes);
  }
}
