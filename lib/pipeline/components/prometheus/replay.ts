/** Samples in a letter. */
import { decompress } from "../../delivery/compress.ts";
import type { DeadLetter } from "../../delivery/dead-letters.ts";
import type { Sample } from "../../telemetry/prometheus/model.ts";
import { decodeWriteRequest } from "../../telemetry/prometheus/remote-write-decode.ts";
import { formatOf, letterLimit, notA } from "../replay.ts";

/** Samples of a letter. */
export function readSamples(letter: DeadLetter): Sample[] {
  const format = formatOf(letter);
  const version = format === "remote_write_v1" ? 1 : format === "remote_write_v2" ? 2 : undefined;
  if (!version) throw notA("a remote write", letter);
  const body = decompress(letter.body, "snappy", letterLimit);
  const { samples, problems } = decodeWriteRequest(body, { version, startTimestamps: true });
  if (problems.length) throw new Error(`a letter's series should all be readable, got ${problems[0]}`); // or they would be lost
  return samples;
}
