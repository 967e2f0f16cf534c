/**
 * Loki's push API, both ways.
 *
 *   const batch = decodePushJson(body);                              // application/json
 *   const batch = decodePushProtobuf(uncompressBlock(body, limit));  // anything else
 *   const body = compressBlock(encodePush(streams));                 // streams: label text → entries, see printLabels
 *   const text = encodePushJson(streams);
 */
import { Reader, WireError, Writer } from "../wire.ts";
import { parseLabelsShared } from "./labels.ts";
import type { LogEntry, LogStream } from "./model.ts";
import { PushError, zeroTime } from "./push-json.ts";

export { decodePushJson, PushError } from "./push-json.ts";

/** Streams to send: their labels as text, and their entries. */
export type PushStreams = Iterable<readonly [labels: string, entries: readonly LogEntry[]]>;

const noMetadata: readonly string[] = [];

/** Reads an uncompressed `logproto.PushRequest`. */
export function decodePushProtobuf(body: Uint8Array): LogStream[] {
  const reader = new Reader(body);
  const streams: LogStream[] = [];
  try {
    while (reader.next()) {
      if (reader.field === 1) streams.push(readStream(reader));
      else reader.skip();
    }
  } catch (error) {
    if (error instanceof WireError) throw new PushError(error.message, { cause: error });
    throw error;
  }
  return streams;
}

function readStream(reader: Reader): LogStream {
  const outer = reader.message();
  let labels = "";
  const entries: LogEntry[] = [];
  while (reader.next()) {
    if (reader.field === 1) labels = reader.string();
    else if (reader.field === 2) entries.push(readEntry(reader));
    else reader.skip();
  }
  reader.leave(outer);
  return { labels: parseLabelsShared(labels), entries };
}

function readEntry(reader: Reader): LogEntry {
  const outer = reader.message();
  let timestamp = zeroTime;
  let line = "";
  let metadata: string[] | undefined;
  while (reader.next()) {
    if (reader.field === 1) timestamp = readTimestamp(reader);
    else if (reader.field === 2) line = reader.string();
    else if (reader.field === 3) {
      metadata ??= [];
      readPair(reader, metadata);
    } else reader.skip();
  }
  reader.leave(outer);
  return { timestamp, line, metadata: metadata ?? noMetadata };
}

function readTimestamp(reader: Reader): bigint {
  const outer = reader.message();
  let seconds = 0n;
  let nanos = 0n;
  while (reader.next()) {
    if (reader.field === 1) seconds = reader.int64();
    else if (reader.field === 2) nanos = BigInt.asIntN(32, reader.int64());
    else reader.skip();
  }
  reader.leave(outer);
  if (seconds < -62_135_596_800n || seconds >= 253_402_300_800n || nanos < 0n || nanos >= 1_000_000_000n) {
    throw new PushError(
      `timestamp should be between the years 1 and 9999, got ${seconds} seconds and ${nanos} nanoseconds`,
    );
  }
  return seconds * 1_000_000_000n + nanos;
}

function readPair(reader: Reader, metadata: string[]): void {
  const outer = reader.message();
  let name = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) value = reader.string();
    else reader.skip();
  }
  reader.leave(outer);
  metadata.push(name, value);
}

/** Writes a `logproto.PushRequest`, uncompressed. */
export function encodePush(streams: PushStreams): Buffer {
  const writer = new Writer(64 * 1024);
  for (const [labels, entries] of streams) {
    const stream = writer.open(1);
    if (labels !== "") writer.string(1, labels);
    for (const entry of entries) writeEntry(writer, entry);
    writer.close(stream);
  }
  return writer.finish();
}

function writeEntry(writer: Writer, { timestamp, line, metadata }: LogEntry): void {
  const entry = writer.open(2);
  const time = writer.open(1);
  const { seconds, nanos } = split(timestamp);
  if (seconds !== 0) writer.int64(1, seconds);
  if (nanos !== 0) writer.uint(2, nanos);
  writer.close(time);
  if (line !== "") writer.string(2, line);
  for (let i = 0; i < metadata.length; i += 2) {
    const pair = writer.open(3);
    const name = metadata[i] as string; // pairs, as the value
    const value = metadata[i + 1] as string;
    if (name !== "") writer.string(1, name);
    if (value !== "") writer.string(2, value);
    writer.close(pair);
  }
  writer.close(entry);
}

/** Whole seconds, rounded down, and the nanoseconds above them. */
function split(timestamp: bigint): { seconds: number; nanos: number } {
  const quotient = timestamp / 1_000_000_000n;
  const rest = Number(timestamp - quotient * 1_000_000_000n);
  return rest < 0
    ? { seconds: Number(quotient) - 1, nanos: rest + 1_000_000_000 }
    : { seconds: Number(quotient), nanos: rest };
}

/** Writes a push request as JSON, from label sets instead of label text. */
export function encodePushJson(streams: readonly LogStream[]): string {
  return JSON.stringify({
    streams: streams.map(({ labels, entries }) => ({
      stream: Object.fromEntries(pairsOf(labels)),
      values: entries.map(({ timestamp, line, metadata }) =>
        metadata.length === 0
          ? [String(timestamp), line]
          : [String(timestamp), line, Object.fromEntries(pairsOf(metadata))],
      ),
    })),
  });
}

function* pairsOf(flat: readonly string[]): Iterable<[string, string]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i] as string, flat[i + 1] as string]; // pairs
}
