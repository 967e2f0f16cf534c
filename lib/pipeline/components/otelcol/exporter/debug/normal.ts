/** About one line for each span, log record and data point. */
import { formatFloat, goFloat } from "../../../../eval/gofloat.ts";
import type { OtlpBatch } from "../../../../graph/kinds.ts";
import type { Scope } from "../../../../telemetry/otlp/common.ts";
import type { Logs } from "../../../../telemetry/otlp/logs.ts";
import {
  type Buckets,
  type DataPoint,
  ExponentialHistogramDataPoint,
  HistogramDataPoint,
  type Metrics,
  NumberDataPoint,
} from "../../../../telemetry/otlp/metrics.ts";
import type { Traces } from "../../../../telemetry/otlp/traces.ts";
import type { ValueMap } from "../../../../telemetry/otlp/value.ts";
import { valueText } from "../../../../telemetry/otlp/value-text.ts";
import { pairTexts } from "./words.ts";

export function normalText(batch: OtlpBatch): string {
  switch (batch.signal) {
    case "traces":
      return lines(tracesLines(batch.data));
    case "logs":
      return lines(logsLines(batch.data));
    case "metrics":
      return lines(metricsLines(batch.data));
    default:
      return batch satisfies never;
  }
}

const lines = (all: Iterable<string>): string => Array.from(all, line => `${line}\n`).join("");

const schemaText = (schemaUrl: string): string => (schemaUrl === "" ? "" : ` [${schemaUrl}]`);
const scopeText = ({ name, version }: Scope): string =>
  (name === "" ? "" : ` ${name}`) + (version === "" ? "" : `@${version}`);
const attributesText = (attributes: ValueMap): string =>
  attributes.size === 0 ? "" : ` ${pairTexts(attributes).join(" ")}`;

function* tracesLines({ resourceSpans }: Traces): Iterable<string> {
  let i = 0;
  for (const { resource, schemaUrl, scopeSpans } of resourceSpans) {
    yield `ResourceTraces #${i++}${schemaText(schemaUrl)}${attributesText(resource.attributes)}`;
    let j = 0;
    for (const { scope, schemaUrl: scopeSchema, spans } of scopeSpans) {
      yield `ScopeTraces #${j++}${scopeText(scope)}${schemaText(scopeSchema)}${attributesText(scope.attributes)}`;
      for (const span of spans)
        yield `${span.name} ${span.traceIdHex} ${span.spanIdHex}${attributesText(span.attributes)}`;
    }
  }
}

function* logsLines({ resourceLogs }: Logs): Iterable<string> {
  let i = 0;
  for (const { resource, schemaUrl, scopeLogs } of resourceLogs) {
    yield `ResourceLog #${i++}${schemaText(schemaUrl)}${attributesText(resource.attributes)}`;
    let j = 0;
    for (const { scope, schemaUrl: scopeSchema, logRecords } of scopeLogs) {
      yield `ScopeLog #${j++}${scopeText(scope)}${schemaText(scopeSchema)}${attributesText(scope.attributes)}`;
      for (const log of logRecords) yield `${valueText(log.body)} ${pairTexts(log.attributes).join(" ")}`;
    }
  }
}

function* metricsLines({ resourceMetrics }: Metrics): Iterable<string> {
  let i = 0;
  for (const { resource, schemaUrl, scopeMetrics } of resourceMetrics) {
    yield `ResourceMetrics #${i}${schemaText(schemaUrl)}${attributesText(resource.attributes)}`;
    for (const { scope, schemaUrl: scopeSchema, metrics } of scopeMetrics) {
      // the number is the resource's, as in the Collector
      yield `ScopeMetrics #${i}${scopeText(scope)}${schemaText(scopeSchema)}${attributesText(scope.attributes)}`;
      for (const metric of metrics)
        for (const point of metric.dataPoints)
          yield `${metric.name}{${pairTexts(point.attributes).join(",")}} ${pointText(point)}`;
    }
    i++;
  }
}

function pointText(point: DataPoint): string {
  if (point instanceof NumberDataPoint) {
    const { value } = point;
    return value === undefined ? "" : typeof value === "bigint" ? String(value) : goFloat(value);
  }
  if (point instanceof HistogramDataPoint) return [...statistics(point), ...boundTexts(point)].join(" ");
  if (point instanceof ExponentialHistogramDataPoint)
    return [
      ...statistics(point),
      ...bucketTexts(point.scale, point.negative),
      ...bucketTexts(point.scale, point.positive),
      ...(point.zeroCount > 0n ? [`zero_count${goFloat(point.zeroThreshold)}=${point.zeroCount}`] : []),
    ].join(" ");
  return [
    `count=${point.count}`,
    `sum=${formatFloat(point.sum, "f", 6)}`,
    ...Array.from(point.quantileValues, ({ quantile, value }) => `q${goFloat(quantile)}=${goFloat(value)}`),
  ].join(" ");
}

const statistics = ({ count, sum, min, max }: HistogramDataPoint | ExponentialHistogramDataPoint): string[] => [
  `count=${count}`,
  ...(sum === undefined ? [] : [`sum=${goFloat(sum)}`]),
  ...(min === undefined ? [] : [`min=${goFloat(min)}`]),
  ...(max === undefined ? [] : [`max=${goFloat(max)}`]),
];

function boundTexts({ bucketCounts, explicitBounds }: HistogramDataPoint): string[] {
  return bucketCounts.map((count, i) => {
    const bound = explicitBounds[i];
    return bound === undefined ? String(count) : `le${goFloat(bound)}=${count}`;
  });
}

function bucketTexts(scale: number, { offset, bucketCounts }: Buckets): string[] {
  const base = 2 ** (2 ** -scale);
  return bucketCounts.map((count, i) => `le${goFloat(base ** (offset + i))}=${count}`);
}
