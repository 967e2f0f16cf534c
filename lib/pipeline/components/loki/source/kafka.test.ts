import { describe, expect, test } from "vitest";
import { collect, testHost, testInvocation, testLog, testTime } from "../../../graph/testing.ts";
import type { RecordsTrigger } from "../../../graph/trigger.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { lokiRelabel } from "../relabel.ts";
import { lokiSourceKafka } from "./kafka.ts";

type Rules = readonly Record<string, unknown>[];

async function build(args: Record<string, unknown> = {}, rule: Rules = [], mode: "function" | "local" = "function") {
  const out = collect<LogBatch>();
  const log = testLog();
  const decoded = {
    ...lokiSourceKafka.args.decode({ brokers: ["b:9092"], topics: ["orders"], forward_to: [], ...args }),
    forward_to: [out],
    ...(rule.length && { relabel_rules: lokiRelabel.args.decode({ forward_to: [], rule }).rule }),
  };
  const instance = await lokiSourceKafka.build(decoded, testHost({ id: "loki.source.kafka.a", log, mode }));
  const [trigger] = instance.triggers as [RecordsTrigger]; // it has one
  return { trigger, out, log };
}

async function take(args: Record<string, unknown>, rule: Rules = [], key?: string) {
  const { trigger, out, log } = await build(args, rule);
  const from = "arn:aws:kafka:eu-west-1:1:cluster/shop/1/orders";
  await trigger.push(
    {
      format: "raw",
      body: Buffer.from("a"),
      from,
      id: "orders/3/17",
      timestamp: 5,
      attributes: {},
      ...(key && { key }),
    },
    testInvocation(),
  );
  return {
    out: out.batches.flat().map(({ labels, entries }) => [printLabels(labels), entries[0]?.timestamp]),
    log: log.lines,
  };
}

const now = BigInt(testTime) * 1_000_000n;
const labels = { job: "k" };
const of = (source: string, target_label: string) => ({ source_labels: [source], target_label });

describe("a message", () => {
  test.for<{ it: string; args?: Record<string, unknown>; rule?: Rules; key?: string; out: unknown[] }>([
    { it: "has the time of its arrival", out: ['{job="k"}', now] },
    {
      it: "has its own time where that is wanted",
      args: { use_incoming_timestamp: true },
      out: ['{job="k"}', 5_000_000n],
    },
    {
      it: "has labels that rules make of its partition",
      rule: [
        of("__meta_kafka_topic", "topic"),
        of("__meta_kafka_partition", "partition"),
        of("__meta_kafka_group_id", "group"),
      ],
      out: ['{group="loki.source.kafka", job="k", partition="3", topic="orders"}', now],
    },
    {
      it: "has labels that rules make of itself",
      rule: [of("__meta_kafka_message_key", "key"), of("__meta_kafka_message_offset", "offset")],
      key: "x",
      out: ['{job="k", key="x", offset="17"}', now],
    },
    {
      it: "without a key has the key none",
      rule: [of("__meta_kafka_message_key", "key")],
      out: ['{job="k", key="none"}', now],
    },
    {
      it: "is not dropped by a rule, which only ends the rules",
      rule: [
        { source_labels: ["job"], regex: "k", action: "drop" },
        { target_label: "after", replacement: "y" },
      ],
      out: ['{after="y", job="k"}', now], // the message's own labels have no job, so there the rules go on
    },
  ])("$it", async ({ args, rule, key, out }) => {
    expect(await take({ labels, ...args }, rule, key)).toEqual({ out: [out], log: [] });
  });

  test("without any label is dropped, and that is told", async () => {
    expect(await take({})).toEqual({
      out: [],
      log: [
        'warn messages of a topic have no labels and are dropped, as in Alloy: set labels, or make one with relabel_rules {"component":"loki.source.kafka.a","topic":"orders"}',
      ],
    });
  });
});

test.for([
  { topics: ["orders"], taken: ["c/orders"], not: ["c/orders2", "orders/c"] },
  { topics: ["^ord.*"], taken: ["c/orders", "c/order"], not: ["c/bills"] },
  { topics: ["bills", "^o"], taken: ["c/bills", "c/orders"], not: ["c/xbills"] },
])("topics $topics are taken", async ({ topics, taken, not }) => {
  const { trigger } = await build({ topics });
  expect(trigger.from).toEqual(topics);
  expect([...taken, ...not].filter(from => trigger.takes?.(from))).toEqual(taken);
});

test.for([
  { it: "nothing", authentication: undefined, expected: "none" },
  { it: "a certificate", authentication: { type: "ssl" }, expected: "mtls" },
  { it: "a password", authentication: { type: "sasl" }, expected: "plain" },
  {
    it: "a password in 256 bits",
    authentication: { type: "sasl", sasl_config: { mechanism: "SCRAM-SHA-256" } },
    expected: "scram_256",
  },
  {
    it: "a password in 512 bits",
    authentication: { type: "sasl", sasl_config: { mechanism: "SCRAM-SHA-512" } },
    expected: "scram_512",
  },
  {
    it: "a token",
    authentication: {
      type: "sasl",
      sasl_config: { mechanism: "OAUTHBEARER", oauth_config: { token_provider: "azure", scopes: [] } },
    },
    expected: "iam",
  },
])("brokers that want $it are told to the infrastructure", async ({ authentication, expected }) => {
  const { trigger } = await build({ ...(authentication && { authentication }) });
  expect(trigger.kafka).toEqual({
    brokers: ["b:9092"],
    topics: ["orders"],
    groupId: "loki.source.kafka",
    authentication: expected,
    startAt: "earliest",
  });
});

test.for<{ args: Record<string, unknown>; message: string | RegExp }>([
  { args: { brokers: [] }, message: "no Kafka bootstrap brokers defined" },
  { args: { topics: [] }, message: "no topics given to be consumed" },
  { args: { topics: ["^("] }, message: /^topic should be a regular expression, as it begins with \^: / },
  { args: { assignor: "x" }, message: "unrecognized consumer group partition assignor: x" },
  {
    args: { authentication: { type: "x" } },
    message: "error setting up kafka authentication: unsupported authentication type x",
  },
  {
    args: { authentication: { type: "sasl", sasl_config: { mechanism: "GSSAPI" } } },
    message: "error setting up kafka authentication: error unsupported sasl mechanism: GSSAPI",
  },
])("$args is refused", async ({ args, message }) => {
  await expect(build(args)).rejects.toThrow(message);
});

test("the local process refuses it, since it has no client of Kafka", async () => {
  await expect(build({}, [], "local")).rejects.toThrow(
    "loki.source.kafka can't run in the local process, which has no client of Kafka: in functions on AWS an event source polls the brokers",
  );
});
