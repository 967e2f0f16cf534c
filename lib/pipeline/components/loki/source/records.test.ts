import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Definition } from "../../../graph/component.ts";
import { collect, testHost, testInvocation, testTime } from "../../../graph/testing.ts";
import type { RawRecord, RecordsTrigger } from "../../../graph/trigger.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { lokiRelabel } from "../relabel.ts";
import { lokiSourceEventbridge } from "./eventbridge.ts";
import { lokiSourceKinesis } from "./kinesis.ts";
import { lokiSourceSns } from "./sns.ts";
import { lokiSourceSqs } from "./sqs.ts";

const record = (body: string | Uint8Array, more: Partial<RawRecord> = {}): RawRecord => ({
  format: "raw",
  body: Buffer.from(body),
  from: "arn:aws:sqs:eu-west-1:111122223333:orders",
  id: "m-1",
  timestamp: 5,
  attributes: {},
  ...more,
});

type Rules = readonly Record<string, unknown>[];

async function triggerOf(source: unknown, args: Record<string, unknown> = {}, rule: Rules = []) {
  const definition = source as Definition<object>; // each has arguments of its own
  const out = collect<LogBatch>();
  const decoded = {
    ...definition.args.decode({ forward_to: [], ...args }),
    forward_to: [out],
    ...(rule.length && { relabel_rules: lokiRelabel.args.decode({ forward_to: [], rule }).rule }),
  };
  const instance = await definition.build(decoded, testHost({ id: "loki.source.x.a" }));
  const [trigger] = instance.triggers as [RecordsTrigger]; // it has one
  return { trigger, out };
}

async function take(source: unknown, given: RawRecord, args: Record<string, unknown> = {}, rule: Rules = []) {
  const { trigger, out } = await triggerOf(source, args, rule);
  await trigger.push(given, testInvocation());
  return out.batches
    .flat()
    .flatMap(({ labels, entries }) =>
      entries.map(({ timestamp, line, metadata }) => [printLabels(labels), timestamp, line, metadata.join(" ")]),
    );
}

const now = BigInt(testTime) * 1_000_000n;
const job = '{job="sqs"}';

describe("a record", () => {
  test.for<{
    it: string;
    body: string | Uint8Array;
    args?: Record<string, unknown>;
    timestamp?: number | undefined;
    out: unknown[];
  }>([
    { it: "is an entry at its own time", body: "a", out: [[job, 5_000_000n, "a", ""]] },
    {
      it: "has the time of its arrival where that is wanted",
      body: "a",
      args: { use_incoming_timestamp: false },
      out: [[job, now, "a", ""]],
    },
    { it: "has it where it has no time", body: "a", timestamp: undefined, out: [[job, now, "a", ""]] },
    { it: "keeps its lines together", body: "a\nb\n", out: [[job, 5_000_000n, "a\nb\n", ""]] },
    {
      it: "is split into lines, without those that are empty, so that equal ones stay apart",
      body: "a\r\n\nb\na\n",
      args: { split_lines: true },
      out: [[job, 5_000_000n, "a", ""], [job, 5_000_001n, "b", ""], [job, 5_000_002n, "a", ""]], // biome-ignore format: one row
    },
    { it: "of nothing is an empty entry", body: "", out: [[job, 5_000_000n, "", ""]] },
    { it: "of nothing has no lines", body: "", args: { split_lines: true }, out: [] },
    { it: "is opened from gzip", body: gzipSync("a"), out: [[job, 5_000_000n, "a", ""]] },
    { it: "is opened from zstd", body: zstdCompressSync("a"), out: [[job, 5_000_000n, "a", ""]] },
    {
      it: "has the labels of the configuration",
      body: "a",
      args: { labels: { a: "b" } },
      out: [['{a="b"}', 5_000_000n, "a", ""]],
    },
    {
      it: "has what names it as metadata where that is wanted",
      body: "a",
      args: { structured_metadata: true },
      out: [[job, 5_000_000n, "a", "queue orders message_id m-1 message_group g trace_id t"]],
    },
  ])("$it", async ({ body, args, out, ...more }) => {
    const given = record(body, { key: "g", attributes: { "trace-id": "t" }, ...more });
    expect(await take(lokiSourceSqs, given, args)).toEqual(out);
  });

  test("that a rule drops is gone", async () => {
    const rule = [{ source_labels: ["__sqs_queue"], regex: "orders", action: "drop" }];
    expect(await take(lokiSourceSqs, record("a"), {}, rule)).toEqual([]);
  });

  test("that begins as gzip and is none is refused for good", async () => {
    await expect(take(lokiSourceSqs, record(Buffer.from([0x1f, 0x8b, 8])))).rejects.toMatchObject({
      kind: "reject",
      message: expect.stringMatching(/^record m-1 should be gzip, as it begins: /),
    });
  });

  test("of another format is refused for good", async () => {
    const { trigger } = await triggerOf(lokiSourceSqs);
    const other = { format: "cloudwatch_logs", body: Buffer.from("{}") } as const;
    await expect(trigger.push(other, testInvocation())).rejects.toMatchObject({
      kind: "reject",
      message: "loki.source.x.a takes records as they are, got cloudwatch_logs",
    });
  });
});

