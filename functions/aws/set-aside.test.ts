import { describe, expect, test, vi } from "vitest";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { type DeadLetter, memoryDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { recorded } from "../../test/functions/events.ts";
import { loadObjectProbes } from "../../test/functions/object-probes.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { loadFunction } from "./entry.ts";
import { createHandler } from "./handler.ts";
import { setAside } from "./set-aside.ts";

/** A handler that has a place for letters, and what it put there and counted. */
function placing(pipeline: Pipeline, letters = memoryDeadLetters()) {
  const metrics = new MetricsRegistry();
  const handler = createHandler(pipeline, {
    setAside: (record, invocation) => setAside({ letters, metrics }, record, invocation),
  });
  const counted = () =>
    [...metrics.families()].flatMap(({ series }) =>
      [...series].map(({ labels, value }) => [labels["source"], labels["problem"], Object(value).value]),
    );
  return { handler, box: letters, counted };
}

const eventOf = ({ body }: DeadLetter): unknown => JSON.parse(Buffer.from(body).toString());

const any = `
  probe.records "otlp" { format = "otlp"; sources = ["queue", "topic", "stream", "kafka", "bus", "firehose"] }
  probe.records "loki" { format = "loki"; sources = ["queue", "topic", "stream", "kafka", "bus"] }
`;
const expected = "message should be OTLP, a Loki push, CloudWatch Logs or an SNS notification of one of them";
const sequence = "49590338271490256608559692538361571095921575989136588898";

interface Row {
  it: string;
  event: string;
  config?: string;
  answer?: unknown;
  source: string;
  problem: string;
  reason: string | RegExp;
  from?: string;
  id?: string;
}

describe("an event whose only record nobody can read or take is set aside", () => {
  test.for<Row>([
    {
      it: "a message that is none of the known ones",
      event: "malformed/sqs-unknown-bytes",
      answer: { batchItemFailures: [] },
      source: "aws.sqs",
      problem: "unreadable",
      reason: `${expected}, got 16 bytes of something else`,
      from: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
      id: "2e1424d4-f796-459a-8184-9c92662b6da0",
    },
    {
      it: "a message that only seems to be JSON",
      event: "malformed/sqs-bad-json",
      answer: { batchItemFailures: [] },
      source: "aws.sqs",
      problem: "unreadable",
      reason: /^message should be JSON, got /,
      from: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
      id: "2e1424d4-f796-459a-8184-9c92662b6da0",
    },
    {
      it: "a message of a format that nothing takes",
      event: "sqs-loki-push",
      config: 'probe.records "a" { format = "otlp" }',
      answer: { batchItemFailures: [] },
      source: "aws.sqs",
      problem: "untaken",
      reason: "a component should take loki records of a queue, got none in the configuration that does",
      from: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
      id: "2e1424d4-f796-459a-8184-9c92662b6da0",
    },
    {
      it: "a message that its component refuses for good",
      event: "sqs-loki-push",
      config: 'probe.records "a" { format = "loki"; outcome = "reject" }',
      answer: { batchItemFailures: [] },
      source: "aws.sqs",
      problem: "refused",
      reason: "backend says reject",
      from: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
      id: "2e1424d4-f796-459a-8184-9c92662b6da0",
    },
    {
      it: "a notification of a topic",
      event: "malformed/sns",
      source: "aws.sns",
      problem: "unreadable",
      reason: `${expected}, got text that starts with "hello"`,
      from: "arn:aws:sns:eu-central-1:123456789012:telemetry",
      id: "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
    },
    {
      it: "a record of a stream",
      event: "malformed/kinesis-truncated-gzip",
      answer: { batchItemFailures: [] },
      source: "aws.kinesis",
      problem: "unreadable",
      reason: /gzip/,
      from: "arn:aws:kinesis:eu-central-1:123456789012:stream/amalgam-telemetry",
      id: `shardId-000000000006:${sequence}`,
    },
    {
      it: "an aggregate that is not whole",
      event: "malformed/kinesis-bad-aggregate",
      answer: { batchItemFailures: [] },
      source: "aws.kinesis",
      problem: "unreadable",
      reason: /^aggregate of the Kinesis Producer Library should be a message: /,
      from: "arn:aws:kinesis:eu-central-1:123456789012:stream/shop-lines",
      id: `shardId-000000000006:${sequence}`,
    },
    {
      it: "an event that a rule sends to a component that is gone",
      event: "malformed/eventbridge-unknown-component",
      source: "aws.eventbridge",
      problem: "untaken",
      reason: "loki.source.eventbridge.gone should take events of a bus, got no such component in the configuration",
      from: "aws.ec2",
      id: "7bf73129-1428-4cd3-a780-95db273d1602",
    },
    {
      it: "logs of a subscription that are no base64",
      event: "malformed/cloudwatch-logs-bad-base64",
      source: "aws.cloudwatch_logs",
      problem: "unreadable",
      reason: "awslogs.data should be base64, got something else",
    },
    {
      it: "logs of a subscription that are cut off",
      event: "malformed/cloudwatch-logs-truncated-gzip",
      source: "aws.cloudwatch_logs",
      problem: "unreadable",
      reason: /^awslogs\.data should be gzip: /,
    },
    {
      it: "logs where nothing takes logs",
      event: "cloudwatch-logs",
      source: "aws.cloudwatch_logs",
      problem: "untaken",
      reason:
        "a component should take cloudwatch_logs records of a log-subscription, got none in the configuration that does",
    },
    {
      it: "an event of S3 where nothing reads objects",
      event: "s3",
      source: "aws.s3",
      problem: "untaken",
      reason: "a component should read objects of S3, got none in the configuration that does",
      from: "shop-logs",
      id: "year%3D2026/month%3D01/a+b%2Bc+%C3%BC.log.gz",
    },
    {
      it: "an event of no kind that is known",
      event: "malformed/unknown",
      source: "aws.lambda",
      problem: "unreadable",
      reason: "event should be a request, records, logs or a schedule, got an object with the keys key1, key2, key3",
      id: "r-1",
    },
  ])("$it", async ({ event: name, config = any, answer, source, problem, reason, from, id }) => {
    const { pipeline, seen } = await loadProbes(config);
    const { handler, box, counted } = placing(pipeline);
    const event = recorded(name);
    expect(await handler(event, { awsRequestId: "r-1" })).toEqual(answer);
    expect(seen.length).toBe(problem === "refused" ? 1 : 0);
    expect(box.letters.map(({ body: _, time: __, ...letter }) => letter)).toEqual([
      {
        component: source,
        destination: "",
        reason: reason instanceof RegExp ? expect.stringMatching(reason) : reason,
        format: "aws_event",
        contentType: "application/json",
        metadata: { problem, ...(from && { from }), ...(id && { id }) },
      },
    ]);
    expect(box.letters.map(eventOf)).toEqual([event]);
    expect(counted()).toEqual([[source, problem, 1]]);
  });
});

describe("what comes with a record that is set aside goes on", () => {
  test("of a queue, also in the order of its group", async () => {
    const { pipeline, seen } = await loadProbes(any);
    const { handler, box } = placing(pipeline);
    const event = recorded("sqs-fifo");
    expect(await handler(event)).toEqual({ batchItemFailures: [] });
    expect(seen.length).toBe(event.Records.length - 1);
    expect(box.letters.map(eventOf)).toEqual([{ Records: [event.Records[1]] }]);
  });

  test("of a shard", async () => {
    const { pipeline, seen } = await loadProbes(any);
    const { handler, box } = placing(pipeline);
    const event = recorded("kinesis-mixed-batch");
    expect(await handler(event)).toEqual({ batchItemFailures: [] });
    expect(seen.length).toBe(event.Records.length - 1);
    expect(box.letters.map(eventOf)).toEqual([{ Records: [event.Records[1]] }]);
  });

  test("of an aggregate; the letter has a record of its own", async () => {
    const { pipeline, seen } = await loadProbes(
      'probe.records "a" { format = "raw"; sources = ["stream"]; from = []; fails_on = "order 8"; outcome = "reject" }',
    );
    const { handler, box } = placing(pipeline);
    const event = recorded("kinesis-kpl-aggregate");
    expect(await handler(event)).toEqual({ batchItemFailures: [] });
    expect(seen.length).toBe(4);
    const [record] = event.Records;
    const data = Buffer.from("order 8 paid").toString("base64");
    const own = { ...record, eventID: `${record.eventID}:1`, kinesis: { ...record.kinesis, partitionKey: "order-8", data } };
    expect(box.letters.map(eventOf)).toEqual([{ Records: [own] }]);
    await handler(box.letters.map(eventOf)[0]);
    expect(seen.at(-1)?.got).toMatchObject({ id: `${record.eventID}:1`, key: "order-8", text: "order 8 paid" });
  }); // biome-ignore format: one record

  test("of a partition of Kafka", async () => {
    const { pipeline, seen } = await loadProbes(any);
    const { handler, box } = placing(pipeline);
    const event = recorded("kafka-lines");
    const partitions = Object.values<unknown[]>(event.records);
    const good = recorded("malformed/kafka").records["otlp_spans-0"][0];
    partitions[0]?.push(good);
    await handler(event);
    expect(seen.map(({ component }) => component)).toEqual(["probe.records.otlp"]);
    expect(box.letters.length).toBe(partitions.flat().length - 1);
    expect(box.letters.map(eventOf)[0]).toMatchObject({
      eventSourceArn: event.eventSourceArn,
      records: expect.anything(),
    });
  });

  test("of a delivery stream, whose records pass as they came", async () => {
    const { pipeline, seen } = await loadProbes(any);
    const { handler, box } = placing(pipeline);
    const event = recorded("firehose-transform");
    const answer = await handler(event);
    expect(seen).toEqual([]);
    expect(box.letters.length).toBe(event.records.length);
    expect(answer).toEqual({
      records: event.records.map(({ recordId, data }: { recordId: string; data: string }) => ({ recordId, result: "Ok", data })),
    });
  }); // biome-ignore format: one answer

  test("of an event of S3", async () => {
    const { pipeline, seen } = await loadObjectProbes({ "probe.objects.a": { buckets: [{ bucket: "shop-logs" }] } });
    const { handler, box } = placing(pipeline);
    const event = recorded("s3-several");
    event.Records[0].s3.bucket.name = "others";
    await handler(event);
    expect(seen.map(({ object: { key, shared } }) => [key, shared])).toEqual([["b", true]]);
    expect(box.letters.map(eventOf)).toEqual([{ Records: [event.Records[0]] }]);
    expect(box.letters.map(({ reason, metadata }) => [reason, metadata])).toEqual([
      [
        "a component should read s3://others/a, got none in the configuration that does",
        { problem: "untaken", from: "others", id: "a" },
      ],
    ]);
  });
});

test.for([
  { it: "that a backend does not take for now", outcome: "retry" },
  { it: "that meets a bug", outcome: "bug" },
])("a record $it goes back", async ({ outcome }) => {
  const { pipeline } = await loadProbes(`probe.records "a" { format = "loki"; outcome = "${outcome}" }`);
  const { handler, box } = placing(pipeline);
  const event = recorded("sqs-loki-push");
  expect(await handler(event)).toEqual({
    batchItemFailures: [{ itemIdentifier: event.Records[0].messageId }],
  });
  expect(box.letters).toEqual([]);
});

test("a letter that is not stored: the record goes back", async () => {
  const { pipeline, logged } = await loadProbes(any);
  const put = () => Promise.reject(new Error("dead letter of aws.sqs was not stored: no bucket"));
  const { handler, counted } = placing(pipeline, { ...memoryDeadLetters(), put });
  const event = recorded("malformed/sqs-unknown-bytes");
  expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: event.Records[0].messageId }] });
  expect(logged).toEqual([
    [
      "error",
      "message goes back to its queue",
      expect.objectContaining({ error: "dead letter of aws.sqs was not stored: no bucket" }),
    ],
  ]);
  expect(counted()).toEqual([]);
});

