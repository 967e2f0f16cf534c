/** Receives messages of SQS queues as log entries. Only in Amalgam. */
import { object, optional } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { nameProblems } from "../../source-names.ts";
import { attributePairs, lastOf, placeOf, recordFields, recordsTrigger } from "./records.ts";

const args = object({
  queues: optional(
    list(string),
    [],
    "Names or ARNs of the queues, with `*` for any characters. A message of one that is named is an entry whatever it holds; where the list is empty, what no other component takes is.",
  ),
  ...recordFields(
    "sqs",
    "`__sqs_queue`, `__sqs_queue_arn`, `__sqs_message_id`, `__sqs_message_group`, `__sqs_attribute_NAME`, `__aws_account` and `__aws_region`",
  ),
});

export const lokiSourceSqs = defineComponent({
  name: "loki.source.sqs",
  summary: "Receives messages of SQS queues as log entries.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "The queue calls the function. Messages that fail go back to it by themselves, and its redrive policy sets them aside; of a FIFO queue what comes behind them in their group goes back, too. A topic's notification is opened: the entry is what was published.",
  args,
  check: ({ queues }) => nameProblems("queues", "queue", queues),
  build: (args, host) => ({
    triggers: [
      recordsTrigger(args, host, {
        source: "queue",
        from: args.queues,
        internal: record => [
          ["__sqs_queue", lastOf(record.from)],
          ["__sqs_queue_arn", record.from],
          ["__sqs_message_id", record.id],
          ["__sqs_message_group", record.key ?? ""],
          ["__aws_account", placeOf(record.from).account],
          ["__aws_region", placeOf(record.from).region],
          ...attributePairs("__sqs_attribute_", record),
        ],
        metadata: record => [
          ["queue", lastOf(record.from)],
          ["message_id", record.id],
          ["message_group", record.key ?? ""],
          ...attributePairs("", record),
        ],
      }),
    ],
  }),
});
