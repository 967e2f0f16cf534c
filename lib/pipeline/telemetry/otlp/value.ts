/**
 * Attribute values and attribute maps. A value keeps its kind: int is `bigint`, double is `number`, bytes are `Uint8Array`,
 * an empty value is `undefined`; lists and maps are live views, so that what is written into a nested map changes the
 * message that it stands in.
 *
 *   const route = attributeKey("http.route"); // once
 *   span.attributes.get(route);               // "/users", undefined if missing or empty
 *   span.attributes.set("retries", 3n);       // in its place, or at the end
 *   span.attributes.delete("http.url");
 *   for (const [key, value] of span.attributes) …
 *   const body = log.body;
 *   if (body instanceof ValueMap) body.set("seen", true);
 *
 * A list or map that was itself replaced or removed is no longer part of the message: look it up again after `set`.
 */
import { Node } from "./node.ts";
import {
  type AttributeKey,
  arrayTag,
  attributeKey,
  boolTag,
  bytesTag,
  doubleTag,
  fieldEnd,
  fieldStart,
  findValue,
  hasKey,
  intTag,
  itemTag,
  kindTag,
  kvlistTag,
  readKey,
  stringTag,
  valueTag,
} from "./pair.ts";
import { byteAt, readDouble, readSignedVarint64, readText, readVarint64 } from "./wire.ts";
import { Writer } from "./writer.ts";

export { type AttributeKey, attributeKey };

/** What an attribute, a list item or a log body holds. `undefined` is an empty value. */
export type Value = string | bigint | number | boolean | Uint8Array | ValueList | ValueMap | undefined;

/** What may be written as a value: besides the values themselves plain arrays and maps. */
export type ValueInput = Value | readonly ValueInput[] | ReadonlyMap<string, ValueInput>;

/** The kinds of values, by OTLP's names. */
export type ValueKind = "empty" | "string" | "bool" | "int" | "double" | "array" | "kvlist" | "bytes";

/** Reads a scalar AnyValue; lists and maps, which need a node, are left to the caller. */
function readScalar(bytes: Uint8Array, start: number, end: number): Value | typeof nested {
  switch (kindTag(bytes, start, end)) {
    case stringTag:
      return readText(bytes, fieldStart, fieldEnd);
    case boolTag:
      return readVarint64(bytes, fieldStart) !== 0n;
    case intTag:
      return readSignedVarint64(bytes, fieldStart);
    case doubleTag:
      return readDouble(bytes, fieldStart);
    case bytesTag:
      return bytes.subarray(fieldStart, fieldEnd);
    case 0:
      return undefined;
    default:
      return nested;
  }
}

const nested = Symbol("list or map");

/** The value of an AnyValue node. */
function valueOfNode(node: Node): Value {
  if (!node.changed) {
    const value = readScalar(node.bytes, node.start, node.end);
    if (value !== nested) return value;
  }
  node.look();
  const { entries } = node;
  for (let entry = node.last - 4; entry >= node.first; entry -= 4) {
    const tag = entries[entry];
    if (tag === arrayTag) return new ValueList(node.child(entry));
    if (tag === kvlistTag) return new ValueMap(node.child(entry), itemTag, true);
  }
  return undefined; // a changed AnyValue holds a list or a map: scalars are written anew with their field
}

/** The value in an AnyValue field of a node (a log body). */
export function fieldValue(node: Node, tag: number): Value {
  const entry = node.find(tag);
  return entry < 0 ? undefined : entryValue(node, entry);
}

/** The value of an entry that is an AnyValue. */
function entryValue(node: Node, entry: number): Value {
  const { entries } = node;
  const at = entries[entry + 2] as number; // entries have four
  if (at >= 0) {
    const value = readScalar(node.bytesOf(entry), at, entries[entry + 3] as number);
    if (value !== nested) return value;
  }
  return valueOfNode(node.child(entry));
}

/** The kind of a value. */
export function kindOf(value: Value): ValueKind {
  switch (typeof value) {
    case "string":
      return "string";
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "boolean":
      return "bool";
    case "undefined":
      return "empty";
    default:
      return value instanceof ValueMap ? "kvlist" : value instanceof ValueList ? "array" : "bytes";
  }
}

