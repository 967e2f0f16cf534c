/** The messages of the protobuf exposition below the metric family. */
import { labelsFrom } from "../labels.ts";
import { Reader } from "../wire.ts";
import type { BucketSpan, Exemplar } from "./model.ts";

/** A counter, gauge or untyped value. */
export interface ValueMessage {
  value: number;
  stale: boolean;
  exemplar: Exemplar | undefined;
  /** Milliseconds, here and below; 0 is unknown. */
  created: number;
}

export interface SummaryMessage {
  count: number;
  sum: number;
  created: number;
  readonly quantiles: { quantile: number; value: number }[];
}

export interface BucketMessage {
  count: bigint;
  countFloat: number;
  bound: number;
  exemplar: Exemplar | undefined;
}

/** Field names as in the proto, in short; deltas belong to integer histograms, counts to float ones. */
export interface HistogramMessage {
  count: bigint;
  countFloat: number;
  sum: number;
  readonly buckets: BucketMessage[];
  schema: number;
  zeroThreshold: number;
  zeroCount: bigint;
  zeroCountFloat: number;
  readonly negativeSpans: BucketSpan[];
  readonly negativeDeltas: number[];
  readonly negativeCounts: number[];
  readonly positiveSpans: BucketSpan[];
  readonly positiveDeltas: number[];
  readonly positiveCounts: number[];
  created: number;
  readonly exemplars: Exemplar[];
}

export interface Metric {
  /** The label fields, still encoded. */
  readonly labels: Buffer;
  readonly counter: ValueMessage;
  readonly gauge: ValueMessage;
  readonly untyped: ValueMessage;
  readonly summary: SummaryMessage;
  readonly histogram: HistogramMessage;
  /** Milliseconds; 0 is none. */
  readonly timestamp: number;
}

const noValue: ValueMessage = Object.freeze({ value: 0, stale: false, exemplar: undefined, created: 0 });
const noSummary: SummaryMessage = Object.freeze({ count: 0, sum: 0, created: 0, quantiles: [] });
const noHistogram: HistogramMessage = Object.freeze(emptyHistogram());
const noBytes = Buffer.alloc(0);

/** Reads one metric; what it does not have is as if it were empty. */
export function readMetric(bytes: Buffer): Metric {
  const reader = new Reader(bytes);
  const labels: Buffer[] = [];
  const metric = {
    counter: noValue,
    gauge: noValue,
    untyped: noValue,
    summary: noSummary,
    histogram: noHistogram,
    timestamp: 0,
  };
  let start = 0;
  while (reader.next()) {
    if (reader.field === 1) {
      reader.skip();
      labels.push(bytes.subarray(start, reader.position));
    } else if (reader.field === 2) metric.gauge = readValue(reader);
    else if (reader.field === 3) metric.counter = readValue(reader);
    else if (reader.field === 4) metric.summary = readSummary(reader);
    else if (reader.field === 5) metric.untyped = readValue(reader);
    else if (reader.field === 6) metric.timestamp = reader.integer();
    else if (reader.field === 7) metric.histogram = readHistogram(reader);
    else reader.skip();
    start = reader.position;
  }
  return {
    labels: labels.length === 1 ? (labels[0] as Buffer) : labels.length === 0 ? noBytes : Buffer.concat(labels),
    ...metric,
  }; // one is there
}

function readValue(reader: Reader): ValueMessage {
  const outer = reader.message();
  const message: ValueMessage = { value: 0, stale: false, exemplar: undefined, created: 0 };
  while (reader.next()) {
    if (reader.field === 1) {
      message.stale = reader.atStaleMarker;
      message.value = reader.double();
    } else if (reader.field === 2 && reader.wireType === 2) message.exemplar = readExemplar(reader);
    else if (reader.field === 3 && reader.wireType === 2) message.created = readTime(reader);
    else reader.skip();
  }
  reader.leave(outer);
  return message;
}

function readSummary(reader: Reader): SummaryMessage {
  const outer = reader.message();
  const message: SummaryMessage = { count: 0, sum: 0, created: 0, quantiles: [] };
  while (reader.next()) {
    if (reader.field === 1) message.count = Number(reader.uint64());
    else if (reader.field === 2) message.sum = reader.double();
    else if (reader.field === 3) message.quantiles.push(readQuantile(reader));
    else if (reader.field === 4) message.created = readTime(reader);
    else reader.skip();
  }
  reader.leave(outer);
  return message;
}

