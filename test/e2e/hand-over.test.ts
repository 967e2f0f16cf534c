/** What a backend does not take in time waits in a FIFO queue, and is delivered from there: with an emulator of SQS, S3 and DynamoDB. */
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { functionLetters } from "../../functions/aws/dead-letters.ts";
import { loadFunction } from "../../functions/aws/entry.ts";
import { functionHandOver } from "../../functions/aws/hand-over.ts";
import { createHandler, type Handler } from "../../functions/aws/handler.ts";
import { createLogger } from "../../functions/local/log.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { readSamples } from "../../lib/pipeline/components/prometheus/replay.ts";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { environmentCredentials } from "../../lib/pipeline/delivery/aws-credentials.ts";
import { readLetter } from "../../lib/pipeline/delivery/dead-letters-form.ts";
import { getObject, objectKeys, openBucket } from "../../lib/pipeline/delivery/s3.ts";
import type { Environment } from "../../lib/pipeline/graph/pipeline.ts";
import { DynamoDbStore } from "../../lib/pipeline/state/dynamodb.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { decodeLokiPush } from "./support/decode.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";

const account = "123456789012";

let moto: Moto;
let count = 0;
let queueUrl = "";
let bucket = "";

beforeAll(async () => {
  if (motoIsInstalled) moto = await startMoto();
}, 60_000);
afterAll(() => moto?.stop());

beforeEach(async () => {
  if (!motoIsInstalled) return;
  const name = `hand-over-${++count}.fifo`;
  bucket = `letters-${count}`;
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  vi.stubEnv("AWS_REGION", region);
  for (const service of ["SQS", "S3", "DYNAMODB"]) vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, moto.url);
  const Attributes = { FifoQueue: "true", VisibilityTimeout: "720" };
  const made = (await moto.json("sqs", "AmazonSQS.CreateQueue", { QueueName: name, Attributes })) as {
    QueueUrl: string;
  };
  queueUrl = made.QueueUrl;
  await moto.put(`/${bucket}`, `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`); // biome-ignore format: one call
  vi.stubEnv("AMALGAM_HAND_OVER", `sqs:${queueUrl},s3://${bucket}/collector`);
  vi.stubEnv("AMALGAM_DEAD_LETTERS", `s3://${bucket}/collector`);
});
afterEach(() => vi.unstubAllEnvs());

/** A backend that takes nothing at some paths, and notes what it took. */
async function backendOf(...down: string[]) {
  const closed = new Set(down);
  const taken: { path: string; body: Buffer }[] = [];
  let asked = 0;
  const { url } = await startBackend(({ path = "", body }) => {
    asked++;
    if (closed.has(path)) return { status: 503, body: "down" };
    taken.push({ path, body });
    return { status: 204 };
  });
  return {
    url,
    open: (path: string) => closed.delete(path),
    close: (path: string) => closed.add(path),
    lines: (path: string) =>
      taken.filter(each => each.path === path).flatMap(({ body }) => decodeLokiPush(body).map(({ line }) => line)),
    /** Times of samples, in the order in which they came. */
    times: () => taken.flatMap(({ body }) => timesOf(body)),
    requests: () => asked,
  };
}

const lokiWrite = (name: string, url: string) => `
loki.write "${name}" {
  endpoint {
    url                 = "${url}"
    max_backoff_retries = 1
  }
}`;

const source = (...writers: string[]) => `
loki.source.api "in" {
  http { }
  forward_to = [${writers.map(name => `loki.write.${name}.receiver`).join(", ")}]
}`;

/** A function with its own pipeline, as each of its instances has. */
async function startFunction(config: string, given: Partial<Environment> = {}): Promise<Handler> {
  const { file, diagnostics } = parseFile({ name: "config.alloy", text: config });
  expect(diagnostics).toEqual([]);
  const pipeline = await loadFunction([file], {
    definitions: [...definitions.values()],
    stability: "generally-available",
    directory: "/",
    log: createLogger({ write: () => {} }),
    environment: { ...functionLetters("c0ffee"), ...functionHandOver("c0ffee", given.state), ...given },
  });
  onTestFinished(() => pipeline.close());
  return createHandler(pipeline);
}

