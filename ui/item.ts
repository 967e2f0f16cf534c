/** What the page shows of a batch: its first items as short texts, made at once, since views on bytes may be written later. */
import { type OtlpBatch, otlpBatch } from "../lib/pipeline/graph/kinds.ts";
import { type Labels, labelValue } from "../lib/pipeline/telemetry/labels.ts";
import type { LogBatch } from "../lib/pipeline/telemetry/loki/model.ts";
import type { LogRecord, Logs } from "../lib/pipeline/telemetry/otlp/logs.ts";
import type { DataPoint, Metric, Metrics } from "../lib/pipeline/telemetry/otlp/metrics.ts";
import type { Span, Traces } from "../lib/pipeline/telemetry/otlp/traces.ts";
import type { Value, ValueMap } from "../lib/pipeline/telemetry/otlp/value.ts";
import { valueText } from "../lib/pipeline/telemetry/otlp/value-text.ts";
import type { MetricBatch, Sample } from "../lib/pipeline/telemetry/prometheus/model.ts";

export type Kind = "log" | "metric" | "trace";

/** One item that entered a component. */
export interface Item {
  /** Another number for each item that was looked at. */
  readonly id: number;
  /** Milliseconds since the epoch: when it entered. */
  readonly seen: number;
  readonly kind: Kind;
  readonly title: string;
  /** What tells it from others with the same title: labels, attributes. */
  readonly about: string;
  /** What belongs beside the title: a duration, a value, a severity. */
  readonly note: string;
  readonly groups: readonly Group[];
}

/** Names with values under a heading. */
export interface Group {
  readonly name: string;
  readonly pairs: readonly (readonly [string, string])[];
}

const longestTitle = 500;
const longestValue = 500;
const mostPairs = 60;
const longestAbout = 160;

/** Which telemetry a batch of any kind holds. */
export function kindOfBatch(batch: unknown): Kind {
  if (!Array.isArray(batch)) return kindOfSignal[(batch as OtlpBatch).signal]; // there are three kinds of batches, two are lists
  return batch[0] !== undefined && "entries" in batch[0] ? "log" : "metric";
}

const kindOfSignal = { traces: "trace", logs: "log", metrics: "metric" } as const;

/** The first items of a batch of any kind. */
export const firstItems = (batch: unknown, most: number): Row[] =>
  takeRows(rowsOf(batch), most).map(row => ({ ...row, title: cut(row.title, longestTitle) }));

/** What of an item comes from the batch. */
export type Row = Pick<Item, "title" | "about" | "note" | "groups">;

function takeRows(rows: Iterable<Row>, most: number): Row[] {
  const taken: Row[] = [];
  for (const row of rows) {
    taken.push(row);
    if (taken.length >= most) break;
  }
  return taken;
}

function rowsOf(batch: unknown): Iterable<Row> {
  if (Array.isArray(batch))
    return kindOfBatch(batch) === "log" ? logRows(batch as LogBatch) : (batch as MetricBatch).values().map(sampleRow); // told apart by their first item
  const { signal, data } = batch as OtlpBatch; // the only kind that is no list
  // Views of their own: looking at one leaves traces in it, and an encoded batch that nobody wrote to is the same bytes.
  const otlp = otlpBatch(signal, data.encode());
  switch (otlp.signal) {
    case "traces":
      return spanRows(otlp.data);
    case "logs":
      return recordRows(otlp.data);
    case "metrics":
      return pointRows(otlp.data);
    default:
      return otlp satisfies never;
  }
}

function* logRows(batch: LogBatch): Generator<Row> {
  for (const { labels, entries } of batch) {
    for (const { timestamp, line, metadata } of entries) {
      yield {
        title: line,
        about: aboutOf(pairsOf(labels)),
        note: labelValue(labels, "level") || labelValue(labels, "detected_level"),
        groups: groups({
          entry: [["timestamp", timeText(timestamp)]],
          labels: pairsOf(labels),
          "structured metadata": pairsOf(metadata),
        }),
      };
    }
  }
}

function sampleRow({ labels, timestamp, value, histogram, stale, metadata }: Sample): Row {
  const own = pairsOf(labels).filter(([name]) => name !== "__name__");
  const number = stale ? "stale" : histogram ? `count ${histogram.count}, sum ${histogram.sum}` : String(value);
  return {
    title: labelValue(labels, "__name__"),
    about: aboutOf(own),
    note: number,
    groups: groups({
      sample: [
        ["value", number],
        ["timestamp", timeText(BigInt(Math.trunc(timestamp)) * 1_000_000n)],
        ["type", metadata?.type ?? ""],
      ],
      labels: own,
    }),
  };
}

