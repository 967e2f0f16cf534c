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
  return { canonical: check(planOf(requests[signal]), bytes, 0, bytes.length, 0, undefined) };
}

/**
 * Checks a request and gives it the fields that Alloy's encoder would have written: ids, resource, scope, status and the like
 * even where they are empty, no zeros, scope groups at their present number. The same bytes if there is nothing to do;
 * unknown fields stay.
 */
export function canonicalise(signal: Signal, bytes: Uint8Array): Uint8Array {
  const others = new Set<number>();
  const message = requests[signal];
  if (check(planOf(message), bytes, 0, bytes.length, 0, others)) return bytes;
  const out = new Writer(bytes.length + (bytes.length >> 3) + 64);
  rewrite(message, bytes, 0, bytes.length, others, out);
  return out.finish();
}

// What a field's tag asks for, as small numbers in a table: this loop sees every field of every request.
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

/** Checks the message in bytes[start, end); where it is not as Alloy writes it, its start goes to `others`. */
function check(
  plan: Plan,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  others: Set<number> | undefined,
): boolean {
  if (depth > maxDepth) throw new WireError(`messages should be at most ${maxDepth} deep, got more`);
  const { actions, always, inner } = plan;
  let same = true;
  let seen = 0;
  let at = start;
  while (at < end) {
    let tag = byteAt(bytes, at++);
    if (tag > 0x7f) {
      tag = readVarint(bytes, at - 1, end);
      at = cursor;
    }
    const action = tag < 256 ? byteAt(actions, tag) : unknown;
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
    if (at > end)
      throw new WireError(
        `field ${tag >>> 3} of ${plan.message.name} should end within it, got ${at - end} bytes more`,
      );
    switch (action) {
      case isMessage:
        seen += byteAt(always, tag);
        if (!check(inner[tag] as Plan, bytes, value, at, depth + 1, others)) same = false; // messages have a plan
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
        if (!checkId(plan, tag, bytes, value, at, 16)) same = false;
        break;
      case isSpanId:
        seen++;
        if (!checkId(plan, tag, bytes, value, at, 8)) same = false;
        break;
      case isList:
        if (!checkList(plan, tag, bytes, value, at)) same = false;
        break;
      default:
        if (!checkOther(plan, tag, bytes, value, at, depth, others)) same = false;
    }
  }
  if (seen !== plan.message.always.length) same = false;
  if (!same && others !== undefined) others.add(start);
  return same;
}

/** Scope groups at their old number, unknown fields, and known fields of the wrong type. */
function checkOther(
  { message }: Plan,
  tag: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  depth: number,
  others: Set<number> | undefined,
): boolean {
  const number = tag >>> 3;
  if (number === 0) throw new WireError(`field number of ${message.name} should be above 0, got 0`);
  const field = message.byTag[tag];
  if (field?.message !== undefined) {
    check(planOf(field.message), bytes, start, end, depth + 1, others);
    return false;
  }
  const known = message.fields.find(field => field.number === number);
  if (known === undefined) return true;
  throw new WireError(`${message.name}.${known.name} should have wire type ${known.tag & 7}, got ${tag & 7}`);
}

/** Checks a list of numbers, packed or not. */
function checkList({ message }: Plan, tag: number, bytes: Uint8Array, start: number, end: number): boolean {
  const field = message.byTag[tag];
  if (field === undefined || field.tag === tag) return true;
  if ((field.tag & 7) === 1 && (end - start) % 8 !== 0) {
    throw new WireError(`${message.name}.${field.name} should have 8 bytes a number, got ${end - start} bytes`);
  }
  if ((field.tag & 7) === 0) for (let at = start; at < end; ) at = skipValue(bytes, at, end, 0);
  return end > start;
}

/** Checks an id's length. False for one of zeros only, which Alloy's encoder writes as an empty one. */
function checkId({ message }: Plan, tag: number, bytes: Uint8Array, start: number, end: number, size: number): boolean {
  if (start === end) return true;
  if (end - start === size) return !isZero(bytes, start, end);
  throw new WireError(
    `${message.name}.${message.byTag[tag]?.name} should have ${size} bytes or none, got ${end - start}`,
  );
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

/** Copies a checked message; those whose start is among `others` are put together anew. */
function rewrite(
  message: Message,
  bytes: Uint8Array,
  start: number,
  end: number,
  others: ReadonlySet<number>,
  out: Writer,
): void {
  const { byTag } = message;
  let seen = 0; // by the field's place
  let pending = start; // what is the same up to here is copied as one range
  let at = start;
  while (at < end) {
    const from = at;
    const tag = readVarint(bytes, at, end);
    let value = cursor;
    at = skipValue(bytes, value, end, tag);
    const field = byTag[tag];
    if (field === undefined) continue;
    seen |= 1 << field.place;
    if ((tag & 7) === 2) {
      readVarint(bytes, value, end);
      value = cursor;
    }
    if (field.message === undefined) {
      if (isWritten(field, bytes, value, at)) continue;
      out.raw(bytes, pending, from);
      if (field.always) emptyField(out, field.tag);
    } else if (field.number === 1000) {
      out.raw(bytes, pending, from);
      moveOldScopes(message, field.message, bytes, start, end, value, at, others, out);
    } else {
      if (!others.has(value)) continue;
      out.raw(bytes, pending, from);
      const open = out.open(tag);
      rewrite(field.message, bytes, value, at, others, out);
      out.close(open);
    }
    pending = at;
  }
  out.raw(bytes, pending, end);
  for (const field of message.always) if ((seen & (1 << field.place)) === 0) emptyField(out, field.tag);
}

/** Scope groups at their old number move to the present one, or go where that is there. */
function moveOldScopes(
  group: Message,
  scopes: Message,
  bytes: Uint8Array,
  groupStart: number,
  groupEnd: number,
  start: number,
  end: number,
  others: ReadonlySet<number>,
  out: Writer,
): void {
  const present = group.fields.find(field => field.number === 2)?.tag ?? 0;
  if (hasTag(bytes, groupStart, groupEnd, present)) return;
  const open = out.open(present);
  rewrite(scopes, bytes, start, end, others, out);
  out.close(open);
}

function emptyField(out: Writer, tag: number): void {
  out.varint(tag);
  out.varint(0);
}

function hasTag(bytes: Uint8Array, at: number, end: number, wanted: number): boolean {
  while (at < end) {
    const tag = readVarint(bytes, at, end);
    if (tag === wanted) return true;
    at = skipValue(bytes, cursor, end, tag);
  }
  return false;
}
