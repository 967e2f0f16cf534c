/** Receives messages of Kafka topics as log entries. */
import { block, defaultBlock, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, capsule, list, map, secret, string } from "../../../eval/types.ts";
import { defineComponent, type Host, ProblemError } from "../../../graph/component.ts";
import { droppedCounter } from "../../../graph/dropped.ts";
import { fanOut } from "../../../graph/gate.ts";
import { logs } from "../../../graph/kinds.ts";
import { receiver } from "../../../graph/receiver.ts";
import type { KafkaConnection, RawRecord } from "../../../graph/trigger.ts";
import { compileRules, type RelabelRule } from "../../../relabel/relabel.ts";
import { type Labels, labelsFrom, labelsFromMap, labelsToMap } from "../../../telemetry/labels.ts";
import { tlsConfig } from "../../http-client.ts";
import { refuseLocally, topicOf, topicSelection } from "../../kafka-topics.ts";
import { withoutInternal } from "../internal-labels.ts";
import { rawOf, textOf } from "./raw-record.ts";

const connection = "Accepted; the function's event source connects: its secret has what it needs.";

const args = object({
  brokers: required(list(string), "Brokers, each as HOST:PORT."),
  topics: required(list(string), "Topics; one that begins with `^` is a regular expression."),
  group_id: optional(string, "loki.source.kafka", "Consumer group of the event source."),
  assignor: optional(string, "range", "Accepted; the event source shares out the partitions."),
  version: optional(string, "2.2.1", "Accepted; the event source knows the versions of the protocol."),
  authentication: defaultBlock(
    object({
      type: optional(string, "none", "`none`, `ssl` or `sasl`."),
      tls_config: block(tlsConfig, connection),
      sasl_config: defaultBlock(
        object({
          mechanism: optional(string, "PLAIN", "`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`."),
          user: optional(string, "", connection),
          password: optional(secret, undefined, connection),
          use_tls: optional(bool, false, "Accepted; an event source always uses TLS with SASL."),
          tls_config: block(tlsConfig, connection),
          oauth_config: block(
            object({
              token_provider: required(string, connection),
              scopes: required(list(string), connection),
            }),
            "Tokens, for OAUTHBEARER.",
          ),
        }),
        "How the brokers know who asks.",
      ),
    }),
    "How the brokers are asked.",
  ),
  use_incoming_timestamp: optional(
    bool,
    false,
    "Keeps the times of the messages; otherwise entries have the time of their arrival.",
  ),
  labels: optional(map(string), undefined, "Labels of every entry."),
  forward_to: required(list(receiver(logs)), "Where to send entries."),
  relabel_rules: optional(
    capsule<readonly RelabelRule[]>("relabel.Rules"),
    undefined,
    "Rules that may make labels of `__meta_kafka_topic`, `__meta_kafka_partition` and `__meta_kafka_group_id`; and, apart from those, of `__meta_kafka_message_key` and `__meta_kafka_message_offset`.",
  ),
});
type Args = Infer<typeof args>;

export const lokiSourceKafka = defineComponent({
  name: "loki.source.kafka",
  summary: "Receives messages of Kafka topics as log entries.",
  stability: "generally-available",
  inFunctions:
    "Lambda's event source polls the brokers, of MSK or others, and calls the function; the construct makes it of `brokers`, `topics` and `group_id`, with a secret that it is given. A partition is in order: Lambda goes on in it from the first message that failed, and what fails too often goes to the dead-letter queue. In the local process it is refused, as there is no client of Kafka.",
  args,
  build(args, host) {
    checkArgs(args);
    refuseLocally(host, "loki.source.kafka");
    const next = fanOut(args.forward_to);
    const labelsOf = labeller(args);
    const isTopic = topicSelection(args.topics, ["topics"]);
    const dropped = droppedCounter(host);
    return {
      triggers: [
        {
          kind: "records",
          format: "raw",
          sources: ["kafka"],
          from: args.topics,
          takes: from => isTopic(topicOf(from)),
          kafka: connectionOf(args),
          async push(given, invocation) {
            const record = rawOf(given, host);
            const labels = labelsOf(record);
            if (!labels) {
              dropped("no_labels", 1);
              warnOfNoLabels(host, record);
              return;
            }
            const timestamp =
              args.use_incoming_timestamp && record.timestamp !== undefined
                ? BigInt(record.timestamp) * 1_000_000n
                : BigInt(invocation.now) * 1_000_000n;
            await next.consume([{ labels, entries: [{ timestamp, line: textOf(record), metadata: [] }] }], invocation);
          },
        },
      ],
    };
  },
});

