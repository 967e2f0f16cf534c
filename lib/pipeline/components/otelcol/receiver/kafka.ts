/** Receives traces, logs and metrics in messages of Kafka topics. */
import { orReject } from "../../../delivery/errors.ts";
import { block, defaultBlock, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, duration, int, list, string } from "../../../eval/types.ts";
import { defineComponent, type Problem, ProblemError } from "../../../graph/component.ts";
import type { OtlpBatch } from "../../../graph/kinds.ts";
import { bySignal } from "../../../graph/otel-consumer.ts";
import type { KafkaConnection, RawRecord, RecordsTrigger, Signal } from "../../../graph/trigger.ts";
import { refuseLocally, topicOf, topicSelection } from "../../kafka-topics.ts";
import { rawOf } from "../../loki/source/raw-record.ts";
import { clientTls, debugMetrics, output } from "../args.ts";
import { kafkaAuthentication, kafkaErrorBackoff, kafkaMetadata } from "../kafka-args.ts";
import { decoderOf } from "./kafka/encodings.ts";

const polls = "Accepted; the function's event source polls the brokers.";

const ofSignal = (topic: string, encodings: string) =>
  object({
    topic: optional(string, "", "Topic; in its place stands `topics`."),
    topics: optional(list(string), [topic], "Topics; one that begins with `^` is a regular expression."),
    encoding: optional(string, "otlp_proto", encodings),
    exclude_topics: optional(list(string), [], "Regular expressions of topics that are not taken."),
  });

const args = object({
  brokers: required(list(string), "Brokers, each as HOST:PORT."),
  protocol_version: required(string, "Accepted; the event source knows the versions of the protocol."),
  session_timeout: optional(duration, "10s", polls),
  heartbeat_interval: optional(duration, "3s", polls),
  encoding: optional(string, "", "Accepted; each signal has its own."),
  group_id: optional(string, "otel-collector", "Consumer group of the event source."),
  client_id: optional(string, "otel-collector", polls),
  initial_offset: optional(string, "latest", "Where a new group begins: `latest` or `earliest`."),
  logs: defaultBlock(
    ofSignal("otlp_logs", "`otlp_proto`, `otlp_json`, `raw`, `text`, `text_CHARSET` or `json`."),
    "Topics of logs.",
  ),
  metrics: defaultBlock(ofSignal("otlp_metrics", "`otlp_proto` or `otlp_json`."), "Topics of metrics."),
  traces: defaultBlock(ofSignal("otlp_spans", "`otlp_proto` or `otlp_json`."), "Topics of traces."),
  resolve_canonical_bootstrap_servers_only: optional(bool, false, polls),
  authentication: block(kafkaAuthentication, "How the brokers know who asks."),
  metadata: block(kafkaMetadata, "Metadata of the cluster."),
  autocommit: block(
    object({ enable: optional(bool, true, polls), interval: optional(duration, "1s", polls) }),
    "Commits of offsets; the event source does them when messages are delivered.",
  ),
  message_marking: block(
    object({
      after_execution: optional(bool, false, "Accepted; messages count as read when they are delivered."),
      include_unsuccessful: optional(bool, false, "Accepted; those that fail come again."),
    }),
    "When messages count as read.",
  ),
  header_extraction: block(
    object({
      extract_headers: optional(bool, false, "Adds headers of messages to the attributes of resources."),
      headers: optional(list(string), [], "Those headers; `h` becomes `kafka.header.h`."),
    }),
    "Headers of messages as attributes.",
  ),
  tls: block(clientTls, "TLS to the brokers."),
  min_fetch_size: optional(int, 1, polls),
  max_fetch_size: optional(int, 1048576, polls),
  max_partition_fetch_size: optional(int, 1048576, polls),
  max_fetch_wait: optional(duration, "250ms", polls),
  group_rebalance_strategy: optional(string, "", polls),
  group_rebalance_strategies: optional(list(string), [], polls),
  group_instance_id: optional(string, "", polls),
  rack_id: optional(string, "", polls),
  use_leader_epoch: optional(bool, true, polls),
  conn_idle_timeout: optional(duration, "9m", polls),
  error_backoff: block(kafkaErrorBackoff, "Waits between tries."),
  debug_metrics: debugMetrics,
  output,
});
type Args = Infer<typeof args>;

