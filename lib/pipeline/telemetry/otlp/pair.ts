/** Attribute pairs and values as bytes: finding keys and values without making strings or nodes. */
import { byteAt, cursor, lengthTag, readText, readVarint, skipValue } from "./wire.ts";
import { Writer } from "./writer.ts";

export const keyTag = lengthTag(1);
export const valueTag = lengthTag(2);
export const stringTag = lengthTag(1);
export const boolTag = 2 << 3;
export const intTag = 3 << 3;
export const doubleTag = (4 << 3) | 1;
export const arrayTag = lengthTag(5);
export const kvlistTag = lengthTag(6);
export const bytesTag = lengthTag(7);
export const itemTag = lengthTag(1);

/** A key with its encoded form, so that looking it up compares bytes. */
export interface AttributeKey {
  readonly name: string;
  /** The key's field as it begins a KeyValue: tag, length, text. */
  readonly field: Uint8Array;
}

const keys = new Map<string, AttributeKey>();

/** Encodes a key; the same object for the same name as long as it is remembered. */
export function attributeKey(name: string): AttributeKey {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const writer = new Writer(name.length + 8);
  writer.varint(keyTag);
  writer.text(name);
  const key = { name, field: writer.finish() };
  if (keys.size >= 4096) keys.clear(); // names may come from data
  keys.set(name, key);
  return key;
}

/** Whether the KeyValue in bytes[start, end) has this key. */
export function hasKey(bytes: Uint8Array, start: number, end: number, key: AttributeKey): boolean {
  const { field } = key;
  if (start < end && byteAt(bytes, start) === keyTag) {
    const { length } = field;
    if (start + length > end || bytes[start + 1] !== field[1]) return false;
    // From the end: keys often begin alike.
    for (let i = length - 1; i > 1; i--) if (bytes[start + i] !== field[i]) return false;
    return true;
  }
  return readKey(bytes, start, end) === key.name;
}

/**
 * Whether bytes[start, end) are a whole KeyValue as it nearly always is: a key, then a value that is empty or one scalar, none of
 * them longer than 127 bytes. False says nothing.
 */
export function isPlainPair(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 4 || byteAt(bytes, start) !== keyTag) return false;
  const keyLength = byteAt(bytes, start + 1);
  const value = start + 2 + keyLength;
  if (keyLength > 0x7f || value + 2 > end || byteAt(bytes, value) !== valueTag) return false;
  const length = byteAt(bytes, value + 1);
  if (length > 0x7f || value + 2 + length !== end) return false;
  if (length < 2) return length === 0;
  switch (byteAt(bytes, value + 2)) {
    case stringTag:
    case bytesTag:
      return byteAt(bytes, value + 3) === length - 2;
    case boolTag:
    case intTag: {
      let at = value + 3;
      while (at < end && byteAt(bytes, at) > 0x7f) at++;
      return at === end - 1 && length <= 11;
    }
    case doubleTag:
      return length === 9;
    default:
      return false;
  }
}

/** The key of the KeyValue in bytes[start, end). */
export function readKey(bytes: Uint8Array, start: number, end: number): string {
  if (start + 2 <= end && byteAt(bytes, start) === keyTag) {
    const from = start + 2;
    const length = byteAt(bytes, start + 1);
    if (length < 0x80 && from + length <= end && (from + length === end || byteAt(bytes, from + length) === valueTag)) {
      return readText(bytes, from, from + length);
    }
  }
  const found = lastField(bytes, start, end, keyTag, keyTag);
  return found === 0 ? "" : readText(bytes, fieldStart, fieldEnd);
}

/** Where the last search found its value: results without an allocation. */
export let fieldStart = 0;
export let fieldEnd = 0;

/** Looks for the last field of a message with one of two tags; its value is then from `fieldStart` to `fieldEnd`. */
function lastField(bytes: Uint8Array, at: number, end: number, tag: number, other: number): number {
  let found = 0;
  while (at < end) {
    const current = readVarint(bytes, at, end);
    let start = cursor;
    const next = skipValue(bytes, start, end, current);
    if ((current & 7) === 2) {
      readVarint(bytes, start, end);
      start = cursor;
    }
    if (current === tag || current === other || (other === -1 && isKind(current))) {
      found = current;
      fieldStart = start;
      fieldEnd = next;
    }
    at = next;
  }
  return found;
}

function isKind(tag: number): boolean {
  switch (tag) {
    case stringTag:
    case boolTag:
    case intTag:
    case doubleTag:
    case arrayTag:
    case kvlistTag:
    case bytesTag:
      return true;
    default:
      return false;
  }
}

/** The kind of an AnyValue: the tag of its last known field, 0 if empty. Its value is from `fieldStart` to `fieldEnd`. */
export function kindTag(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 2) return lastField(bytes, start, end, -1, -1);
  // Nearly always there is one field, and nothing else.
  const tag = byteAt(bytes, start);
  const length = byteAt(bytes, start + 1);
  fieldEnd = end;
  switch (tag) {
    case boolTag:
      fieldStart = start + 1;
      if (end === start + 2 && length < 0x80) return tag;
      break;
    case doubleTag:
      fieldStart = start + 1;
      if (end === start + 9) return tag;
      break;
    case stringTag:
    case arrayTag:
    case kvlistTag:
    case bytesTag:
      fieldStart = start + 2;
      if (length < 0x80 && end === fieldStart + length) return tag;
      break;
  }
  return lastField(bytes, start, end, -1, -1);
}

/** Where the value of a pair is, from `fieldStart` to `fieldEnd`; false for none. */
export function findValue(bytes: Uint8Array, start: number, end: number): boolean {
  if (start < end && byteAt(bytes, start) === keyTag) {
    // Nearly always a key is followed by a value, and nothing else.
    const at = start + 2 + byteAt(bytes, start + 1);
    if (at + 2 <= end && byteAt(bytes, start + 1) < 0x80 && byteAt(bytes, at) === valueTag) {
      const length = byteAt(bytes, at + 1);
      fieldStart = at + 2;
      fieldEnd = end;
      if (length < 0x80 && fieldStart + length === end) return true;
    }
  }
  return lastField(bytes, start, end, valueTag, valueTag) !== 0;
}