test("a request that is none is not set aside, since its sender gets an answer", async () => {
  const { pipeline } = await loadProbes(any);
  const { handler, box } = placing(pipeline);
  await expect(handler({ requestContext: { connectionId: "a" } })).rejects.toThrow(/^event should be a request/);
  expect(box.letters).toEqual([]);
});

describe("the log", () => {
  const line = (more: object = {}) => [
    "error",
    "record is set aside in the dead letters",
    {
      source: "aws.sqs",
      from: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
      id: expect.any(String),
      problem: "unreadable",
      error: expect.stringContaining("got text that starts with"),
      invocation: expect.any(String),
      ...more,
    },
  ];

  test("has a line for each reason, then one a minute with how many were alike", async () => {
    const clock = vi.fn(() => 1_000_000);
    const { pipeline, logged } = await loadProbes(any, { clock });
    const { handler, box } = placing(pipeline);
    const event = recorded("sqs-loki-push");
    const batch = (text: string, count: number) => ({
      Records: Array.from({ length: count }, (_, i) => ({ ...event.Records[0], messageId: `${i}`, body: `${text} ${i}!` })),
    }); // biome-ignore format: one record
    await handler(batch("order", 50));
    await handler(batch("paid", 50));
    expect(logged).toEqual([line()]);
    clock.mockReturnValue(1_060_000);
    await handler(batch("order", 3));
    expect(logged.slice(1)).toEqual([line({ alikeSince: 99 })]);
    expect(box.letters.length).toBe(103);
  });
});

