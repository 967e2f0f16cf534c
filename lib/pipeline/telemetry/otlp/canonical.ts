/** Requests with exactly the fields that Alloy's encoder writes: some even if they are empty, others never if they are. */
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import { validate } from "./validate.ts";
import { byteAt, cursor, readVarint, skipValue } from "./wire.ts";
import { Writer } from "./writer.ts";

/** Whether Alloy's encoder would have put the same fields as a request has that was checked. */
export function isCanonical(signal: Signal, bytes: Uint8Array): boolean {
  return new Comparison(bytes).message(requests[signal], 0, bytes.length);
}

/**
 * Checks a request and gives it the fields that Alloy's encoder would have written: ids, resource, scope, status and the like
 * even where they are empty, no zeros, scope groups at their present number. The same bytes if there is nothing to do;
 * unknown fields stay.
 */
export function canonicalise(signal: Signal, bytes: Uint8Array): Uint8Array {
  validate(signal, bytes);
  const message = requests[signal];
  const comparison = new Comparison(bytes);
  if (comparison.message(message, 0, bytes.length)) return bytes;
  const rewrite = new Rewrite(bytes, comparison.others);
  rewrite.message(message, 0, bytes.length);
  return rewrite.out.finish();
}

/** Compares a checked request with what Alloy's encoder would have written. */
class Comparison {
  readonly bytes: Uint8Array;
  /** 1 where a message begins that is not as Alloy writes it: a set of as many places is slower. */
  readonly others: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.others = new Uint8Array(bytes.length + 1);
  }

  /** Says whether the message in bytes[start, end) is as Alloy writes it. */
  message(message: Message, start: number, end: number): boolean {
    const { bytes } = this;
    let same = true;
    let seen = 0;
    let at = start;
    while (at < end) {
      const tag = readVarint(bytes, at, end);
      let value = cursor;
      at = skipValue(bytes, value, end, tag);
      const field = message.byTag[tag];
      if (field === undefined) continue;
      if ((tag & 7) === 2) {
        readVarint(bytes, value, end);
        value = cursor;
      }
      if (field.always) seen++;
      if (field.message === undefined) {
        if (!isWritten(field, bytes, value, at)) same = false;
      } else if (!this.message(field.message, value, at) || field.number === 1000) same = false;
    }
    if (seen !== message.always.length) same = false;
    if (!same) this.others[start] = 1;
    return same;
  }
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (byteAt(bytes, i) !== 0) return false;
  return true;
}

/** Whether Alloy's encoder would write a scalar: not a zero, an empty text, an all-zero id. */
function isWritten(field: Field, bytes: Uint8Array, start: number, end: number): boolean {
  if (field.always) return start === end || !isZero(bytes, start, end);
  if (field.presence) return true;
  if (field.repeated) return field.type === "string" || end > start;
  return field.type === "string" ? end > start : !isZero(bytes, start, end);
}

/** Copies a checked request; messages that begin among `others` are put together anew. */
class Rewrite {
  readonly bytes: Uint8Array;
  readonly others: Uint8Array;
  readonly out: Writer;

  constructor(bytes: Uint8Array, others: Uint8Array) {
    this.bytes = bytes;
    this.others = others;
    this.out = new Writer(bytes.length + (bytes.length >> 3) + 64);
  }

  message(message: Message, start: number, end: number): void {
    const { bytes, out } = this;
    let seen = 0; // by the field's place
    let pending = start; // what is the same up to here is copied as one range
    let at = start;
    while (at < end) {
      const from = at;
      const tag = readVarint(bytes, at, end);
      let value = cursor;
      at = skipValue(bytes, value, end, tag);
      const field = message.byTag[tag];
      if (field === undefined) continue;
      seen |= 1 << field.place;
      if ((tag & 7) === 2) {
        readVarint(bytes, value, end);
        value = cursor;
      }
      if (field.message === undefined ? isWritten(field, bytes, value, at) : this.isSame(field, value)) continue;
      out.raw(bytes, pending, from);
      if (field.message === undefined) {
        if (field.always) emptyField(out, tag);
      } else {
        const written = field.number === 1000 ? this.presentTag(message, start, end) : tag;
        if (written !== 0) {
          const open = out.open(written);
          this.message(field.message, value, at);
          out.close(open);
        }
      }
      pending = at;
    }
    out.raw(bytes, pending, end);
    for (const field of message.always) if ((seen & (1 << field.place)) === 0) emptyField(out, field.tag);
  }

  isSame(field: Field, start: number): boolean {
    return field.number !== 1000 && this.others[start] === 0;
  }

  /** Scope groups at their old number move to the present one; 0 if that is there, and they are to go. */
  presentTag(group: Message, start: number, end: number): number {
    const present = group.fields.find(field => field.number === 2)?.tag ?? 0;
    for (let at = start; at < end; ) {
      const tag = readVarint(this.bytes, at, end);
      if (tag === present) return 0;
      at = skipValue(this.bytes, cursor, end, tag);
    }
    return present;
  }
}

function emptyField(out: Writer, tag: number): void {
  out.varint(tag);
  out.varint(0);
}
