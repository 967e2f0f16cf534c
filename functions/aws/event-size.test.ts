import { expect, test } from "vitest";
import { eventSize } from "./event-size.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

test.for([
  { it: "a request with text", event: { body: "höher" }, size: { records: 1, bytes: 6 } },
  { it: "a request in base64", event: { body: base64("abcd"), isBase64Encoded: true }, size: { records: 1, bytes: 4 } },
  { it: "a request without a body", event: { version: "2.0" }, size: { records: 1, bytes: 0 } },
  { it: "messages of a queue", event: { Records: [{ body: "abc" }, { body: "d" }] }, size: { records: 2, bytes: 4 } },
  {
    it: "records of Kinesis",
    event: { Records: [{ kinesis: { data: base64("abc") } }] },
    size: { records: 1, bytes: 3 },
  },
  { it: "notifications of SNS", event: { Records: [{ Sns: { Message: "abc" } }] }, size: { records: 1, bytes: 3 } },
  { it: "records of Firehose", event: { records: [{ data: base64("abcde") }] }, size: { records: 1, bytes: 5 } },
  {
    it: "records of Kafka, by topic and partition",
    event: { records: { "a-0": [{ value: base64("ab") }, {}], "b-1": [{ value: base64("c") }] } },
    size: { records: 3, bytes: 3 },
  },
  { it: "a log subscription", event: { awslogs: { data: base64("abc") } }, size: { records: 1, bytes: 3 } },
  { it: "a schedule", event: { amalgam: { schedule: "a.b.c" } }, size: { records: 1, bytes: 0 } },
  { it: "no event at all", event: null, size: { records: 1, bytes: 0 } },
])("$it", ({ event, size }) => {
  expect(eventSize(event)).toEqual(size);
});
