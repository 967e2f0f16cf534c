import { expect, test } from "vitest";
import { canonicalise, isCanonical } from "./canonical.ts";
import { Document } from "./node.ts";
import type { Signal } from "./schema.ts";
import { validate, validateAndIndex } from "./validate.ts";

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** A field of a message: tag and content, as hex. */
function nest(tag: string, ...parts: readonly string[]): string {
  const content = parts.join("").replaceAll(" ", "");
  return `${tag}${(content.length / 2).toString(16).padStart(2, "0")}${content}`;
}

const traces = (...span: readonly string[]) => nest("0a", nest("0a"), nest("12", nest("0a"), nest("12", ...span)));
const ids = "0a00 1200 2200";
const whole = `${ids} 7a00`;
const id = "000102030405060708090a0b0c0d0e0f";

test.for<{ it: string; signal?: Signal; hex: string; message: string }>([
  { it: "text", hex: Buffer.from("garbage").toString("hex"), message: "field 12 should have a known wire type, got 7" },
  { it: "a cut varint", hex: "0a80", message: "message should go on inside a varint, got its end" },
  {
    it: "a cut message",
    hex: "0a05 0a00",
    message: "field 1 of ExportTraceServiceRequest should end within it, got 3 bytes more",
  },
  { it: "a wrong wire type", hex: traces("2801"), message: "Span.name should have wire type 2, got 0" },
  {
    it: "a wrong wire type of a message",
    hex: "0801",
    message: "ExportTraceServiceRequest.resource_spans should have wire type 2, got 0",
  },
  { it: "a wire type that does not exist", hex: "0f00", message: "field 1 should have a known wire type, got 7" },
  {
    it: "a short trace id",
    hex: traces(nest("0a", "0102")),
    message: "Span.trace_id should have 16 bytes or none, got 2",
  },
  {
    it: "a long span id",
    hex: traces(nest("12", `${id}00`)),
    message: "Span.span_id should have 8 bytes or none, got 17",
  },
  {
    it: "a varint without end",
    hex: traces(`30${"ff".repeat(11)}`),
    message: "varint should have 10 bytes at most, got more",
  },
  { it: "a length beyond all bounds", hex: "0affffffffffffffffff01", message: "varint should fit 32 bits, got more" },
  { it: "field number 0", hex: "0200", message: "field number of ExportTraceServiceRequest should be above 0, got 0" },
  { it: "a group without end", hex: "1b0801", message: "group should end, got the end of its message" },
  { it: "an end without its group", hex: "1c", message: "field 3 should have a known wire type, got 4" },
  {
    it: "a list of fixed numbers with a part of one",
    signal: "metrics",
    hex: nest("0a", nest("12", nest("12", nest("4a", nest("0a", nest("32", "01020304")))))),
    message: "HistogramDataPoint.bucket_counts should have 8 bytes a number, got 4 bytes",
  },
])("refuses $it", ({ signal = "traces", hex, message }) => {
  const refusal = expect.objectContaining({ name: "WireError", message });
  expect(() => validate(signal, bytesOf(hex))).toThrow(refusal);
  expect(() => validateAndIndex(signal, new Document(bytesOf(hex)).root)).toThrow(refusal);
});

