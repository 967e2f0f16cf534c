/** For tests and benchmarks: OTLP as protobufjs reads it, from the protos' text, and payloads made from a seed. */
import protobuf from "protobufjs";
import { type Field, type Message, requests, type Signal } from "./schema.ts";

const { root } = protobuf.parse(`syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4;
  ArrayValue array_value = 5; KeyValueList kvlist_value = 6; bytes bytes_value = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message EntityRef { string schema_url = 1; string type = 2; repeated string id_keys = 3; repeated string description_keys = 4; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; repeated EntityRef entity_refs = 3; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message Span { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; fixed32 flags = 16;
  string name = 5; int32 kind = 6; fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10; repeated Event events = 11; uint32 dropped_events_count = 12; repeated Link links = 13;
  uint32 dropped_links_count = 14; Status status = 15; }
message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; uint32 dropped_attributes_count = 4; }
message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4;
  uint32 dropped_attributes_count = 5; fixed32 flags = 6; }
message Status { string message = 2; int32 code = 3; }
message ExportLogsServiceRequest { repeated ResourceLogs resource_logs = 1; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; string schema_url = 3; }
message ScopeLogs { InstrumentationScope scope = 1; repeated LogRecord log_records = 2; string schema_url = 3; }
message LogRecord { fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2; string severity_text = 3;
  AnyValue body = 5; repeated KeyValue attributes = 6; uint32 dropped_attributes_count = 7; fixed32 flags = 8; bytes trace_id = 9;
  bytes span_id = 10; string event_name = 12; }
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message Metric { string name = 1; string description = 2; string unit = 3; oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
  ExponentialHistogram exponential_histogram = 10; Summary summary = 11; } repeated KeyValue metadata = 12; }
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message ExponentialHistogram { repeated ExponentialHistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
message Summary { repeated SummaryDataPoint data_points = 1; }
message NumberDataPoint { repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; } repeated Exemplar exemplars = 5; uint32 flags = 8; }
message HistogramDataPoint { repeated KeyValue attributes = 9; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
  optional double sum = 5; repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated Exemplar exemplars = 8;
  uint32 flags = 10; optional double min = 11; optional double max = 12; }
message ExponentialHistogramDataPoint { repeated KeyValue attributes = 1; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3;
  fixed64 count = 4; optional double sum = 5; sint32 scale = 6; fixed64 zero_count = 7; Buckets positive = 8; Buckets negative = 9;
  uint32 flags = 10; repeated Exemplar exemplars = 11; optional double min = 12; optional double max = 13; double zero_threshold = 14; }
message Buckets { sint32 offset = 1; repeated uint64 bucket_counts = 2; }
message SummaryDataPoint { repeated KeyValue attributes = 7; fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4;
  double sum = 5; repeated ValueAtQuantile quantile_values = 6; uint32 flags = 8; }
message ValueAtQuantile { double quantile = 1; double value = 2; }
message Exemplar { repeated KeyValue filtered_attributes = 7; fixed64 time_unix_nano = 2; oneof value { double as_double = 3; sfixed64 as_int = 6; }
  bytes span_id = 4; bytes trace_id = 5; }`);

/** A message as a plain object: 64-bit integers as text, bytes as base64, no defaults. */
export type Plain = { [name: string]: unknown };

export function encodePlain(signal: Signal, plain: Plain): Uint8Array {
  const type = root.lookupType(requests[signal].name);
  return new Uint8Array(type.encode(type.fromObject(plain)).finish());
}

/** Decodes with protobufjs. Fields that mean the same whether they are empty or absent are left out when they are empty. */
export function decodePlain(signal: Signal, bytes: Uint8Array): Plain {
  const type = root.lookupType(requests[signal].name);
  const plain = type.toObject(type.decode(bytes), { longs: String, bytes: String });
  return prune(requests[signal], plain);
}

function prune(message: Message, plain: Plain): Plain {
  for (const field of message.fields) {
    const value = plain[field.jsonName];
    if (value === undefined) continue;
    if (field.message === undefined) {
      const isDefault = value === "" || value === 0 || value === "0" || value === false;
      if (isDefault && !field.presence) delete plain[field.jsonName];
      continue;
    }
    for (const item of Array.isArray(value) ? value : [value]) prune(field.message, item);
    if (field.always && Object.keys(Object(value)).length === 0) delete plain[field.jsonName];
  }
  return plain;
}

/** Numbers in [0, 1) that are the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A request of all kinds of fields, present or not, from a seed. */
export function randomRequest(signal: Signal, seed: number): Plain {
  return randomMessage(requests[signal], randomFrom(seed), 0);
}

function randomMessage(message: Message, random: () => number, depth: number): Plain {
  const plain: Plain = {};
  const members = message.fields.filter(field => field.oneof);
  const chosen = members[Math.floor(random() * (members.length + 1))];
  for (const field of message.fields) {
    const leads = field.repeated && field.message !== undefined && depth < 3; // to the items
    if (field.number === 1000 || (field.oneof ? field !== chosen : !leads && random() < 0.3)) continue;
    if (field.message !== undefined && depth > 12) continue;
    const length = (leads ? 1 : 0) + Math.floor(random() * (depth < 2 ? 2 : 4));
    plain[field.jsonName] = field.repeated
      ? Array.from({ length }, () => randomValue(field, random, depth))
      : randomValue(field, random, depth);
  }
  return plain;
}

const words = ["", "a", "http.route", "GET", "ünï", "日本語", "🙂 emoji", "x".repeat(130), "service.name", "k"];
const doubles = [0, 1, -1.5, 1e300, 5e-324, Number.MAX_VALUE, 0.1];
const longs = ["0", "1", "127", "128", "9007199254740993", "9223372036854775807", "1700000000000000000"];

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T; // below the length
}

/** A value that the field's type can hold, as protobufjs writes it in objects. */
export function randomValue(field: Field, random: () => number, depth: number): unknown {
  if (field.message !== undefined) return randomMessage(field.message, random, depth + 1);
  switch (field.type) {
    case "string":
      return pick(words, random);
    case "bytes":
      return randomBytes(Math.floor(random() * 5), random);
    case "traceId":
      return randomBytes(16, random);
    case "spanId":
      return random() < 0.2 ? "" : randomBytes(8, random);
    case "bool":
      return random() < 0.5;
    case "double":
      return pick(doubles, random);
    case "uint32":
    case "fixed32":
      return pick([0, 1, 300, 2 ** 32 - 1], random);
    case "fixed64":
      return pick(longs, random);
    case "uint64":
      return pick([...longs, "18446744073709551615"], random);
    case "int64":
    case "sfixed64":
      return pick([...longs, "-1", "-9223372036854775808"], random);
    default:
      return pick([0, 1, 2, 5, -1, -300, 2 ** 31 - 1], random); // enum, int32, sint32
  }
}

function randomBytes(length: number, random: () => number): string {
  return Buffer.from(Array.from({ length }, () => 1 + Math.floor(random() * 255))).toString("base64");
}