/** Writes an AnyValue field of a node (a log body). */
export function setFieldValue(node: Node, tag: number, value: ValueInput): void {
  const start = writeField(node, tag, value);
  node.putSingle(tag, start);
}

function writeField(node: Node, tag: number, value: ValueInput): number {
  const { scratch } = node.document;
  const start = scratch.position;
  const open = scratch.open(tag);
  writeValue(scratch, value);
  scratch.close(open);
  return start;
}

function writeValue(out: Writer, value: ValueInput): void {
  switch (typeof value) {
    case "string":
      out.varint(stringTag);
      out.text(value);
      return;
    case "bigint":
      out.varint(intTag);
      out.varint64(value);
      return;
    case "number":
      out.varint(doubleTag);
      out.double(value);
      return;
    case "boolean":
      out.varint(boolTag);
      out.varint(value ? 1 : 0);
      return;
    case "undefined":
      return;
    default:
      writeComposite(out, value);
  }
}

type Composite = Exclude<ValueInput, string | bigint | number | boolean | undefined>;

function writeComposite(out: Writer, value: Composite): void {
  if (value instanceof Uint8Array) writeBytes(out, bytesTag, value);
  else if (value instanceof ValueMap) writeBytes(out, kvlistTag, value.encode());
  else if (value instanceof ValueList) writeBytes(out, arrayTag, value.encode());
  else if (isArray(value)) {
    const list = out.open(arrayTag);
    for (const item of value) {
      const open = out.open(itemTag);
      writeValue(out, item);
      out.close(open);
    }
    out.close(list);
  } else {
    const map = out.open(kvlistTag);
    for (const [key, item] of value) writePair(out, itemTag, key, item);
    out.close(map);
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
const isArray = (value: object): value is readonly ValueInput[] => Array.isArray(value);

function writeBytes(out: Writer, tag: number, bytes: Uint8Array): void {
  out.varint(tag);
  out.varint(bytes.length);
  out.raw(bytes, 0, bytes.length);
}

function writePair(out: Writer, tag: number, key: string | AttributeKey, value: ValueInput): void {
  const known = typeof key === "string" ? attributeKey(key) : key;
  const { name, field } = known;
  if (typeof value === "string" && name !== "" && tag < 0x80 && writeShortPair(out, tag, field, value)) return;
  const pair = out.open(tag);
  writePairContent(out, known, value);
  out.close(pair);
}

function writePairContent(out: Writer, { name, field }: AttributeKey, value: ValueInput): void {
  if (name !== "") out.raw(field, 0, field.length);
  const open = out.open(valueTag);
  writeValue(out, value);
  out.close(open);
}

/** The most frequent pair, a short ASCII text, whose lengths are known before it is written; false for any other. */
function writeShortPair(out: Writer, tag: number, field: Uint8Array, text: string): boolean {
  const { length } = text;
  const size = field.length + 4 + length;
  if (size > 0x7f) return false;
  out.reserve(size + 2);
  const { bytes } = out;
  let at = out.position;
  bytes[at++] = tag;
  bytes[at++] = size;
  for (let i = 0; i < field.length; i++) bytes[at++] = byteAt(field, i);
  bytes[at++] = valueTag;
  bytes[at++] = length + 2;
  bytes[at++] = stringTag;
  bytes[at++] = length;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return false;
    bytes[at++] = code;
  }
  out.position = at;
  return true;
}

/** A text with its encoded form, so that comparing it with a value compares bytes. */
export interface AttributeText {
  readonly text: string;
  readonly bytes: Uint8Array;
}

export const attributeText = (text: string): AttributeText => ({ text, bytes: new Uint8Array(Buffer.from(text)) });

/** A pair that is written to many maps: encoded once for all of them, and in a request there once. */
export interface AttributePair {
  readonly key: AttributeKey;
  /** The content of the KeyValue. */
  readonly bytes: Uint8Array;
}

export function attributePair(key: AttributeKey, value: ValueInput): AttributePair {
  const out = new Writer(64);
  writePairContent(out, key, value);
  return { key, bytes: out.finish() };
}

/** A list value. Live: writing to it writes to the message that it stands in. */
export class ValueList {
  readonly node: Node;

  constructor(node: Node = Node.of(new Uint8Array(0))) {
    this.node = node;
  }

  /** A list of its own. */
  static from(items: Iterable<ValueInput>): ValueList {
    const list = new ValueList();
    for (const item of items) list.push(item);
    return list;
  }

  get length(): number {
    return this.node.count(itemTag);
  }

  /** The item at an index from 0, `undefined` beyond the end. */
  at(index: number): Value {
    const entry = this.#entry(index);
    return entry < 0 ? undefined : entryValue(this.node, entry);
  }

  #entry(index: number): number {
    const { node } = this;
    node.look();
    const { entries } = node;
    for (let entry = node.first; entry < node.last; entry += 4) {
      if (entries[entry] === itemTag && index-- === 0) return entry;
    }
    return -1;
  }

  /** Replaces an item that exists. */
  set(index: number, value: ValueInput): void {
    const entry = this.#entry(index);
    if (entry < 0) throw new RangeError(`index should be below the list's length ${this.length}, got ${index}`);
    this.node.put(entry, itemTag, writeField(this.node, itemTag, value));
  }

  push(value: ValueInput): void {
    this.node.put(-1, itemTag, writeField(this.node, itemTag, value));
  }

  clear(): void {
    this.node.clear(itemTag);
  }

  /** Removes the items for which the predicate holds; says how many. */
  removeIf(predicate: (value: Value) => boolean): number {
    const { node } = this;
    node.look();
    let removed = 0;
    for (let offset = 0; node.first + offset < node.last; offset += 4) {
      if (node.entries[node.first + offset] !== itemTag) continue;
      if (!predicate(entryValue(node, node.first + offset))) continue;
      node.cut(node.first + offset);
      removed++;
    }
    return removed;
  }

  *[Symbol.iterator](): IterableIterator<Value> {
    const { node } = this;
    node.look();
    for (let offset = 0; node.first + offset < node.last; offset += 4) {
      if (node.entries[node.first + offset] === itemTag) yield entryValue(node, node.first + offset);
    }
  }

  /** The list as an ArrayValue message. */
  encode(): Uint8Array {
    return this.node.encode();
  }
}