test.for<{ it: string; signal?: Signal; hex: string; out?: string }>([
  { it: "leaves an empty request as it is", hex: "" },
  { it: "leaves what Alloy writes as it is", hex: traces(whole) },
  { it: "leaves unknown fields where they are", hex: traces(whole, "9a0601aa 9b060801 9c06") },
  { it: "leaves text that is not UTF-8 as it is", hex: traces("2a02fffe", whole) },
  { it: "adds ids and status", hex: traces("2a0161"), out: traces("2a0161", whole) },
  { it: "adds a status only", hex: traces(ids, "2a0161"), out: traces(ids, "2a0161", "7a00") },
  {
    it: "adds resource and scope",
    hex: nest("0a", nest("12", nest("12", whole))),
    out: nest("0a", nest("12", nest("12", whole), "0a00"), "0a00"),
  },
  { it: "makes ids of zeros empty", hex: traces(nest("0a", "00".repeat(16)), "12002200", "7a00"), out: traces(whole) },
  { it: "leaves zeros out", hex: traces("3000 2a00", whole, "390000000000000000"), out: traces(whole) },
  { it: "keeps an empty value's kind", hex: traces(nest("4a", "0a0161", "12020a00"), whole) },
  {
    it: "adds the value of an attribute",
    hex: traces(nest("4a", "0a0161"), whole),
    out: traces(nest("4a", "0a0161", "1200"), whole),
  },
  {
    it: "moves scope spans from their old number",
    hex: nest("0a", "0a00", nest("c23e", nest("0a"), nest("12", "2a0161", whole))),
    out: nest("0a", "0a00", nest("12", nest("0a"), nest("12", "2a0161", whole))),
  },
  {
    it: "drops scope spans at their old number beside present ones",
    hex: nest("0a", "0a00", nest("c23e", nest("0a")), nest("12", nest("0a"))),
    out: nest("0a", "0a00", nest("12", nest("0a"))),
  },
  {
    it: "keeps a sum of zero and adds buckets",
    signal: "metrics",
    hex: nest("0a", "0a00", nest("12", "0a00", nest("12", nest("52", nest("0a", "290000000000000000"))))),
    out: nest("0a", "0a00", nest("12", "0a00", nest("12", nest("52", nest("0a", "290000000000000000", "4200 4a00"))))),
  },
])("$it", ({ signal = "traces", hex, out }) => {
  const bytes = bytesOf(hex);
  const canonical = canonicalise(signal, bytes);
  expect(hexOf(canonical)).toBe((out ?? hex).replaceAll(" ", ""));
  expect(isCanonical(signal, bytes)).toBe(out === undefined);
  if (out === undefined) expect(canonical).toBe(bytes);
  expect(isCanonical(signal, canonical)).toBe(true);
  expect(() => validate(signal, canonical)).not.toThrow();
});

const pair = (...value: readonly string[]) => traces(whole, nest("4a", "0a0161", ...value));

test.for([
  {
    it: "a value that ends before its pair",
    hex: pair("12030a016100"),
    message: "field 0 should end within its message, got 1 bytes more",
  },
  {
    it: "a text longer than its value",
    hex: pair("12030a0261"),
    message: "field 1 of AnyValue should end within it, got 1 bytes more",
  },
  {
    it: "a text shorter than its value",
    hex: pair("12040a006100"),
    message: "field 12 of AnyValue should end within it, got 7 bytes more",
  },
  {
    it: "an integer that goes on behind its value",
    hex: pair("120218ff"),
    message: "field 3 should end within its message, got 1 bytes more",
  },
  {
    it: "an integer without end",
    hex: pair(`120c18${"ff".repeat(11)}`),
    message: "varint should have 10 bytes at most, got more",
  },
  {
    it: "a double that is cut",
    hex: pair("12082100000000000000"),
    message: "field 4 of AnyValue should end within it, got 1 bytes more",
  },
  { it: "a bool as text", hex: pair("12021200"), message: "AnyValue.bool_value should have wire type 0, got 2" },
  {
    it: "a key as a number",
    hex: traces(whole, nest("4a", "0801", "1200")),
    message: "KeyValue.key should have wire type 2, got 0",
  },
  {
    it: "a key longer than its pair",
    hex: traces(whole, nest("4a", "0a1261")),
    message: "field 1 of KeyValue should end within it, got 17 bytes more",
  },
])("refuses $it", ({ hex, message }) => {
  expect(() => validate("traces", bytesOf(hex))).toThrow(expect.objectContaining({ name: "WireError", message }));
});

test.for([
  { it: "sees scope spans at their old number", hex: nest("0a", "0a00", nest("c23e", nest("0a"))), oldScopes: true },
  { it: "sees present ones", hex: traces(whole), oldScopes: false },
  {
    it: "does not take the old number in ids for them",
    hex: traces(nest("0a", "c23e".repeat(8)), whole),
    oldScopes: false,
  },
])("$it", ({ hex, oldScopes }) => {
  const bytes = bytesOf(hex);
  expect(validate("traces", bytes).oldScopes).toBe(oldScopes);
  expect(validateAndIndex("traces", new Document(bytes).root).oldScopes).toBe(oldScopes);
});
