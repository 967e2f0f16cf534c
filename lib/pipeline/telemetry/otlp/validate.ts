/**
 * The check of a protobuf request before it is accepted: as Alloy, a truncated message, a known field of the wrong wire
 * type, or an id of the wrong length refuses the request as a whole. Unknown fields pass.
 */
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import { byteAt, cursor, maxDepth, readVarint, skipValue, WireError, Writer } from "./wire.ts";

/**
 * Throws a `WireError` for a request that Alloy would refuse. The result tells whether Alloy's encoder would have put the
 * same fields: it always writes some fields even if they are empty, and never writes others if they are.
 */
export function validate(signal: Signal, bytes: Uint8Array): { canonical: boolean } {
  return { canonical: check(requests[signal], bytes, 0, bytes.length, 0, undefined) };
}

/**
 * Checks a request and gives it the fields that Alloy's encoder would have written: ids, resource, scope, status and the like
 * even where they are empty, no zeros, scope groups at their present number. The same bytes if there is nothing to do;
 * unknown fields stay.
 */
export function canonicalise(signal: Signal, bytes: Uint8Array): Uint8Array {
  const others = new Set<number>();
  const message = requests[signal];
  if (check(message, bytes, 0, bytes.length, 0, others)) return bytes;
  const out = new Writer(bytes.length + (bytes.length >> 3) + 64);
  rewrite(message, bytes, 0, bytes.length, others, out);
  return out.finish();
}

/** Checks the message in bytes[start, end); where it is not as Alloy writes it, its start goes to `others`. */
function check(
  message: Message,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  others: Set<number> | undefined,
): boolean {
  if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
  const { byTag, always } = message;
  let same = true;
  let seen = 0;
  let at = start;
  while (at < end) {
    let tag = byteAt(bytes, at++);
    if (tag > 0x7f) {
      tag = readVarint(bytes, at - 1, end);
      at = cursor;
    }
    const field = tag < byTag.length ? byTag[tag] : undefined;
    if (field === undefined) {
      at = skipUnknown(message, bytes, at, end, tag);
      continue;
    }
    let value = at;
    if ((tag & 7) === 2 && at < end) {
      let length = byteAt(bytes, at++);
      if (length > 0x7f) {
        length = readVarint(bytes, at - 1, end);
        at = cursor;
      }
      value = at;
      at += length;
      if (at > end)
        throw new WireError(`${message.name}.${field.name} should end within its message, got ${at - end} bytes more`);
    } else at = skipValue(bytes, at, end, tag);
    if (field.always) seen++;
    if (field.message !== undefined) {
      if (!check(field.message, bytes, value, at, depth + 1, others)) same = false;
      if (field.number === 1000) same = false;
    } else if (!checkValue(message, field, bytes, value, at)) same = false;
  }
  if (seen !== always.length) same = false;
  if (!same) others?.add(start);
  return same;
}

function skipUnknown(message: Message, bytes: Uint8Array, at: number, end: number, tag: number): number {
  const number = tag >>> 3;
  if (number === 0) throw new WireError(`field number of ${message.name} should be above 0, got 0`);
  const known = message.fields.find(field => field.number === number);
  if (known !== undefined) {
    throw new WireError(`${message.name}.${known.name} should have wire type ${known.tag & 7}, got ${tag & 7}`);
  }
  return skipValue(bytes, at, end, tag);
}

/** Checks ids and lists of numbers. False for what Alloy's encoder would not write so: a zero, an empty text, an all-zero id. */
function checkValue(message: Message, field: Field, bytes: Uint8Array, start: number, end: number): boolean {
  if (field.repeated) {
    if (field.type === "string") return true;
    if (field.tag & 1 && (end - start) % 8 !== 0) {
      throw new WireError(`${message.name}.${field.name} should have 8 bytes a number, got ${end - start} bytes`);
    }
    if ((field.tag & 7) === 0) checkVarints(bytes, start, end);
    return end > start;
  }
  switch (field.type) {
    case "traceId":
      return checkId(message, field, bytes, start, end, 16);
    case "spanId":
      return checkId(message, field, bytes, start, end, 8);
    case "string":
    case "bytes":
      return field.presence || end > start;
    default:
      return field.presence || !isZero(bytes, start, end);
  }
}

function checkVarints(bytes: Uint8Array, at: number, end: number): void {
  while (at < end) at = skipValue(bytes, at, end, 0);
}

function checkId(message: Message, field: Field, bytes: Uint8Array, start: number, end: number, size: number): boolean {
  if (start === end) return true;
  if (end - start !== size) {
    throw new WireError(`${message.name}.${field.name} should have ${size} bytes or none, got ${end - start}`);
  }
  return !isZero(bytes, start, end);
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (byteAt(bytes, i) !== 0) return false;
  return true;
}

/** Copies a checked message; those whose start is among `others` are put together anew. */
function rewrite(
  message: Message,
  bytes: Uint8Array,
  start: number,
  end: number,
  others: ReadonlySet<number>,
  out: Writer,
): void {
  const missing = new Set(message.always);
  const present = message.fields.find(field => field.number === 2)?.tag ?? 0;
  let pending = start; // what is the same up to here is copied as one range
  let at = start;
  while (at < end) {
    const from = at;
    const tag = readVarint(bytes, at, end);
    const next = skipValue(bytes, cursor, end, tag);
    const field = message.byTag[tag];
    at = next;
    if (field === undefined) continue;
    missing.delete(field);
    const value = valueStart(bytes, from, end, tag);
    if (field.message === undefined) {
      if (checkValue(message, field, bytes, value, next)) continue;
      out.raw(bytes, pending, from);
      if (field.always) emptyField(out, field.tag);
    } else {
      const old = field.number === 1000;
      if (!old && !others.has(value)) continue;
      out.raw(bytes, pending, from);
      if (!old || !hasTag(bytes, start, end, present)) {
        const open = out.open(old ? present : tag);
        if (others.has(value)) rewrite(field.message, bytes, value, next, others, out);
        else out.raw(bytes, value, next);
        out.close(open);
      }
    }
    pending = next;
  }
  out.raw(bytes, pending, end);
  for (const field of missing) emptyField(out, field.tag);
}

function emptyField(out: Writer, tag: number): void {
  out.varint(tag);
  out.varint(0);
}

/** Where the value of the field at `from` begins. */
function valueStart(bytes: Uint8Array, from: number, end: number, tag: number): number {
  readVarint(bytes, from, end);
  if ((tag & 7) === 2) readVarint(bytes, cursor, end);
  return cursor;
}

function hasTag(bytes: Uint8Array, at: number, end: number, wanted: number): boolean {
  while (at < end) {
    const tag = readVarint(bytes, at, end);
    if (tag === wanted) return true;
    at = skipValue(bytes, cursor, end, tag);
  }
  return false;
}
