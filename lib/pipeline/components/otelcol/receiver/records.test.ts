import { describe, expect, test } from "vitest";
import type { Definition } from "../../../graph/component.ts";
import type { OtlpBatch } from "../../../graph/kinds.ts";
import { collect, testHost, testInvocation, testTime } from "../../../graph/testing.ts";
import type { DecodedRecord, RawRecord, RecordsTrigger } from "../../../graph/trigger.ts";
import { requestFromJson } from "../../../telemetry/otlp/json-read.ts";
import { requestToJson } from "../../../telemetry/otlp/json-write.ts";
import { otelcolReceiverKafka } from "./kafka.ts";
import { otelcolReceiverKinesis } from "./kinesis.ts";
import { otelcolReceiverSqs } from "./sqs.ts";

type Args = Record<string, unknown>;

async function build(source: unknown, args: Args, signals: readonly string[], mode: "function" | "local" = "function") {
  const definition = source as Definition<object>; // each has arguments of its own
  const out = collect<OtlpBatch>();
  const decoded = {
    ...definition.args.decode({ ...args, output: {} }),
    output: { traces: [], logs: [], metrics: [], ...Object.fromEntries(signals.map(signal => [signal, [out]])) },
  };
  const { triggers = [] } = await definition.build(decoded, testHost({ id: "otelcol.receiver.x.a", mode }));
  return { out, triggers: triggers as RecordsTrigger[] }; // it has no others
}

const problemsOf = (source: unknown, args: Args) => {
  const { args: schema, check } = source as Definition<object>; // each has arguments of its own
  return [...(check?.(schema.decode({ ...args, output: {} })) ?? [])];
};

const logs = JSON.stringify({
  resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, logRecords: [{ body: { stringValue: "a" } }] }] }],
});
const protobuf = requestFromJson("logs", logs);
const jsonOf = ({ signal, data }: OtlpBatch) =>
  JSON.parse(Buffer.from(requestToJson(signal, data.encode())).toString());

describe.each([
  { name: "queues", source: otelcolReceiverSqs, kind: "queue" },
  { name: "streams", source: otelcolReceiverKinesis, kind: "stream" },
])("OTLP of $name", ({ name, source, kind }) => {
  const record = (more: Partial<DecodedRecord> = {}): DecodedRecord =>
    ({ format: "otlp", signal: "logs", encoding: "json", body: Buffer.from(logs), ...more }) as DecodedRecord; // a part may be another's

  test("is taken of those that are named", async () => {
    const { triggers } = await build(source, { [name]: ["a", "b-*"] }, ["logs"]);
    expect(triggers.map(({ format, sources, from }) => ({ format, sources, from }))).toEqual([
      { format: "otlp", sources: [kind], from: ["a", "b-*"] },
    ]);
  });

  test.for([
    { it: "as JSON", given: record() },
    { it: "as protobuf", given: record({ encoding: "protobuf", body: protobuf }) },
  ])("goes on $it", async ({ given }) => {
    const { out, triggers } = await build(source, {}, ["logs"]);
    await triggers[0]?.push(given, testInvocation());
    expect(out.batches.map(jsonOf)).toEqual([JSON.parse(logs)]);
  });

  test.for([
    {
      it: "of a signal that goes nowhere",
      given: record({ signal: "traces" }),
      message: "otelcol.receiver.x.a should have traces in its output, since it got some",
    },
    { it: "that is none", given: record({ format: "loki" }), message: "otelcol.receiver.x.a takes OTLP, got loki" },
  ])("$it is refused for good", async ({ given, message }) => {
    const { triggers } = await build(source, {}, ["logs"]);
    await expect(triggers[0]?.push(given, testInvocation())).rejects.toMatchObject({ kind: "reject", message });
  });

  test("is refused of a name that is none", () => {
    expect(problemsOf(source, { [name]: ["a b"] })).toEqual([
      { path: [name, 0], message: `${kind} should be a name or an ARN, got "a b"` },
    ]);
  });
});

const kafkaArgs = { brokers: ["b:9092"], protocol_version: "3.0.0" };
const raw = (topic: string, body: string | Uint8Array, attributes = {}): RawRecord => ({
  format: "raw",
  body: Buffer.from(body),
  from: `cluster/${topic}`,
  id: `${topic}/0/1`,
  timestamp: 5,
  attributes,
});

async function takeLogs(encoding: string, body: string | Uint8Array, more: Args = {}, attributes = {}) {
  const { out, triggers } = await build(otelcolReceiverKafka, { ...kafkaArgs, logs: { encoding }, ...more }, ["logs"]);
  await triggers[0]?.push(raw("otlp_logs", body, attributes), testInvocation());
  return out.batches.map(jsonOf)[0];
}

const logOf = (body: object, observed = true) => ({
  resourceLogs: [
    {
      resource: {},
      scopeLogs: [
        { scope: {}, logRecords: [{ ...(observed && { observedTimeUnixNano: `${testTime}000000` }), body }] },
      ],
    },
  ],
});

