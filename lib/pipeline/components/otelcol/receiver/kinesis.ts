/** Receives OTLP in records of Kinesis data streams. Only in Amalgam. */
import { object, optional } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { nameProblems } from "../../source-names.ts";
import { debugMetrics, output } from "../args.ts";
import { otlpRecords } from "./otlp.ts";

const args = object({
  streams: optional(
    list(string),
    [],
    "Names or ARNs of the streams, with `*` for any characters; all that call the function where empty.",
  ),
  debug_metrics: debugMetrics,
  output,
});

export const otelcolReceiverKinesis = defineComponent({
  name: "otelcol.receiver.kinesis",
  summary: "Receives traces, logs and metrics as OTLP in records of Kinesis data streams.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "Lambda reads the stream and calls the function. A record is an export request as protobuf or JSON, compressed or not, as the Collector's `awskinesis` exporter writes it. A shard is in order: Lambda goes on in it from the first record that failed, and what fails too often goes to the dead-letter queue.",
  args,
  check: ({ streams }) => nameProblems("streams", "stream", streams),
  build({ streams, output }, host) {
    return {
      triggers: [
        {
          kind: "records",
          format: "otlp",
          sources: ["stream"],
          from: streams,
          push: otlpRecords(host.id, output),
        },
      ],
    };
  },
});
