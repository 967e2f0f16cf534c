/** OTLP/JSON to protobuf bytes, with the fields that Alloy's encoder would write. */
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import { maxDepth, WireError } from "./wire.ts";
import { Writer } from "./writer.ts";

/**
 * Encodes an OTLP/JSON request as protobuf. Throws a `WireError` for what Alloy refuses: text that is not JSON, a value of
 * the wrong type, an unknown enum name, a number out of range, an id of the wrong length. Unknown fields are skipped.
 */
export function requestFromJson(signal: Signal, text: string): Uint8Array {
  const out = new Writer(Math.max(1024, text.length >> 1));
  const message = requests[signal];
  write(message, object(parse(text), message.name), out, 0);
  return out.finish();
}

/** A number that a double may not hold: then the numbers of the text must be read as they are written. */
const longNumber = /[:[,]\s*-?\d{16}/;

function parse(text: string): unknown {
  try {
    if (!longNumber.test(text)) return JSON.parse(text);
    return JSON.parse(text, exactNumber);
  } catch (error) {
    throw new WireError(`request should be JSON, got ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Integers beyond a double's precision as bigints. */
function exactNumber(_: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

type Json = Readonly<Record<string, unknown>>;

/** `null` stands for an empty message, as in Alloy. */
function object(value: unknown, name: string): Json {
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrong(name, "an object", value);
  return value as Json; // neither null nor an array
}

function wrong(name: string, expected: string, got: unknown): WireError {
  const text = typeof got === "bigint" ? String(got) : (JSON.stringify(got) ?? String(got));
  return new WireError(`${name} should be ${expected}, got ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`);
}

function write(message: Message, json: Json, out: Writer, depth: number): void {
  if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
  const { byName, always } = message;
  const last = message.oneofBits !== 0 ? lastOfOneof(message, json) : undefined;
  let written: Set<Field> | undefined;
  for (const name in json) {
    const field = byName.get(name);
    if (field === undefined) continue;
    const value = json[name];
    const start = out.position;
    if (field.repeated) writeList(message, field, json, value, out, depth);
    else {
      writeField(message, field, value, out, depth);
      if (field.oneof && name !== last) out.position = start; // it was checked, but the last one counts
    }
    if (field.always && out.position > start) {
      written ??= new Set();
      written.add(field);
    }
  }
  if (always.length === 0 || written?.size === always.length) return;
  for (const field of always) if (!written?.has(field)) emptyField(field, out);
}

function emptyField(field: Field, out: Writer): void {
  out.varint(field.tag);
  out.varint(0);
}

function lastOfOneof(message: Message, json: Json): string | undefined {
  let last: string | undefined;
  for (const name in json) if (message.byName.get(name)?.oneof) last = name;
  return last;
}

function writeList(message: Message, field: Field, json: Json, value: unknown, out: Writer, depth: number): void {
  if (value === null) return;
  if (!Array.isArray(value)) throw wrong(path(message, field), "an array", value);
  if (field.message !== undefined) {
    const { tag } = field.number === 1000 ? presentScopes(message, json) : field;
    for (const item of value) writeMessage(field, field.message, item, tag, out, depth);
    return;
  }
  if (field.type === "string") {
    for (const item of value) {
      out.varint(field.tag);
      out.text(text(message, field, item));
    }
    return;
  }
  if (value.length === 0) return;
  const open = out.open((field.number << 3) | 2);
  for (const item of value) writeScalar(message, field, item, out);
  out.close(open);
}

/** The old field of scope groups is read as the present one where that is absent, else it is dropped (as unknown). */
function presentScopes(message: Message, json: Json): { tag: number } {
  const present = message.fields.find(field => field.number === 2);
  const isThere = [present?.name ?? "", present?.jsonName ?? ""].some(name => {
    const groups = json[name];
    return Array.isArray(groups) && groups.length > 0;
  });
  return { tag: isThere ? (1000 << 3) | 2 : (present?.tag ?? 0) };
}

function writeMessage(field: Field, message: Message, value: unknown, tag: number, out: Writer, depth: number): void {
  const open = out.open(tag);
  write(message, object(value, field.jsonName), out, depth + 1);
  out.close(open);
}

function writeField(message: Message, field: Field, value: unknown, out: Writer, depth: number): void {
  if (field.message !== undefined) {
    writeMessage(field, field.message, value, field.tag, out, depth);
    return;
  }
  const start = out.position;
  out.varint(field.tag);
  const keep = writeScalar(message, field, value, out);
  if (!keep && !field.presence && !field.always) out.position = start;
}

const path = (message: Message, field: Field): string => `${message.name}.${field.jsonName}`;

/** Writes the value without its tag; says whether it is another than the default. */
function writeScalar(message: Message, field: Field, value: unknown, out: Writer): boolean {
  switch (field.type) {
    case "string": {
      const content = text(message, field, value);
      out.text(content);
      return content !== "";
    }
    case "bytes":
      return writeBytes(base64(message, field, value), out);
    case "traceId":
      return writeBytes(id(message, field, value, 16), out);
    case "spanId":
      return writeBytes(id(message, field, value, 8), out);
    case "bool":
      if (typeof value !== "boolean") throw wrong(path(message, field), "a boolean", value);
      out.varint(value ? 1 : 0);
      return value;
    case "double": {
      const number = double(message, field, value);
      out.double(number);
      return number !== 0;
    }
    default:
      return writeInteger(field, integer(message, field, value), out);
  }
}

function writeInteger(field: Field, value: bigint, out: Writer): boolean {
  switch (field.type) {
    case "fixed32":
      out.fixed32(Number(value));
      break;
    case "fixed64":
    case "sfixed64":
      out.fixed64(value);
      break;
    case "sint32":
      out.varint(Number(BigInt.asUintN(32, (value << 1n) ^ (value >> 31n))));
      break;
    default:
      out.varint64(value);
  }
  return value !== 0n;
}

function writeBytes(bytes: Uint8Array, out: Writer): boolean {
  out.varint(bytes.length);
  out.raw(bytes, 0, bytes.length);
  return bytes.length > 0;
}

function text(message: Message, field: Field, value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  throw wrong(path(message, field), "a string", value);
}

function base64(message: Message, field: Field, value: unknown): Uint8Array {
  if (typeof value !== "string") throw wrong(path(message, field), "base64", value);
  const plain = value.replace(/[\r\n]/g, "");
  if (plain.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(plain)) {
    throw wrong(path(message, field), "base64", value);
  }
  return Buffer.from(plain, "base64");
}

const noBytes = new Uint8Array(0);

/** An id of zeros only is the same as none. */
function id(message: Message, field: Field, value: unknown, size: number): Uint8Array {
  if (value === "") return noBytes;
  const bytes = typeof value === "string" && value.length === 2 * size ? Buffer.from(value, "hex") : noBytes;
  if (bytes.length !== size) throw wrong(path(message, field), `${2 * size} hex digits`, value);
  return bytes.some(byte => byte !== 0) ? bytes : noBytes;
}

/** As Go's ParseFloat: decimal, or infinity, or NaN. */
function double(message: Message, field: Field, value: unknown): number {
  let number = Number.NaN;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
  } else if (typeof value === "bigint") number = Number(value);
  else if (typeof value === "string") {
    const infinity = /^([+-]?)inf(inity)?$/i.exec(value);
    if (infinity) return infinity[1] === "-" ? -Infinity : Infinity;
    if (/^nan$/i.test(value)) return Number.NaN;
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) number = Number(value);
  }
  if (!Number.isFinite(number)) throw wrong(path(message, field), "a number", value);
  return number;
}

const ranges: Readonly<Partial<Record<Field["type"], readonly [least: bigint, most: bigint]>>> = {
  enum: [-(2n ** 31n), 2n ** 31n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** Integers come as numbers or decimal text, enums as numbers or names. */
function integer(message: Message, field: Field, value: unknown): bigint {
  const { names } = field;
  const range = ranges[field.type] ?? [0n, 0n];
  let number: bigint | undefined;
  if (typeof value === "bigint") number = value;
  else if (typeof value === "number" && Number.isInteger(value)) number = BigInt(value);
  else if (typeof value === "string") {
    const named = names?.[value];
    if (named !== undefined) return BigInt(named);
    // Only signed types take a sign, and an enum takes no digits as text.
    const pattern = range[0] < 0n ? /^[+-]?\d{1,60}$/ : /^\d{1,60}$/;
    if (names === undefined && pattern.test(value)) number = BigInt(value.replace(/^\+/, ""));
  }
  if (number === undefined || number < range[0] || number > range[1]) {
    throw wrong(path(message, field), names ? "a number or name of the enum" : "an integer", value);
  }
  return number;
}
