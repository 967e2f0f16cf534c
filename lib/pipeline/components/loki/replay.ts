/** Logs in a letter. */
import { decompress } from "../../delivery/compress.ts";
import type { DeadLetter } from "../../delivery/dead-letters.ts";
import type { LogStream } from "../../telemetry/loki/model.ts";
import { decodePushProtobuf } from "../../telemetry/loki/push.ts";
import { formatOf, letterLimit, notA } from "../replay.ts";

/** Log streams of a letter. */
export function readLogs(letter: DeadLetter): LogStream[] {
  if (formatOf(letter) !== "loki") throw notA("a push to Loki", letter);
  return decodePushProtobuf(decompress(letter.body, "snappy", letterLimit));
}
