/**
 * The messages of OTLP 1.x: number, name and type of each field, as in the published protos. The check of what comes in,
 * JSON in both directions and the answers are driven by it; the views' accessors are checked against it.
 */

export type Scalar =
  | "string"
  | "bytes"
  | "traceId"
  | "spanId"
  | "bool"
  | "enum"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "fixed32"
  | "fixed64"
  | "sfixed64"
  | "double";

export interface Field {
  readonly number: number;
  /** As in the protos. */
  readonly name: string;
  /** As in OTLP/JSON. */
  readonly jsonName: string;
  readonly type: Scalar | "message";
  /** The tag of one value: the number and how it is written. */
  readonly tag: number;
  /** The message of a message field. */
  readonly message: Message | undefined;
  readonly repeated: boolean;
  /** Alloy's encoder writes the field even if it is empty. */
  readonly always: boolean;
  /** The field is there or is not: a zero is written as well. Fields of a oneof are so too. */
  readonly presence: boolean;
  /** At most one of the message's fields with this mark is set. */
  readonly oneof: boolean;
  readonly names: Readonly<Record<string, number>> | undefined;
  readonly isVarint: boolean;
  /** `"name":` as bytes of JSON, once it has been written. */
  jsonKey: Uint8Array | undefined;
  /** Its place among the message's fields. */
  place: number;
}

export class Message {
  readonly name: string;
  /** Filled after all messages exist, as they refer to each other. */
  fields: readonly Field[] = [];
  /** By tag; a list of numbers stands under both the packed and the single tag. */
  readonly byTag: (Field | undefined)[] = [];
  /** By both spellings of the name. */
  readonly byName = new Map<string, Field>();
  /** The fields that are written even if they are empty. */
  readonly always: Field[] = [];
  /** The fields of the oneof, as bits by their places. */
  oneofBits = 0;

  constructor(name: string) {
    this.name = name;
  }

  define(fields: readonly Field[]): void {
    this.fields = fields;
    for (const [place, field] of fields.entries()) {
      field.place = place;
      this.byTag[field.tag] = field;
      if (field.repeated) this.byTag[(field.number << 3) | 2] = field;
      this.byName.set(field.name, field);
      this.byName.set(field.jsonName, field);
      if (field.always) this.always.push(field);
      if (field.oneof) this.oneofBits |= 1 << place;
    }
  }
}

const wireTypes: Readonly<Record<Scalar | "message", number>> = {
  string: 2,
  bytes: 2,
  traceId: 2,
  spanId: 2,
  message: 2,
  bool: 0,
  enum: 0,
  int32: 0,
  int64: 0,
  uint32: 0,
  uint64: 0,
  sint32: 0,
  fixed32: 5,
  fixed64: 1,
  sfixed64: 1,
  double: 1,
};

type Options = Partial<Pick<Field, "repeated" | "always" | "presence" | "oneof" | "names">>;

function field(number: number, name: string, type: Scalar | Message, options: Options = {}): Field {
  const kind = typeof type === "string" ? type : "message";
  const jsonName = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return {
    number,
    name,
    jsonName,
    jsonKey: undefined,
    type: kind,
    tag: (number << 3) | wireTypes[kind],
    message: typeof type === "string" ? undefined : type,
    repeated: options.repeated ?? false,
    always: options.always ?? false,
    presence: options.presence ?? options.oneof ?? false,
    oneof: options.oneof ?? false,
    names: options.names,
    isVarint: wireTypes[kind] === 0,
    place: 0,
  };
}

const many: Options = { repeated: true };
const always: Options = { always: true };
const oneof: Options = { oneof: true };
const optional: Options = { presence: true };

