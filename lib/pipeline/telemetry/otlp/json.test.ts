import { describe, expect, test } from "vitest";
import { canonicalise, isCanonical } from "./canonical.ts";
import { requestFromJson } from "./json-read.ts";
import { requestToJson } from "./json-write.ts";
import { Logs } from "./logs.ts";
import type { Signal } from "./schema.ts";
import { decodePlain, encodePlain, randomRequest } from "./testing.ts";
import { validate } from "./validate.ts";

const jsonOf = (signal: Signal, bytes: Uint8Array): string => Buffer.from(requestToJson(signal, bytes)).toString();

const signals: readonly Signal[] = ["traces", "logs", "metrics"];
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe.for(signals)("%s", signal => {
  test.for([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("go to JSON and back, seed %i", seed => {
    const bytes = encodePlain(signal, randomRequest(signal, seed));
    const json = jsonOf(signal, bytes);
    const back = requestFromJson(signal, json);
    expect(decodePlain(signal, back)).toEqual(decodePlain(signal, bytes));
    expect(jsonOf(signal, back)).toBe(json);
    expect(() => validate(signal, back)).not.toThrow();
    expect(isCanonical(signal, back)).toBe(true);
  });

  test("JSON gives the fields that Alloy's encoder writes, as the canonical form does", () => {
    const bytes = encodePlain(signal, randomRequest(signal, 5));
    expect(decodePlain(signal, canonicalise(signal, bytes))).toEqual(decodePlain(signal, bytes));
    expect(requestFromJson(signal, jsonOf(signal, bytes)).length).toBe(canonicalise(signal, bytes).length);
  });
});

/** The request with one log record. */
const withLog = (record: string): string => `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
const withBody = (body: string): string => withLog(`{"body":${body}}`);
const withSpan = (span: string): string => `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
const withPoint = (kind: string, point: string): string =>
  `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"${kind}":{"dataPoints":[${point}]}}]}]}]}`;

/** What the record becomes when it is written as JSON again, without what is around it. */
function logOf(json: string): unknown {
  return Object(JSON.parse(jsonOf("logs", requestFromJson("logs", json)))).resourceLogs[0].scopeLogs[0].logRecords[0];
}

function spanOf(json: string): unknown {
  return Object(JSON.parse(jsonOf("traces", requestFromJson("traces", json)))).resourceSpans[0].scopeSpans[0].spans[0];
}

test.for<{ it: string; body: string; out: unknown }>([
  { it: "keeps text", body: '{"stringValue":"héllo ☃"}', out: { stringValue: "héllo ☃" } },
  { it: "keeps an empty text", body: '{"stringValue":""}', out: { stringValue: "" } },
  { it: "takes null as an empty text", body: '{"stringValue":null}', out: { stringValue: "" } },
  { it: "takes null as an empty value", body: "null", out: {} },
  { it: "takes an integer as a number", body: '{"intValue":42}', out: { intValue: "42" } },
  {
    it: "takes an integer as text",
    body: '{"intValue":"-9223372036854775808"}',
    out: { intValue: "-9223372036854775808" },
  },
  { it: "takes leading zeros", body: '{"intValue":"007"}', out: { intValue: "7" } },
  {
    it: "keeps all digits of a long number",
    body: '{"intValue":9007199254740993}',
    out: { intValue: "9007199254740993" },
  },
  { it: "takes a double as a number", body: '{"doubleValue":-0.5}', out: { doubleValue: -0.5 } },
  {
    it: "takes a long integer as a double",
    body: '{"doubleValue":9007199254740993}',
    out: { doubleValue: 9007199254740992 },
  },
  { it: "takes a double as text", body: '{"doubleValue":"1e3"}', out: { doubleValue: 1000 } },
  { it: "keeps NaN", body: '{"doubleValue":"NaN"}', out: { doubleValue: "NaN" } },
  { it: "keeps infinity", body: '{"doubleValue":"-Infinity"}', out: { doubleValue: "-Inf" } },
  { it: "keeps a negative zero", body: '{"doubleValue":"-0"}', out: { doubleValue: -0 } },
  { it: "keeps bytes", body: '{"bytesValue":"AAEC/w=="}', out: { bytesValue: "AAEC/w==" } },
  { it: "keeps false", body: '{"boolValue":false}', out: { boolValue: false } },
  { it: "keeps an empty list", body: '{"arrayValue":{}}', out: { arrayValue: {} } },
  {
    it: "keeps nested values, empty ones too, by either spelling of names",
    body: '{"kvlist_value":{"values":[{"key":"a","value":{"array_value":{"values":[{},{"string_value":"x"}]}}},{"key":"b"}]}}',
    out: {
      kvlistValue: {
        values: [
          { key: "a", value: { arrayValue: { values: [{}, { stringValue: "x" }] } } },
          { key: "b", value: {} },
        ],
      },
    },
  },
  { it: "takes the last of two kinds", body: '{"intValue":"1","stringValue":"x"}', out: { stringValue: "x" } },
  { it: "skips unknown fields", body: '{"future":{"x":[1,{"y":null}]},"intValue":1}', out: { intValue: "1" } },
])("a body $it", ({ body, out }) => {
  expect(logOf(withBody(body))).toEqual({ body: out });
});

test.for<{ it: string; record: string; out: unknown }>([
  {
    it: "takes an enum by its name",
    record: '{"severityNumber":"SEVERITY_NUMBER_WARN2"}',
    out: { severityNumber: 14, body: {} },
  },
  { it: "keeps numbers that name nothing", record: '{"severityNumber":-1}', out: { severityNumber: -1, body: {} } },
  {
    it: "takes names with underscores",
    record: '{"time_unix_nano":"5","event_name":"e"}',
    out: { timeUnixNano: "5", eventName: "e", body: {} },
  },
  {
    it: "keeps a number of nanoseconds to the last digit",
    record: '{"timeUnixNano":1544712660123456789,"observedTimeUnixNano": 1544712660123456789}',
    out: { timeUnixNano: "1544712660123456789", observedTimeUnixNano: "1544712660123456789", body: {} },
  },
  {
    it: "takes ids in upper case",
    record: '{"spanId":"00112233AABBCCDD"}',
    out: { spanId: "00112233aabbccdd", body: {} },
  },
  { it: "takes zeros as no id", record: '{"spanId":"0000000000000000"}', out: { body: {} } },
  { it: "leaves zeros out", record: '{"flags":0,"severityText":"","attributes":[]}', out: { body: {} } },
  { it: "takes null as no list", record: '{"attributes":null}', out: { body: {} } },
])("a log record $it", ({ record, out }) => {
  expect(logOf(withLog(record))).toEqual(out);
});

test.for<{ it: string; span: string; out: unknown }>([
  { it: "keeps kind 7", span: '{"kind":7}', out: { kind: 7, status: {} } },
  { it: "keeps kind -1", span: '{"kind":-1}', out: { kind: -1, status: {} } },
  {
    it: "takes enums by name",
    span: '{"kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"}}',
    out: { kind: 3, status: { code: 2 } },
  },
])("a span $it", ({ span, out }) => {
  expect(spanOf(withSpan(span))).toEqual(out);
});

test.for<{ it: string; signal: Signal; json: string; out: string }>([
  { it: "span", signal: "traces", json: withSpan("{}"), out: "0a10 120c 1208 0a00 1200 2200 7a00 0a00 0a00" },
  {
    it: "link",
    signal: "traces",
    json: withSpan('{"links":[{}]}'),
    out: "0a16 1212 120e 6a04 0a00 1200 0a00 1200 2200 7a00 0a00 0a00",
  },
  { it: "log record", signal: "logs", json: withLog("{}"), out: "0a0e 120a 1206 2a00 4a00 5200 0a00 0a00" },
  {
    it: "attribute",
    signal: "logs",
    json: withLog('{"attributes":[{"key":"k"}]}'),
    out: "0a15 1211 120d 3205 0a016b 1200 2a00 4a00 5200 0a00 0a00",
  },
  {
    it: "point and exemplar",
    signal: "metrics",
    json: withPoint("exponentialHistogram", '{"exemplars":[{}]}'),
    out: "0a16 1212 120e 520c 0a0a 5a04 2200 2a00 4200 4a00 0a00 0a00",
  },
])("a $it has every field that Alloy always writes, empty where it is absent", ({ signal, json, out }) => {
  expect(hex(requestFromJson(signal, json))).toBe(out.replaceAll(" ", ""));
});

test("fields are written in the order of the protos, whatever their order was", () => {
  const json = withSpan(
    '{"status":{"code":2,"message":"m"},"attributes":[{"value":{"intValue":1},"key":"a"}],"name":"n","flags":1,"spanId":"0011223344556677"}',
  );
  expect(jsonOf("traces", requestFromJson("traces", json))).toBe(
    '{"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{"spanId":"0011223344556677","flags":1,"name":"n",' +
      '"attributes":[{"key":"a","value":{"intValue":"1"}}],"status":{"message":"m","code":2}}]}]}]}',
  );
});

/** One resource group with these fields. */
const groupOf = (hex: string): Uint8Array => {
  const content = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return Buffer.concat([Buffer.from([0x0a, content.length]), content]);
};

test.for<{ it: string; hex: string; json: string }>([
  { it: "the last of a field counts", hex: "1a0161 1a0162", json: '"resource":{},"schemaUrl":"b"' },
  { it: "the last of a field counts if it is empty too", hex: "1a0161 1a00", json: '"resource":{}' },
  {
    it: "messages of which there is one are merged",
    hex: "0a021001 0a070a050a01611200",
    json: '"resource":{"attributes":[{"key":"a","value":{}}],"droppedAttributesCount":1}',
  },
  {
    it: "parts of a list are one list",
    hex: "12020a00 1a0161 12020a00",
    json: '"resource":{},"scopeSpans":[{"scope":{}},{"scope":{}}],"schemaUrl":"a"',
  },
  { it: "unknown fields are left out", hex: "9a0601aa 1a0161", json: '"resource":{},"schemaUrl":"a"' },
  {
    it: "scope groups at their old number are read",
    hex: "c23e07 0a050a036f6c64",
    json: '"resource":{},"scopeSpans":[{"scope":{"name":"old"}}]',
  },
  {
    it: "scope groups at both numbers are those of the present one",
    hex: "c23e07 0a050a036f6c64 1200",
    json: '"resource":{},"scopeSpans":[{"scope":{}}]',
  },
])("of protobuf, $it", ({ hex, json }) => {
  expect(jsonOf("traces", groupOf(hex))).toBe(`{"resourceSpans":[{${json}}]}`);
});

test("of two kinds in protobuf the last counts", () => {
  const value = groupOf("12150a00 1211 2a05 0a0178 1801 4a005200 0a00 3202 0a00".replaceAll(" ", ""));
  expect(jsonOf("logs", value)).toContain('"body":{"intValue":"1"}');
});

test("scope groups under their old name count where the present one is absent", () => {
  const group = (name: string, text: string) => `"${name}":[{"scope":{"name":"${text}"}}]`;
  const names = (json: string) =>
    Array.from(new Logs(requestFromJson("logs", `{"resourceLogs":[{${json}}]}`)).resourceLogs, ({ scopeLogs }) =>
      Array.from(scopeLogs, ({ scope }) => scope.name),
    );
  expect(names(group("deprecatedScopeLogs", "old"))).toEqual([["old"]]);
  expect(names(`${group("deprecated_scope_logs", "old")},${group("scopeLogs", "new")}`)).toEqual([["new"]]);
});

test.for<{ it: string; signal: Signal; json: string; message: string }>([
  { it: "no text", signal: "traces", json: "", message: "request should be JSON, got Unexpected end of JSON input" },
  {
    it: "an open list",
    signal: "traces",
    json: '{"resourceSpans":[',
    message: "request should be JSON, got Unexpected end of JSON input",
  },
  { it: "a list", signal: "traces", json: "[]", message: "ExportTraceServiceRequest should be an object, got []" },
  {
    it: "text for a list",
    signal: "traces",
    json: '{"resourceSpans":"no"}',
    message: 'ExportTraceServiceRequest.resourceSpans should be an array, got "no"',
  },
  {
    it: "a list for a message",
    signal: "traces",
    json: '{"resourceSpans":[[]]}',
    message: "resourceSpans should be an object, got []",
  },
  {
    it: "a short id",
    signal: "traces",
    json: withSpan('{"traceId":"5b8e"}'),
    message: 'Span.traceId should be 32 hex digits, got "5b8e"',
  },
  {
    it: "an id that is not hex",
    signal: "traces",
    json: withSpan('{"spanId":"eee19b7ec3c1b17z"}'),
    message: 'Span.spanId should be 16 hex digits, got "eee19b7ec3c1b17z"',
  },
  {
    it: "an unknown enum name",
    signal: "traces",
    json: withSpan('{"kind":"SPAN_KIND_NOPE"}'),
    message: 'Span.kind should be a number or name of the enum, got "SPAN_KIND_NOPE"',
  },
  {
    it: "an enum out of range",
    signal: "traces",
    json: withSpan('{"kind":4294967296}'),
    message: "Span.kind should be a number or name of the enum, got 4294967296",
  },
  {
    it: "a time in words",
    signal: "logs",
    json: withLog('{"timeUnixNano":"abc"}'),
    message: 'LogRecord.timeUnixNano should be an integer, got "abc"',
  },
  {
    it: "a negative time",
    signal: "logs",
    json: withLog('{"timeUnixNano":"-1"}'),
    message: 'LogRecord.timeUnixNano should be an integer, got "-1"',
  },
  {
    it: "a time with a fraction",
    signal: "logs",
    json: withLog('{"timeUnixNano":1.5}'),
    message: "LogRecord.timeUnixNano should be an integer, got 1.5",
  },
  {
    it: "an integer with an exponent",
    signal: "logs",
    json: withBody('{"intValue":"1e3"}'),
    message: 'AnyValue.intValue should be an integer, got "1e3"',
  },
  {
    it: "an integer out of range",
    signal: "logs",
    json: withBody('{"intValue":"9223372036854775808"}'),
    message: 'AnyValue.intValue should be an integer, got "9223372036854775808"',
  },
  {
    it: "a long number out of range",
    signal: "logs",
    json: withBody('{"intValue":9223372036854775808}'),
    message: "AnyValue.intValue should be an integer, got 9223372036854775808",
  },
  {
    it: "null for an integer",
    signal: "logs",
    json: withBody('{"intValue":null}'),
    message: "AnyValue.intValue should be an integer, got null",
  },
  {
    it: "a count out of range",
    signal: "logs",
    json: withLog('{"droppedAttributesCount":4294967296}'),
    message: "LogRecord.droppedAttributesCount should be an integer, got 4294967296",
  },
  {
    it: "text for a boolean",
    signal: "logs",
    json: withBody('{"boolValue":"true"}'),
    message: 'AnyValue.boolValue should be a boolean, got "true"',
  },
  {
    it: "a number for text",
    signal: "logs",
    json: withBody('{"stringValue":1}'),
    message: "AnyValue.stringValue should be a string, got 1",
  },
  {
    it: "a kind that is not the last",
    signal: "logs",
    json: withBody('{"intValue":"x","stringValue":"y"}'),
    message: 'AnyValue.intValue should be an integer, got "x"',
  },
  {
    it: "bytes that are not base64",
    signal: "logs",
    json: withBody('{"bytesValue":"a"}'),
    message: 'AnyValue.bytesValue should be base64, got "a"',
  },
  {
    it: "words for a double",
    signal: "metrics",
    json: withPoint("gauge", '{"asDouble":"much"}'),
    message: 'NumberDataPoint.asDouble should be a number, got "much"',
  },
  {
    it: "a double out of range",
    signal: "metrics",
    json: withPoint("gauge", '{"asDouble":"1e999"}'),
    message: 'NumberDataPoint.asDouble should be a number, got "1e999"',
  },
  {
    it: "a negative bucket",
    signal: "metrics",
    json: withPoint("histogram", '{"bucketCounts":["-1"]}'),
    message: 'HistogramDataPoint.bucketCounts should be an integer, got "-1"',
  },
])("refuses $it", ({ signal, json, message }) => {
  expect(() => requestFromJson(signal, json)).toThrow(expect.objectContaining({ name: "WireError", message }));
});

test("JSON as deep as it goes is refused, not a crash", () => {
  const deep = `${'{"arrayValue":{"values":['.repeat(2000)}{}${"]}}".repeat(2000)}`;
  expect(() => requestFromJson("logs", withBody(deep))).toThrow("messages should be at most 1000 deep, got more");
});
