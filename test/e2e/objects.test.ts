/** Objects of S3 through a queue, against an emulator that checks signatures and permissions: read in several invocations. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadFunction } from "../../functions/aws/entry.ts";
import { createHandler, type Handler } from "../../functions/aws/handler.ts";
import { createLogger } from "../../functions/local/log.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { decodeLokiPush } from "./support/decode.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";

const arn = `arn:aws:sqs:${region}:123456789012:objects`;
const key = "year=2026/a b+c.log";
const lines = Array.from({ length: 60_000 }, (_, i) => `{"line":${i},"text":"${"x".repeat(i % 50)}"}`);

describe.skipIf(!motoIsInstalled)("objects of S3", () => {
  let moto: Moto;
  let handler: Handler;
  let pushed: string[];
  let close: () => void;
  const before = { ...process.env };

  beforeAll(async () => {
    moto = await startMoto();
    await moto.put("/shop-logs", `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`); // biome-ignore format: one document
    await moto.put(`/shop-logs/${encodeURIComponent(key).replaceAll("%2F", "/")}`, `${lines.join("\n")}\n`);
    await moto.json("sqs", "AmazonSQS.CreateQueue", { QueueName: "objects" });
    const { accessKeyId, secretAccessKey } = await moto.addUser("reader", ["s3:GetObject", "s3:ListBucket", "sqs:SendMessage"]); // biome-ignore format: one list
    await moto.guard();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: moto.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const sink = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", chunk => chunks.push(chunk));
      request.on("end", () => {
        for (const { line } of decodeLokiPush(Buffer.concat(chunks))) pushed.push(line);
        setTimeout(() => response.writeHead(204).end(), 300); // a backend that takes its time
      });
    });
    await new Promise<void>(resolve => sink.listen(0, "127.0.0.1", resolve));
    handler = await functionOf((sink.address() as AddressInfo).port); // listening on TCP
    close = () => {
      sink.closeAllConnections();
      sink.close();
    };
  }, 60_000);

  afterAll(async () => {
    close?.();
    for (const name of ["AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
    await moto?.stop();
  });

  test("are read to their end by one invocation after the other, each line once", async () => {
    pushed = [];
    let body = JSON.stringify({ Records: [{ eventSource: "aws:s3", eventName: "ObjectCreated:Put", awsRegion: region, eventTime: "2026-01-15T10:00:00.000Z", s3: { bucket: { name: "shop-logs" }, object: { key: "year%3D2026/a+b%2Bc.log", sequencer: "1" } } }] }); // biome-ignore format: one event
    let invocations = 0;
    for (let next: string | undefined = body; next !== undefined; next = await received()) {
      body = next;
      invocations++;
      const started = Date.now();
      const answer = await handler(messageOf(body), { getRemainingTimeInMillis: () => 6000 - (Date.now() - started) });
      expect(answer).toEqual({ batchItemFailures: [] });
    }
    expect(pushed).toEqual(lines);
    expect(invocations).toBeGreaterThan(1);
  }, 60_000);

  test("that were deleted are done with", async () => {
    pushed = [];
    const body = JSON.stringify({ Records: [{ eventSource: "aws:s3", eventName: "ObjectCreated:Put", s3: { bucket: { name: "shop-logs" }, object: { key: "gone" } } }] }); // biome-ignore format: one event
    expect(await handler(messageOf(body), {})).toEqual({ batchItemFailures: [] });
    expect(pushed).toEqual([]);
  });

  /** The next message of the queue, which is then gone. */
  async function received(): Promise<string | undefined> {
    const QueueUrl = `${moto.url}/123456789012/objects`;
    const { Messages = [] } = (await moto.json("sqs", "AmazonSQS.ReceiveMessage", { QueueUrl })) as {
      Messages?: readonly { readonly Body: string; readonly ReceiptHandle: string }[];
    };
    const [message] = Messages;
    if (!message) return undefined;
    await moto.json("sqs", "AmazonSQS.DeleteMessage", { QueueUrl, ReceiptHandle: message.ReceiptHandle });
    return message.Body;
  }
});

const messageOf = (body: string) => ({
  Records: [{ messageId: "1", eventSource: "aws:sqs", eventSourceARN: arn, body, attributes: { ApproximateReceiveCount: "1" }, messageAttributes: {} }],
}); // biome-ignore format: one message

async function functionOf(port: number): Promise<Handler> {
  const text = `
loki.source.s3 "in" {
  bucket { name = "shop-logs" }
  batch_size = "100KiB"
  forward_to = [loki.write.out.receiver]
}
loki.write "out" { endpoint { url = "http://127.0.0.1:${port}/loki/api/v1/push" } }
`;
  const { file } = parseFile({ name: "config.alloy", text });
  const options = { definitions: [...definitions.values()], stability: "generally-available", directory: "/" } as const;
  return createHandler(await loadFunction([file], { ...options, log: createLogger({ level: "error" }) }));
}
