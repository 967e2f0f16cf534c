/** What becomes of the recorded events of streams, topics, Firehose, Kafka and event buses. */
import { recorded } from "./events.ts";

/** Components besides those that take OTLP, Loki pushes and CloudWatch Logs. */
export const recordsConfig = `
loki.source.sqs "in" {
  queues              = ["shop-lines"]
  structured_metadata = true
  forward_to          = [loki.write.out.receiver]
}

loki.source.sns "in" {
  topics     = ["shop-*"]
  forward_to = [loki.write.out.receiver]
}

loki.source.kinesis "in" {
  streams    = ["arn:aws:kinesis:eu-central-1:123456789012:stream/shop-lines"]
  forward_to = [loki.write.out.receiver]
}

loki.source.awsfirehose "in" {
  http { }
  access_key = "example-key"
  forward_to = [loki.write.out.receiver]
}

loki.source.kafka "in" {
  brokers    = ["b-1.shop.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9094"]
  topics     = ["orders"]
  labels     = { job = "kafka" }
  forward_to = [loki.write.out.receiver]
}

loki.source.eventbridge "in" {
  forward_to = [loki.write.out.receiver]
}

otelcol.receiver.sqs "in" {
  queues = ["otlp-*"]
  output {
    traces = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.receiver.kinesis "in" {
  output {
    traces  = [otelcol.exporter.otlphttp.out.input]
    logs    = [otelcol.exporter.otlphttp.out.input]
    metrics = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.receiver.kafka "in" {
  brokers          = ["b-1.shop.a1bcde.c1.kafka.eu-central-1.amazonaws.com:9094"]
  protocol_version = "3.6.0"
  output {
    traces = [otelcol.exporter.otlphttp.out.input]
    logs   = [otelcol.exporter.otlphttp.out.input]
  }
}
`;

const traces = "/v1/traces: POST /cart/checkout | SELECT carts";
const otlpLogs = "/v1/logs: payment accepted | card declined";
const metrics = "/v1/metrics: http.server.active_requests | orders";
const cloudwatchLines =
  'REPORT RequestId: 4f2c8a63-7b1d-4c55-9e0f-3a6d2b1c0e9f\tDuration: 8.41 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 71 MB | START RequestId: 4f2c8a63-7b1d-4c55-9e0f-3a6d2b1c0e9f Version: $LATEST | {"level":"info","msg":"order placed","order":1001}';
const lines = (...all: string[]) => `/loki/api/v1/push: ${all.join(" | ")}`;
const cloudwatch = lines(cloudwatchLines);
const alarm = recorded("sns-alarm").Records[0].Sns.Message as string; // of a recorded event
const taken = { batchItemFailures: [] };
const asItCame = (event: string, result = "Ok") => ({
  records: recorded(event).records.map(({ recordId, data }: { recordId: string; data: string }) => ({
    recordId,
    result,
    data,
  })),
});

/** Events that are taken: the function's answer, `null` where it has none, and what the backend gets. */
export const taking: readonly { readonly event: string; readonly answer: object | null; readonly got: string[] }[] = [
  { event: "sqs-lines", answer: taken, got: [lines("order 7 paid", '{"order":8,"state":"paid"}')] },
  { event: "sqs-sns-lines", answer: taken, got: [lines("order 9 paid")] },
  { event: "kinesis-otlp-protobuf", answer: taken, got: [otlpLogs, metrics, traces] },
  { event: "kinesis-cloudwatch-logs", answer: taken, got: [cloudwatch] },
  { event: "kinesis-lines", answer: taken, got: [lines("order 7 paid", "order 8 paid")] },
  {
    event: "kinesis-kpl-aggregate",
    answer: taken,
    got: [lines("order 7 paid", "order 7 shipped", "order 8 paid", "order 9 paid")],
  },
  { event: "sns-otlp-traces", answer: null, got: [traces] },
  { event: "sns-alarm", answer: null, got: [lines(alarm)] },
  {
    event: "function-url-firehose",
    answer: { statusCode: 200, headers: { "content-type": "application/json" } },
    got: [
      lines(
        ...cloudwatchLines.split(" | ").slice(0, 2),
        "order 7 paid",
        '{"level":"info","msg":"order placed","order":1001}',
      ),
    ],
  },
  {
    event: "firehose-transform",
    answer: asItCame("firehose-transform"),
    got: [lines("order 7 paid", '{"order":8}')],
  },
  {
    event: "firehose-transform-cloudwatch-logs",
    answer: asItCame("firehose-transform-cloudwatch-logs"),
    got: [cloudwatch],
  },
  { event: "kafka-lines", answer: taken, got: [lines("order 7 paid", "order 8 paid", "order 9 paid")] },
  { event: "kafka-self-managed-otlp", answer: taken, got: [otlpLogs, traces] },
  {
    event: "eventbridge-event",
    answer: null,
    got: [lines(JSON.stringify(recorded("eventbridge-event")))],
  },
  {
    event: "eventbridge-routed",
    answer: null,
    got: [lines(JSON.stringify(recorded("eventbridge-routed").event))],
  },
  { event: "malformed/function-url-firehose", answer: { statusCode: 400 }, got: [] },
];

const sequenceOf = (event: string, i: number) => recorded(event).Records[i].kinesis.sequenceNumber as string; // of a recorded event

/** Events of which a part comes again: the answer, and what the backend gets before. */
export const goingOnFrom = [
  {
    event: "kinesis-mixed-batch",
    answer: { batchItemFailures: [{ itemIdentifier: sequenceOf("kinesis-mixed-batch", 1) }] },
    got: [traces],
  },
  {
    event: "malformed/kinesis-truncated-gzip",
    answer: { batchItemFailures: [{ itemIdentifier: sequenceOf("malformed/kinesis-truncated-gzip", 0) }] },
    got: [],
  },
  {
    event: "malformed/kinesis-bad-aggregate",
    answer: { batchItemFailures: [{ itemIdentifier: sequenceOf("malformed/kinesis-bad-aggregate", 0) }] },
    got: [],
  },
  {
    event: "malformed/kafka",
    answer: { batchItemFailures: [{ itemIdentifier: { partition: "otlp_spans-0", offset: 16 } }] },
    got: [traces],
  },
];

/** Events that fail the invocation. */
export const failing = [
  {
    event: "malformed/sns",
    error:
      /^message should be OTLP, a Loki push, CloudWatch Logs or an SNS notification of one of them, got text that starts with "hello"$/,
  },
  {
    event: "malformed/eventbridge-unknown-component",
    error: /^loki\.source\.eventbridge\.gone should take events of a bus, got no such component in the configuration$/,
  },
];

/** All of them. */
export const recordEvents = [...taking, ...goingOnFrom, ...failing].map(({ event }) => event);