function* spanRows(traces: Traces): Generator<Row> {
  for (const { resource, scopeSpans } of traces.resourceSpans)
    for (const { scope, spans } of scopeSpans)
      for (const span of spans) yield spanRow(span, attributePairs(resource.attributes), scope.name);
}

const spanKinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
const statusCodes = ["", "ok", "error"];

function spanRow(span: Span, resource: Group["pairs"], scope: string): Row {
  const attributes = attributePairs(span.attributes);
  const status = [statusCodes[span.status.code] ?? "", span.status.message].filter(Boolean).join(": ");
  return {
    title: span.name,
    about: aboutOf([...resource.filter(([name]) => name === "service.name"), ...attributes]),
    note: durationText(span.endTimeUnixNano - span.startTimeUnixNano),
    groups: groups({
      span: [
        ["kind", spanKinds[span.kind] ?? String(span.kind)],
        ["status", status],
        ["start", timeText(span.startTimeUnixNano)],
        ["trace id", span.traceIdHex],
        ["span id", span.spanIdHex],
        ["parent span id", span.parentSpanIdHex],
        ["scope", scope],
        ["events", [...span.events].map(({ name }) => name).join(", ")],
      ],
      attributes,
      resource,
    }),
  };
}

function* recordRows(logs: Logs): Generator<Row> {
  for (const { resource, scopeLogs } of logs.resourceLogs)
    for (const { scope, logRecords } of scopeLogs)
      for (const record of logRecords) yield recordRow(record, attributePairs(resource.attributes), scope.name);
}

function recordRow(record: LogRecord, resource: Group["pairs"], scope: string): Row {
  const attributes = attributePairs(record.attributes);
  return {
    title: textOf(record.body),
    about: aboutOf(attributes),
    note: record.severityText,
    groups: groups({
      record: [
        ["timestamp", timeText(record.timeUnixNano || record.observedTimeUnixNano)],
        ["severity number", record.severityNumber ? String(record.severityNumber) : ""],
        ["event", record.eventName],
        ["trace id", record.traceIdHex],
        ["span id", record.spanIdHex],
        ["scope", scope],
      ],
      attributes,
      resource,
    }),
  };
}

function* pointRows(metrics: Metrics): Generator<Row> {
  for (const { resource, scopeMetrics } of metrics.resourceMetrics)
    for (const scope of scopeMetrics)
      for (const metric of scope.metrics)
        for (const point of metric.dataPoints) yield pointRow(metric, point, attributePairs(resource.attributes));
}

function pointRow(metric: Metric, point: DataPoint, resource: Group["pairs"]): Row {
  const number = "value" in point ? String(point.value ?? "") : `count ${point.count}, sum ${point.sum ?? "none"}`;
  const { unit } = metric;
  const attributes = attributePairs(point.attributes);
  return {
    title: metric.name,
    about: aboutOf(attributes),
    note: unit === "" || unit === "1" ? number : `${number} ${unit.replace(/^\{(.*)\}$/, "$1")}`,
    groups: groups({
      point: [
        ["value", number],
        ["unit", unit],
        ["kind", metric.kind ?? ""],
        ["timestamp", timeText(point.timeUnixNano)],
      ],
      attributes,
      resource,
    }),
  };
}

/** Those that have something to show, each value at a length that can be read. */
function groups(named: Readonly<Record<string, Group["pairs"]>>): Group[] {
  return Object.entries(named).flatMap(([name, pairs]) => {
    const shown = pairs.filter(([, value]) => value !== "").slice(0, mostPairs);
    return shown.length ? [{ name, pairs: shown.map(([key, value]) => [key, cut(value, longestValue)] as const) }] : [];
  });
}

function pairsOf(flat: Labels): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]); // pairs
  return pairs;
}

const attributePairs = (attributes: ValueMap): [string, string][] =>
  [...attributes].map(([key, value]) => [key, textOf(value)]);

const aboutOf = (pairs: Group["pairs"]): string =>
  cut(pairs.map(([name, value]) => `${name}=${cut(value, 60)}`).join(" "), longestAbout);

const textOf = (value: Value): string => (value === undefined ? "" : valueText(value));

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** To the millisecond; nothing for a time that is not set. */
function timeText(nanoseconds: bigint): string {
  const milliseconds = Number(nanoseconds / 1_000_000n);
  return nanoseconds === 0n || Math.abs(milliseconds) > 8.64e15 ? "" : new Date(milliseconds).toISOString();
}

/** In the unit that reads best: `850 µs`, `12.3 ms`, `2.5 s`. */
export function durationText(nanoseconds: bigint): string {
  const n = Number(nanoseconds);
  if (n <= 0) return "0 ms";
  if (n < 1e6) return `${Math.round(n / 1e3)} µs`;
  return n < 1e9 ? `${Number((n / 1e6).toPrecision(3))} ms` : `${Number((n / 1e9).toPrecision(3))} s`;
}
