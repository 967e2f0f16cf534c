/** Any value as text, as converters that take "string-like" values see it. */
import { compileLayout, layouts, timeOf } from "../telemetry/gotime/layout.ts";
import { ValueList, ValueMap } from "../telemetry/otlp/value.ts";
import { JsonValueError, jsonNumber, jsonString, valueJson } from "../telemetry/otlp/value-text.ts";
import { fail } from "./error.ts";
import { Duration, Id, type OttlValue, Part, Time, typeName, Unsigned } from "./value.ts";

/** The text of a value; nil has none. */
export function textOf(value: OttlValue): string | undefined {
  switch (typeof value) {
    case "string":
    case "undefined":
      return value;
    case "bigint":
    case "boolean":
      return String(value);
    default:
      return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : jsonOf(value);
  }
}

const rfc3339 = compileLayout(layouts.RFC3339Nano);

/** A value as JSON. */
export function jsonOf(value: OttlValue): string {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "undefined":
      return "null";
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return Number.isFinite(value) ? jsonNumber(value) : fail("unsupported type: float64");
    default:
      return jsonOfObject(value);
  }
}

function jsonOfObject(value: Extract<OttlValue, object>): string {
  if (value instanceof ValueMap || value instanceof ValueList || value instanceof Uint8Array) return ownJson(value);
  if (value instanceof Time) return `"${rfc3339.format(timeOf(value.nanoseconds, value.zone))}"`;
  if (value instanceof Duration) return String(value.nanoseconds);
  if (value instanceof Id) return `[${value.bytes.join(",")}]`;
  if (value instanceof Unsigned) return `[${value.values.join(",")}]`;
  if (value instanceof Part) return fail(`unsupported type: ${typeName(value)}`);
  return `[${value.map(jsonOf).join(",")}]`;
}

function ownJson(value: ValueMap | ValueList | Uint8Array): string {
  try {
    return valueJson(value);
  } catch (error) {
    if (error instanceof JsonValueError) return fail(error.message);
    throw error;
  }
}
