/** Prints every log entry on standard output. */

import { object, required } from "../../eval/schema.ts";
import { defineComponent } from "../../graph/component.ts";
import { logs } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../telemetry/loki/model.ts";

export const lokiEcho = defineComponent({
  name: "loki.echo",
  summary: "Prints every log entry on standard output.",
  stability: "generally-available",
  inFunctions: "Standard output is the function's log, so every line is paid for there.",
  args: object({}),
  exports: object({ receiver: required(receiver(logs), "Takes the entries to print.") }),
  build: () => ({
    exports: {
      receiver: {
        consume: async (batch: LogBatch) => {
          process.stdout.write(echoText(batch));
        },
      },
    },
  }),
});

/** A line an entry, as logfmt. */
export function echoText(batch: LogBatch): string {
  return batch
    .flatMap(({ labels, entries }) =>
      entries.map(
        ({ timestamp, line, metadata }) =>
          `timestamp=${timestamp} labels=${JSON.stringify(printLabels(labels))} structured_metadata=${JSON.stringify(printLabels(metadata))} entry=${JSON.stringify(line)}\n`,
      ),
    )
    .join("");
}
