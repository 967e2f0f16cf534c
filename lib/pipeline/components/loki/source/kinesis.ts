/** Receives records of Kinesis data streams as log entries. Only in Amalgam. */
import { object, optional } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { nameProblems } from "../../source-names.ts";
import { lastOf, placeOf, recordFields, recordsTrigger } from "./records.ts";

const args = object({
  streams: optional(
    list(string),
    [],
    "Names or ARNs of the streams, with `*` for any characters. A record of one that is named is an entry whatever it holds; where the list is empty, what no other component takes is.",
  ),
  ...recordFields(
    "kinesis",
    "`__kinesis_stream`, `__kinesis_stream_arn`, `__kinesis_shard_id`, `__kinesis_partition_key`, `__kinesis_record_id`, `__aws_account` and `__aws_region`",
  ),
});

export const lokiSourceKinesis = defineComponent({
  name: "loki.source.kinesis",
  summary: "Receives records of Kinesis data streams as log entries.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "Lambda reads the stream and calls the function. A shard is in order: Lambda goes on in it from the first record that failed, what is behind that comes again, and what fails too often goes to the dead-letter queue. Records that the Kinesis Producer Library put together are taken apart. Streams of log subscriptions are for `loki.source.cloudwatch_logs`.",
  args,
  check: ({ streams }) => nameProblems("streams", "stream", streams),
  build: (args, host) => ({
    triggers: [
      recordsTrigger(args, host, {
        source: "stream",
        from: args.streams,
        internal: record => [
          ["__kinesis_stream", lastOf(record.from)],
          ["__kinesis_stream_arn", record.from],
          ["__kinesis_shard_id", record.attributes["shard_id"] ?? ""],
          ["__kinesis_partition_key", record.key ?? ""],
          ["__kinesis_record_id", record.id],
          ["__aws_account", placeOf(record.from).account],
          ["__aws_region", placeOf(record.from).region],
        ],
        metadata: record => [
          ["stream", lastOf(record.from)],
          ["record_id", record.id],
          ["partition_key", record.key ?? ""],
        ],
      }),
    ],
  }),
});