describe("topics of Kafka", () => {
  test("are those of the signals that go somewhere", async () => {
    const { triggers } = await build(otelcolReceiverKafka, { ...kafkaArgs, traces: { topic: "t" } }, [
      "traces",
      "logs",
    ]);
    expect(triggers.map(({ from, kafka }) => [from, kafka?.topics])).toEqual([
      [["t"], ["t"]],
      [["otlp_logs"], ["otlp_logs"]],
    ]);
  });

  test("may be regular expressions, with exceptions", async () => {
    const args = { ...kafkaArgs, logs: { topics: ["^log.*"], exclude_topics: ["log_internal"] } };
    const { triggers } = await build(otelcolReceiverKafka, args, ["logs"]);
    const topics = ["c/logs", "c/log_internal", "c/blog"];
    expect(topics.filter(from => triggers[0]?.takes?.(from))).toEqual(["c/logs"]);
  });

  test.for([
    { encoding: "otlp_proto", body: protobuf, out: JSON.parse(logs) },
    { encoding: "otlp_json", body: logs, out: JSON.parse(logs) },
    { encoding: "raw", body: "a", out: logOf({ bytesValue: "YQ==" }, false) },
    { encoding: "text", body: "ä", out: logOf({ stringValue: "ä" }) },
    { encoding: "text_latin1", body: Buffer.from([0xe4]), out: logOf({ stringValue: "ä" }) },
    {
      encoding: "json",
      body: '{"a":1,"b":["c",true,null],"d":{"e":2.5}}',
      out: logOf({
        kvlistValue: {
          values: [
            { key: "a", value: { doubleValue: 1 } },
            { key: "b", value: { arrayValue: { values: [{ stringValue: "c" }, { boolValue: true }, {}] } } },
            { key: "d", value: { kvlistValue: { values: [{ key: "e", value: { doubleValue: 2.5 } }] } } },
          ],
        },
      }),
    },
  ])("have logs in the encoding $encoding", async ({ encoding, body, out }) => {
    expect(await takeLogs(encoding, body)).toEqual(out);
  });

  test("have headers that become attributes of resources", async () => {
    const header_extraction = { extract_headers: true, headers: ["tenant", "missing"] };
    const out = await takeLogs("otlp_proto", protobuf, { header_extraction }, { tenant: "a", other: "b" });
    expect(out.resourceLogs[0].resource).toEqual({
      attributes: [{ key: "kafka.header.tenant", value: { stringValue: "a" } }],
    });
  });

  test.for([
    { it: "JSON that is cut off", body: "{", message: /^message otlp_logs\/0\/1 should be JSON: / },
    {
      it: "JSON that is no object",
      body: "[]",
      message: /^message otlp_logs\/0\/1 should be an object in JSON, got something else$/,
    },
  ])("$it is refused for good", async ({ body, message }) => {
    await expect(takeLogs("json", body)).rejects.toMatchObject({
      kind: "reject",
      message: expect.stringMatching(message),
    });
  });

  test.for<{ it: string; args: Args; expected: string }>([
    { it: "nothing", args: {}, expected: "none" },
    { it: "a password", args: { authentication: { plaintext: { username: "u", password: "p" } } }, expected: "plain" },
    {
      it: "a role",
      args: { authentication: { sasl: { username: "", password: "", mechanism: "AWS_MSK_IAM_OAUTHBEARER" } } },
      expected: "iam",
    },
    { it: "a certificate", args: { tls: { cert_file: "c", key_file: "k" } }, expected: "mtls" },
  ])("of brokers that want $it are told to the infrastructure", async ({ args, expected }) => {
    const { triggers } = await build(otelcolReceiverKafka, { ...kafkaArgs, ...args }, ["metrics"]);
    expect(triggers[0]?.kafka).toEqual({
      brokers: ["b:9092"],
      topics: ["otlp_metrics"],
      groupId: "otel-collector",
      authentication: expected,
      startAt: "latest",
    });
  });

  test.for<{ args: Args; problem: object }>([
    {
      args: { traces: { encoding: "jaeger_proto" } },
      problem: {
        path: ["traces", "encoding"],
        message: 'encoding "jaeger_proto" is not built here yet: send otlp_proto or otlp_json',
      },
    },
    {
      args: { metrics: { encoding: "raw" } },
      problem: { path: ["metrics", "encoding"], message: 'unrecognized metrics encoding "raw"' },
    },
    {
      args: { logs: { encoding: "text_nope" } },
      problem: { path: ["logs", "encoding"], message: 'unrecognized logs encoding "text_nope"' },
    },
    {
      args: { initial_offset: "x" },
      problem: { path: ["initial_offset"], message: "initial_offset should be one of 'latest' or 'earliest'" },
    },
    {
      args: { authentication: { sasl: { username: "", password: "", mechanism: "GSSAPI" } } },
      problem: {
        path: ["authentication", "sasl", "mechanism"],
        message:
          'mechanism should be one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, AWS_MSK_IAM, AWS_MSK_IAM_OAUTHBEARER, got "GSSAPI"',
      },
    },
    {
      args: { authentication: { kerberos: { username: "u" } } },
      problem: {
        path: ["authentication", "kerberos"],
        message: "kerberos can't be used: no event source of AWS speaks it",
      },
    },
    {
      args: { error_backoff: { enabled: true, multiplier: 1 } },
      problem: { path: ["error_backoff"], message: "multiplier must be greater than 1.0" },
    },
  ])("are refused with $args", ({ args, problem }) => {
    expect(problemsOf(otelcolReceiverKafka, { ...kafkaArgs, ...args })).toEqual([problem]);
  });

  test("are refused in the local process, which has no client", async () => {
    await expect(build(otelcolReceiverKafka, kafkaArgs, ["logs"], "local")).rejects.toThrow(
      "otelcol.receiver.kafka can't run in the local process, which has no client of Kafka: in functions on AWS an event source polls the brokers",
    );
  });
});