export const otelcolReceiverKafka = defineComponent({
  name: "otelcol.receiver.kafka",
  summary: "Receives traces, logs and metrics in messages of Kafka topics.",
  stability: "generally-available",
  inFunctions:
    "Lambda's event source polls the brokers, of MSK or others, and calls the function; the construct makes it of `brokers`, the topics and `group_id`, with a secret that it is given. A partition is in order: Lambda goes on in it from the first message that failed, and what fails too often goes to the dead-letter queue. In the local process it is refused, as there is no client of Kafka.",
  args,
  *check({ authentication, error_backoff, ...args }): Iterable<Problem> {
    if (authentication?.kerberos)
      yield {
        path: ["authentication", "kerberos"],
        message: "kerberos can't be used: no event source of AWS speaks it",
      };
    if (authentication?.sasl && !(authentication.sasl.mechanism in mechanisms))
      yield {
        path: ["authentication", "sasl", "mechanism"],
        message: `mechanism should be one of ${Object.keys(mechanisms).join(", ")}, got ${JSON.stringify(authentication.sasl.mechanism)}`,
      };
    if (!["latest", "earliest"].includes(args.initial_offset))
      yield { path: ["initial_offset"], message: "initial_offset should be one of 'latest' or 'earliest'" };
    if (error_backoff?.enabled && error_backoff.multiplier <= 1)
      yield { path: ["error_backoff"], message: "multiplier must be greater than 1.0" };
    if (error_backoff?.enabled && error_backoff.randomization_factor < 0)
      yield { path: ["error_backoff"], message: "randomization_factor must be greater or equal to 0" };
    for (const signal of signals) {
      const decode = decoderOf(signal, args[signal].encoding);
      if (typeof decode === "string") yield { path: [signal, "encoding"], message: decode };
    }
  },
  build(args, host) {
    refuseLocally(host, "otelcol.receiver.kafka");
    const next = bySignal(args.output);
    const wired = signals.filter(signal => args.output[signal].length > 0);
    return {
      triggers: wired.map((signal): RecordsTrigger => {
        const take = taker(args, signal);
        return {
          kind: "records",
          format: "raw",
          sources: ["kafka"],
          from: topicsOf(args, signal),
          takes: selection(args, signal),
          kafka: connectionOf(args, topicsOf(args, signal)),
          push: async (record, invocation) =>
            next.consume(
              orReject(() => take(rawOf(record, host), invocation)),
              invocation,
            ),
        };
      }),
    };
  },
});

const signals = ["traces", "metrics", "logs"] as const;

const topicsOf = (args: Args, signal: Signal): readonly string[] =>
  args[signal].topic ? [args[signal].topic] : args[signal].topics;

function selection(args: Args, signal: Signal): (from: string) => boolean {
  const isTopic = topicSelection(topicsOf(args, signal), [signal, "topics"]);
  const excluded = args[signal].exclude_topics.map(topic => (topic.startsWith("^") ? topic : `^(?:${topic})`));
  const isExcluded = topicSelection(excluded, [signal, "exclude_topics"]);
  return from => isTopic(topicOf(from)) && !isExcluded(topicOf(from));
}

/** Reads a message and adds what the configuration wants of its headers. */
function taker({ header_extraction, ...args }: Args, signal: Signal) {
  const decode = decoderOf(signal, args[signal].encoding);
  if (typeof decode === "string") throw new ProblemError(decode, [signal, "encoding"]);
  const headers = header_extraction?.extract_headers ? header_extraction.headers : [];
  return (record: RawRecord, invocation: Parameters<typeof decode>[1]): OtlpBatch => {
    const batch = decode(record, invocation);
    for (const header of headers) {
      const value = record.attributes[header];
      if (value === undefined) continue;
      for (const { resource } of itemsOf(batch)) resource.attributes.set(`kafka.header.${header}`, value);
    }
    return batch;
  };
}

function itemsOf(batch: OtlpBatch) {
  switch (batch.signal) {
    case "traces":
      return batch.data.resourceSpans;
    case "metrics":
      return batch.data.resourceMetrics;
    case "logs":
      return batch.data.resourceLogs;
    default:
      return batch satisfies never;
  }
}

const mechanisms: Readonly<Record<string, KafkaConnection["authentication"]>> = {
  PLAIN: "plain",
  "SCRAM-SHA-256": "scram_256",
  "SCRAM-SHA-512": "scram_512",
  AWS_MSK_IAM: "iam",
  AWS_MSK_IAM_OAUTHBEARER: "iam",
};

function connectionOf(
  { brokers, group_id, authentication, tls, initial_offset }: Args,
  topics: readonly string[],
): KafkaConnection {
  const { sasl, plaintext, tls: own } = authentication ?? {};
  const certificate = [tls, own].some(each => each?.cert_file || each?.cert_pem);
  return {
    brokers,
    topics,
    groupId: group_id,
    authentication: (sasl && mechanisms[sasl.mechanism]) ?? (plaintext ? "plain" : certificate ? "mtls" : "none"),
    startAt: initial_offset === "earliest" ? "earliest" : "latest",
  };
}