const enumOf = (prefix: string, names: string): Options => ({
  names: Object.fromEntries(names.split(" ").map((name, value) => [prefix + name, value])),
});
/** Makes something at its first use: a function that starts cold knows only the messages that it meets. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const common = once(() => {
  const anyValue = new Message("AnyValue");
  const arrayValue = new Message("ArrayValue");
  const keyValueList = new Message("KeyValueList");
  const keyValue = new Message("KeyValue");
  const scope = new Message("InstrumentationScope");
  const entityRef = new Message("EntityRef");
  const resource = new Message("Resource");

  anyValue.define([
    field(1, "string_value", "string", oneof),
    field(2, "bool_value", "bool", oneof),
    field(3, "int_value", "int64", oneof),
    field(4, "double_value", "double", oneof),
    field(5, "array_value", arrayValue, oneof),
    field(6, "kvlist_value", keyValueList, oneof),
    field(7, "bytes_value", "bytes", oneof),
  ]);
  arrayValue.define([field(1, "values", anyValue, many)]);
  keyValueList.define([field(1, "values", keyValue, many)]);
  keyValue.define([field(1, "key", "string"), field(2, "value", anyValue, always)]);
  scope.define([
    field(1, "name", "string"),
    field(2, "version", "string"),
    field(3, "attributes", keyValue, many),
    field(4, "dropped_attributes_count", "uint32"),
  ]);
  entityRef.define([
    field(1, "schema_url", "string"),
    field(2, "type", "string"),
    field(3, "id_keys", "string", many),
    field(4, "description_keys", "string", many),
  ]);
  resource.define([
    field(1, "attributes", keyValue, many),
    field(2, "dropped_attributes_count", "uint32"),
    field(3, "entity_refs", entityRef, many),
  ]);
  return { keyValue, resource, scope, anyValue };
});

/** The three levels that a request of each signal has above its items. */
function request(signal: "Trace" | "Logs" | "Metrics", plural: string, itemsName: string, item: Message): Message {
  const { resource, scope } = common();
  const whole = new Message(`Export${signal}ServiceRequest`);
  const group = new Message(`Resource${plural}`);
  const inner = new Message(`Scope${plural}`);
  const suffix = plural.toLowerCase();
  whole.define([field(1, `resource_${suffix}`, group, many)]);
  group.define([
    field(1, "resource", resource, always),
    field(2, `scope_${suffix}`, inner, many),
    field(3, "schema_url", "string"),
    field(1000, `deprecated_scope_${suffix}`, inner, many), // where they stood before 2022
  ]);
  inner.define([field(1, "scope", scope, always), field(2, itemsName, item, many), field(3, "schema_url", "string")]);
  return whole;
}

const traces = once(() => {
  const { keyValue } = common();
  const spanKind = enumOf("SPAN_KIND_", "UNSPECIFIED INTERNAL SERVER CLIENT PRODUCER CONSUMER");
  const statusCode = enumOf("STATUS_CODE_", "UNSET OK ERROR");
  const span = new Message("Span");
  const event = new Message("Span.Event");
  const link = new Message("Span.Link");
  const status = new Message("Status");
  span.define([
    field(1, "trace_id", "traceId", always),
    field(2, "span_id", "spanId", always),
    field(3, "trace_state", "string"),
    field(4, "parent_span_id", "spanId", always),
    field(16, "flags", "fixed32"),
    field(5, "name", "string"),
    field(6, "kind", "enum", spanKind),
    field(7, "start_time_unix_nano", "fixed64"),
    field(8, "end_time_unix_nano", "fixed64"),
    field(9, "attributes", keyValue, many),
    field(10, "dropped_attributes_count", "uint32"),
    field(11, "events", event, many),
    field(12, "dropped_events_count", "uint32"),
    field(13, "links", link, many),
    field(14, "dropped_links_count", "uint32"),
    field(15, "status", status, always),
  ]);
  event.define([
    field(1, "time_unix_nano", "fixed64"),
    field(2, "name", "string"),
    field(3, "attributes", keyValue, many),
    field(4, "dropped_attributes_count", "uint32"),
  ]);
  link.define([
    field(1, "trace_id", "traceId", always),
    field(2, "span_id", "spanId", always),
    field(3, "trace_state", "string"),
    field(4, "attributes", keyValue, many),
    field(5, "dropped_attributes_count", "uint32"),
    field(6, "flags", "fixed32"),
  ]);
  status.define([field(2, "message", "string"), field(3, "code", "enum", statusCode)]);
  return request("Trace", "Spans", "spans", span);
});

const logs = once(() => {
  const { anyValue, keyValue } = common();
  const severities = "TRACE DEBUG INFO WARN ERROR FATAL".split(" ");
  const severity = enumOf(
    "SEVERITY_NUMBER_",
    ["UNSPECIFIED", ...severities.flatMap(name => ["", "2", "3", "4"].map(step => name + step))].join(" "),
  );
  const logRecord = new Message("LogRecord");
  logRecord.define([
    field(1, "time_unix_nano", "fixed64"),
    field(11, "observed_time_unix_nano", "fixed64"),
    field(2, "severity_number", "enum", severity),
    field(3, "severity_text", "string"),
    field(5, "body", anyValue, always),
    field(6, "attributes", keyValue, many),
    field(7, "dropped_attributes_count", "uint32"),
    field(8, "flags", "fixed32"),
    field(9, "trace_id", "traceId", always),
    field(10, "span_id", "spanId", always),
    field(12, "event_name", "string"),
  ]);
  return request("Logs", "Logs", "log_records", logRecord);
});

