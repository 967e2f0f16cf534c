import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { openSubscription, recognise, recogniseData } from "./recognise.ts";

const none = new Map<string, string>();
const formats = (text: string, hints: ReadonlyMap<string, string> = none) =>
  recognise(text, hints).map(({ body: _, ...record }) => record);
const expected = "message should be OTLP, a Loki push, CloudWatch Logs or an SNS notification of one of them";

const sns = (message: string, depth: number): string =>
  depth ? JSON.stringify({ Type: "Notification", Message: sns(message, depth - 1) }) : message;
const gzipped = (bytes: string | Buffer) => gzipSync(bytes).toString("base64");

test.for([
  { it: "proto names", text: '{"resource_logs":[]}', got: [{ format: "otlp", signal: "logs", encoding: "json" }] },
  {
    it: "several signals in one message",
    text: '{"resourceSpans":[],"resourceMetrics":[]}',
    got: [
      { format: "otlp", signal: "traces", encoding: "json" },
      { format: "otlp", signal: "metrics", encoding: "json" },
    ],
  },
  { it: "JSON in base64", text: btoa('{"streams":[]}'), got: [{ format: "loki", encoding: "json" }] },
  {
    it: "compressed JSON",
    text: gzipped('{"resourceSpans":[]}'),
    got: [{ format: "otlp", signal: "traces", encoding: "json" }],
  },
  { it: "white space around", text: ' \n{"streams":[]}\n', got: [{ format: "loki", encoding: "json" }] },
  { it: "a notification in four more", text: sns('{"streams":[]}', 4), got: [{ format: "loki", encoding: "json" }] },
])("recognises $it", ({ text, got }) => {
  expect(formats(text)).toEqual(got);
});

test.for([
  {
    it: "a signal for a request without items",
    hints: { signal: "metrics" },
    got: [{ format: "otlp", signal: "metrics", encoding: "protobuf" }],
  },
  { it: "a format", hints: { format: "loki" }, got: [{ format: "loki", encoding: "protobuf" }] },
])("believes attributes that name $it", ({ hints, got }) => {
  expect(formats("CgA=", new Map(Object.entries(hints)))).toEqual(got);
});

test.for([
  { it: "nothing", text: " ", error: `${expected}, got an empty message` },
  { it: "plain text", text: "hello there", error: `${expected}, got text that starts with "hello there"` },
  { it: "a word", text: "hello", error: `${expected}, got text that starts with "hello"` },
  { it: "an empty object", text: "{}", error: `${expected}, got JSON with the keys (none)` },
  {
    it: "keys that do not hold lists",
    text: '{"streams":{},"resourceSpans":1}',
    error: `${expected}, got JSON with the keys streams, resourceSpans`,
  },
  { it: "a request without items", text: "CgA=", error: `${expected}, got 2 bytes of something else` },
  {
    it: "more notifications than anyone needs",
    text: sns('{"streams":[]}', 5),
    error: `${expected}, got more than 4 envelopes around it`,
  },
  {
    it: "more compression than anyone needs",
    text: gzipped(gzipSync(gzipSync(gzipSync(gzipSync('{"streams":[]}'))))),
    error: `${expected}, got more than 4 envelopes around it`,
  },
  {
    it: "what grows beyond measure",
    text: gzipped(Buffer.alloc(64 * 1024 * 1024 + 1)),
    error: "decompressed body should have at most 67108864 bytes, got more",
  },
])("does not recognise $it", ({ text, error }) => {
  expect(() => recognise(text, none)).toThrow(expect.objectContaining({ message: error }));
});

test("the data of a subscription has a bound", () => {
  expect(() => openSubscription(gzipped(Buffer.alloc(64 * 1024 * 1024 + 1)))).toThrow(
    "awslogs.data should be gzip: decompressed body should have at most 67108864 bytes, got more",
  );
});

test("the bytes of a record are those of the message", () => {
  const text = '{"streams": [ ]}';
  expect(recognise(text, none).map(({ body }) => Buffer.from(body).toString())).toEqual([text]);
});

const protobuf = Buffer.from(recorded("sqs-otlp-protobuf").Records[0].body, "base64");
const traces = { format: "otlp", signal: "traces", encoding: "protobuf" };

test.for([
  { it: "protobuf", data: protobuf, got: traces },
  { it: "protobuf in gzip", data: gzipSync(protobuf), got: traces },
  { it: "protobuf in zstd", data: zstdCompressSync(protobuf), got: traces },
  { it: "protobuf in zlib", data: deflateSync(protobuf), got: traces },
  { it: "protobuf in base64", data: Buffer.from(protobuf.toString("base64")), got: traces },
  { it: "JSON behind white space", data: Buffer.from(' \n{"streams":[]}'), got: { format: "loki", encoding: "json" } },
])("recognises bytes that are $it", ({ data, got }) => {
  expect(recogniseData(data, none).map(({ body: _, ...record }) => record)).toEqual([got]);
});

test.for([
  { it: "nothing", data: "", error: `${expected}, got an empty message` },
  { it: "text", data: "order 7 paid", error: `${expected}, got text that starts with "order 7 paid"` },
  { it: "what only begins as zlib", data: "\x78\x9c\x00", error: `${expected}, got 3 bytes of something else` },
])("does not recognise bytes that are $it", ({ data, error }) => {
  expect(() => recogniseData(Buffer.from(data, "latin1"), none)).toThrow(error);
});
