/**
 * What a view on bytes is worth: a request of about 500 KB and 1,000 spans is filtered by an attribute, every span left loses
 * one attribute and gets another, and is encoded again; once through the views, once through a full decode with protobufjs.
 *
 *   node test/bench/otlp-views.ts
 */
import protobuf from "protobufjs";
import { canonicalise } from "../../lib/pipeline/telemetry/otlp/canonical.ts";
import { requestFromJson } from "../../lib/pipeline/telemetry/otlp/json-read.ts";
import { requestToJson } from "../../lib/pipeline/telemetry/otlp/json-write.ts";
import { Traces } from "../../lib/pipeline/telemetry/otlp/traces.ts";
import { validate } from "../../lib/pipeline/telemetry/otlp/validate.ts";
import { attributeKey } from "../../lib/pipeline/telemetry/otlp/value.ts";

const { root } = protobuf.parse(`syntax = "proto3";
  message Any { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
    Array array_value = 5; Map kvlist_value = 6; bytes bytes_value = 7; } }
  message Array { repeated Any values = 1; }
  message Map { repeated Pair values = 1; }
  message Pair { string key = 1; Any value = 2; }
  message Resource { repeated Pair attributes = 1; uint32 dropped_attributes_count = 2; }
  message Scope { string name = 1; string version = 2; repeated Pair attributes = 3; uint32 dropped_attributes_count = 4; }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated Pair attributes = 3; uint32 dropped_attributes_count = 4; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated Pair attributes = 4; uint32 flags = 6; }
  message Status { string message = 2; int32 code = 3; }
  message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5;
    int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated Pair attributes = 9;
    uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12;
    repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message Request { repeated ResourceSpans resource_spans = 1; }`);
const request = root.lookupType("Request");

interface Pair {
  key: string;
  value: Record<string, unknown>;
}
interface Decoded {
  resourceSpans: { scopeSpans: { spans: { attributes: Pair[] }[] }[] }[];
}

const spans = Array.from({ length: 1000 }, (_, i) => ({
  traceId: Uint8Array.from({ length: 16 }, (_, j) => (i * 31 + j * 7 + 1) & 0xff),
  spanId: Uint8Array.from({ length: 8 }, (_, j) => (i * 13 + j * 3 + 1) & 0xff),
  parentSpanId: Uint8Array.from({ length: 8 }, (_, j) => (i * 11 + j * 5 + 1) & 0xff),
  name: `GET /api/v1/users/{id}/orders`,
  kind: 2,
  startTimeUnixNano: "1700000000000000000",
  endTimeUnixNano: "1700000000012345678",
  attributes: [
    { key: "http.request.method", value: { stringValue: "GET" } },
    { key: "url.scheme", value: { stringValue: "https" } },
    { key: "url.path", value: { stringValue: `/api/v1/users/${i}/orders` } },
    { key: "http.route", value: { stringValue: i % 2 === 0 ? "/api/v1/users/{id}/orders" : "/health" } },
    { key: "server.address", value: { stringValue: "shop.example.com" } },
    { key: "server.port", value: { intValue: 443 } },
    { key: "http.response.status_code", value: { intValue: 200 } },
    { key: "user_agent.original", value: { stringValue: "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101" } },
    { key: "client.address", value: { stringValue: "203.0.113.7" } },
    { key: "network.protocol.version", value: { stringValue: "1.1" } },
  ],
  status: { code: 1 },
}));
const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
const input = request
  .encode(request.fromObject({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "lib" }, spans }] }] }))
  .finish();
const bytes = new Uint8Array(input);
const withoutStatus = withoutStatuses();
const text = Buffer.from(requestToJson("traces", bytes)).toString();

const route = attributeKey("http.route");
const agent = attributeKey("user_agent.original");
const environment = attributeKey("deployment.environment.name");

function throughViews(): Uint8Array {
  const traces = new Traces(bytes);
  for (const { scopeSpans } of traces.resourceSpans) {
    for (const { spans } of scopeSpans) {
      spans.removeIf(span => span.attributes.get(route) === "/health");
      for (const { attributes } of spans) {
        attributes.delete(agent);
        attributes.set(environment, "production");
      }
    }
  }
  return traces.encode();
}

function throughObjects(): Uint8Array {
  const decoded = request.decode(bytes) as unknown as Decoded; // the shape that the proto above gives
  for (const { scopeSpans } of decoded.resourceSpans) {
    for (const group of scopeSpans) {
      group.spans = group.spans.filter(
        span => span.attributes.find(({ key }) => key === "http.route")?.value["stringValue"] !== "/health",
      );
      for (const span of group.spans) {
        span.attributes = span.attributes.filter(({ key }) => key !== "user_agent.original");
        span.attributes.push({ key: "deployment.environment.name", value: { stringValue: "production" } });
      }
    }
  }
  return request.encode(decoded as unknown as protobuf.Message).finish();
}

function withoutStatuses(): Uint8Array {
  const traces = new Traces(bytes);
  for (const { scopeSpans } of traces.resourceSpans) {
    for (const { spans } of scopeSpans) for (const { node } of spans) node.clear(0x7a);
  }
  return traces.encode();
}

/** Megabytes of input a second: the best of several rounds, so that other work on the machine counts little. */
function measure(run: () => unknown, size: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 12; round++) {
    const start = process.hrtime.bigint();
    const times = 40;
    for (let i = 0; i < times; i++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / times);
  }
  return (size * 1000) / best;
}

/** The views leave fields where they are, a full encode sorts them. */
const sorted = (result: Uint8Array): Buffer => Buffer.from(request.encode(request.decode(result)).finish());
const same = sorted(throughViews()).equals(sorted(throughObjects()));
const rows: [string, () => unknown, number][] = [
  ["views: filter, delete, insert, encode", throughViews, bytes.length],
  ["protobufjs: the same", throughObjects, bytes.length],
  ["validate", () => validate("traces", bytes), bytes.length],
  ["canonicalise, no status in any span", () => canonicalise("traces", withoutStatus), withoutStatus.length],
  ["spanCount", () => new Traces(bytes).spanCount, bytes.length],
  ["JSON to protobuf (MB of JSON)", () => requestFromJson("traces", text), text.length],
  ["JSON.parse alone", () => JSON.parse(text), text.length],
  ["protobuf to JSON (MB of protobuf)", () => requestToJson("traces", bytes), bytes.length],
];
process.stdout.write(
  `${bytes.length} bytes, ${spans.length} spans; both results ${same ? "are" : "ARE NOT"} the same\n`,
);
for (const [name, run, size] of rows) {
  process.stdout.write(`${name.padEnd(40)} ${measure(run, size).toFixed(0).padStart(6)} MB/s\n`);
}
