/** Receives OTLP in messages of SQS queues. Only in Amalgam. */
import { object, optional } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { nameProblems } from "../../source-names.ts";
import { debugMetrics, output } from "../args.ts";
import { otlpRecords } from "./otlp.ts";

const args = object({
  queues: optional(
    list(string),
    [],
    "Names or ARNs of the queues, with `*` for any characters; all that call the function where empty.",
  ),
  debug_metrics: debugMetrics,
  output,
});

export const otelcolReceiverSqs = defineComponent({
  name: "otelcol.receiver.sqs",
  summary: "Receives traces, logs and metrics as OTLP in messages of SQS queues.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "The queue calls the function. A message is an export request as JSON, or as protobuf in base64, compressed or not, also in the envelope of a topic; the attribute `signal` tells what bytes don't. Messages that fail go back to the queue by themselves, and its redrive policy sets them aside.",
  args,
  check: ({ queues }) => nameProblems("queues", "queue", queues),
  build({ queues, output }, host) {
    return {
      triggers: [
        {
          kind: "records",
          format: "otlp",
          sources: ["queue"],
          from: queues,
          push: otlpRecords(host.id, output),
        },
      ],
    };
  },
});
