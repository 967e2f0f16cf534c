/**
 * Remote write, bytes to samples: versions 1 and 2.
 *
 *   const { samples, problems } = decodeWriteRequest(uncompressBlock(body, limit), { version: 1 });
 *
 * A message that is malformed is a `WireError`. A series that cannot be taken (no metric name, a label twice, a reference to nowhere) is left
 * out and named in `problems`: version 1 receivers take the rest and say nothing, version 2 receivers take the rest and answer 400.
 */
import { type Labels, labelsFrom, labelValue, noLabels } from "../labels.ts";
import { Reader, WireError } from "../wire.ts";
import type { BucketSpan, Exemplar, Metadata, NativeHistogram, Sample } from "./model.ts";
import { readSpan } from "./protobuf-messages.ts";
import { metricTypes, resetHints } from "./remote-write.ts";

export interface DecodeOptions {
  readonly version: 1 | 2;
  /** Takes start timestamps over into the samples; Alloy drops them. */
  readonly startTimestamps?: boolean;
  /** Series of version 1 by their label bytes, so that equal series get the same label object from request to request. */
  readonly known?: KnownSeries;
}

export interface DecodedWrite {
  /** A series' floats, then its histograms; its exemplars are with the last of them. */
  readonly samples: Sample[];
  readonly problems: string[];
}

/** Label sets by their encoded bytes; forgets all when there are too many. */
export class KnownSeries {
  readonly #labels = new Map<string, Labels>();
  readonly #max: number;

  constructor(max = 100_000) {
    this.#max = max;
  }

  get(bytes: string): Labels | undefined {
    return this.#labels.get(bytes);
  }

