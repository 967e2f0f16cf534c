/** Receives what is published to SNS topics as log entries. Only in Amalgam. */
import { object, optional } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { defineComponent } from "../../../graph/component.ts";
import { nameProblems } from "../../source-names.ts";
import { attributePairs, lastOf, placeOf, recordFields, recordsTrigger } from "./records.ts";

const args = object({
  topics: optional(
    list(string),
    [],
    "Names or ARNs of the topics, with `*` for any characters. What a topic that is named sends is an entry whatever it holds; where the list is empty, what no other component takes is.",
  ),
  ...recordFields(
    "sns",
    "`__sns_topic`, `__sns_topic_arn`, `__sns_message_id`, `__sns_attribute_NAME`, with the subject as `__sns_attribute_subject`, `__aws_account` and `__aws_region`",
  ),
});

export const lokiSourceSns = defineComponent({
  name: "loki.source.sns",
  summary: "Receives what is published to SNS topics as log entries.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "The topic calls the function. A failure fails the invocation: Lambda tries twice more, then the notification goes to the dead-letter queue. With a queue between topic and function, which `loki.source.sqs` takes, there are more tries.",
  args,
  check: ({ topics }) => nameProblems("topics", "topic", topics),
  build: (args, host) => ({
    triggers: [
      recordsTrigger(args, host, {
        source: "topic",
        from: args.topics,
        internal: record => [
          ["__sns_topic", lastOf(record.from)],
          ["__sns_topic_arn", record.from],
          ["__sns_message_id", record.id],
          ["__aws_account", placeOf(record.from).account],
          ["__aws_region", placeOf(record.from).region],
          ...attributePairs("__sns_attribute_", record),
        ],
        metadata: record => [["topic", lastOf(record.from)], ["message_id", record.id], ...attributePairs("", record)],
      }),
    ],
  }),
});
