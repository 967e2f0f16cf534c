/**
 * Remote write, samples to bytes: versions 1 (`prometheus.WriteRequest`) and 2 (`io.prometheus.write.v2.Request`).
 *
 *   const body = compressBlock(encodeWriteRequest(samples, { version: 1, send_exemplars: true, send_native_histograms: true }));
 *
 * `encodeCompressedWrite` in prepared-write.ts does both at once, and faster when the same series are written again.
 *
 * Each sample becomes a series of its own, in the order given, as in Prometheus. Label sets are encoded once: their bytes are remembered by identity.
 */
import type { Labels } from "../labels.ts";
import { Writer } from "../wire.ts";
import type { Exemplar, MetricBatch, MetricType, NativeHistogram, Sample } from "./model.ts";
import { customBucketsSchema } from "./native-histogram.ts";

/** What goes into a request; the names are those of `prometheus.remote_write`. */
export interface WriteOptions {
  readonly version: 1 | 2;
  readonly send_exemplars: boolean;
  readonly send_native_histograms: boolean;
}

/** Encodes a request, uncompressed. Samples that the options exclude are left out; only their exemplars may remain. */
export function encodeWriteRequest(samples: MetricBatch, options: WriteOptions): Buffer {
  return options.version === 1 ? encodeVersion1(samples, options) : encodeVersion2(samples, options);
}

/** How many samples, histograms and exemplars a request holds, as the receiver of version 2 reports what it has written. */
export function countWritten(
  samples: MetricBatch,
  options: WriteOptions,
): { samples: number; histograms: number; exemplars: number } {
  const count = { samples: 0, histograms: 0, exemplars: 0 };
  for (const sample of samples) {
    if (sample.histogram === undefined) count.samples++;
    else if (sendsHistogram(sample.histogram, options)) count.histograms++;
    if (options.send_exemplars) count.exemplars += sample.exemplars?.length ?? 0;
  }
  return count;
}

/** Version 1 has no custom buckets. */
function sendsHistogram(histogram: NativeHistogram, { version, send_native_histograms }: WriteOptions): boolean {
  return send_native_histograms && (version === 2 || histogram.schema !== customBucketsSchema);
}

/** What of a sample is sent; undefined when nothing is. */
function partsOf(
  sample: Sample,
  options: WriteOptions,
): { histogram: NativeHistogram | undefined; exemplars: readonly Exemplar[] | undefined; value: boolean } | undefined {
  const exemplars =
    options.send_exemplars && sample.exemplars !== undefined && sample.exemplars.length > 0
      ? sample.exemplars
      : undefined;
  const histogram =
    sample.histogram !== undefined && sendsHistogram(sample.histogram, options) ? sample.histogram : undefined;
  const value = sample.histogram === undefined;
  return value || histogram !== undefined || exemplars !== undefined ? { histogram, exemplars, value } : undefined;
}

const encodedLabels = new WeakMap<Labels, Buffer>();

/** The label fields of a series of version 1, as bytes. */
export function labelBytes(labels: Labels): Buffer {
  let bytes = encodedLabels.get(labels);
  if (bytes === undefined) {
    const writer = new Writer(256);
    writeLabels(writer, labels);
    bytes = Buffer.from(writer.finish());
    encodedLabels.set(labels, bytes);
  }
  return bytes;
}

function writeLabels(writer: Writer, labels: Labels): void {
  for (let i = 0; i < labels.length; i += 2) {
    const label = writer.open(1);
    writer.string(1, labels[i] as string); // pairs
    if (labels[i + 1] !== "") writer.string(2, labels[i + 1] as string);
    writer.close(label);
  }
}

function encodeVersion1(samples: MetricBatch, options: WriteOptions): Buffer {
  const writer = new Writer(Math.max(1024, samples.length * 192));
  for (const sample of samples) {
    const parts = partsOf(sample, options);
    if (parts === undefined) continue;
    const series = writer.open(1);
    writer.append(labelBytes(sample.labels));
    if (parts.value) writeSample(writer, sample, 0);
    for (const exemplar of parts.exemplars ?? []) {
      const start = writer.open(3);
      writeLabels(writer, exemplar.labels);
      writeExemplarValue(writer, exemplar, sample.timestamp);
      writer.close(start);
    }
    if (parts.histogram) writeHistogram(writer, 4, parts.histogram, sample);
    writer.close(series);
  }
  return writer.finish();
}

/** The texts of a version 2 request, each once; the empty text is the first. */
export class Symbols {
  readonly #numbers = new Map<string, number>([["", 0]]);

  get(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }

