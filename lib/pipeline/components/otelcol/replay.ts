/** OTLP in a letter. */
import { decompress } from "../../delivery/compress.ts";
import type { DeadLetter } from "../../delivery/dead-letters.ts";
import { type OtlpBatch, otlpBatch } from "../../graph/kinds.ts";
import type { Signal } from "../../graph/trigger.ts";
import { requestFromJson } from "../../telemetry/otlp/json-read.ts";
import { formatOf, letterLimit, notA } from "../replay.ts";

/** Telemetry of a letter. */
export function readOtlp(letter: DeadLetter): OtlpBatch {
  const { signal, json, bytes } = otlpBody(letter);
  return otlpBatch(signal, json ? requestFromJson(signal, Buffer.from(bytes).toString()) : bytes);
}

/** The request in a letter. */
export function otlpBody(letter: DeadLetter): { signal: Signal; json: boolean; bytes: Uint8Array } {
  const [, signal, json] = /^otlp_(logs|metrics|traces)(_json)?$/.exec(formatOf(letter) ?? "") ?? [];
  if (!signal) throw notA("OTLP", letter);
  const bytes = decompress(letter.body, letter.metadata["contentEncoding"], letterLimit);
  return { signal: signal as Signal, json: json !== undefined, bytes }; // by the expression
}
