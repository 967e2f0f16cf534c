import { expect, test } from "vitest";
import { compressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { Writer } from "../../lib/pipeline/telemetry/wire.ts";
import { otlpSignalOf, startsLikeLokiPush } from "./recognise-binary.ts";

type Write = (writer: Writer) => void;

/** A message inside another. */
const inside =
  (field: number, ...parts: Write[]): Write =>
  writer => {
    const at = writer.open(field);
    for (const part of parts) part(writer);
    writer.close(at);
  };
const text =
  (field: number, value: string): Write =>
  writer =>
    writer.string(field, value);
const fixed =
  (field: number): Write =>
  writer =>
    writer.double(field, 1);
const number =
  (field: number): Write =>
  writer =>
    writer.int64(field, 3n);

function bytesOf(...parts: Write[]): Uint8Array {
  const writer = new Writer();
  for (const part of parts) part(writer);
  return writer.finish();
}

/** An export request with one item. */
const request = (...item: Write[]) => bytesOf(inside(1, inside(1), inside(2, inside(1), inside(2, ...item))));

test.for([
  {
    it: "a span by its times",
    bytes: request(text(1, "0123456789abcdef"), text(2, "01234567"), text(5, "GET"), fixed(7), fixed(8)),
    signal: "traces",
  },
  { it: "a span without its end", bytes: request(text(1, "0123456789abcdef"), number(6), fixed(7)), signal: "traces" },
  { it: "a log record by its time", bytes: request(fixed(1), text(3, "INFO")), signal: "logs" },
  { it: "a log record with nothing but a body", bytes: request(inside(5, text(1, "x"))), signal: "logs" },
  { it: "a log record with the time of observation", bytes: request(number(2), fixed(11)), signal: "logs" },
  { it: "a metric by its name", bytes: request(text(1, "up"), inside(5)), signal: "metrics" },
  {
    it: "a metric whose name is as long as a trace id",
    bytes: request(text(1, "0123456789abcdef"), text(2, "12345678"), text(3, "s"), inside(5)),
    signal: "metrics",
  },
  { it: "a histogram", bytes: request(text(1, "h"), inside(9)), signal: "metrics" },
  {
    it: "an item behind a resource without any",
    bytes: bytesOf(inside(1), inside(1, inside(2), inside(2, inside(2, fixed(1))))),
    signal: "logs",
  },
])("tells $it", ({ bytes, signal }) => {
  expect(otlpSignalOf(bytes)).toBe(signal);
});

test.for([
  { it: "nothing", bytes: bytesOf() },
  { it: "a request without items", bytes: bytesOf(inside(1, inside(1))) },
  { it: "a request that is cut off", bytes: request(fixed(1)).subarray(0, -1) },
  { it: "a request with something behind it", bytes: Buffer.concat([request(fixed(1)), Buffer.from([0x10, 1])]) },
  { it: "a field that no item has", bytes: request(text(1, "up"), number(4)) },
  { it: "text", bytes: Buffer.from("hello") },
])("does not take $it for OTLP", ({ bytes }) => {
  expect(otlpSignalOf(bytes)).toBeUndefined();
});

const push = (labels: string, line = "a line") =>
  bytesOf(inside(1, text(1, labels), inside(2, inside(1, number(1)), text(2, line))));

test.for([
  { it: "a small push", bytes: compressBlock(push('{app="a"}')), is: true },
  {
    it: "a push of more than a literal's short length",
    bytes: compressBlock(
      push(
        `{app="${"abcdefghij".repeat(3)}"}`,
        "0123456789 unlike everything before it, so that it stays as it is: qwertzuiop",
      ),
    ),
    is: true,
  },
  { it: "a push of many entries", bytes: compressBlock(push('{app="a"}', "x".repeat(100_000))), is: true },
  { it: "a push without compression", bytes: push('{app="a"}'), is: false },
  { it: "compressed bytes of something else", bytes: compressBlock(Buffer.from("hello hello hello")), is: false },
  { it: "a request of OTLP", bytes: request(fixed(1)), is: false },
  { it: "nothing", bytes: new Uint8Array(), is: false },
  { it: "a length alone", bytes: Buffer.from([0xff, 0xff]), is: false },
])("says of $it whether it starts like a Loki push", ({ bytes, is }) => {
  expect(startsLikeLokiPush(bytes)).toBe(is);
});
