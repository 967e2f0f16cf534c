/**
 * Protobuf bytes to OTLP/JSON as Alloy's encoder writes it: hex ids, 64-bit integers as text, enums as numbers, no empty
 * fields. Text goes from bytes to bytes; nothing is decoded that may be copied.
 */
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import {
  byteAt,
  cursor,
  maxDepth,
  readDouble,
  readFixed32,
  readSfixed64,
  readSignedVarint64,
  readText,
  readVarint,
  readVarint32,
  readVarint64,
  skipValue,
  WireError,
} from "./wire.ts";
import { Writer } from "./writer.ts";

/** An export request as OTLP/JSON text in UTF-8. */
export const requestToJson = (signal: Signal, bytes: Uint8Array): Uint8Array => messageToJson(requests[signal], bytes);

/** A message as JSON text. Messages that Alloy always writes (resource, scope, status, …) appear even if they are empty. */
export function messageToJson(message: Message, bytes: Uint8Array): Uint8Array {
  const out = new Writer(2 * bytes.length + 64);
  new JsonWriter(bytes, out).message(message, 0, bytes.length, 0);
  return out.finish();
}

const brace = 0x7b;
const braceEnd = 0x7d;
const bracket = 0x5b;
const bracketEnd = 0x5d;
const comma = 0x2c;
const quote = 0x22;

function writeName({ jsonKey }: Field, isFirst: boolean, out: Writer): void {
  if (!isFirst) out.byte(comma);
  out.raw(jsonKey, 0, jsonKey.length);
}

class JsonWriter {
  readonly bytes: Uint8Array;
  readonly out: Writer;

  constructor(bytes: Uint8Array, out: Writer) {
    this.bytes = bytes;
    this.out = out;
  }

  message(message: Message, start: number, end: number, depth: number): void {
    const { bytes, out } = this;
    if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
    const begin = out.position;
    out.byte(brace);
    let list: Field | undefined; // the list that is open
    let seen = 0; // by the field's place, of which no message has more than 31
    let at = start;
    while (at < end) {
      const tag = readVarint(bytes, at, end);
      const from = cursor;
      at = skipValue(bytes, from, end, tag);
      const field = message.byTag[tag];
      if (field === undefined) continue;
      let value = from;
      if ((tag & 7) === 2) {
        readVarint(bytes, from, end);
        value = cursor;
      }
      const bit = 1 << field.place;
      if (
        list !== field &&
        ((seen & bit) !== 0 || (field.oneof && (seen & message.oneofBits) !== 0) || field.number === 1000)
      ) {
        // Rare: fields that are not side by side, or several where one counts.
        out.position = begin;
        const tidy = sortFields(message, bytes, start, end);
        new JsonWriter(tidy, out).message(message, 0, tidy.length, depth);
        return;
      }
      if (isLeftOut(field, bytes, value, at)) continue;
      if (list !== undefined && list !== field) {
        out.byte(bracketEnd);
        list = undefined;
      }
      if (list === field) out.byte(comma);
      else writeName(field, seen === 0, out);
      seen |= bit;
      if (field.repeated && list !== field) {
        out.byte(bracket);
        list = field;
      }
      if (field.message !== undefined) this.message(field.message, value, at, depth + 1);
      else if (field.repeated && tag !== field.tag) this.packed(field, value, at);
      else this.scalar(field, value, at);
    }
    if (list !== undefined) out.byte(bracketEnd);
    for (const field of message.always) {
      if (field.message === undefined || (seen & (1 << field.place)) !== 0) continue;
      writeName(field, seen === 0, out);
      this.message(field.message, 0, 0, depth + 1);
      seen |= 1 << field.place;
    }
    out.byte(braceEnd);
  }

  packed(field: Field, start: number, end: number): void {
    const { bytes, out } = this;
    for (let at = start; at < end; ) {
      const next = skipValue(bytes, at, end, field.tag);
      if (at > start) out.byte(comma);
      this.scalar(field, at, next);
      at = next;
    }
  }

  scalar(field: Field, start: number, end: number): void {
    const { bytes, out } = this;
    switch (field.type) {
      case "string":
        writeText(bytes, start, end, out);
        return;
      case "traceId":
      case "spanId":
        writeHex(bytes, start, end, out);
        return;
      case "fixed64":
        out.byte(quote);
        writeUnsigned(readFixed32(bytes, start + 4), readFixed32(bytes, start), out);
        out.byte(quote);
        return;
      case "sfixed64":
        out.ascii(`"${readSfixed64(bytes, start)}"`);
        return;
      case "uint64":
        out.ascii(`"${readVarint64(bytes, start)}"`);
        return;
      case "int64":
        out.ascii(`"${readSignedVarint64(bytes, start)}"`);
        return;
      case "bytes":
        out.ascii(`"${Buffer.from(bytes.subarray(start, end)).toString("base64")}"`);
        return;
      case "double":
        out.ascii(doubleText(readDouble(bytes, start)));
        return;
      case "bool":
        out.ascii(String(readVarint64(bytes, start) !== 0n));
        return;
      case "fixed32":
        out.ascii(String(readFixed32(bytes, start)));
        return;
      case "uint32":
        out.ascii(String(readVarint32(bytes, start)));
        return;
      case "sint32": {
        const value = readVarint32(bytes, start);
        out.ascii(String((value >>> 1) ^ -(value & 1)));
        return;
      }
      default:
        out.ascii(String(readVarint32(bytes, start) | 0));
    }
  }
}

