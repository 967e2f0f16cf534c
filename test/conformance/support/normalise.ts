/** Puts what arrived into the fixed form of the recorded expectations: clocks and orders that do not count are taken out. */
import type { CaseInput } from "./case.ts";
import type { Decoded, Got } from "./sink.ts";

const clocked = /^(scrape_duration_seconds|scrape_.*_seconds)$/;
const tenMinutes = 600_000;
const text = (value: unknown): string => JSON.stringify(value);
const by =
  (key: (value: Decoded) => string) =>
  (a: Decoded, b: Decoded): number => {
    const [x, y] = [key(a), key(b)];
    return x < y ? -1 : x > y ? 1 : 0;
  };
const distinct = (values: readonly unknown[]): Decoded[] =>
  [...new Set(values.map(text))].map(each => JSON.parse(each));

export function normalise(got: Got, input: CaseInput): Decoded {
  const out = JSON.parse(text(got));
  if (out.sinkSeen) out.sinkSeen = distinct(out.sinkSeen).sort(by(text));
  for (const entry of out.loki)
    if (Math.abs(Number(BigInt(entry.ts) / 1_000_000n) - Date.now()) < tenMinutes) entry.ts = "now";
  out.loki.sort(by(entry => entry.labels + entry.ts.padStart(20, "0") + entry.line + text(entry.meta)));
  out.prometheus = seriesOf(out.prometheus, input);
  out.metadata = input.ignoreMetadata === false ? distinct(out.metadata).sort(by(text)) : [];
  for (const signal of ["traces", "logs", "metrics"]) {
    hideClocks(out[signal]);
    sortAttributes(out[signal]);
    out[signal].sort(by(text));
  }
  if (input.distinct) out.metrics = distinctMetrics(out.metrics);
  for (const key of Object.keys(out)) if (!out[key].length) delete out[key];
  return out;
}

/** Samples by series: the first only, or every distinct one where the case asks for all. */
function seriesOf(writes: readonly Decoded[], input: CaseInput): Decoded[] {
  const series = new Map<string, Decoded>();
  for (const write of writes) {
    const labels = Object.fromEntries(Object.entries(write.labels).sort());
    const key = text(labels);
    const known = series.get(key) ?? { labels, values: [], ts: [], histograms: [], exemplars: [] };
    series.set(key, known);
    for (const [value, time, start] of write.samples) {
      known.values.push(clocked.test(write.labels.__name__) ? "clock" : value);
      known.ts.push(stamp(time, input) ?? time);
      if (start !== undefined && start !== null) {
        known.starts ??= [];
        known.starts.push(stamp(start, input) ?? start);
      }
    }
    for (const { timestamp: _, ...rest } of write.histograms ?? []) known.histograms.push(rest);
    for (const exemplar of write.exemplars ?? []) known.exemplars.push(exemplarOf(exemplar, input));
    if (write.histograms && input.relTs)
      known.ts.push(...write.histograms.map((each: Decoded) => stamp(each.timestamp, input) ?? each.timestamp));
    if (write.v2?.metadata) known.metadata = write.v2.metadata;
    if (write.v2?.created) known.created = stamp(write.v2.created, input) ?? write.v2.created;
  }
  const pick = (values: readonly unknown[]) => (input.all ? distinct(values) : values.slice(0, 1));
  return [...series.values()]
    .map(known => ({
      labels: known.labels,
      values: pick(known.values),
      ts: pick(known.ts),
      ...(known.histograms.length && { histograms: pick(known.histograms) }),
      ...(known.exemplars.length && { exemplars: pick(known.exemplars) }),
      ...(known.metadata && { metadata: known.metadata }),
      ...(known.starts && { starts: pick(known.starts) }),
      ...(known.created && { created: known.created }),
    }))
    .sort(by(each => text(each.labels)));
}

/** `now` for a time of the run, in whole minutes from now where the case asks for it; `undefined` for another time. */
function stamp(time: string, { relTs }: CaseInput): string | undefined {
  const offset = Number(time) - Date.now();
  if (Math.abs(offset) >= tenMinutes) return undefined;
  const minutes = Math.round(offset / 60_000);
  return relTs && minutes ? `now${minutes > 0 ? "+" : ""}${minutes}m` : "now";
}

function exemplarOf(exemplar: Decoded, input: CaseInput): Decoded {
  const { timestamp, ...rest } = exemplar;
  const at = stamp(timestamp, input);
  if (at === undefined) return exemplar;
  return input.relTs ? { ...rest, at } : rest;
}

function hideClocks(value: Decoded): void {
  if (!value || typeof value !== "object") return;
  for (const key of Object.keys(value)) {
    if (/unix_nano$/.test(key) && Math.abs(Number(BigInt(value[key]) / 1_000_000n) - Date.now()) < tenMinutes)
      value[key] = "now";
    else hideClocks(value[key]);
  }
}

function sortAttributes(value: Decoded): void {
  if (!value || typeof value !== "object") return;
  for (const key of Object.keys(value)) {
    sortAttributes(value[key]);
    if ((key === "attributes" || key === "filtered_attributes") && Array.isArray(value[key]))
      value[key].sort(by(each => each.key + text(each.value)));
  }
}

const pointKinds = ["gauge", "sum", "histogram", "exponential_histogram", "summary"];

function distinctMetrics(metrics: readonly Decoded[]): Decoded[] {
  for (const scope of metrics.flatMap(each => each.scope_metrics ?? [])) {
    for (const metric of scope.metrics ?? []) {
      for (const kind of pointKinds) {
        if (clocked.test(metric.name)) for (const point of metric[kind]?.data_points ?? []) point.as_double = "clock";
        metric[kind]?.data_points?.sort(by(text));
      }
    }
    scope.metrics?.sort(by(text));
  }
  return distinct(metrics).sort(by(text));
}