test.for([
  { it: "a push to Loki", event: "sqs-loki-push", body: '{"streams":[{"stream":{"a":"b"},"values":[["soon","x"]]}]}' },
  { it: "OTLP", event: "sqs-otlp-traces-json", body: '{"resourceSpans":[{"scopeSpans":7}]}' },
])("$it with content that can't be read is set aside by the real components", async ({ event: name, body }) => {
  const text = `
    loki.source.api "in" {\nhttp { }\nforward_to = []\n}
    otelcol.receiver.sqs "in" {\noutput {\ntraces = [otelcol.exporter.otlphttp.out.input]\n}\n}
    otelcol.exporter.otlphttp "out" {\nclient {\nendpoint = "http://127.0.0.1:9"\n}\n}`;
  const { file } = parseFile({ name: "a.alloy", text });
  const pipeline = await loadFunction([file], {
    definitions: [...definitions.values()],
    stability: "generally-available",
    directory: "/",
    log: testLog(),
  });
  const { handler, box } = placing(pipeline);
  const event = recorded(name);
  event.Records[0].body = body;
  expect(await handler(event)).toEqual({ batchItemFailures: [] });
  expect(box.letters.map(({ metadata }) => metadata["problem"])).toEqual(["refused"]);
  await pipeline.close();
});
