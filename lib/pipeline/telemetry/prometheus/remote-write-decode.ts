/**
 * Remote write, bytes to samples: versions 1 and 2.
 *
 *   const { samples, problems } = decodeWriteRequest(uncompressBlock(body, limit), { version: 1 });
 *
 * A message that is malformed is a `WireError`. A series that cannot be taken (no metric name, a label twice, a reference to nowhere) is left
 * out and named in `problems`: version 1 receivers take the rest and say nothing, version 2 receivers take the rest and answer 400.
 */
import { compareBytes, type Labels, labelsFrom, labelsKey, labelValue, noLabels } from "../labels.ts";
import { Reader, WireError } from "../wire.ts";
import type { BucketSpan, Exemplar, Metadata, NativeHistogram, Sample } from "./model.ts";
import { readSpan } from "./protobuf-messages.ts";
import { metricTypes, resetHints } from "./remote-write.ts";

export interface DecodeOptions {
  readonly version: 1 | 2;
  /** Takes start timestamps over into the samples; Alloy drops them. */
  readonly startTimestamps?: boolean;
  /** Gives equal series the same label object from request to request, so that work on labels can be cached by identity. */
  readonly known?: KnownSeries;
}

export interface DecodedWrite {
  /** A series' floats, then its histograms; its exemplars are with the last of them. */
  readonly samples: Sample[];
  readonly problems: string[];
}

/** Label sets that were met before, of version 1 by their encoded bytes; forgets all when there are too many. */
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

  /** The object that stands for equal labels. */
  share(labels: Labels): Labels {
    const key = labelsKey(labels);
    const shared = this.#labels.get(key);
    if (shared !== undefined) return shared;
    this.add(key, labels);
    return labels;
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
  problem: string | undefined;
  values: { value: number; timestamp: number; start: number; stale: boolean }[];
  histograms: { histogram: NativeHistogram; timestamp: number; start: number; stale: boolean }[];
  exemplars: Exemplar[];
  metadata: Metadata | undefined;
  created: number;
}

const noHistograms: Series["histograms"] = [];
const noExemplars: Exemplar[] = [];

function readSeries(
  reader: Reader,
  options: DecodeOptions,
  symbols: readonly string[] | undefined,
  result: DecodedWrite,
): void {
  const outer = reader.message();
  const series: Series = {
    labels: noLabels,
    problem: undefined,
    values: [],
    histograms: noHistograms,
    exemplars: noExemplars,
    metadata: undefined,
    created: 0,
  };
  if (symbols === undefined) readVersion1(reader, options, series);
  else readVersion2(reader, options, symbols, series);
  reader.leave(outer);
  if (series.problem !== undefined) result.problems.push(series.problem);
  else if (labelValue(series.labels, "__name__") === "")
    result.problems.push(`series should have a metric name, got ${JSON.stringify(series.labels)}`);
  else addSamples(series, options, result.samples);
}

function addSamples(series: Series, { startTimestamps }: DecodeOptions, samples: Sample[]): void {
  const { labels, values, histograms, metadata, created } = series;
  const exemplars = series.exemplars.length > 0 ? series.exemplars : undefined;
  const last = values.length + histograms.length - 1;
  for (let i = 0; i <= last; i++) {
    const float = values[i];
    const native = histograms[i - values.length];
    const { timestamp, start, stale } = (float ?? native) as Series["values"][number]; // i is in one of the two
    samples.push({
      labels,
      timestamp,
      value: float?.value ?? 0,
      histogram: native?.histogram,
      exemplars: i === last ? exemplars : undefined,
      metadata,
      startTimestamp: startTimestamps ? start || created || undefined : undefined,
      stale,
    });
  }
}

function readVersion1(reader: Reader, { known }: DecodeOptions, series: Series): void {
  const start = reader.position;
  const key = known === undefined ? "" : reader.bytes.toString("latin1", start, endOfLabels(reader));
  const shared = known?.get(key);
  const flat: string[] = [];
  if (shared === undefined) reader.position = start;
  while (reader.next()) {
    if (reader.field === 1) readLabel(reader, flat);
    else if (reader.field === 2) series.values.push(readSample(reader));
    else if (reader.field === 3) series.exemplars = [...series.exemplars, readExemplar(reader, undefined)];
    else if (reader.field === 4) series.histograms = [...series.histograms, readHistogram(reader)];
    else reader.skip();
  }
  setLabels(series, flat, shared);
  if (shared === undefined && series.problem === undefined) known?.add(key, series.labels);
}

