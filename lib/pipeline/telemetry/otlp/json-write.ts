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

/** False, as then it is not the first any more. */
function writeName(field: Field, isFirst: boolean, out: Writer): false {
  if (!isFirst) out.byte(comma);
  field.jsonKey ??= new Uint8Array(Buffer.from(`"${field.jsonName}":`));
  out.raw(field.jsonKey, 0, field.jsonKey.length);
  return false;
}

class JsonWriter {
  readonly bytes: Uint8Array;
  readonly out: Writer;
  /** The fields of the messages that are being written, four integers each: place, tag, start and end of the value. */
  #found = new Int32Array(256);
  #top = 0;

  constructor(bytes: Uint8Array, out: Writer) {
    this.bytes = bytes;
    this.out = out;
  }

  /** Writes the message in bytes[start, end), with its fields in the order of the schema, as Alloy does. */
  message(message: Message, start: number, end: number, depth: number): void {
    if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
    const { out } = this;
    const base = this.#top;
    const chosen = this.#find(message, start, end);
    const top = this.#top;
    let isFirst = true;
    let at = base;
    out.byte(brace);
    for (const field of message.fields) {
      const from = at;
      while (at < top && this.#found[at] === field.place) at += 4;
      if (from === at) {
        if (!field.always || field.message === undefined) continue;
        isFirst = writeName(field, isFirst, out);
        this.message(field.message, 0, 0, depth + 1);
      } else if (!field.oneof || field === chosen) isFirst = this.#field(field, from, at, isFirst, depth);
    }
    this.#top = base;
    out.byte(braceEnd);
  }

  /** Finds the fields of a message and sorts them by place; gives the field that a oneof holds, which is the last. */
  #find(message: Message, start: number, end: number): Field | undefined {
    const { bytes } = this;
    const base = this.#top;
    let chosen: Field | undefined;
    for (let at = start; at < end; ) {
      const tag = readVarint(bytes, at, end);
      let value = cursor;
      at = skipValue(bytes, value, end, tag);
      let field = message.byTag[tag];
      if (field?.number === 1000) field = presentScopes(message, bytes, start, end);
      if (field === undefined) continue;
      if (field.oneof) chosen = field;
      if ((tag & 7) === 2) {
        readVarint(bytes, value, end);
        value = cursor;
      }
      this.#insert(base, field.place, tag, value, at);
    }
    return chosen;
  }

  /** Mostly fields come in their order; else those of later places move up. */
  #insert(base: number, place: number, tag: number, start: number, end: number): void {
    let at = this.#top;
    if (at + 4 > this.#found.length) {
      const found = new Int32Array(2 * this.#found.length);
      found.set(this.#found);
      this.#found = found;
    }
    const found = this.#found;
    while (at > base && (found[at - 4] as number) > place) {
      found.copyWithin(at, at - 4, at); // at - 4 is not below the base
      at -= 4;
    }
    found[at] = place;
    found[at + 1] = tag;
    found[at + 2] = start;
    found[at + 3] = end;
    this.#top += 4;
  }

  /** Writes a field that was found once or several times; says whether still none was written. */
  #field(field: Field, from: number, to: number, isFirst: boolean, depth: number): boolean {
    if (field.repeated) return this.#list(field, from, to, isFirst, depth);
    const start = this.#found[to - 2] as number; // found has four each
    const end = this.#found[to - 1] as number;
    if (field.message === undefined) {
      if (isLeftOut(field, this.bytes, start, end)) return isFirst;
      writeName(field, isFirst, this.out);
      this.scalar(field, start, end);
      return false;
    }
    writeName(field, isFirst, this.out);
    if (to - from === 4 || field.oneof) this.message(field.message, start, end, depth + 1);
    else {
      // Several of a single message are one: protobuf merges them.
      const merged = new Writer(end - start + 16);
      for (let at = from; at < to; at += 4) {
        merged.raw(this.bytes, this.#found[at + 2] as number, this.#found[at + 3] as number); // found has four each
      }
      new JsonWriter(merged.finish(), this.out).message(field.message, 0, merged.position, depth + 1);
    }
    return false;
  }

  #list(field: Field, from: number, to: number, isFirst: boolean, depth: number): boolean {
    const { out } = this;
    let isEmpty = true;
    for (let at = from; at < to; at += 4) {
      const tag = this.#found[at + 1];
      const start = this.#found[at + 2] as number; // found has four each
      const end = this.#found[at + 3] as number;
      if (tag !== field.tag && start === end) continue; // packed, without numbers
      if (isEmpty) {
        writeName(field, isFirst, out);
        out.byte(bracket);
      } else out.byte(comma);
      isEmpty = false;
      if (field.message !== undefined) this.message(field.message, start, end, depth + 1);
      else if (tag !== field.tag) this.packed(field, start, end);
      else this.scalar(field, start, end);
    }
    if (!isEmpty) out.byte(bracketEnd);
    return isFirst && isEmpty;
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

/** The old field of scope groups is read as the present one where that is absent. */
function presentScopes(message: Message, bytes: Uint8Array, start: number, end: number): Field | undefined {
  const present = message.fields.find(field => field.number === 2);
  for (let at = start; at < end; ) {
    const tag = readVarint(bytes, at, end);
    if (tag === present?.tag) return undefined;
    at = skipValue(bytes, cursor, end, tag);
  }
  return present;
}

/** Whether a value is one that is not written: a default, or an id of zeros only. */
function isLeftOut(field: Field, bytes: Uint8Array, start: number, end: number): boolean {
  if (field.presence) return false;
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
