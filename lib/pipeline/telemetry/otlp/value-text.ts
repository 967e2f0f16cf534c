/** Values as text, in the words of the Collector: what `AsString` and JSON of a value give. */
import { type Value, ValueList, ValueMap } from "./value.ts";

/** The text of any value: texts as they are, lists and maps as JSON, bytes as base64, an empty value as "". */
export function valueText(value: Value): string {
  switch (typeof value) {
    case "string":
      return value;
    case "undefined":
      return "";
    case "number":
      return Number.isFinite(value) ? jsonNumber(value) : `json: unsupported value: ${goInfinite(value)}`;
    case "bigint":
    case "boolean":
      return String(value);
    default:
      if (value instanceof Uint8Array) return base64(value);
      try {
        return valueJson(value);
      } catch (error) {
        if (error instanceof JsonValueError) return ""; // as the Collector, which drops the error
        throw error;
      }
  }
}

/** A number that JSON has no form for. */
export class JsonValueError extends Error {
  override readonly name = "JsonValueError";
}

/** A value as Go's encoder writes it: keys sorted, `<`, `>` and `&` escaped, bytes as base64, an empty value as null. */
export function valueJson(value: Value): string {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "undefined":
      return "null";
    case "number":
      if (!Number.isFinite(value)) throw new JsonValueError(`json: unsupported value: ${goInfinite(value)}`);
      return jsonNumber(value);
    case "bigint":
    case "boolean":
      return String(value);
    default:
      if (value instanceof ValueList) return `[${Array.from(value, valueJson).join(",")}]`;
      return value instanceof ValueMap ? mapJson(value) : `"${base64(value)}"`;
  }
}

function mapJson(map: ValueMap): string {
  const fields = new Map(map); // of repeated keys the last counts
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, value]) => `${jsonString(key)}:${valueJson(value)}`).join(",")}}`;
}

const unsafe = /[<>&\u2028\u2029]/;

/** A text between quotes as Go's encoder writes it, safe within HTML. */
export function jsonString(text: string): string {
  const json = JSON.stringify(text.toWellFormed());
  if (!unsafe.test(json)) return json;
  return json.replace(/[<>&\u2028\u2029]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A finite number as Go's encoder writes it. */
export const jsonNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

const goInfinite = (value: number): string => (Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
