import { execFileSync } from "node:child_process";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Capsule } from "../../../eval/value.ts";
import type { Consumer, Host } from "../../../graph/component.ts";
import { testHost, testInvocation, testLog, testTime } from "../../../graph/testing.ts";
import type { ObjectCreated, ObjectsTrigger } from "../../../graph/trigger.ts";
import type { LogBatch } from "../../../telemetry/loki/model.ts";
import { startS3, type TestBucket } from "../../aws/testing.ts";
import { lokiRelabel } from "../relabel.ts";
import { lokiSourceS3 } from "./s3.ts";

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_REGION", "eu-central-1");
});
afterEach(() => vi.unstubAllEnvs());

interface Reader {
  readonly read: ObjectsTrigger["read"];
  readonly batches: LogBatch[];
  /** Texts of all lines that arrived. */
  readonly lines: () => string[];
  readonly log: ReturnType<typeof testLog>;
  readonly dropped: () => string;
}

type Consume = Consumer<LogBatch>["consume"];

async function startReader(
  bucket: TestBucket,
  plain: Readonly<Record<string, unknown>> = {},
  { consume, ...overrides }: Partial<Host> & { readonly consume?: Consume } = {},
): Promise<Reader> {
  const batches: LogBatch[] = [];
  const keep: Consume = async batch => void batches.push(batch);
  const log = testLog();
  const host = testHost({ log, ...overrides });
  const args = lokiSourceS3.args.decode({ forward_to: [], client: { endpoint: bucket.url }, ...plain });
  const { triggers } = await lokiSourceS3.build({ ...args, forward_to: [{ consume: consume ?? keep }] }, host);
  const [trigger] = triggers ?? [];
  if (trigger?.kind !== "objects") throw new Error("it should have a trigger of objects");
  return {
    read: trigger.read,
    batches,
    lines: () => batches.flatMap(batch => batch.flatMap(({ entries }) => entries.map(({ line }) => line))),
    log,
    dropped: () => host.metrics.expose(),
  };
}

const ofLogs = (key: string, more: Partial<ObjectCreated> = {}): ObjectCreated => ({
  bucket: "logs",
  key,
  time: testTime - 1000,
  attempt: 1,
  ...more,
});

const far = (overrides = {}) => testInvocation({ deadline: Date.now() + 1e9, ...overrides });