/** Goes over the labels that the series begins with. */
function endOfLabels(reader: Reader): number {
  while (reader.position < reader.end && reader.bytes[reader.position] === 10 && reader.next()) reader.skip();
  return reader.position;
}

/** Takes the labels of a series, which are `shared` where their bytes are known, unless a name is there twice. */
function setLabels(series: Series, flat: readonly string[], shared: Labels | undefined): void {
  if (shared !== undefined && flat.length === 0) {
    series.labels = shared;
    return;
  }
  if (isLabels(flat)) series.labels = flat;
  else {
    series.problem = duplicate(flat);
    series.labels = labelsFrom(pairsOf(flat));
  }
}

/** Whether the pairs are sorted, unique and not empty already, as senders write them. */
function isLabels(flat: readonly string[]): boolean {
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i + 1] === "" || (i > 0 && compareBytes(flat[i - 2] as string, flat[i] as string) >= 0)) return false; // pairs
  }
  return true;
}

function* pairsOf(flat: readonly string[]): Iterable<[string, string]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i] as string, flat[i + 1] as string]; // pairs
}

function readVersion2(reader: Reader, { known }: DecodeOptions, symbols: readonly string[], series: Series): void {
  const refs: number[] = [];
  const metadata = { type: 0, help: 0, unit: 0 };
  let described = false;
  while (reader.next()) {
    if (reader.field === 1) readReferences(reader, refs);
    else if (reader.field === 2) series.values.push(readSample(reader));
    else if (reader.field === 3) series.histograms = [...series.histograms, readHistogram(reader)];
    else if (reader.field === 4) series.exemplars = [...series.exemplars, readExemplar(reader, symbols)];
    else if (reader.field === 5) {
      readMetadata(reader, metadata);
      described = true;
    } else if (reader.field === 6) series.created = reader.integer();
    else reader.skip();
  }
  const flat = textsOf(refs, symbols);
  if (typeof flat === "string") {
    series.problem = flat;
    return;
  }
  setLabels(series, flat, undefined);
  if (known !== undefined && series.problem === undefined) series.labels = known.share(series.labels);
  if (!described) return;
  const help = symbols[metadata.help];
  const unit = symbols[metadata.unit];
  if (help === undefined || unit === undefined) series.problem = "metadata should refer to symbols of the request";
  else series.metadata = { type: metricTypes[metadata.type] ?? "unknown", help, unit };
}

function readReferences(reader: Reader, refs: number[]): void {
  if (reader.wireType !== 2) {
    refs.push(reader.uint32());
    return;
  }
  const outer = reader.message();
  while (reader.position < reader.end) refs.push(reader.varint());
  reader.leave(outer);
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
function textsOf(refs: readonly number[], symbols: readonly string[]): string[] | string {
  if (refs.length % 2 !== 0) return `labels should be pairs of references, got ${refs.length}`;
  const flat: string[] = [];
  for (const ref of refs) {
    const text = symbols[ref];
    if (text === undefined) return `labels should refer to one of ${symbols.length} symbols, got ${ref}`;
    flat.push(text);
  }
  return flat;
}

function duplicate(flat: readonly string[]): string | undefined {
  const names = new Set<string>();
  for (const [name] of pairsOf(flat)) {
    if (names.has(name)) return `series should have each label once, got ${JSON.stringify(name)} twice`;
    names.add(name);
  }
  return undefined;
}

function readLabel(reader: Reader, flat: string[]): void {
  const outer = reader.message();
  let name = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  flat.push(name, value);
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
  const flat: string[] = [];
  let value = 0;
  let timestamp = 0;
  while (reader.next()) {
    if (reader.field === 1 && symbols !== undefined) readReferences(reader, refs);
    else if (reader.field === 1) readLabel(reader, flat);
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) timestamp = reader.integer();
    else reader.skip();
  }
  reader.leave(outer);
  const referred = symbols === undefined ? flat : textsOf(refs, symbols);
  if (typeof referred === "string") throw new WireError(`exemplar's ${referred}`);
  return { labels: labelsFrom(pairsOf(referred)), value, timestamp };
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
