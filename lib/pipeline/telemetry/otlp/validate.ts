/**
 * The check of a protobuf request before it is accepted: as Alloy, a truncated message, a known field of the wrong wire
 * type, or an id of the wrong length refuses the request as a whole. Unknown fields pass.
 */
import { type Field, type Message, requests, type Signal } from "./schema.ts";
import { byteAt, cursor, maxDepth, readVarint, skipValue, WireError } from "./wire.ts";
import { Writer } from "./writer.ts";

/**
 * Throws a `WireError` for a request that Alloy would refuse. The result tells whether Alloy's encoder would have put the
 * same fields: it always writes some fields even if they are empty, and never writes others if they are.
 */
export function validate(signal: Signal, bytes: Uint8Array): { canonical: boolean } {
  return { canonical: new Check(bytes).message(planOf(requests[signal]), 0, bytes.length, 0) };
}

/**
 * Checks a request and gives it the fields that Alloy's encoder would have written: ids, resource, scope, status and the like
 * even where they are empty, no zeros, scope groups at their present number. The same bytes if there is nothing to do;
 * unknown fields stay.
 */
export function canonicalise(signal: Signal, bytes: Uint8Array): Uint8Array {
  const message = requests[signal];
  const others = new Uint8Array(bytes.length + 1);
  if (new Check(bytes, others).message(planOf(message), 0, bytes.length, 0)) return bytes;
  const rewrite = new Rewrite(bytes, others);
  rewrite.message(message, 0, bytes.length);
  return rewrite.out.finish();
}

// What a field's tag asks for, as small numbers in a table: the check sees every field of every request.
const unknown = 0;
const isMessage = 1;
const isTraceId = 2;
const isSpanId = 3;
const isText = 4;
const isNumber = 5;
const isFree = 6;
const isList = 7;

interface Plan {
  readonly message: Message;
  /** By tag, below 256. */
  readonly actions: Uint8Array;
  readonly inner: (Plan | undefined)[];
  /** By tag: 1 for fields that are always written. */
  readonly always: Uint8Array;
}

const plans = new Map<Message, Plan>();

function planOf(message: Message): Plan {
  const known = plans.get(message);
  if (known !== undefined) return known;
  const plan: Plan = {
    message,
    actions: new Uint8Array(256),
    inner: new Array<Plan | undefined>(256).fill(undefined),
    always: new Uint8Array(256),
  };
  plans.set(message, plan); // before its fields: messages contain each other
  for (const [tag, field] of message.byTag.entries()) {
    if (field === undefined || tag > 255) continue;
    plan.actions[tag] = actionOf(field);
    plan.always[tag] = field.always ? 1 : 0;
    if (field.message !== undefined) plan.inner[tag] = planOf(field.message);
  }
  return plan;
}

function actionOf(field: Field): number {
  if (field.message !== undefined) return isMessage;
  if (field.repeated) return field.type === "string" ? isFree : isList;
  if (field.type === "traceId") return isTraceId;
  if (field.type === "spanId") return isSpanId;
  if (field.presence) return isFree;
  return field.type === "string" ? isText : isNumber;
}

class Check {
  readonly bytes: Uint8Array;
  /** 1 where a message begins that is not as Alloy writes it: a set of as many places is slower. */
  readonly others: Uint8Array | undefined;

  constructor(bytes: Uint8Array, others?: Uint8Array) {
    this.bytes = bytes;
    this.others = others;
  }

  /** Checks the message in bytes[start, end); says whether it is as Alloy writes it. */
  message(plan: Plan, start: number, end: number, depth: number): boolean {
    if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
    const { bytes } = this;
    const { actions } = plan;
    let same = true;
    let seen = 0;
    let at = start;
    while (at < end) {
      let tag = byteAt(bytes, at++);
      if (tag > 0x7f) {
        tag = readVarint(bytes, at - 1, end);
        at = cursor;
      }
      let value = at;
      switch (tag & 7) {
        case 2: {
          let length = byteAt(bytes, at++);
          if (length > 0x7f || at > end) {
            length = readVarint(bytes, at - 1, end);
            at = cursor;
          }
          value = at;
          at += length;
          break;
        }
        case 1:
          at += 8;
          break;
        default:
          at = skipValue(bytes, at, end, tag);
      }
      if (at > end) throw tooLong(plan, tag, at - end);
      switch (tag < 256 ? byteAt(actions, tag) : unknown) {
        case isMessage:
          seen += byteAt(plan.always, tag);
          if (!this.message(plan.inner[tag] as Plan, value, at, depth + 1)) same = false; // messages have a plan
          break;
        case isFree:
          break;
        case isNumber:
          if (isZero(bytes, value, at)) same = false;
          break;
        case isText:
          if (value === at) same = false;
          break;
        case isTraceId:
          seen++;
          if (!isId(bytes, value, at, 16)) same = this.oddId(plan, tag, at - value, 16);
          break;
        case isSpanId:
          seen++;
          if (!isId(bytes, value, at, 8)) same = this.oddId(plan, tag, at - value, 8);
          break;
        case isList:
          if (!this.list(plan, tag, value, at)) same = false;
          break;
        default:
          if (!this.other(plan, tag, value, at, depth)) same = false;
      }
    }
    if (seen !== plan.message.always.length) same = false;
    if (!same && this.others !== undefined) this.others[start] = 1;
    return same;
  }

  /** False for an id of zeros, which Alloy's encoder writes as an empty one. */
  oddId({ message }: Plan, tag: number, length: number, size: number): false {
    if (length === size) return false;
    throw new WireError(`${message.name}.${message.byTag[tag]?.name} should have ${size} bytes or none, got ${length}`);
  }

  /** Scope groups at their old number, unknown fields, and known fields of the wrong type. */
  other({ message }: Plan, tag: number, start: number, end: number, depth: number): boolean {
    const number = tag >>> 3;
    if (number === 0) throw new WireError(`field number of ${message.name} should be above 0, got 0`);
    const field = message.byTag[tag];
    if (field?.message !== undefined) {
      this.message(planOf(field.message), start, end, depth + 1);
      return false;
    }
    const known = message.fields.find(field => field.number === number);
    if (known === undefined) return true;
    throw new WireError(`${message.name}.${known.name} should have wire type ${known.tag & 7}, got ${tag & 7}`);
  }

  /** A list of numbers, packed or not. */
  list({ message }: Plan, tag: number, start: number, end: number): boolean {
    const field = message.byTag[tag];
    if (field === undefined || field.tag === tag) return true;
    if ((field.tag & 7) === 1 && (end - start) % 8 !== 0) {
      throw new WireError(`${message.name}.${field.name} should have 8 bytes a number, got ${end - start} bytes`);
    }
    if ((field.tag & 7) === 0) for (let at = start; at < end; ) at = skipValue(this.bytes, at, end, 0);
    return end > start;
  }
}

const tooLong = ({ message }: Plan, tag: number, more: number): WireError =>
  new WireError(`field ${tag >>> 3} of ${message.name} should end within it, got ${more} bytes more`);

const isId = (bytes: Uint8Array, start: number, end: number, size: number): boolean =>
  start === end || (end - start === size && !isZero(bytes, start, end));

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