describe("an object", () => {
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i}`);
  const joined = Buffer.from(`${text.join("\n")}\n`);
  const bzip2 = execFileSync("bzip2", ["-c"], { input: joined });
  test.for([
    { it: "of plain text", key: "a.log", body: joined },
    { it: "of gzip", key: "a.log.gz", body: gzipSync(joined) },
    { it: "of gzip that is not called so", key: "a.jsonl", body: gzipSync(joined) },
    { it: "of zstd", key: "a", body: zstdCompressSync(joined) },
    { it: "of bzip2", key: "a.bz2", body: bzip2 },
    { it: "that is only called gzip", key: "a.gz", body: joined },
    { it: "with a key that must be encoded", key: "year=2026/month=11/a b+c&d/ü%20'(*).log", body: joined },
  ])("$it becomes lines in their order", async ({ key, body }) => {
    const bucket = await startS3({ [`logs/${key}`]: body });
    const { read, lines, batches } = await startReader(bucket, { batch_size: "10KiB" });
    expect(await read(ofLogs(key), far())).toBeUndefined();
    expect(lines()).toEqual(text);
    expect(batches[0]?.[0]?.labels).toEqual(["job", "s3"]);
    expect(batches[0]?.[0]?.entries[0]).toEqual({
      timestamp: BigInt(testTime - 1000) * 1_000_000n,
      line: "line 0",
      metadata: ["object_key", key],
    });
    expect(batches.at(-1)?.[0]?.entries.at(-1)?.timestamp).toBe(BigInt(testTime - 1000) * 1_000_000n + 4999n);
  });

  test("with lines of more than 64 KiB and more than 256 KiB loses none", async () => {
    const long = [..."abcde"].map((letter, i) => letter.repeat(60_000 + i * 60_000));
    const bucket = await startS3({ "logs/a": ["first", ...long, "last"].join("\n") });
    const { read, batches } = await startReader(bucket);
    await read(ofLogs("a"), far());
    const got = batches.flatMap(batch => batch.flatMap(({ entries }) => entries));
    expect(got.map(({ line, metadata }) => [line.length, line[0], ...metadata.slice(2)])).toEqual([
      [5, "f"],
      [60_000, "a"],
      [120_000, "b"],
      [180_000, "c"],
      [240_000, "d"],
      [262_144, "e", "line_part", "1"],
      [37_856, "e", "line_part", "2", "line_parts", "2"],
      [4, "l"],
    ]);
  });

  test("has the metadata that is asked for", async () => {
    const bucket = await startS3({ "logs/a": "one\ntwo\n" });
    const metadata = ["object_bucket", "object_key", "object_version", "object_offset", "object_line", "object_id"];
    const { read, batches } = await startReader(bucket, { metadata });
    await read(ofLogs("a", { versionId: "v1" }), far());
    const shared = ["object_bucket", "logs", "object_key", "a", "object_version", "v1"];
    expect(batches[0]?.[0]?.entries.map(each => each.metadata)).toEqual([
      [...shared, "object_offset", "0", "object_line", "0", "object_id", "logs/a?versionId=v1#0"],
      [...shared, "object_offset", "4", "object_line", "1", "object_id", "logs/a?versionId=v1#4"],
    ]);
    expect(bucket.got[0]?.path).toBe("/logs/a?versionId=v1");
  });

  test("has labels of what it is, where rules make them", async () => {
    const bucket = await startS3({ "logs/eu/a": "one\n", "logs/us/a": "two\n" });
    const { read, batches, dropped } = await startReader(bucket, {
      labels: new Map([["job", "alb"]]),
      relabel_rules: new Capsule(
        "relabel.Rules",
        lokiRelabel.args.decode({
          forward_to: [],
          rule: [
            { source_labels: ["__s3_key"], regex: "us/.*", action: "drop" },
            {
              source_labels: ["__s3_bucket", "__s3_key", "__s3_region", "__s3_version", "__s3_size"],
              target_label: "from",
            },
          ],
        }).rule,
      ),
    });
    await read(ofLogs("eu/a", { region: "eu-west-1", versionId: "v", size: 4 }), far());
    await read(ofLogs("us/a"), far());
    expect(batches.map(batch => batch[0]?.labels)).toEqual([["from", "logs;eu/a;eu-west-1;v;4", "job", "alb"]]);
    expect(dropped()).toContain('reason="relabel"} 1');
  });

  test("of no bytes is not asked for", async () => {
    const bucket = await startS3();
    const { read } = await startReader(bucket);
    expect(await read(ofLogs("a", { size: 0 }), far())).toBeUndefined();
    expect(bucket.got).toEqual([]);
  });

  test("of no bytes is nothing, where its event does not say it", async () => {
    const bucket = await startS3({ "logs/a": "" });
    const { read, lines } = await startReader(bucket);
    expect(await read(ofLogs("a"), far())).toBeUndefined();
    expect(lines()).toEqual([]);
  });

  test("is asked for in ranges, each with the etag of the first", async () => {
    const body = Buffer.alloc((5 << 19) + 2, "x\n");
    const bucket = await startS3({ "logs/a": body });
    const { read, lines } = await startReader(bucket);
    await read(ofLogs("a"), far());
    expect(lines().length).toBe(body.length / 2);
    expect(bucket.got.map(({ headers }) => [headers.range, headers["if-match"] !== undefined])).toEqual([
      ["bytes=0-1048575", false],
      ["bytes=1048576-2097151", true],
      ["bytes=2097152-3145727", true],
    ]);
  });
});

describe("what can't be read", () => {
  test("a deleted object is counted and done with", async () => {
    const bucket = await startS3();
    const { read, dropped, log } = await startReader(bucket);
    expect(await read(ofLogs("a"), far())).toBeUndefined();
    expect(dropped()).toContain('reason="object_missing"} 1');
    expect(log.lines).toEqual([
      'warn object is gone, its event is done with {"component":"test.part.a","bucket":"logs","key":"a"}',
    ]);
  });

  test.for([
    {
      it: "a deleted object, where that is a failure",
      args: { missing_objects: "fail" },
      message: "s3://logs/a does not exist",
    },
    {
      it: "an object that may not be read",
      status: 403,
      message: "GetObject of s3://logs/a was refused, got status 403: AccessDenied: no",
    },
    {
      it: "a bucket that is not there",
      status: 404,
      code: "NoSuchBucket",
      message: "GetObject of s3://logs/a was refused, got status 404: NoSuchBucket: no",
    },
    {
      it: "what is packed in another way",
      body: "PK\x03\x04 and more",
      message: "content should be plain or packed with gzip, zstd or bzip2, got zip",
    },
    {
      it: "gzip that is cut off",
      body: gzipSync("one\ntwo\n").subarray(0, -3),
      message: "content ends within its gzip",
    },
    {
      it: "what is not packed as told",
      body: "text",
      args: { compression: "gzip" },
      message: "gzip should go on with gzip, got something else",
    },
    {
      it: "more than it may be",
      body: gzipSync(Buffer.alloc(100_000, "a\n")),
      args: { max_decompressed_size: "64KiB" },
      message: "content should have at most 65536 bytes decompressed, got more",
    },
  ])("$it", async ({ body, args = {}, status, code = "AccessDenied", message }) => {
    const bucket = await startS3(body === undefined ? {} : { "logs/a": body });
    if (status) bucket.interfere = () => ({ status, body: `<Error><Code>${code}</Code><Message>no</Message></Error>` });
    const { read } = await startReader(bucket, args);
    await expect(read(ofLogs("a"), far())).rejects.toThrow(message);
  });

  test("S3 that is busy is asked again", async () => {
    const bucket = await startS3({ "logs/a": "one\n" });
    bucket.interfere = () => (bucket.got.length < 3 ? { status: 503, body: "<Code>SlowDown</Code>" } : undefined);
    const { read, lines } = await startReader(bucket, {}, { clock: Date.now });
    expect(await read(ofLogs("a"), far())).toBeUndefined();
    expect(lines()).toEqual(["one"]);
  });
});

test.for([
  {
    it: "names of buckets",
    args: { bucket: [{ name: "Logs/a" }] },
    message: 'name should be that of a bucket, 3 to 63 of a-z, 0-9, dots and hyphens, got "Logs/a"',
  },
  { it: "very short lines", args: { max_line_size: "100B" }, message: "max_line_size should be 256 or more, got 100" },
  { it: "no batches", args: { max_in_flight: 0 }, message: "max_in_flight should be 1 or more, got 0" },
  {
    it: "half of a key",
    args: { client: { key: "a" } },
    message: "client: key and secret must both be set or both be empty",
  },
])("$it are refused", ({ args, message }) => {
  const decoded = lokiSourceS3.args.decode({ forward_to: [], ...args });
  expect([...(lokiSourceS3.check?.(decoded) ?? [])].map(each => each.message)).toEqual([message]);
});

test("it asks for what its buckets need", async () => {
  const args = lokiSourceS3.args.decode({ forward_to: [], bucket: [{ name: "logs", prefix: "alb/", suffix: ".gz" }] });
  const { triggers, needs } = await lokiSourceS3.build(args, testHost());
  expect(triggers).toMatchObject([{ kind: "objects", buckets: [{ bucket: "logs", prefix: "alb/", suffix: ".gz" }] }]);
  expect(needs).toEqual({
    permissions: [
      { action: "s3:GetObject", resource: "arn:${AWS::Partition}:s3:::logs/alb/*" },
      { action: "s3:GetObjectVersion", resource: "arn:${AWS::Partition}:s3:::logs/alb/*" },
      { action: "s3:ListBucket", resource: "arn:${AWS::Partition}:s3:::logs" },
    ],
    state: true,
  });
});
