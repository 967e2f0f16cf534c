/** JSON as Go writes it: numbers, escapes and, where asked, the order of keys. */
import { goBytes } from "./bytes.ts";

export interface JsonOptions {
  /** As `encoding/json` does for maps; json-iterator's default keeps the map's own order. */
  readonly sortKeys?: boolean;
  /** `<`, `>` and `&` as `\u003c` and so on; on by default. */
  readonly escapeHtml?: boolean;
  /** `\b` and `\f` for these two, as `encoding/json` has it, instead of `\u0008`, `\u000c`. */
  readonly shortControls?: boolean;
  /** Two spaces a level, as `json.MarshalIndent(value, "", "  ")`. */
  readonly indent?: boolean;
}

/** Writes plain values: null, booleans, numbers, bigints, strings, arrays, objects, maps. */
export function marshalJson(value: unknown, options: JsonOptions = {}): string {
  return write(value, options, "\n");
}

function write(value: unknown, options: JsonOptions, newline: string): string {
  switch (typeof value) {
    case "string":
      return jsonString(value, options);
    case "number":
      return jsonNumber(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return list(value, options, newline);
      return fields(value instanceof Map ? [...value] : Object.entries(value), options, newline);
    default:
      return "null";
  }
}

function list(items: readonly unknown[], options: JsonOptions, newline: string): string {
  const inner = `${newline}  `;
  const parts = items.map(item => write(item, options, inner));
  return wrapped("[", parts, "]", options, newline);
}

function fields(entries: [string, unknown][], options: JsonOptions, newline: string): string {
  if (options.sortKeys) entries.sort(([a], [b]) => (a === b ? 0 : Buffer.compare(goBytes(a), goBytes(b))));
  const inner = `${newline}  `;
  const colon = options.indent ? ": " : ":";
  const parts = entries.map(([key, item]) => jsonString(key, options) + colon + write(item, options, inner));
  return wrapped("{", parts, "}", options, newline);
}

function wrapped(open: string, parts: readonly string[], close: string, options: JsonOptions, newline: string): string {
  if (!options.indent || !parts.length) return open + parts.join(",") + close;
  return `${open}${newline}  ${parts.join(`,${newline}  `)}${newline}${close}`;
}

/** Shortest digits, the exponent form beyond 1e21 and below 1e-6, at least two digits of exponent. */
export function jsonNumber(value: number): string {
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  return text.includes("e") ? text.replace(/e([+-])(\d)$/, "e$10$2") : text;
}

const special = /[\u0000-\u001f"\\<>&\u2028\u2029\ud800-\udfff]/;
const specials = /[\u0000-\u001f"\\<>&\u2028\u2029]|[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g;
const shorts: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A quoted string; what is no valid UTF-8 becomes `\ufffd`. */
export function jsonString(text: string, { escapeHtml = true, shortControls = false }: JsonOptions = {}): string {
  if (!special.test(text)) return `"${text}"`;
  const escaped = text.replace(specials, char => {
    if (char.length === 2) return char;
    if (shorts[char]) return shorts[char];
    if (shortControls && char === "\b") return "\\b";
    if (shortControls && char === "\f") return "\\f";
    if (char >= "\ud800" && char <= "\udfff") return "\\ufffd";
    if (!escapeHtml && "<>&".includes(char)) return char;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