/** A map value, and the attributes of anything. Live. Keys may repeat: what is looked up is the first of them. */
export class ValueMap {
  readonly node: Node;
  /** Under which field of the node the pairs stand. */
  readonly tag: number;

  /** The node holds nothing but the pairs. */
  readonly #whole: boolean;

  constructor(node: Node = Node.of(new Uint8Array(0)), tag: number = itemTag, whole: boolean = node.depth === 0) {
    this.node = node;
    this.tag = tag;
    this.#whole = whole;
  }

  /** A map of its own. Repeated keys stay. */
  static from(pairs: Iterable<readonly [string, ValueInput]>): ValueMap {
    const map = new ValueMap();
    for (const [key, value] of pairs) map.add(key, value);
    return map;
  }

  get size(): number {
    return this.node.count(this.tag);
  }

  get(key: string | AttributeKey): Value {
    const entry = this.#find(key);
    return entry < 0 ? undefined : this.#value(entry);
  }

  /** Whether the key is there, be it with an empty value. */
  has(key: string | AttributeKey): boolean {
    return this.#find(key) >= 0;
  }

  /** Replaces the value of the key in its place, or adds it at the end. */
  set(key: string | AttributeKey, value: ValueInput): void {
    const { node, tag } = this;
    const entry = this.#find(key);
    const { scratch } = node.document;
    const start = scratch.position;
    writePair(scratch, tag, key, value);
    node.put(entry, tag, start);
  }

  /** Adds a pair at the end without looking whether the key is there. */
  add(key: string | AttributeKey, value: ValueInput): void {
    const { node, tag } = this;
    const { scratch } = node.document;
    const start = scratch.position;
    writePair(scratch, tag, key, value);
    node.put(-1, tag, start);
  }

  /** Whether the value of the key is this text. */
  isText(key: AttributeKey, { text, bytes: wanted }: AttributeText): boolean {
    const entry = this.#find(key);
    if (entry < 0) return false;
    const { node } = this;
    const { entries } = node;
    const at = entries[entry + 2] as number; // entries have four
    if (at < 0) return this.#value(entry) === text;
    const bytes = node.bytesOf(entry);
    if (!findValue(bytes, at, entries[entry + 3] as number)) return false;
    if (kindTag(bytes, fieldStart, fieldEnd) !== stringTag || fieldEnd - fieldStart !== wanted.length) return false;
    for (let i = wanted.length - 1; i >= 0; i--) if (bytes[fieldStart + i] !== wanted[i]) return false;
    return true;
  }

