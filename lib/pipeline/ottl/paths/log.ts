import { type Value, ValueList, ValueMap } from "../../telemetry/otlp/value.ts";
import { valueText } from "../../telemetry/otlp/value-text.ts";
import { fail } from "../error.ts";
import { getInList, getInMap, inputOf, setInList, setInMap } from "../keys.ts";
import { id, int, map, type Paths, text, time } from "./path.ts";

const bodyTypes = (body: Value): string => {
  switch (typeof body) {
    case "string":
      return "Str";
    case "bigint":
      return "Int";
    case "number":
      return "Double";
    case "boolean":
      return "Bool";
    default:
      return body === undefined ? "Empty" : "Bytes";
  }
};

/** What belongs to a log record. */
export const logPaths: Paths = {
  ...time(
    "time",
    c => c.log.timeUnixNano,
    (c, value) => {
      c.log.timeUnixNano = value;
    },
  ),
  ...time(
    "observed_time",
    c => c.log.observedTimeUnixNano,
    (c, value) => {
      c.log.observedTimeUnixNano = value;
    },
  ),
  severity_number: int(
    c => c.log.severityNumber,
    (c, value) => {
      c.log.severityNumber = value;
    },
  ),
  severity_text: text(
    c => c.log.severityText,
    (c, value) => {
      c.log.severityText = value;
    },
  ),
  body: {
    get: c => c.log.body,
    set(c, value) {
      c.log.body = inputOf(value);
    },
    keyed: {
      get(c, keys) {
        const { body } = c.log;
        if (body instanceof ValueMap) return getInMap(body, keys, c);
        if (body instanceof ValueList) return getInList(body, keys, c);
        return fail(`log bodies of type ${bodyTypes(body)} cannot be indexed`);
      },
      set(c, keys, value) {
        const { body } = c.log;
        if (body instanceof ValueMap) setInMap(body, keys, value, c);
        else if (body instanceof ValueList) setInList(body, keys, value, c);
        else fail(`log bodies of type ${bodyTypes(body)} cannot be indexed`);
      },
    },
  },
  "body.string": text(
    c => valueText(c.log.body),
    (c, value) => {
      c.log.body = value;
    },
  ),
  attributes: map(c => c.log.attributes),
  dropped_attributes_count: int(
    c => c.log.droppedAttributesCount,
    (c, value) => {
      c.log.droppedAttributesCount = value;
    },
  ),
  flags: int(
    c => c.log.flags,
    (c, value) => {
      c.log.flags = value;
    },
  ),
  ...id(
    "TraceID",
    "trace_id",
    c => c.log.traceIdHex,
    (c, hex) => {
      c.log.traceIdHex = hex;
    },
  ),
  ...id(
    "SpanID",
    "span_id",
    c => c.log.spanIdHex,
    (c, hex) => {
      c.log.spanIdHex = hex;
    },
  ),
  event_name: text(
    c => c.log.eventName,
    (c, value) => {
      c.log.eventName = value;
    },
  ),
};