  add(bytes: string, labels: Labels): void {
    if (this.#labels.size >= this.#max) this.#labels.clear();
    this.#labels.set(bytes, labels);
  }
}

/** Decodes an uncompressed request. */
export function decodeWriteRequest(body: Uint8Array, options: DecodeOptions): DecodedWrite {
  const result: DecodedWrite = { samples: [], problems: [] };
  const symbols = options.version === 2 ? readSymbols(new Reader(body)) : undefined;
  const reader = new Reader(body);
  const field = options.version === 1 ? 1 : 5;
  while (reader.next()) {
    if (reader.field === field) readSeries(reader, options, symbols, result);
    else reader.skip();
  }
  return result;
}

/** The texts come before the series or after them. */
function readSymbols(reader: Reader): string[] {
  const symbols: string[] = [];
  while (reader.next()) {
    if (reader.field === 4) symbols.push(reader.string());
    else reader.skip();
  }
  return symbols;
}

/** What a message holds, before it is known whether the series is taken. */
interface Series {
  labels: Labels;
  values: { value: number; timestamp: number; start: number; stale: boolean }[];
  histograms: { histogram: NativeHistogram; timestamp: number; start: number; stale: boolean }[];
  exemplars: Exemplar[];
  metadata: Metadata | undefined;
  created: number;
}

function readSeries(
  reader: Reader,
  options: DecodeOptions,
  symbols: readonly string[] | undefined,
  result: DecodedWrite,
): void {
  const outer = reader.message();
  const series: Series = {
    labels: noLabels,
    values: [],
    histograms: [],
    exemplars: [],
    metadata: undefined,
    created: 0,
  };
  const problem = symbols === undefined ? readVersion1(reader, options, series) : readVersion2(reader, symbols, series);
  reader.leave(outer);
  if (problem !== undefined) result.problems.push(problem);
  else if (labelValue(series.labels, "__name__") === "")
    result.problems.push(`series should have a metric name, got ${JSON.stringify(series.labels)}`);
  else addSamples(series, options, result.samples);
}

function addSamples(
  { labels, values, histograms, exemplars, metadata, created }: Series,
  options: DecodeOptions,
  samples: Sample[],
): void {
  const total = values.length + histograms.length;
  const startOf = (start: number) => (options.startTimestamps ? start || created || undefined : undefined);
  for (const [i, { value, timestamp, start, stale }] of values.entries()) {
    const last = i === total - 1 && exemplars.length > 0 ? exemplars : undefined;
    samples.push({
      labels,
      timestamp,
      value,
      histogram: undefined,
      exemplars: last,
      metadata,
      startTimestamp: startOf(start),
      stale,
    });
  }
  for (const [i, { histogram, timestamp, start, stale }] of histograms.entries()) {
    const last = values.length + i === total - 1 && exemplars.length > 0 ? exemplars : undefined;
    samples.push({
      labels,
      timestamp,
      value: 0,
      histogram,
      exemplars: last,
      metadata,
      startTimestamp: startOf(start),
      stale,
    });
  }
}

function readVersion1(reader: Reader, { known }: DecodeOptions, series: Series): string | undefined {
  const start = reader.position;
  const key = known === undefined ? "" : reader.bytes.toString("latin1", start, endOfLabels(reader));
  const shared = known?.get(key);
  const pairs: [string, string][] = [];
  if (shared === undefined) reader.position = start;
  while (reader.next()) {
    if (reader.field === 1) pairs.push(readLabel(reader));
    else if (reader.field === 2) series.values.push(readSample(reader));
    else if (reader.field === 3) series.exemplars.push(readExemplar(reader, undefined));
    else if (reader.field === 4) series.histograms.push(readHistogram(reader));
    else reader.skip();
  }
  const problem = duplicate(pairs);
  series.labels = shared ?? labelsFrom(pairs);
  if (shared === undefined && problem === undefined) known?.add(key, series.labels);
  return problem;
}

/** Goes over the labels that the series begins with. */
function endOfLabels(reader: Reader): number {
  while (reader.position < reader.end && reader.bytes[reader.position] === 10 && reader.next()) reader.skip();
  return reader.position;
}

function readVersion2(reader: Reader, symbols: readonly string[], series: Series): string | undefined {
  const refs: number[] = [];
  const metadata = { type: 0, help: 0, unit: 0 };
  let described = false;
  while (reader.next()) {
    if (reader.field === 1) reader.repeated(0, () => refs.push(reader.uint32()));
    else if (reader.field === 2) series.values.push(readSample(reader));
    else if (reader.field === 3) series.histograms.push(readHistogram(reader));
    else if (reader.field === 4) series.exemplars.push(readExemplar(reader, symbols));
    else if (reader.field === 5) {
      readMetadata(reader, metadata);
      described = true;
    } else if (reader.field === 6) series.created = reader.integer();
    else reader.skip();
  }
  const pairs = pairsOf(refs, symbols);
  if (typeof pairs === "string") return pairs;
  series.labels = labelsFrom(pairs);
  const help = symbols[metadata.help];
  const unit = symbols[metadata.unit];
  if (described && (help === undefined || unit === undefined)) return "metadata should refer to symbols of the request";
  if (described)
    series.metadata = { type: metricTypes[metadata.type] ?? "unknown", help: help ?? "", unit: unit ?? "" };
  return duplicate(pairs);
}

function readMetadata(reader: Reader, metadata: { type: number; help: number; unit: number }): void {
  const outer = reader.message();
  while (reader.next()) {
    if (reader.field === 1) metadata.type = reader.uint32();
    else if (reader.field === 3) metadata.help = reader.uint32();
    else if (reader.field === 4) metadata.unit = reader.uint32();
    else reader.skip();
  }
  reader.leave(outer);
}

/** The texts of references; a sentence when they make no pairs of texts. */
function pairsOf(refs: readonly number[], symbols: readonly string[]): [string, string][] | string {
  if (refs.length % 2 !== 0) return `labels should be pairs of references, got ${refs.length}`;
  const pairs: [string, string][] = [];
  for (let i = 0; i < refs.length; i += 2) {
    const name = symbols[refs[i] as number]; // pairs
    const value = symbols[refs[i + 1] as number];
    if (name === undefined || value === undefined)
      return `labels should refer to one of ${symbols.length} symbols, got ${refs[i]} and ${refs[i + 1]}`;
    pairs.push([name, value]);
  }
  return pairs;
}

function duplicate(pairs: readonly (readonly [string, string])[]): string | undefined {
  const names = new Set<string>();
  for (const [name] of pairs) {
    if (names.has(name)) return `series should have each label once, got ${JSON.stringify(name)} twice`;
    names.add(name);
  }
  return undefined;
}

function readLabel(reader: Reader): [string, string] {
  const outer = reader.message();
  let name = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  return [name, value];
}

function readSample(reader: Reader): Series["values"][number] {
  const outer = reader.message();
  const sample = { value: 0, timestamp: 0, start: 0, stale: false };
  while (reader.next()) {
    if (reader.field === 1) {
      sample.stale = reader.atStaleMarker;
      sample.value = reader.double();
    } else if (reader.field === 2) sample.timestamp = reader.integer();
    else if (reader.field === 3) sample.start = reader.integer();
    else reader.skip();
  }
  reader.leave(outer);
  return sample;
}

/** Of version 2 when there are symbols. */
function readExemplar(reader: Reader, symbols: readonly string[] | undefined): Exemplar {
  const outer = reader.message();
  const refs: number[] = [];
  const pairs: [string, string][] = [];
  let value = 0;
  let timestamp = 0;
  while (reader.next()) {
    if (reader.field === 1 && symbols !== undefined) reader.repeated(0, () => refs.push(reader.uint32()));
    else if (reader.field === 1) pairs.push(readLabel(reader));
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) timestamp = reader.integer();
    else reader.skip();
  }
  reader.leave(outer);
  const referred = pairsOf(refs, symbols ?? []);
  if (typeof referred === "string") throw new WireError(`exemplar's ${referred}`);
  return { labels: labelsFrom([...pairs, ...referred]), value, timestamp };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readHistogram(reader: Reader): Series["histograms"][number] {
  const outer = reader.message();
  const deltas = { positive: [] as number[], negative: [] as number[] }; // empty lists have no type of their own, here and below
  const counts = { positive: [] as number[], negative: [] as number[] };
  const spans = { positive: [] as BucketSpan[], negative: [] as BucketSpan[] };
  const customValues: number[] = [];
  const histogram: Mutable<
    Omit<NativeHistogram, "positiveBuckets" | "negativeBuckets" | "positiveSpans" | "negativeSpans" | "customValues">
  > = {
    float: false,
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0n,
    count: 0n,
    sum: 0,
    resetHint: "unknown",
  };
  let timestamp = 0;
  let start = 0;
  let stale = false;
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        histogram.count = reader.uint64();
        break;
      case 2:
        histogram.float = true;
        histogram.count = reader.double();
        break;
      case 3:
        stale = reader.atStaleMarker;
        histogram.sum = reader.double();
        break;
      case 4:
        histogram.schema = reader.zigzag();
        break;
      case 5:
        histogram.zeroThreshold = reader.double();
        break;
      case 6:
        histogram.zeroCount = reader.uint64();
        break;
      case 7:
        histogram.zeroCount = reader.double();
        break;
      case 8:
        spans.negative.push(readSpan(reader));
        break;
      case 9:
        reader.repeated(0, () => deltas.negative.push(reader.zigzag()));
        break;
      case 10:
        reader.repeated(1, () => counts.negative.push(reader.double()));
        break;
      case 11:
        spans.positive.push(readSpan(reader));
        break;
      case 12:
        reader.repeated(0, () => deltas.positive.push(reader.zigzag()));
        break;
      case 13:
        reader.repeated(1, () => counts.positive.push(reader.double()));
        break;
      case 14:
        histogram.resetHint = resetHints[reader.uint32()] ?? "unknown";
        break;
      case 15:
        timestamp = reader.integer();
        break;
      case 16:
        reader.repeated(1, () => customValues.push(reader.double()));
        break;
      case 17:
        start = reader.integer();
        break;
      default:
        reader.skip();
    }
  }
  reader.leave(outer);
  const buckets = histogram.float ? counts : deltas;
  // The kind of the count decides the kind of the histogram, so a zero count without it is of that kind, too.
  const zeroCount = histogram.float
    ? Number(histogram.zeroCount)
    : typeof histogram.zeroCount === "bigint"
      ? histogram.zeroCount
      : 0n;
  return {
    histogram: {
      ...histogram,
      zeroCount,
      positiveSpans: spans.positive,
      positiveBuckets: buckets.positive,
      negativeSpans: spans.negative,
      negativeBuckets: buckets.negative,
      customValues,
    },
    timestamp,
    start,
    stale,
  };
}