  /** As `set`, for a pair that is written to many maps. */
  setPair(pair: AttributePair): void {
    this.#putPair(this.#find(pair.key), pair);
  }

  /** As `add`, for a pair that is written to many maps. */
  addPair(pair: AttributePair): void {
    this.#putPair(-1, pair);
  }

  #putPair(entry: number, { bytes }: AttributePair): void {
    const { node, tag } = this;
    const { start, at, end } = node.document.shared(tag, bytes);
    node.putRange(entry, tag, start, at, end);
  }

  /** Removes the first pair with the key; says whether there was one. */
  delete(key: string | AttributeKey): boolean {
    const entry = this.#find(key);
    if (entry < 0) return false;
    this.node.cut(entry);
    return true;
  }

  clear(): void {
    this.node.clear(this.tag);
  }

  /** Removes the pairs for which the predicate holds; says how many. The value is only read when asked for. */
  removeIf(predicate: (key: string, value: () => Value) => boolean): number {
    const { node } = this;
    node.look();
    let removed = 0;
    for (let offset = 0; node.first + offset < node.last; offset += 4) {
      if (node.entries[node.first + offset] !== this.tag) continue;
      if (!predicate(this.#key(node.first + offset), () => this.#value(node.first + offset))) continue;
      node.cut(node.first + offset);
      removed++;
    }
    return removed;
  }

  *keys(): IterableIterator<string> {
    const { node, tag } = this;
    node.look();
    for (let offset = 0; node.first + offset < node.last; offset += 4) {
      if (node.entries[node.first + offset] === tag) yield this.#key(node.first + offset);
    }
  }

  *[Symbol.iterator](): IterableIterator<[key: string, value: Value]> {
    const { node, tag } = this;
    node.look();
    for (let offset = 0; node.first + offset < node.last; offset += 4) {
      if (node.entries[node.first + offset] !== tag) continue;
      yield [this.#key(node.first + offset), this.#value(node.first + offset)];
    }
  }

  /** Replaces all pairs; repeated keys stay. */
  replaceAll(pairs: Iterable<readonly [string, ValueInput]>): void {
    const map = ValueMap.from(pairs);
    this.clear();
    for (const [key, value] of map) this.add(key, value);
  }

  #find(key: string | AttributeKey): number {
    const wanted = typeof key === "string" ? attributeKey(key) : key;
    const { node, tag } = this;
    node.look();
    const { entries } = node;
    for (let entry = node.first; entry < node.last; entry += 4) {
      if (entries[entry] !== tag) continue;
      const at = entries[entry + 2] as number; // entries have four
      if (at < 0) {
        const { bytes, start, end } = node.child(entry);
        if (hasKey(bytes, start, end, wanted)) return entry;
      } else if (hasKey(node.bytesOf(entry), at, entries[entry + 3] as number, wanted)) return entry;
    }
    return -1;
  }

  #key(entry: number): string {
    const { entries } = this.node;
    const at = entries[entry + 2] as number; // entries have four
    if (at >= 0) return readKey(this.node.bytesOf(entry), at, entries[entry + 3] as number);
    const { bytes, start, end } = this.node.child(entry); // a pair's key is never written by itself
    return readKey(bytes, start, end);
  }

  #value(entry: number): Value {
    const { node } = this;
    const { entries } = node;
    const at = entries[entry + 2] as number; // entries have four
    if (at >= 0) {
      const bytes = node.bytesOf(entry);
      if (!findValue(bytes, at, entries[entry + 3] as number)) return undefined;
      const value = readScalar(bytes, fieldStart, fieldEnd);
      if (value !== nested) return value;
    }
    return valueOfNode(node.child(entry).message(valueTag));
  }

  /** The map as a KeyValueList message. */
  encode(): Uint8Array {
    const { node, tag } = this;
    if (this.#whole) return node.encode();
    node.look();
    const out = new Writer(256);
    for (let entry = node.first; entry < node.last; entry += 4) {
      if (node.entries[entry] === tag) writeBytes(out, itemTag, node.contentOf(entry));
    }
    return out.finish();
  }
}