function readQuantile(reader: Reader): { quantile: number; value: number } {
  const outer = reader.message();
  const entry = { quantile: 0, value: 0 };
  while (reader.next()) {
    if (reader.field === 1) entry.quantile = reader.double();
    else if (reader.field === 2) entry.value = reader.double();
    else reader.skip();
  }
  reader.leave(outer);
  return entry;
}

function emptyHistogram(): HistogramMessage {
  return {
    count: 0n,
    countFloat: 0,
    sum: 0,
    buckets: [],
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0n,
    zeroCountFloat: 0,
    negativeSpans: [],
    negativeDeltas: [],
    negativeCounts: [],
    positiveSpans: [],
    positiveDeltas: [],
    positiveCounts: [],
    created: 0,
    exemplars: [],
  };
}

function readHistogram(reader: Reader): HistogramMessage {
  const outer = reader.message();
  const message = emptyHistogram();
  while (reader.next()) readHistogramField(reader, message);
  reader.leave(outer);
  return message;
}

function readHistogramField(reader: Reader, message: HistogramMessage): void {
  switch (reader.field) {
    case 1:
      message.count = reader.uint64();
      return;
    case 2:
      message.sum = reader.double();
      return;
    case 3:
      message.buckets.push(readBucket(reader));
      return;
    case 4:
      message.countFloat = reader.double();
      return;
    case 5:
      message.schema = reader.zigzag();
      return;
    case 6:
      message.zeroThreshold = reader.double();
      return;
    case 7:
      message.zeroCount = reader.uint64();
      return;
    case 8:
      message.zeroCountFloat = reader.double();
      return;
    case 9:
      message.negativeSpans.push(readSpan(reader));
      return;
    case 10:
      reader.repeated(0, () => message.negativeDeltas.push(reader.zigzag()));
      return;
    case 11:
      reader.repeated(1, () => message.negativeCounts.push(reader.double()));
      return;
    case 12:
      message.positiveSpans.push(readSpan(reader));
      return;
    case 13:
      reader.repeated(0, () => message.positiveDeltas.push(reader.zigzag()));
      return;
    case 14:
      reader.repeated(1, () => message.positiveCounts.push(reader.double()));
      return;
    case 15:
      message.created = readTime(reader);
      return;
    case 16:
      message.exemplars.push(readExemplar(reader));
      return;
    default:
      reader.skip();
  }
}

function readBucket(reader: Reader): BucketMessage {
  const outer = reader.message();
  const bucket: BucketMessage = { count: 0n, countFloat: 0, bound: 0, exemplar: undefined };
  while (reader.next()) {
    if (reader.field === 1) bucket.count = reader.uint64();
    else if (reader.field === 2) bucket.bound = reader.double();
    else if (reader.field === 3) bucket.exemplar = readExemplar(reader);
    else if (reader.field === 4) bucket.countFloat = reader.double();
    else reader.skip();
  }
  reader.leave(outer);
  return bucket;
}

/** A run of buckets, which remote write has in the same form. */
export function readSpan(reader: Reader): BucketSpan {
  const outer = reader.message();
  let offset = 0;
  let length = 0;
  while (reader.next()) {
    if (reader.field === 1) offset = reader.zigzag();
    else if (reader.field === 2) length = reader.uint32();
    else reader.skip();
  }
  reader.leave(outer);
  return { offset, length };
}

function readExemplar(reader: Reader): Exemplar {
  const outer = reader.message();
  const pairs: [string, string][] = [];
  let value = 0;
  let timestamp: number | undefined;
  while (reader.next()) {
    if (reader.field === 1) pairs.push(readPair(reader));
    else if (reader.field === 2) value = reader.double();
    else if (reader.field === 3) timestamp = readTime(reader);
    else reader.skip();
  }
  reader.leave(outer);
  return { labels: labelsFrom(pairs), value, timestamp };
}

function readPair(reader: Reader): [string, string] {
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

/** A `google.protobuf.Timestamp` in milliseconds. */
function readTime(reader: Reader): number {
  const outer = reader.message();
  let seconds = 0;
  let nanos = 0;
  while (reader.next()) {
    if (reader.field === 1) seconds = reader.integer();
    else if (reader.field === 2) nanos = reader.integer();
    else reader.skip();
  }
  reader.leave(outer);
  return seconds * 1000 + Math.trunc(nanos / 1_000_000);
}

/** Whether a histogram has native parts; one without observations may say so by an empty span. */
export function isNative({ positiveSpans, negativeSpans, zeroThreshold, zeroCount }: HistogramMessage): boolean {
  return positiveSpans.length > 0 || negativeSpans.length > 0 || zeroThreshold > 0 || zeroCount > 0n;
}
