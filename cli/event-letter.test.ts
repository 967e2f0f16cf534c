import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { DeadLetter } from "../lib/pipeline/delivery/dead-letters.ts";
import { recorded } from "../test/functions/events.ts";
import { loadProbes } from "../test/functions/probes.ts";
import { prepareEvent, readableEvent } from "./event-letter.ts";

const letterOf = (event: unknown): DeadLetter => ({
  component: "aws.sqs",
  destination: "",
  reason: "nobody takes it",
  time: 0,
  format: "aws_event",
  contentType: "application/json",
  body: Buffer.from(typeof event === "string" ? event : JSON.stringify(event)),
  metadata: {},
});

const base64 = (content: string | Uint8Array) => Buffer.from(content).toString("base64");
const see = "(see content)";

test.for([
  { it: "text of a queue", event: { Records: [{ messageId: "a", body: "order 7" }] }, shown: { Records: [{ messageId: "a", body: see }] }, content: "order 7" },
  { it: "JSON of a queue", event: { Records: [{ body: '{"a":[1]}' }] }, shown: { Records: [{ body: see }] }, content: { a: [1] } },
  { it: "half of a JSON", event: { Records: [{ body: '{"a":' }] }, shown: { Records: [{ body: see }] }, content: '{"a":' },
  { it: "a notification", event: { Records: [{ Sns: { Message: "hello" } }] }, shown: { Records: [{ Sns: { Message: see } }] }, content: "hello" },
  { it: "text of a stream", event: { Records: [{ kinesis: { data: base64("paid") } }] }, shown: { Records: [{ kinesis: { data: see } }] }, content: "paid" },
  { it: "bytes of a stream", event: { Records: [{ kinesis: { data: base64(Uint8Array.of(0xff, 0, 1)) } }] }, shown: { Records: [{ kinesis: { data: see } }] }, content: { base64: "/wAB" } },
  { it: "packed logs", event: { awslogs: { data: base64(gzipSync('{"logGroup":"/a"}')) } }, shown: { awslogs: { data: see } }, content: { logGroup: "/a" } },
  { it: "logs that are cut off", event: { awslogs: { data: base64(gzipSync("abc").subarray(0, 14)) } }, shown: { awslogs: { data: see } }, content: { problem: expect.stringContaining("gzip"), base64: expect.any(String) } },
  { it: "a record of Firehose", event: { records: [{ data: base64("a") }] }, shown: { records: [{ data: see }] }, content: "a" },
  { it: "a record of Kafka", event: { records: { "orders-0": [{ value: base64("a") }] } }, shown: { records: { "orders-0": [{ value: see }] } }, content: "a" },
  { it: "an event of a bus, which is readable as it is", event: { source: "a", detail: { body: "b", data: "c" } }, shown: { source: "a", detail: { body: "b", data: "c" } } },
  { it: "an event that is no object", event: '"ping"', shown: "ping" },
])("$it is shown", ({ event, shown, content }) => {
  expect(readableEvent(letterOf(event))).toEqual({ event: shown, ...(content !== undefined && { content }) });
}); // biome-ignore format: a row is one line

test("a letter that is no JSON is told", () => {
  expect(() => readableEvent(letterOf("{"))).toThrow(/^the letter should be an event in JSON: /);
});

const poison = { ...recorded("sqs-loki-push").Records[0], body: "nothing known" };

test.for([
  { it: "what a component takes by now is sent", config: 'probe.records "a" { format = "loki" }', event: recorded("sqs-loki-push"), error: undefined },
  { it: "of a queue, what is still not taken stays", config: 'probe.records "a" { format = "loki" }', event: { Records: [poison] }, error: { kind: "reject", message: expect.stringMatching(/^message should be OTLP, .*"nothing known"$/) } },
  { it: "of a subscription, what is still not taken stays", config: "", event: recorded("cloudwatch-logs"), error: { kind: "reject", message: expect.stringMatching(/^a component should take cloudwatch_logs/) } },
  { it: "what a backend does not take for now stays", config: 'probe.records "a" { format = "loki"; outcome = "retry" }', event: recorded("sqs-loki-push"), error: { kind: "retry", message: "backend says retry" } },
  { it: "of Firehose, what is refused stays", config: 'probe.records "a" { format = "raw"; sources = ["firehose"]; outcome = "reject" }', event: recorded("firehose-transform"), error: { kind: "reject", message: "backend says reject" } },
])("$it", async ({ config, event, error }) => {
  const { pipeline, seen } = await loadProbes(config);
  const prepared = prepareEvent(pipeline, letterOf(event));
  expect({ ...prepared, send: undefined }).toEqual({ destinations: ["the components that take it"], items: 1, send: undefined });
  const outcome = await prepared.send().then(() => undefined, ({ kind, message }) => ({ kind, message }));
  expect(outcome).toEqual(error);
  if (!error) expect(seen.length).toBe(1);
}); // biome-ignore format: a row is one line