  write(writer: Writer): void {
    for (const text of this.#numbers.keys()) writer.string(4, text);
  }
}

function encodeVersion2(samples: MetricBatch, options: WriteOptions): Buffer {
  const writer = new Writer(Math.max(1024, samples.length * 96));
  const symbols = new Symbols();
  for (const sample of samples) {
    const parts = partsOf(sample, options);
    if (parts === undefined) continue;
    const series = writer.open(5);
    writeReferences(writer, sample.labels, symbols);
    const start = sample.startTimestamp ?? 0;
    if (parts.value) writeSample(writer, sample, start);
    if (parts.histogram) writeHistogram(writer, 3, parts.histogram, sample);
    for (const exemplar of parts.exemplars ?? []) {
      const at = writer.open(4);
      writeReferences(writer, exemplar.labels, symbols);
      writeExemplarValue(writer, exemplar, sample.timestamp);
      writer.close(at);
    }
    writeMetadata(writer, sample, symbols);
    writer.close(series);
  }
  const texts = new Writer(4096);
  symbols.write(texts);
  // Fields may come in any order; the texts go first, as Prometheus writes them.
  texts.append(writer.finish());
  return texts.finish();
}

/** Writes labels as references. */
export function writeReferences(writer: Writer, labels: Labels, symbols: Symbols): void {
  if (labels.length === 0) return;
  const start = writer.open(1);
  for (const text of labels) writer.varint(symbols.get(text));
  writer.close(start);
}

/** The numbers of version 2's and version 1's enum. */
export const metricTypes: readonly MetricType[] = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
];

/** Written for every series, also where nothing is known, as Prometheus does. */
export function writeMetadata(writer: Writer, { metadata }: Sample, symbols: Symbols): void {
  const start = writer.open(5);
  if (metadata !== undefined) {
    const type = metricTypes.indexOf(metadata.type);
    const help = symbols.get(metadata.help);
    const unit = symbols.get(metadata.unit);
    if (type > 0) writer.uint(1, type);
    if (help > 0) writer.uint(3, help);
    if (unit > 0) writer.uint(4, unit);
  }
  writer.close(start);
}

function writeSample(writer: Writer, sample: Sample, startTimestamp: number): void {
  const start = writer.open(2);
  writeValue(writer, 1, sample.value, sample.stale);
  if (sample.timestamp !== 0) writer.int64(2, sample.timestamp);
  if (startTimestamp !== 0) writer.int64(3, startTimestamp);
  writer.close(start);
}

/** Zero is left out; NaNs have the bits that Prometheus gives them. */
function writeValue(writer: Writer, field: number, value: number, stale: boolean): void {
  if (stale || Number.isNaN(value)) {
    writer.varint(field * 8 + 1);
    if (stale) writer.rawBits(0x7ff00000, 2);
    else writer.rawBits(0x7ff80000, 1);
  } else if (value !== 0) writer.double(field, value);
}

function writeExemplarValue(writer: Writer, exemplar: Exemplar, sampleTimestamp: number): void {
  writeValue(writer, 2, exemplar.value, false);
  const timestamp = exemplar.timestamp ?? sampleTimestamp;
  if (timestamp !== 0) writer.int64(3, timestamp);
}

function writeHistogram(writer: Writer, field: number, histogram: NativeHistogram, sample: Sample): void {
  const start = writer.open(field);
  if (histogram.float) writer.double(2, Number(histogram.count));
  else writer.int64(1, histogram.count);
  writeValue(writer, 3, histogram.sum, sample.stale);
  if (histogram.schema !== 0) {
    writer.varint(4 * 8);
    writer.zigzag(histogram.schema);
  }
  writeValue(writer, 5, histogram.zeroThreshold, false);
  if (histogram.float) writer.double(7, Number(histogram.zeroCount));
  else writer.int64(6, histogram.zeroCount);
  writeBuckets(writer, histogram, 8);
  writeBuckets(writer, histogram, 11);
  const hint = resetHints.indexOf(histogram.resetHint);
  if (hint > 0) writer.uint(14, hint);
  if (sample.timestamp !== 0) writer.int64(15, sample.timestamp);
  writeDoubles(writer, 16, histogram.customValues);
  if (field === 3 && sample.startTimestamp !== undefined) writer.int64(17, sample.startTimestamp);
  writer.close(start);
}

/** The numbers of the enum. */
export const resetHints: readonly NativeHistogram["resetHint"][] = ["unknown", "yes", "no", "gauge"];

/** Spans, deltas and counts have three field numbers in a row, from 8 on for the negative and from 11 on for the positive ones. */
function writeBuckets(writer: Writer, histogram: NativeHistogram, field: 8 | 11): void {
  const spans = field === 8 ? histogram.negativeSpans : histogram.positiveSpans;
  const buckets = field === 8 ? histogram.negativeBuckets : histogram.positiveBuckets;
  for (const { offset, length } of spans) {
    const start = writer.open(field);
    if (offset !== 0) {
      writer.varint(8);
      writer.zigzag(offset);
    }
    if (length !== 0) writer.uint(2, length);
    writer.close(start);
  }
  if (histogram.float) writeDoubles(writer, field + 2, buckets);
  else if (buckets.length > 0) {
    const start = writer.open(field + 1);
    for (const delta of buckets) writer.zigzag(delta);
    writer.close(start);
  }
}

function writeDoubles(writer: Writer, field: number, values: readonly number[]): void {
  if (values.length === 0) return;
  const start = writer.open(field);
  for (const value of values) writer.rawDouble(value);
  writer.close(start);
}
