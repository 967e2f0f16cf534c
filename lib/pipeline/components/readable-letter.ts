/** What is in a letter, for people. */

import type { DeadLetter } from "../delivery/dead-letters.ts";
import type { LogStream } from "../telemetry/loki/model.ts";
import { requestToJson } from "../telemetry/otlp/json-write.ts";
import type { Sample } from "../telemetry/prometheus/model.ts";
import { readLogs } from "./loki/replay.ts";
import { otlpBody } from "./otelcol/replay.ts";
import { readSamples } from "./prometheus/replay.ts";
import { formatOf } from "./replay.ts";

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