/** Pushes lines as a client does, and gives the status of the answer. */
async function push(handler: Handler, ...lines: string[]): Promise<number> {
  const values = lines.map(line => [`${Date.now()}000000`, line]);
  const answer = await handler({
    version: "2.0",
    rawPath: "/loki/api/v1/push",
    headers: { "content-type": "application/json" },
    requestContext: { http: { method: "POST", path: "/loki/api/v1/push" } },
    body: JSON.stringify({ streams: [{ stream: { job: "test" }, values }] }),
    isBase64Encoded: false,
  });
  return (answer as { statusCode: number }).statusCode; // what the adapter of requests gives
}

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue: string; readonly DataType: string }>>;
}

/** What waits and is visible; with `seconds` for messages to come back. */
async function receive(): Promise<readonly Received[]> {
  const input = {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    AttributeNames: ["All"],
    MessageAttributeNames: ["All"],
  };
  const { Messages = [] } = (await moto.json("sqs", "AmazonSQS.ReceiveMessage", input)) as { Messages?: Received[] };
  return Messages;
}

/** Calls the function with messages as Lambda does, and deletes what it took; gives the number that goes on waiting. */
async function deliver(handler: Handler, messages: readonly Received[]): Promise<number> {
  const event = {
    Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes,
      messageAttributes: Object.fromEntries(
        Object.entries(MessageAttributes).map(([name, { StringValue, DataType }]) => [
          name,
          { stringValue: StringValue, dataType: DataType },
        ]),
      ),
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:${region}:${account}:${queueUrl.slice(queueUrl.lastIndexOf("/") + 1)}`,
      awsRegion: region,
      md5OfBody: "",
    })),
  };
  const answer = await handler(event satisfies Omit<SQSEvent, "Records"> & { Records: unknown[] });
  const failed = new Set((answer as SQSBatchResponse).batchItemFailures.map(each => each.itemIdentifier)); // as above
  for (const { MessageId, ReceiptHandle } of messages)
    if (!failed.has(MessageId))
      await moto.json("sqs", "AmazonSQS.DeleteMessage", { QueueUrl: queueUrl, ReceiptHandle });
  return failed.size;
}

/** Messages that are visible, and those that are hidden. */
async function queued(): Promise<readonly [visible: number, hidden: number]> {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const { Attributes } = (await moto.json("sqs", "AmazonSQS.GetQueueAttributes", {
    QueueUrl: queueUrl,
    AttributeNames,
  })) as { Attributes: Record<string, string> };
  return [
    Number(Attributes["ApproximateNumberOfMessages"]),
    Number(Attributes["ApproximateNumberOfMessagesNotVisible"]),
  ];
}

async function objects(suffix: string) {
  const found = openBucket(bucket, environmentCredentials);
  onTestFinished(() => found.client.close());
  const keys: string[] = [];
  for await (const key of objectKeys(found, { prefix: "collector/" })) if (key.endsWith(suffix)) keys.push(key);
  return Promise.all(keys.map(async key => readLetter((await getObject(found, key)) as Uint8Array))); // it was listed
}

describe.runIf(motoIsInstalled)("in AWS", () => {
  test("who sends has an answer, and what the backend did not take is delivered later", async () => {
    const backend = await backendOf("/a");
    const config = source("out") + lokiWrite("out", `${backend.url}/a`);
    const handler = await startFunction(config);
    expect([await push(handler, "one"), await push(handler, "two", "three")]).toEqual([204, 204]);
    expect([await queued(), backend.requests()]).toEqual([[2, 0], 1]); // the second did not try
    const other = await startFunction(config);
    const messages = await receive();
    expect(await deliver(other, messages)).toBe(2);
    expect(await queued()).toEqual([0, 2]); // hidden for a while
    backend.open("/a");
    expect(await deliver(other, messages)).toBe(0);
    expect([backend.lines("/a").toSorted(), await queued()]).toEqual([
      ["one", "three", "two"],
      [0, 0],
    ]);
    expect(await push(handler, "four")).toBe(204);
  });

  test("a backend that is down holds up no other", async () => {
    const backend = await backendOf("/down");
    const handler = await startFunction(
      source("down", "up") + lokiWrite("down", `${backend.url}/down`) + lokiWrite("up", `${backend.url}/up`),
    );
    for (const line of ["one", "two", "three"]) expect(await push(handler, line)).toBe(204);
    expect([backend.lines("/up"), backend.lines("/down")]).toEqual([["one", "two", "three"], []]);
    backend.close("/up");
    backend.open("/down");
    expect(await push(handler, "four")).toBe(204);
    const messages = await receive();
    expect(messages.length).toBe(5);
    expect(await deliver(await startFunction(source("down", "up") + lokiWrite("down", `${backend.url}/down`) + lokiWrite("up", `${backend.url}/up`)), messages)).toBe(1); // biome-ignore format: one call
    expect(backend.lines("/down").toSorted()).toEqual(["four", "one", "three", "two"]);
  });

  test("what is larger than a message is in the bucket until it is delivered", async () => {
    const backend = await backendOf("/a");
    const handler = await startFunction(source("out") + lokiWrite("out", `${backend.url}/a`));
    // nothing that compresses
    const long = Array.from({ length: 120_000 }, (_, i) => Math.sin(i).toString(36)).join("");
    expect(await push(handler, long)).toBe(204);
    expect([(await objects(".waiting")).length, (await objects(".letter")).length]).toEqual([1, 0]);
    backend.open("/a");
    const messages = await receive();
    expect(messages.map(({ Body }) => Body.length < 2000)).toEqual([true]);
    expect(await deliver(handler, messages)).toBe(0);
    expect([backend.lines("/a"), await objects(".waiting")]).toEqual([[long], []]);
    expect(await deliver(handler, messages)).toBe(0); // brought once more
    expect(backend.lines("/a").length).toBe(1);
  });

  test("samples that come while others wait are delivered behind them", async () => {
    const backend = await backendOf("/write");
    const { url: target } = await startBackend(() => ({
      body: "up_to_date 1\n",
      headers: { "content-type": "text/plain" },
    }));
    const config = `
prometheus.scrape "in" {
  targets         = [{ __address__ = "${new URL(target).host}" }]
  forward_to      = [prometheus.remote_write.out.receiver]
  scrape_interval = "1m"
}
prometheus.remote_write "out" {
  endpoint { url = "${backend.url}/write" }
}`;
    const table = await makeTable();
    vi.stubEnv("AMALGAM_STATE", `dynamodb:${table}`);
    const start = () => startFunction(config, { state: new DynamoDbStore({ table }) });
    const scrape = { amalgam: { schedule: "prometheus.scrape.in" } };
    const first = await start();
    await first(scrape, { getRemainingTimeInMillis: () => 1500 });
    backend.open("/write");
    const second = await start(); // which knows nothing of the outage
    await second(scrape);
    expect(backend.times()).toEqual([]);
    const messages = await receive();
    expect(new Set(messages.map(({ Attributes }) => Attributes["MessageGroupId"])).size).toBe(1);
    expect(await deliver(await start(), messages)).toBe(0);
    const third = await start();
    await third(scrape);
    const times = backend.times();
    expect([times.length > 2, times.toSorted((a, b) => a - b)]).toEqual([true, times]);
    expect([new Set(times).size, await queued()]).toEqual([3, [0, 0]]);
  });

  test("what the configuration has no component for any more is a dead letter", async () => {
    const backend = await backendOf("/a");
    await push(await startFunction(source("out") + lokiWrite("out", `${backend.url}/a`)), "one");
    const renamed = await startFunction(source("other") + lokiWrite("other", `${backend.url}/a`));
    expect(await deliver(renamed, await receive())).toBe(0);
    expect(await objects(".letter")).toMatchObject([
      {
        component: "loki.write.out",
        reason: "the configuration has no loki.write.out any more; at first: push refused, got status 503: down",
        configuration: "c0ffee",
      },
    ]);
  });

  test("an endpoint that has moved gets what waits for it", async () => {
    const backend = await backendOf("/old");
    await push(await startFunction(source("out") + lokiWrite("out", `${backend.url}/old`)), "one");
    const moved = await startFunction(source("out") + lokiWrite("out", `${backend.url}/new`));
    expect(await deliver(moved, await receive())).toBe(0);
    expect(backend.lines("/new")).toEqual(["one"]);
  });

  test("what waited for three days is a dead letter", async () => {
    const backend = await backendOf("/a");
    const config = source("out") + lokiWrite("out", `${backend.url}/a`);
    await push(await startFunction(config), "one");
    const later = await startFunction(config, { clock: () => Date.now() + 73 * 3_600_000 });
    expect(await deliver(later, await receive())).toBe(0);
    expect(await objects(".letter")).toMatchObject([
      { reason: "the backend took nothing for 72 hours; at first: push refused, got status 503: down" },
    ]);
  });

  test("a message that is no letter is a dead letter, and does not stop the others", async () => {
    const backend = await backendOf("/a");
    const handler = await startFunction(source("out") + lokiWrite("out", `${backend.url}/a`));
    const MessageAttributes = { id: { DataType: "String", StringValue: "00001790000000-a" } };
    const fields = { QueueUrl: queueUrl, MessageGroupId: "g", MessageDeduplicationId: "d", MessageAttributes };
    await moto.json("sqs", "AmazonSQS.SendMessage", { ...fields, MessageBody: "nonsense" });
    await push(handler, "one");
    backend.open("/a");
    expect(await deliver(handler, await receive())).toBe(0);
    expect(backend.lines("/a")).toEqual(["one"]);
    const [letter] = await objects(".letter");
    expect(letter?.reason).toBe(`a letter should begin with a line of JSON, but Unexpected end of JSON input`);
    expect(Buffer.from(letter?.body ?? []).toString()).toBe("nonsense");
  });

  test("a queue that does not take it leaves it with who sends", async () => {
    const backend = await backendOf("/a");
    vi.stubEnv("AMALGAM_HAND_OVER", `sqs:${queueUrl.replace("hand-over", "missing")}`);
    const handler = await startFunction(source("out") + lokiWrite("out", `${backend.url}/a`));
    expect(await push(handler, "one")).toBe(503);
    expect(await queued()).toEqual([0, 0]);
  });
});

test.for([
  "s3://bucket/prefix",
  "sqs:https://sqs.eu-central-1.amazonaws.com/123456789012/standard",
  "https://sqs.eu-central-1.amazonaws.com/123456789012/a.fifo",
])("AMALGAM_HAND_OVER is no %s", text => {
  vi.stubEnv("AMALGAM_HAND_OVER", text);
  expect(() => functionHandOver("c0ffee", undefined)).toThrow(
    `AMALGAM_HAND_OVER should be sqs:QUEUE_URL or sqs:QUEUE_URL,s3://BUCKET/PREFIX, with the URL of a FIFO queue, got "${text}"`,
  );
});

async function makeTable(): Promise<string> {
  const TableName = `state-${count}`;
  await moto.json("dynamodb", "DynamoDB_20120810.CreateTable", {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: ["namespace", "key"].map(AttributeName => ({ AttributeName, AttributeType: "S" })),
    KeySchema: [
      { AttributeName: "namespace", KeyType: "HASH" },
      { AttributeName: "key", KeyType: "RANGE" },
    ],
  });
  return TableName;
}

/** Times of the samples in a remote write. */
const timesOf = (body: Buffer): number[] =>
  readSamples({
    component: "prometheus.remote_write.out",
    destination: "",
    reason: "",
    time: 0,
    format: "remote_write_v1",
    contentType: "application/x-protobuf",
    body,
    metadata: {},
  }).map(({ timestamp }) => timestamp);