const metrics = once(() => {
  const { keyValue } = common();
  const temporality = enumOf("AGGREGATION_TEMPORALITY_", "UNSPECIFIED DELTA CUMULATIVE");
  const metric = new Message("Metric");
  const gauge = new Message("Gauge");
  const sum = new Message("Sum");
  const histogram = new Message("Histogram");
  const exponentialHistogram = new Message("ExponentialHistogram");
  const summary = new Message("Summary");
  const numberPoint = new Message("NumberDataPoint");
  const histogramPoint = new Message("HistogramDataPoint");
  const exponentialPoint = new Message("ExponentialHistogramDataPoint");
  const buckets = new Message("ExponentialHistogramDataPoint.Buckets");
  const summaryPoint = new Message("SummaryDataPoint");
  const quantile = new Message("SummaryDataPoint.ValueAtQuantile");
  const exemplar = new Message("Exemplar");
  metric.define([
    field(1, "name", "string"),
    field(2, "description", "string"),
    field(3, "unit", "string"),
    field(5, "gauge", gauge, oneof),
    field(7, "sum", sum, oneof),
    field(9, "histogram", histogram, oneof),
    field(10, "exponential_histogram", exponentialHistogram, oneof),
    field(11, "summary", summary, oneof),
    field(12, "metadata", keyValue, many),
  ]);
  gauge.define([field(1, "data_points", numberPoint, many)]);
  sum.define([
    field(1, "data_points", numberPoint, many),
    field(2, "aggregation_temporality", "enum", temporality),
    field(3, "is_monotonic", "bool"),
  ]);
  histogram.define([
    field(1, "data_points", histogramPoint, many),
    field(2, "aggregation_temporality", "enum", temporality),
  ]);
  exponentialHistogram.define([
    field(1, "data_points", exponentialPoint, many),
    field(2, "aggregation_temporality", "enum", temporality),
  ]);
  summary.define([field(1, "data_points", summaryPoint, many)]);
  const times = (): readonly Field[] => [
    field(2, "start_time_unix_nano", "fixed64"),
    field(3, "time_unix_nano", "fixed64"),
  ];
  numberPoint.define([
    field(7, "attributes", keyValue, many),
    ...times(),
    field(4, "as_double", "double", oneof),
    field(6, "as_int", "sfixed64", oneof),
    field(5, "exemplars", exemplar, many),
    field(8, "flags", "uint32"),
  ]);
  histogramPoint.define([
    field(9, "attributes", keyValue, many),
    ...times(),
    field(4, "count", "fixed64"),
    field(5, "sum", "double", optional),
    field(6, "bucket_counts", "fixed64", many),
    field(7, "explicit_bounds", "double", many),
    field(8, "exemplars", exemplar, many),
    field(10, "flags", "uint32"),
    field(11, "min", "double", optional),
    field(12, "max", "double", optional),
  ]);
  exponentialPoint.define([
    field(1, "attributes", keyValue, many),
    ...times(),
    field(4, "count", "fixed64"),
    field(5, "sum", "double", optional),
    field(6, "scale", "sint32"),
    field(7, "zero_count", "fixed64"),
    field(8, "positive", buckets, always),
    field(9, "negative", buckets, always),
    field(10, "flags", "uint32"),
    field(11, "exemplars", exemplar, many),
    field(12, "min", "double", optional),
    field(13, "max", "double", optional),
    field(14, "zero_threshold", "double"),
  ]);
  buckets.define([field(1, "offset", "sint32"), field(2, "bucket_counts", "uint64", many)]);
  summaryPoint.define([
    field(7, "attributes", keyValue, many),
    ...times(),
    field(4, "count", "fixed64"),
    field(5, "sum", "double"),
    field(6, "quantile_values", quantile, many),
    field(8, "flags", "uint32"),
  ]);
  quantile.define([field(1, "quantile", "double"), field(2, "value", "double")]);
  exemplar.define([
    field(7, "filtered_attributes", keyValue, many),
    field(2, "time_unix_nano", "fixed64"),
    field(3, "as_double", "double", oneof),
    field(6, "as_int", "sfixed64", oneof),
    field(4, "span_id", "spanId", always),
    field(5, "trace_id", "traceId", always),
  ]);
  return request("Metrics", "Metrics", "metrics", metric);
});

export type Signal = "traces" | "logs" | "metrics";

/** What an export request of each signal is. */
export const requests: Readonly<Record<Signal, Message>> = {
  get traces() {
    return traces();
  },
  get logs() {
    return logs();
  },
  get metrics() {
    return metrics();
  },
};

/** What an export request of a signal is answered with. */
export function responseTo(signal: Signal): Message {
  const [name, rejected] = answers[signal];
  const partial = new Message(`Export${name}PartialSuccess`);
  partial.define([field(1, rejected, "int64"), field(2, "error_message", "string")]);
  const whole = new Message(`Export${name}ServiceResponse`);
  whole.define([field(1, "partial_success", partial, always)]);
  return whole;
}

const answers = {
  traces: ["Trace", "rejected_spans"],
  logs: ["Logs", "rejected_log_records"],
  metrics: ["Metrics", "rejected_data_points"],
} as const;

/** google.rpc.Status: what a refused request is answered with. */
export const rpcStatus = once(() => {
  const status = new Message("google.rpc.Status");
  status.define([field(1, "code", "int32"), field(2, "message", "string")]);
  return status;
});