const warnOfNoLabels = (host: Host, { from }: RawRecord): void =>
  host.log.warn(
    "messages of a topic have no labels and are dropped, as in Alloy: set labels, or make one with relabel_rules",
    {
      component: host.id,
      topic: topicOf(from),
    },
  );

/** What Alloy's client finds wrong when it is made. */
function checkArgs({ brokers, topics, assignor, authentication: { type, sasl_config } }: Args): void {
  if (!brokers.length) throw new ProblemError("no Kafka bootstrap brokers defined", ["brokers"]);
  if (!topics.length) throw new ProblemError("no topics given to be consumed", ["topics"]);
  if (!["", "range", "roundrobin", "sticky"].includes(assignor))
    throw new ProblemError(`unrecognized consumer group partition assignor: ${assignor}`, ["assignor"]);
  if (!["", "none", "ssl", "sasl"].includes(type))
    throw new ProblemError(`error setting up kafka authentication: unsupported authentication type ${type}`, [
      "authentication",
      "type",
    ]);
  if (type === "sasl" && !(sasl_config.mechanism in mechanisms))
    throw new ProblemError(
      `error setting up kafka authentication: error unsupported sasl mechanism: ${sasl_config.mechanism}`,
      ["authentication", "sasl_config", "mechanism"],
    );
}

const mechanisms: Readonly<Record<string, KafkaConnection["authentication"]>> = {
  PLAIN: "plain",
  "SCRAM-SHA-256": "scram_256",
  "SCRAM-SHA-512": "scram_512",
  OAUTHBEARER: "iam", // the only tokens that an event source can get
};

function connectionOf({ brokers, topics, group_id, authentication: { type, sasl_config } }: Args): KafkaConnection {
  const sasl = type === "sasl" ? mechanisms[sasl_config.mechanism] : undefined;
  return {
    brokers,
    topics,
    groupId: group_id || "promtail",
    authentication: sasl ?? (type === "ssl" ? "mtls" : "none"),
    startAt: "earliest",
  };
}

/**
 * Labels in two steps, as Alloy has them: those of the partition, which must not be none, and those of the message over them. Rules see
 * one step's labels at a time, and one that would drop them only ends the rules.
 */
function labeller({ labels, group_id, relabel_rules = [] }: Args): (record: RawRecord) => Labels | undefined {
  const rules = relabel_rules.map(rule => compileRules([rule]));
  const relabel = (given: Labels): Labels => {
    let result = given;
    for (const rule of rules) {
      const next = rule(result);
      if (!next) break;
      result = next;
    }
    return withoutInternal(result);
  };
  const partitions = new Map<string, Labels>();
  const ofPartition = (topic: string, partition: string): Labels => {
    const key = `${topic}/${partition}`;
    let known = partitions.get(key);
    if (!known) {
      known = relabel(
        labelsFrom([
          ["__meta_kafka_topic", topic],
          ["__meta_kafka_partition", partition],
          ["__meta_kafka_group_id", group_id || "promtail"],
          ...(labels ?? []),
        ]),
      );
      partitions.set(key, known);
    }
    return known;
  };
  return ({ from, id, key }) => {
    const [partition = "", offset = ""] = id.split("/").slice(-2);
    const base = ofPartition(topicOf(from), partition);
    if (!base.length) return undefined;
    if (!rules.length) return base;
    const own = relabel(
      labelsFrom([
        ["__meta_kafka_message_key", key || "none"],
        ["__meta_kafka_message_offset", offset],
      ]),
    );
    return own.length ? labelsFromMap(new Map([...labelsToMap(base), ...labelsToMap(own)])) : base;
  };
}
