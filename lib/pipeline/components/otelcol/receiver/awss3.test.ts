import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { OtlpBatch } from "../../../graph/kinds.ts";
import { testHost, testInvocation, testLog } from "../../../graph/testing.ts";
import type { ObjectCreated } from "../../../graph/trigger.ts";
import { requestFromJson } from "../../../telemetry/otlp/json-read.ts";
import { startS3, type TestBucket } from "../../aws/testing.ts";
import { otelcolReceiverAwss3 } from "./awss3.ts";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
});
afterEach(() => vi.unstubAllEnvs());

const queue = { queue_url: "https://sqs.eu-central-1.amazonaws.com/123456789012/objects", region: "eu-central-1" };
const downloader = { s3_bucket: "telemetry", s3_prefix: "otlp", file_prefix: "shop-" };
const plainArgs = (more: object = {}) => ({ s3downloader: downloader, sqs: queue, output: {}, ...more });

async function start(bucket: TestBucket, wired: readonly string[] = ["traces", "metrics", "logs"]) {
  const got: OtlpBatch[] = [];
  const log = testLog();
  const host = testHost({ log, clock: Date.now });
  const args = otelcolReceiverAwss3.args.decode(plainArgs({ s3downloader: { ...downloader, endpoint: bucket.url } }));
  const output = { traces: [], metrics: [], logs: [] };
  const consumer = { consume: async (batch: OtlpBatch) => void got.push(batch) };
  for (const signal of wired) Object.assign(output, { [signal]: [consumer] });
  const { triggers } = await otelcolReceiverAwss3.build({ ...args, output }, host);
  const [trigger] = triggers ?? [];
  if (trigger?.kind !== "objects") throw new Error("it should have a trigger of objects");
  const read = (key: string, more: Partial<ObjectCreated> = {}) =>
    trigger.read({ bucket: "telemetry", key, ...more }, testInvocation({ deadline: Date.now() + 10_000 }));
  return { read, got, log, host, trigger };
}

const json = {
  traces: '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"GET /cart"}]}]}]}',
  metrics: '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"orders"}]}]}]}',
  logs: '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"paid"}}]}]}]}',
} as const;
const protobuf = (signal: keyof typeof json) => Buffer.from(requestFromJson(signal, json[signal]));
const folder = "otlp/year=2026/month=01/day=15/hour=10/minute=00";

describe("an object becomes what it holds", () => {
  test.for([
    { it: "traces as JSON", key: "shop-traces_1.json", body: json.traces, signal: "traces" },
    { it: "metrics as JSON, packed", key: "shop-metrics_1.json.gz", body: gzipSync(json.metrics), signal: "metrics" },
    { it: "logs as JSON that are not called so", key: "x.json", body: json.logs, signal: "logs" },
    { it: "logs as JSON in the name of traces", key: "shop-traces_1.json", body: json.logs, signal: "logs" },
    { it: "traces as protobuf", key: "shop-traces_1.binpb", body: protobuf("traces"), signal: "traces" },
    { it: "metrics as protobuf, packed", key: "shop-metrics_1.binpb.gz", body: gzipSync(protobuf("metrics")), signal: "metrics" },
    { it: "logs as protobuf, called gzip that are none", key: "logs_1.binpb.gz", body: protobuf("logs"), signal: "logs" },
  ] as const)("$it", async ({ key, body, signal }) => {
    const bucket = await startS3({ [`telemetry/${folder}/${key}`]: body });
    const { read, got } = await start(bucket);
    expect(await read(`${folder}/${key}`)).toBeUndefined();
    expect(got.map(batch => [batch.signal, Buffer.from(batch.data.encode()).toString("hex")])).toEqual([
      [signal, protobuf(signal).toString("hex")],
    ]);
  }); // biome-ignore format: a row is one line
});

describe("an object that can't be taken", () => {
  test.for([
    { it: "with another ending is left out", key: "a.txt", body: "x", reason: "unsupported_format", log: "object should end with .json or .binpb, also with .gz behind it; it is left out" },
    { it: "that is gone is done with", key: "a.json", reason: "object_missing", log: "object is gone, its event is done with" },
    { it: "of a signal without output is left out", key: "metrics_1.binpb", body: protobuf("metrics"), wired: ["traces"], reason: "no_output", log: "object has a signal that goes nowhere, it is left out" },
  ])("$it", async ({ key, body, wired, reason, log }) => {
    const bucket = await startS3(body === undefined ? {} : { [`telemetry/otlp/${key}`]: body });
    const running = await start(bucket, wired);
    expect(await running.read(`otlp/${key}`)).toBeUndefined();
    expect(running.got).toEqual([]);
    expect(running.host.metrics.expose()).toContain(`reason="${reason}"} 1`);
    expect(running.log.lines[0]).toContain(`warn ${log}`);
  }); // biome-ignore format: a row is one line

  test.for([
    { it: "whose signal nothing tells", key: "a.binpb", body: protobuf("logs"), message: "s3://telemetry/otlp/a.binpb should have traces_, metrics_ or logs_ in its name, or be JSON that tells what it is, got neither" },
    { it: "that is too large", key: "logs_1.json.gz", body: gzipSync(Buffer.alloc(65 << 20)), message: "s3://telemetry/otlp/logs_1.json.gz: decompressed body should have at most 67108864 bytes, got more" },
    { it: "that is cut off", key: "logs_1.json.gz", body: gzipSync(json.logs).subarray(0, -3), message: "content ends within its gzip" },
  ])("$it fails", async ({ key, body, message }) => {
    const { read } = await start(await startS3({ [`telemetry/otlp/${key}`]: body }));
    await expect(read(`otlp/${key}`)).rejects.toThrow(message);
  }); // biome-ignore format: a row is one line
});

test("it asks for its bucket, and names its queue", async () => {
  const { trigger } = await start(await startS3());
  expect(trigger).toMatchObject({
    kind: "objects",
    buckets: [{ bucket: "telemetry", prefix: "otlp" }],
    queue: "arn:aws:sqs:eu-central-1:123456789012:objects",
  });
});

test.for([
  { it: "no way of events", args: { sqs: undefined }, messages: ["either starttime/endtime or sqs configuration must be provided"] },
  { it: "a queue without its place", args: { sqs: { wait_time_seconds: 21, max_number_of_messages: 0 } }, messages: ["sqs.queue_url is required; sqs.region is required; sqs.wait_time_seconds must be between 0 and 20; sqs.max_number_of_messages must be between 1 and 10"] },
  { it: "an empty name", args: { s3downloader: { s3_bucket: "", s3_prefix: "" } }, messages: ["bucket is required"] },
  { it: "all that is needed", args: {}, messages: [] },
])("a configuration with $it", ({ args, messages }) => {
  const plain = Object.fromEntries(Object.entries(plainArgs(args)).filter(([, value]) => value !== undefined));
  const decoded = otelcolReceiverAwss3.args.decode(plain);
  expect([...(otelcolReceiverAwss3.check?.(decoded) ?? [])].map(({ message }) => message)).toEqual(messages);
}); // biome-ignore format: a row is one line

test.for(["start_time", "end_time"])("%s is refused with the reason", name => {
  expect(otelcolReceiverAwss3.args.fields[name]).toMatchObject({
    refused:
      "can't be used: a range of time is read by no event, and nothing runs here between events; give the sqs block, and for what is there already send events of its objects into the queue",
  });
});
