/**
 * What is in a dead letter, and where a writer sends it again. Functions do without: letters are replayed from the command line.
 *
 *     replay: letter => replayTo(host.id, writers, letter),
 */

import { decompress } from "../delivery/compress.ts";
import type { DeadLetter, LetterFormat } from "../delivery/dead-letters.ts";
import type { Replay } from "../graph/component.ts";
import type { Invocation } from "../graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../graph/kinds.ts";
import type { Signal } from "../graph/trigger.ts";
import type { LogStream } from "../telemetry/loki/model.ts";
import { decodePushProtobuf } from "../telemetry/loki/push.ts";
import { requestFromJson } from "../telemetry/otlp/json-read.ts";
import { requestToJson } from "../telemetry/otlp/json-write.ts";
import type { Sample } from "../telemetry/prometheus/model.ts";
import { decodeWriteRequest } from "../telemetry/prometheus/remote-write-decode.ts";

/** One place that a component sends to. */
export interface ReplayEndpoint {
  readonly destination: string;
  /** Reads a letter; throws where it can't. */
  replay(letter: DeadLetter): { readonly items: number; send(invocation: Invocation): Promise<void> };
}

/**
 * Sends a letter where it was to go. A letter of another component goes to all endpoints, as data does, if none is its own; so
 * does one whose component has a single endpoint, which may have got another URL.
 */
export function replayTo(id: string, endpoints: readonly ReplayEndpoint[], letter: DeadLetter): Replay {
  const same = endpoints.filter(({ destination }) => destination === letter.destination).slice(0, 1);
  const chosen = same.length ? same : endpoints;
  const names = endpoints.map(({ destination }) => destination).join(", ");
  if (!chosen.length) throw new Error(`${id} should have an endpoint, got none`);
  if (chosen.length > 1 && letter.component === id)
    throw new Error(`${id} should have an endpoint at ${letter.destination}, got ${names}`);
  const parts = chosen.map(each => each.replay(letter));
  return {
    destinations: chosen.map(({ destination }) => destination),
    items: parts.reduce((most, { items }) => Math.max(most, items), 0),
    send: async invocation => {
      const settled = await Promise.allSettled(parts.map(part => part.send(invocation)));
      for (const each of settled) if (each.status === "rejected") throw each.reason;
    },
  };
}

/** A body is larger than any request that a writer makes. */
const limit = { maxBytes: 256 * 1024 * 1024 };

/** What a letter's body is; of old letters by who wrote them. */
export function formatOf({ format, component, contentType, destination }: DeadLetter): LetterFormat | undefined {
  if (format) return format;
  const name = component.slice(component.lastIndexOf("/") + 1);
  if (name.startsWith("loki.write.")) return "loki";
  if (name.startsWith("prometheus.remote_write."))
    return contentType.includes("v2.Request") ? "remote_write_v2" : "remote_write_v1";
  const [, signal] = /\/v1\/(logs|metrics|traces)$/.exec(destination) ?? [];
  if (!name.startsWith("otelcol.") || !signal) return undefined;
  const kind = `otlp_${signal as Signal}` as const; // by the expression
  return contentType === "application/json" ? `${kind}_json` : kind;
}

/** Log streams of a letter. */
export function readLogs(letter: DeadLetter): LogStream[] {
  if (formatOf(letter) !== "loki") throw notA("a push to Loki", letter);
  return decodePushProtobuf(decompress(letter.body, "snappy", limit));
}

/** Samples of a letter. */
export function readSamples(letter: DeadLetter): Sample[] {
  const format = formatOf(letter);
  const version = format === "remote_write_v1" ? 1 : format === "remote_write_v2" ? 2 : undefined;
  if (!version) throw notA("a remote write", letter);
  const body = decompress(letter.body, "snappy", limit);
  const { samples, problems } = decodeWriteRequest(body, { version, startTimestamps: true });
  if (problems.length) throw new Error(`a letter's series should all be readable, got ${problems[0]}`); // or they would be lost
  return samples;
}

/** Telemetry of a letter. */
export function readOtlp(letter: DeadLetter): OtlpBatch {
  const { signal, json, bytes } = otlpBody(letter);
  return otlpBatch(signal, json ? requestFromJson(signal, Buffer.from(bytes).toString()) : bytes);
}

function otlpBody(letter: DeadLetter): { signal: Signal; json: boolean; bytes: Uint8Array } {
  const [, signal, json] = /^otlp_(logs|metrics|traces)(_json)?$/.exec(formatOf(letter) ?? "") ?? [];
  if (!signal) throw notA("OTLP", letter);
  const bytes = decompress(letter.body, letter.metadata["contentEncoding"], limit);
  return { signal: signal as Signal, json: json !== undefined, bytes }; // by the expression
}

const notA = (what: string, letter: DeadLetter): Error =>
  new Error(`the letter should be ${what}, got ${formatOf(letter) ?? letter.contentType} of ${letter.component}`);

/** A letter's body as an object for people; `undefined` where nobody knows what it is. */
export function readableBody(letter: DeadLetter): unknown {
  const format = formatOf(letter);
  if (format === "loki") return { streams: readLogs(letter).map(readableStream) };
  if (format === "remote_write_v1" || format === "remote_write_v2") return readSamples(letter).map(readableSample);
  if (!format) return undefined;
  const { signal, json, bytes } = otlpBody(letter);
  return JSON.parse(Buffer.from(json ? bytes : requestToJson(signal, bytes)).toString());
}

const readableStream = ({ labels, entries }: LogStream) => ({
  stream: objectOf(labels),
  values: entries.map(({ timestamp, line, metadata }) =>
    metadata.length ? [String(timestamp), line, objectOf(metadata)] : [String(timestamp), line],
  ),
});

const readableSample = ({ labels, ...sample }: Sample) => ({ labels: objectOf(labels), ...sample });

/** Flat pairs as an object. */
const objectOf = (pairs: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i], pairs[2 * i + 1]]));
