import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type AwsAnswer, awsJsonClient, refusalOf } from "./aws-json.ts";

/** A client of a service that answers so, and what it is asked. */
async function clientOf(status: number, answer: string, version?: "1.0" | "1.1") {
  const asked: unknown[] = [];
  const server = createServer(async ({ headers, method, url }, response) => {
    asked.push([
      method,
      url,
      headers["content-type"],
      headers["x-amz-target"],
      headers.authorization?.split(",")[0]?.replace(/\d{8}/, "DATE"),
    ]);
    response.writeHead(status).end(answer);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const client = awsJsonClient({
    url: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    service: { name: "dynamodb", target: "DynamoDB_20120810", ...(version && { version }) },
    credentials: async () => ({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }),
    timeoutMs: 10_000,
    maxBytes: 100,
  });
  onTestFinished(() => {
    client.close();
    server.close();
  });
  return { client, asked };
}

test.for([
  { version: undefined, type: "application/x-amz-json-1.1" },
  { version: "1.0" as const, type: "application/x-amz-json-1.0" },
])("an action is asked for with its service and a signature, as $type", async ({ version, type }) => {
  const { client, asked } = await clientOf(200, '{"Items":[]}', version);
  expect(await client.send("Query", { Limit: 1 })).toEqual({ status: 200, fields: { Items: [] }, code: "" });
  const credential = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/DATE/eu-central-1/dynamodb/aws4_request";
  expect(asked).toEqual([["POST", "/", type, "DynamoDB_20120810.Query", credential]]);
});

test.for([
  {
    it: "a refusal",
    status: 400,
    answer: '{"__type":"com.amazonaws#ThrottlingException","message":"Rate exceeded"}',
    read: {
      code: "ThrottlingException",
      fields: { __type: "com.amazonaws#ThrottlingException", message: "Rate exceeded" },
    },
  },
  { it: "a page of a proxy", status: 503, answer: "<html>", read: { code: "", fields: undefined } },
  { it: "a list", status: 200, answer: "[]", read: { code: "", fields: undefined } },
])("$it is an answer", async ({ status, answer, read }) => {
  const { client } = await clientOf(status, answer);
  expect(await client.send("Query", {})).toEqual({ status, ...read });
});

test("an answer that is too large is an error", async () => {
  const { client } = await clientOf(200, JSON.stringify({ Items: "x".repeat(100) }));
  await expect(client.send("Query", {})).rejects.toThrow("the answer has more than 100 bytes");
});

const refusal = (status: number, code: string, fields: AwsAnswer["fields"]) => ({ status, code, fields });
test.for([
  { answer: refusal(400, "A", { message: "b\nc" }), text: "Get was refused, got status 400: A: b" },
  { answer: refusal(400, "A", { Message: "b" }), text: "Get was refused, got status 400: A: b" },
  { answer: refusal(400, "A", {}), text: "Get was refused, got status 400: A" },
  { answer: refusal(503, "", undefined), text: "Get was refused, got status 503" },
])("a refusal is told as $text", ({ answer, text }) => {
  expect(refusalOf("Get", answer)).toBe(text);
});
