import { expect, test } from "vitest";
import { anyValue, contextOf, keyValues, logRequest, type Plain, plain, run } from "../testing.ts";

const contextWith = (body: Plain) =>
  contextOf(
    "log",
    logRequest({
      timeUnixNano: "1700000000000000001",
      observedTimeUnixNano: "2000",
      severityNumber: 9,
      severityText: "Info",
      body: anyValue(body),
      attributes: keyValues({ a: "x" }),
      droppedAttributesCount: 1,
      flags: 1,
      traceId: "000102030405060708090a0b0c0d0e0f",
      eventName: "event",
    }),
  );

const context = () => contextWith({ a: { b: "deep" }, l: [1n] });

test.for<[path: string, value: Plain]>([
  ["time_unix_nano", 1_700_000_000_000_000_001n],
  ["String(time)", '"2023-11-14T22:13:20.000000001Z"'],
  ["observed_time_unix_nano", 2000n],
  ["UnixNano(observed_time)", 2000n],
  ["severity_number", 9n],
  ["severity_text", "Info"],
  ["body", { a: { b: "deep" }, l: [1n] }],
  ['body["a"]["b"]', "deep"],
  ['body["nope"]', undefined],
  ["body.string", '{"a":{"b":"deep"},"l":[1]}'],
  ["attributes", { a: "x" }],
  ["dropped_attributes_count", 1n],
  ["flags", 1n],
  ["log.flags", 1n],
  ["trace_id.string", "000102030405060708090a0b0c0d0e0f"],
  ["span_id.string", "0000000000000000"],
  ["event_name", "event"],
])("%s is read", ([path, value]) => {
  const own = context();
  expect(run(`set(cache["r"], ${path})`, "log", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[statement: string, path: string, value: Plain]>([
  ["set(time_unix_nano, 7)", "time_unix_nano", 7n],
  ["set(observed_time, time)", "observed_time_unix_nano", 1_700_000_000_000_000_001n],
  ["set(severity_number, SEVERITY_NUMBER_ERROR3)", "severity_number", 19n],
  ['set(severity_text, "E")', "severity_text", "E"],
  ["set(body, attributes)", "body", { a: "x" }],
  ['set(body["a"]["c"], 2)', "body", { a: { b: "deep", c: 2n }, l: [1n] }],
  ['set(body["l"][0], "x")', "body", { a: { b: "deep" }, l: ["x"] }],
  ['set(body.string, "t")', "body", "t"],
  ["set(dropped_attributes_count, 3)", "dropped_attributes_count", 3n],
  ["set(flags, 2)", "flags", 2n],
  ['set(span_id.string, "a1a2a3a4a5a6a7a8")', "span_id.string", "a1a2a3a4a5a6a7a8"],
  ['set(event_name, "other")', "event_name", "other"],
])("%s", ([statement, path, value]) => {
  const own = context();
  expect(run([statement, `set(cache["r"], ${path})`], "log", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[it: string, body: Plain, failure: string]>([
  ["a text", "t", "fails: log bodies of type Str cannot be indexed"],
  ["an int", 1n, "fails: log bodies of type Int cannot be indexed"],
  ["a double", 1.5, "fails: log bodies of type Double cannot be indexed"],
  ["a truth value", true, "fails: log bodies of type Bool cannot be indexed"],
  ["bytes", Uint8Array.of(1), "fails: log bodies of type Bytes cannot be indexed"],
  ["nothing", undefined, "fails: log bodies of type Empty cannot be indexed"],
])("a body that is %s has no keys", ([, body, failure]) => {
  expect(run('set(cache["r"], body["a"])', "log", contextWith(body))).toBe(failure);
  expect(run('set(body["a"], 1)', "log", contextWith(body))).toBe(failure);
});

test("a body that is a list has items", () => {
  const own = contextWith(["a", "b"]);
  expect(run(["set(body[0], body[1])"], "log", own)).toBeUndefined();
  expect(plain(own.log.body)).toEqual(["b", "b"]);
});
