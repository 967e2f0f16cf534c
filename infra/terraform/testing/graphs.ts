/** Graphs that the module is tried with. */
import type {
  ComponentDescription,
  GraphDescription,
  TriggerDescription,
} from "../../../lib/pipeline/graph/describe.ts";

const component = (
  id: string,
  triggers: readonly TriggerDescription[],
  more: Partial<ComponentDescription> = {},
): ComponentDescription => ({
  id,
  name: id.replace(/\.\w+$/, ""),
  label: "a",
  triggers,
  permissions: [],
  state: false,
  ...more,
});

const records = (sources: readonly string[], more: object = {}): TriggerDescription => ({
  kind: "records",
  format: "raw",
  sources,
  logGroups: [],
  filterPattern: "",
  ...more,
});

const kafka = (authentication: string, topics: readonly string[]): ComponentDescription =>
  component("loki.source.kafka.a", [
    records(["kafka"], {
      from: topics,
      kafka: { brokers: ["b1:9092", "b2:9092"], topics, groupId: "g", authentication, startAt: "earliest" },
    }),
  ]);

const graphOf = (...components: readonly ComponentDescription[]): GraphDescription => ({
  version: 1,
  components,
  edges: [],
});

const writer = component("loki.write.a", [], { deadLetters: true });

const http = component("loki.source.api.a", [
  { kind: "http", host: "", port: 80, paths: ["/loki/api/v1/push"], authenticated: true },
]);

/** Each kind of trigger, of which streams, topics and Firehose name no source. */
export const every = graphOf(
  http,
  component("loki.source.cloudwatch_logs.a", [
    records(["log-subscription"], { logGroups: ["/app"], filterPattern: "ERROR" }),
  ]),
  component("otelcol.receiver.otlp.a", [records(["queue"])]),
  component("prometheus.scrape.a", [{ kind: "schedule", everySeconds: 15, shards: true }], { state: true }),
  component("prometheus.scrape.b", [{ kind: "schedule", everySeconds: 300 }]),
  component("loki.source.kinesis.a", [records(["stream"], { from: ["clicks-*"] })]),
  component("loki.source.sns.a", [records(["topic"], { from: ["alerts-*"] })]),
  component("loki.source.awsfirehose.a", [records(["firehose"])]),
  kafka("scram_512", ["orders", "views"]),
  component("loki.source.eventbridge.a", [
    records(["bus"], { from: [], bus: { name: "default", pattern: { source: ["a"] } } }),
  ]),
  component("loki.source.eventbridge.b", [
    records(["bus"], { from: [], bus: { name: "default", pattern: { "detail-type": ["b"], source: ["b"] } } }),
  ]),
  component("loki.source.s3.a", [{ kind: "objects", buckets: [{ bucket: "logs", prefix: "a/" }] }]),
  component("remote.aws.ssm_parameter.a", [], {
    permissions: [
      {
        action: "ssm:GetParameter",
        resource: "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a",
      },
    ],
  }),
  writer,
);

export const requests = graphOf(http, writer);

export const messages = graphOf(component("otelcol.receiver.otlp.a", [records(["queue"])]));

/** Names no stream, so that nothing is made but for one that is brought. */
export const streams = graphOf(
  component("loki.source.kinesis.a", [records(["stream"], { from: ["clicks-*"] })]),
  writer,
);

/** Subscribes one log group by its name. */
export const logs = graphOf(
  component("loki.source.cloudwatch_logs.a", [records(["log-subscription"], { logGroups: ["/app"] })]),
);

export const kafkaOf = (authentication: string): GraphDescription => graphOf(kafka(authentication, ["orders"]));

export const patterns = graphOf(
  ...["x", "y"].map(filterPattern =>
    component(`loki.source.cloudwatch_logs.${filterPattern}`, [records(["log-subscription"], { filterPattern })]),
  ),
);
