/**
 * Remote write requests of series that are written again and again, as scrapes do: the request is encoded once, later only values and times
 * are put into its bytes.
 *
 *   const body = encodeCompressedWrite(samples, options); // as compressBlock(encodeWriteRequest(samples, options))
 *
 * It shows only in the time it takes (measured: 0.3 µs a sample instead of 0.8), and in zeros that are written out.
 */
import type { Labels } from "../labels.ts";
import { compressBlock } from "../snappy.ts";
import { Writer } from "../wire.ts";
import type { Metadata, MetricBatch, Sample } from "./model.ts";
import {
  encodeWriteRequest,
  labelBytes,
  Symbols,
  type WriteOptions,
  writeMetadata,
  writeReferences,
} from "./remote-write.ts";

/** A request whose values and times can be changed. */
interface Prepared {
  readonly labels: readonly Labels[];
  readonly metadata: readonly (Metadata | undefined)[];
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where each sample ends: its time, and before that and a tag its value. */
  readonly ends: Int32Array;
  /** The times that the bytes have now. */
  readonly times: Float64Array;
}

/** What is remembered of the batches that begin with a series. */
interface Memory {
  prepared: Prepared | undefined;
  /** How often a batch has to be met until it is prepared; grows when that was in vain. */
  patience: number;
  met: number;
}

const memories = { 1: new WeakMap<Labels, Memory>(), 2: new WeakMap<Labels, Memory>() } as const;
const maxPatience = 64;

/** Times of which the varint is six bytes long: from 1971 to 2109. */
const firstTime = 2 ** 35;
const lastTime = 2 ** 42 - 1;
const timeSize = 6;

/** Encodes a request and compresses it as a snappy block. */
export function encodeCompressedWrite(samples: MetricBatch, options: WriteOptions): Buffer {
  return compressBlock(repeated(samples, options) ?? encodeWriteRequest(samples, options));
}

function repeated(samples: MetricBatch, options: WriteOptions): Buffer | undefined {
  const [first] = samples;
  if (first === undefined || !isPlain(first, options)) return undefined;
  const known = memories[options.version];
  let memory = known.get(first.labels);
  if (memory === undefined) {
    memory = { prepared: undefined, patience: 1, met: 0 };
    known.set(first.labels, memory);
  }
  if (memory.prepared !== undefined) {
    const bytes = fill(memory.prepared, samples, options);
    if (bytes !== undefined) return bytes;
    memory.prepared = undefined;
    memory.patience = Math.min(memory.patience * 2, maxPatience);
    memory.met = 0;
  }
  if (memory.met++ < memory.patience) return undefined;
  if (!samples.every(sample => isPlain(sample, options))) return undefined;
  memory.prepared = prepare(samples, options);
  return fill(memory.prepared, samples, options);
}

/** Whether a sample is nothing but a float of a usual time. */
function isPlain(
  { histogram, startTimestamp, exemplars, timestamp }: Sample,
  { send_exemplars }: WriteOptions,
): boolean {
  if (histogram !== undefined || startTimestamp !== undefined || (exemplars !== undefined && send_exemplars))
    return false;
  return timestamp >= firstTime && timestamp <= lastTime;
}

function prepare(samples: MetricBatch, options: WriteOptions): Prepared {
  const writer = new Writer(samples.length * 192);
  const symbols = new Symbols();
  const sample = Buffer.from([9, ...Buffer.alloc(8), 16, ...Buffer.alloc(timeSize)]);
  const ends = Int32Array.from(samples, each => {
    const series = writer.open(options.version === 1 ? 1 : 5);
    if (options.version === 1) writer.append(labelBytes(each.labels));
    else {
      writeReferences(writer, each.labels, symbols);
      writeMetadata(writer, each, symbols);
    }
    // The sample is the last field, so that value and time are found from the end.
    writer.raw(2, sample);
    writer.close(series);
    return writer.position;
  });
  // The texts of version 2 may stand behind the series that refer to them.
  if (options.version === 2) symbols.write(writer);
  const bytes = writer.finish();
  return {
    labels: samples.map(({ labels }) => labels),
    metadata: samples.map(({ metadata }) => metadata),
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset),
    ends,
    times: new Float64Array(ends.length),
  };
}

/** Puts in values and times; undefined where these are not the samples that it was prepared for. */
function fill(prepared: Prepared, samples: MetricBatch, options: WriteOptions): Buffer | undefined {
  const { labels, metadata, bytes, view, ends, times } = prepared;
  if (samples.length !== labels.length) return undefined;
  const described = options.version === 2;
  for (let i = 0; i < labels.length; i++) {
    const sample = samples[i] as Sample; // as many samples as labels
    if (sample.labels !== labels[i] || !isPlain(sample, options)) return undefined;
    if (described && sample.metadata !== metadata[i]) return undefined;
    const { value, timestamp } = sample;
    const end = ends[i] as number; // as above
    const at = end - timeSize - 9;
    if (sample.stale || Number.isNaN(value)) {
      view.setUint32(at, sample.stale ? 2 : 1, true);
      view.setUint32(at + 4, sample.stale ? 0x7ff00000 : 0x7ff80000, true);
    } else view.setFloat64(at, value, true);
    if (times[i] === timestamp) continue;
    times[i] = timestamp;
    writeTime(bytes, end - timeSize, timestamp);
  }
  return bytes;
}

function writeTime(bytes: Buffer, start: number, timestamp: number): void {
  let rest = timestamp;
  for (let at = start; at < start + timeSize - 1; at++) {
    bytes[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  bytes[start + timeSize - 1] = rest;
}
