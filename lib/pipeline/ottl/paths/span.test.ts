import { expect, test } from "vitest";
import { contextOf, keyValues, type Plain, plain, run, spanRequest } from "../testing.ts";

const context = () =>
  contextOf(
    "span",
    spanRequest(
      {
        traceId: "000102030405060708090a0b0c0d0e0f",
        spanId: "0001020304050607",
        parentSpanId: "0a0b0c0d0e0f0001",
        traceState: "a=1,b=2",
        name: "GET /",
        kind: 2,
        startTimeUnixNano: "1000",
        endTimeUnixNano: "3000",
        attributes: keyValues({ a: "x" }),
        droppedAttributesCount: 1,
        events: [{ name: "one" }, { name: "two" }],
        droppedEventsCount: 2,
        links: [{ spanId: "0001020304050607" }],
        droppedLinksCount: 3,
        status: { code: 2, message: "bad" },
        flags: 257,
      },
      { attributes: keyValues({ "service.name": "shop" }), droppedAttributesCount: 4 },
      { name: "lib", version: "1", attributes: keyValues({ s: 1n }), droppedAttributesCount: 5 },
    ),
  );

test.for<[path: string, value: Plain]>([
  ["trace_id.string", "000102030405060708090a0b0c0d0e0f"],
  ["String(trace_id)", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]"],
  ["span_id.string", "0001020304050607"],
  ["parent_span_id.string", "0a0b0c0d0e0f0001"],
  ["trace_state", "a=1,b=2"],
  ['trace_state["b"]', "2"],
  ["name", "GET /"],
  ["span.name", "GET /"],
  ["kind", 2n],
  ["kind.string", "Server"],
  ["kind.deprecated_string", "SPAN_KIND_SERVER"],
  ["start_time_unix_nano", 1000n],
  ["end_time_unix_nano", 3000n],
  ["Nanoseconds(end_time - start_time)", 2000n],
  ["attributes", { a: "x" }],
  ['attributes["a"]', "x"],
  ["dropped_attributes_count", 1n],
  ["Len(events)", 2n],
  ["dropped_events_count", 2n],
  ["Len(links)", 1n],
  ["dropped_links_count", 3n],
  ["status.code", 2n],
  ["status.message", "bad"],
  ["flags", 257n],
  ['resource.attributes["service.name"]', "shop"],
  ["resource.dropped_attributes_count", 4n],
  ["instrumentation_scope.name", "lib"],
  ["scope.version", "1"],
  ['scope.attributes["s"]', 1n],
  ["scope.dropped_attributes_count", 5n],
  ["IsRootSpan()", false],
])("%s is read", ([path, value]) => {
  const own = context();
  expect(run(`set(cache["r"], ${path})`, "span", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[statement: string, path: string, value: Plain]>([
  ['set(trace_id.string, "ff0102030405060708090a0b0c0d0e0f")', "trace_id.string", "ff0102030405060708090a0b0c0d0e0f"],
  ['set(trace_id, TraceID("FF0102030405060708090A0B0C0D0E0F"))', "trace_id.string", "ff0102030405060708090a0b0c0d0e0f"],
  ["set(parent_span_id, span_id)", "parent_span_id.string", "0001020304050607"],
  ['set(trace_state["b"], "9")', "trace_state", "b=9,a=1"],
  ['set(trace_state, "x=1")', "trace_state", "x=1"],
  ['set(name, "new")', "name", "new"],
  ["set(kind, SPAN_KIND_CLIENT)", "kind.string", "Client"],
  ['set(kind.string, "Consumer")', "kind", 5n],
  ['set(kind.deprecated_string, "SPAN_KIND_PRODUCER")', "kind", 4n],
  ["set(start_time_unix_nano, 5)", "start_time_unix_nano", 5n],
  ["set(end_time, start_time)", "end_time_unix_nano", 1000n],
  ['set(attributes, {"b": 1})', "attributes", { b: 1n }],
  ["set(dropped_attributes_count, 9)", "dropped_attributes_count", 9n],
  ["set(dropped_events_count, 9)", "dropped_events_count", 9n],
  ["set(dropped_links_count, 9)", "dropped_links_count", 9n],
  ["set(status.code, STATUS_CODE_OK)", "status.code", 1n],
  ['set(status.message, "fine")', "status.message", "fine"],
  ["set(flags, 1)", "flags", 1n],
  ['set(resource.attributes["r"], true)', 'resource.attributes["r"]', true],
  ['set(resource.schema_url, "u")', "resource.schema_url", "u"],
  ['set(scope.name, "other")', "instrumentation_scope.name", "other"],
  ['set(scope.schema_url, "v")', "scope.schema_url", "v"],
])("%s", ([statement, path, value]) => {
  const own = context();
  expect(run([statement, `set(cache["r"], ${path})`], "span", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[statement: string, failure: string]>([
  ["set(name, 1)", "fails: expects string but got int64"],
  ['set(kind, "Server")', "fails: expects int64 but got string"],
  ['set(kind.string, "Servant")', "fails: unknown span kind string, Servant"],
  ['set(trace_id.string, "xyz")', 'fails: TraceID should be 32 hex digits, got "xyz"'],
  ["set(span_id, trace_id)", "fails: expects pcommon.SpanID but got pcommon.TraceID"],
  ["set(start_time, 5)", "fails: expects time.Time but got int64"],
  ["set(status, 1)", "fails: the status can't be written as a whole, only its code and message"],
  ['set(attributes["x"], events)', "fails: unsupported value type: ptrace.SpanEventSlice"],
])("%s", ([statement, failure]) => {
  expect(run(statement, "span", context())).toBe(failure);
});

test("a span without a parent is a root", () => {
  const own = contextOf("span", spanRequest({ name: "root" }));
  expect(
    run(['set(attributes["root"], IsRootSpan())', 'set(attributes["p"], parent_span_id.string)'], "span", own),
  ).toBeUndefined();
  expect(plain(own.span.attributes)).toEqual({ root: true, p: "0000000000000000" });
});