/** All internal labels in one, by name. */
const every = [
  { regex: "__(.+)", action: "labelmap", replacement: "$1" },
  { regex: "job", action: "labeldrop" },
];

test.for([
  {
    it: "a queue",
    source: lokiSourceSqs,
    given: record("a", { key: "g", attributes: { "trace-id": "t" } }),
    labels:
      '{aws_account="111122223333", aws_region="eu-west-1", sqs_attribute_trace_id="t", sqs_message_group="g", sqs_message_id="m-1", sqs_queue="orders", sqs_queue_arn="arn:aws:sqs:eu-west-1:111122223333:orders"}',
    metadata: "queue orders message_id m-1 message_group g trace_id t",
  },
  {
    it: "a topic",
    source: lokiSourceSns,
    given: record("a", { from: "arn:aws:sns:eu-west-1:111122223333:news", attributes: { subject: "s" } }),
    labels:
      '{aws_account="111122223333", aws_region="eu-west-1", sns_attribute_subject="s", sns_message_id="m-1", sns_topic="news", sns_topic_arn="arn:aws:sns:eu-west-1:111122223333:news"}',
    metadata: "topic news message_id m-1 subject s",
  },
  {
    it: "a stream",
    source: lokiSourceKinesis,
    given: record("a", {
      from: "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks",
      id: "shard-1:2",
      key: "k",
      attributes: { shard_id: "shard-1" },
    }),
    labels:
      '{aws_account="111122223333", aws_region="eu-west-1", kinesis_partition_key="k", kinesis_record_id="shard-1:2", kinesis_shard_id="shard-1", kinesis_stream="clicks", kinesis_stream_arn="arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"}',
    metadata: "stream clicks record_id shard-1:2 partition_key k",
  },
  {
    it: "an event bus",
    source: lokiSourceEventbridge,
    given: record("a", {
      from: "aws.ec2",
      id: "e-1",
      attributes: { detail_type: "started", account: "111122223333", region: "eu-west-1" },
    }),
    labels:
      '{aws_account="111122223333", aws_region="eu-west-1", eventbridge_detail_type="started", eventbridge_event_id="e-1", eventbridge_source="aws.ec2"}',
    metadata: "source aws.ec2 event_id e-1 detail_type started account_id 111122223333 region eu-west-1",
  },
])("$it is told to rules and in metadata", async ({ source, given, labels, metadata }) => {
  expect(await take(source, given, { structured_metadata: true }, every)).toEqual([
    [labels, 5_000_000n, "a", metadata],
  ]);
});

test.for([
  { source: lokiSourceSqs, argument: "queues", what: "queue", asks: ["queue"] },
  { source: lokiSourceSns, argument: "topics", what: "topic", asks: ["topic"] },
  { source: lokiSourceKinesis, argument: "streams", what: "stream", asks: ["stream"] },
])("$argument are what is taken, and names or ARNs", async ({ source, argument, what, asks }) => {
  const { trigger } = await triggerOf(source, { [argument]: ["a"] });
  expect([trigger.sources, trigger.from]).toEqual([asks, ["a"]]);
  const { args, check } = source as unknown as Definition<object>; // each has arguments of its own
  expect([
    ...(check?.(args.decode({ forward_to: [], [argument]: ["ok-*", "arn:aws:x:y:z:q", "not ok"] })) ?? []),
  ]).toEqual([{ path: [argument, 2], message: `${what} should be a name or an ARN, got "not ok"` }]);
});

describe("a rule of a bus", () => {
  test.for<{ it: string; args: Record<string, unknown>; bus: object }>([
    { it: "takes everything", args: {}, bus: { name: "default", pattern: { source: [{ prefix: "" }] } } },
    {
      it: "takes sources, types and another bus",
      args: { event_bus: "shop", sources: ["aws.ec2", "com.*"], detail_types: ["t"] },
      bus: { name: "shop", pattern: { source: ["aws.ec2", { wildcard: "com.*" }], "detail-type": ["t"] } },
    },
    {
      it: "takes a pattern",
      args: { sources: ["a"], event_pattern: '{"detail":{"state":["paid"]}}' },
      bus: { name: "default", pattern: { detail: { state: ["paid"] } } },
    },
  ])("$it", async ({ args, bus }) => {
    expect((await triggerOf(lokiSourceEventbridge, args)).trigger.bus).toEqual(bus);
  });

  test("is refused where its pattern or its bus can't be", () => {
    const decoded = lokiSourceEventbridge.args.decode({ forward_to: [], event_bus: "a b", event_pattern: "[1]" });
    expect([...(lokiSourceEventbridge.check?.(decoded) ?? [])]).toEqual([
      { path: ["event_bus"], message: 'event_bus should be a name or an ARN, got "a b"' },
      { path: ["event_pattern"], message: 'event_pattern should be an object in JSON, got "[1]"' },
    ]);
  });
});