/** The same message with its fields in the schema's order: of those that occur once the last, messages merged. */
function sortFields(message: Message, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const found = new Map<Field, [from: number, value: number, to: number][]>();
  let chosen: Field | undefined;
  for (let at = start; at < end; ) {
    const from = at;
    const tag = readVarint(bytes, at, end);
    let value = cursor;
    at = skipValue(bytes, value, end, tag);
    if ((tag & 7) === 2) {
      readVarint(bytes, value, end);
      value = cursor;
    }
    const field = message.byTag[tag];
    if (field === undefined) continue;
    if (field.oneof) chosen = field;
    const single = !field.repeated && (field.message === undefined || field.oneof);
    if (single || !found.has(field)) found.set(field, []);
    found.get(field)?.push([from, value, at]);
  }
  const out = new Writer(end - start + 16);
  for (const field of message.fields) {
    const ranges = found.get(field) ?? [];
    if (ranges.length === 0 || (field.oneof && field !== chosen)) continue;
    if (field.number === 1000) {
      writeOldScopes(message, found, ranges, bytes, out);
    } else if (field.message !== undefined && !field.repeated) {
      const open = out.open(field.tag);
      for (const [, value, to] of ranges) out.raw(bytes, value, to);
      out.close(open);
    } else for (const [from, , to] of ranges) out.raw(bytes, from, to);
  }
  return out.finish();
}

/** The old field of scope groups is read as the present one where that is absent. */
function writeOldScopes(
  message: Message,
  found: ReadonlyMap<Field, unknown>,
  ranges: readonly (readonly [number, number, number])[],
  bytes: Uint8Array,
  out: Writer,
): void {
  const present = message.fields.find(field => field.number === 2);
  if (present === undefined || found.has(present)) return;
  for (const [, value, to] of ranges) {
    const open = out.open(present.tag);
    out.raw(bytes, value, to);
    out.close(open);
  }
}

/** Whether a value is one that is not written: a default, or an id of zeros only. */
function isLeftOut(field: Field, bytes: Uint8Array, start: number, end: number): boolean {
  if (field.presence || field.message !== undefined) return false;
  if (field.repeated) return field.type !== "string" && start === end;
  if (field.type === "string") return start === end;
  for (let i = start; i < end; i++) if ((byteAt(bytes, i) & (field.isVarint ? 0x7f : 0xff)) !== 0) return false;
  return true;
}

function doubleText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : String(value);
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"+Inf"' : '"-Inf"';
}

/** Text that needs no escape is copied as it is. */
function writeText(bytes: Uint8Array, start: number, end: number, out: Writer): void {
  out.reserve(end - start + 2);
  const { bytes: to, position } = out;
  let at = position;
  to[at++] = quote;
  for (let i = start; i < end; i++) {
    const byte = byteAt(bytes, i);
    if (byte < 0x20 || byte === quote || byte === 0x5c || byte > 0x7e) {
      out.utf8(JSON.stringify(readText(bytes, start, end)));
      return;
    }
    to[at++] = byte;
  }
  to[at++] = quote;
  out.position = at;
}

const digits = new Uint8Array(Buffer.from("0123456789abcdef"));

function writeHex(bytes: Uint8Array, start: number, end: number, out: Writer): void {
  out.reserve(2 * (end - start) + 2);
  const to = out.bytes;
  let at = out.position;
  to[at++] = quote;
  for (let i = start; i < end; i++) {
    const byte = byteAt(bytes, i);
    to[at++] = byteAt(digits, byte >> 4);
    to[at++] = byteAt(digits, byte & 15);
  }
  to[at++] = quote;
  out.position = at;
}

/** A 64-bit number of two halves in decimal: divided by 10⁹ in steps that a double holds exactly. */
function writeUnsigned(high: number, low: number, out: Writer): void {
  if (high < 0x20_0000) {
    out.ascii(String(high * 0x1_0000_0000 + low));
    return;
  }
  const billion = 1_000_000_000;
  const upper = (high % billion) * 65_536 + (low >>> 16);
  const lower = (upper % billion) * 65_536 + (low & 0xffff);
  const quotient =
    Math.floor(high / billion) * 0x1_0000_0000 + Math.floor(upper / billion) * 65_536 + Math.floor(lower / billion);
  out.ascii(String(quotient));
  out.reserve(9);
  let rest = lower % billion;
  for (let i = 8; i >= 0; i--) {
    out.bytes[out.position + i] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  out.position += 9;
}
