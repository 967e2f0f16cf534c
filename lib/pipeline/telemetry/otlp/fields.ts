/** Reading and writing the scalar fields of a node; an absent field reads as its default, and the default is not written. */
import type { Node } from "./node.ts";
import {
  byteAt,
  readDouble,
  readFixed32,
  readFixed64,
  readSfixed64,
  readSignedVarint64,
  readText,
  readVarint32,
  readVarint64,
} from "./wire.ts";

const valueAt = (node: Node, entry: number): number => node.entries[entry + 2] as number; // entries have four
const valueEnd = (node: Node, entry: number): number => node.entries[entry + 3] as number; // entries have four

export function text(node: Node, tag: number): string {
  const entry = node.find(tag);
  return entry < 0 ? "" : readText(node.bytesOf(entry), valueAt(node, entry), valueEnd(node, entry));
}

export function setText(node: Node, tag: number, value: string): void {
  if (value === "") {
    node.clear(tag);
    return;
  }
  const { scratch } = node.document;
  const start = scratch.position;
  scratch.varint(tag);
  scratch.text(value);
  node.putSingle(tag, start);
}

/** Bytes are a range of the message: whoever keeps them should copy them. */
export function bytes(node: Node, tag: number): Uint8Array {
  const entry = node.find(tag);
  return entry < 0 ? emptyBytes : node.contentOf(entry);
}

const emptyBytes = new Uint8Array(0);

export function setBytes(node: Node, tag: number, value: Uint8Array): void {
  const { scratch } = node.document;
  const start = scratch.position;
  scratch.varint(tag);
  scratch.varint(value.length);
  scratch.raw(value, 0, value.length);
  node.putSingle(tag, start);
}

const hexDigits: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** An id as lowercase hex; an absent and an all-zero one are both "". */
export function hexId(node: Node, tag: number): string {
  const entry = node.find(tag);
  return entry < 0 ? "" : hexOf(node.bytesOf(entry), valueAt(node, entry), valueEnd(node, entry));
}

export function hexOf(from: Uint8Array, start: number, end: number): string {
  let hex = "";
  let any = 0;
  for (let i = start; i < end; i++) {
    const byte = byteAt(from, i);
    any |= byte;
    hex += hexDigits[byte];
  }
  return any === 0 ? "" : hex;
}

/** An id from hex text; one that is empty or all zero is written as an empty one, as Alloy does. */
export function setHexId(node: Node, tag: number, size: number, value: string): void {
  const id = new Uint8Array(Buffer.from(value, "hex"));
  setId(node, tag, size, id.length * 2 === value.length ? id : new Uint8Array(1));
}

export function setId(node: Node, tag: number, size: number, value: Uint8Array): void {
  if (value.length !== 0 && value.length !== size) {
    throw new RangeError(`id should have ${size} bytes, got ${value.length}`);
  }
  setBytes(node, tag, value.some(byte => byte !== 0) ? value : emptyBytes);
}

export function uint32(node: Node, tag: number): number {
  const entry = node.find(tag);
  return entry < 0 ? 0 : readVarint32(node.bytesOf(entry), valueAt(node, entry));
}

export function setUint32(node: Node, tag: number, value: number): void {
  setVarint(node, tag, BigInt(value >>> 0));
}

export function int64(node: Node, tag: number): bigint {
  const entry = node.find(tag);
  return entry < 0 ? 0n : readSignedVarint64(node.bytesOf(entry), valueAt(node, entry));
}

/** Also for enums: any number is kept, whether it names something or not. */
export const int32 = (node: Node, tag: number): number => uint32(node, tag) | 0;

export function setInt32(node: Node, tag: number, value: number): void {
  setVarint(node, tag, BigInt(value | 0));
}

export function sint32(node: Node, tag: number): number {
  const value = uint32(node, tag);
  return (value >>> 1) ^ -(value & 1);
}

export function setSint32(node: Node, tag: number, value: number): void {
  setVarint(node, tag, BigInt(((value << 1) ^ (value >> 31)) >>> 0));
}

export const bool = (node: Node, tag: number): boolean => {
  const entry = node.find(tag);
  return entry >= 0 && readVarint64(node.bytesOf(entry), valueAt(node, entry)) !== 0n;
};

export function setBool(node: Node, tag: number, value: boolean): void {
  setVarint(node, tag, value ? 1n : 0n);
}

function setVarint(node: Node, tag: number, value: bigint): void {
  if (value === 0n) {
    node.clear(tag);
    return;
  }
  const { scratch } = node.document;
  const start = scratch.position;
  scratch.varint(tag);
  scratch.varint64(value);
  node.putSingle(tag, start);
}

export function fixed32(node: Node, tag: number): number {
  const entry = node.find(tag);
  return entry < 0 ? 0 : readFixed32(node.bytesOf(entry), valueAt(node, entry));
}

export function setFixed32(node: Node, tag: number, value: number): void {
  if (value === 0) {
    node.clear(tag);
    return;
  }
  const { scratch } = node.document;
  const start = scratch.position;
  scratch.varint(tag);
  scratch.fixed32(value);
  node.putSingle(tag, start);
}

export function fixed64(node: Node, tag: number): bigint {
  const entry = node.find(tag);
  return entry < 0 ? 0n : readFixed64(node.bytesOf(entry), valueAt(node, entry));
}

export function setFixed64(node: Node, tag: number, value: bigint): void {
  if (value === 0n) node.clear(tag);
  else putFixed64(node, tag, value);
}

/** A number that is either a double or a signed integer: of both, the last. */
export function oneofNumber(node: Node, doubleTag: number, intTag: number): bigint | number | undefined {
  node.look();
  const { entries } = node;
  for (let entry = node.last - 4; entry >= node.first; entry -= 4) {
    const tag = entries[entry];
    if (tag === doubleTag) return readDouble(node.bytesOf(entry), valueAt(node, entry));
    if (tag === intTag) return readSfixed64(node.bytesOf(entry), valueAt(node, entry));
  }
  return undefined;
}

export function setOneofNumber(
  node: Node,
  doubleTag: number,
  intTag: number,
  value: bigint | number | undefined,
): void {
  if (typeof value !== "number") node.clear(doubleTag);
  if (typeof value !== "bigint") node.clear(intTag);
  if (typeof value === "number") setOptionalDouble(node, doubleTag, value);
  else if (typeof value === "bigint") putFixed64(node, intTag, value);
}

function putFixed64(node: Node, tag: number, value: bigint): void {
  const { scratch } = node.document;
  const start = scratch.position;
  scratch.varint(tag);
  scratch.fixed64(value);
  node.putSingle(tag, start);
}

export const double = (node: Node, tag: number): number => optionalDouble(node, tag) ?? 0;

export function setDouble(node: Node, tag: number, value: number): void {
  if (value === 0) node.clear(tag);
  else setOptionalDouble(node, tag, value);
}

export function optionalDouble(node: Node, tag: number): number | undefined {
  const entry = node.find(tag);
  return entry < 0 ? undefined : readDouble(node.bytesOf(entry), valueAt(node, entry));
}

export function setOptionalDouble(node: Node, tag: number, value: number | undefined): void {
  if (value === undefined) {
    node.clear(tag);
    return;
  }
  const { scratch } = node.document;
  const start = scratch.position;
  scratch.varint(tag);
  scratch.double(value);
  node.putSingle(tag, start);
}

/** How a list of numbers is read and written. */
export interface NumberKind<T> {
  /** The wire type of one number. */
  readonly wireType: number;
  read(bytes: Uint8Array, at: number): T;
  write(node: Node, value: T): void;
}

export const fixed64s: NumberKind<bigint> = {
  wireType: 1,
  read: readFixed64,
  write: (node, value) => node.document.scratch.fixed64(value),
};
export const doubles: NumberKind<number> = {
  wireType: 1,
  read: readDouble,
  write: (node, value) => node.document.scratch.double(value),
};
export const varint64s: NumberKind<bigint> = {
  wireType: 0,
  read: readVarint64,
  write: (node, value) => node.document.scratch.varint64(BigInt.asIntN(64, value)),
};

/** A repeated number, packed (as written since proto3) or one by one, or both. */
export function numbers<T>(node: Node, number: number, kind: NumberKind<T>): T[] {
  node.look();
  const { entries } = node;
  const packed = (number << 3) | 2;
  const single = (number << 3) | kind.wireType;
  const values: T[] = [];
  for (let entry = node.first; entry < node.last; entry += 4) {
    const tag = entries[entry];
    if (tag === single) values.push(kind.read(node.bytesOf(entry), valueAt(node, entry)));
    else if (tag === packed) readPacked(node.bytesOf(entry), valueAt(node, entry), valueEnd(node, entry), kind, values);
  }
  return values;
}

function readPacked<T>(from: Uint8Array, at: number, end: number, kind: NumberKind<T>, values: T[]): void {
  while (at < end) {
    const next = kind.wireType === 1 ? at + 8 : varintEnd(from, at, end);
    if (next > end) return;
    values.push(kind.read(from, at));
    at = next;
  }
}

function varintEnd(from: Uint8Array, at: number, end: number): number {
  while (at < end && byteAt(from, at) > 0x7f) at++;
  return at + 1;
}

export function setNumbers<T>(node: Node, number: number, kind: NumberKind<T>, values: readonly T[]): void {
  const packed = (number << 3) | 2;
  node.clear((number << 3) | kind.wireType);
  if (values.length === 0) {
    node.clear(packed);
    return;
  }
  const { scratch } = node.document;
  const start = scratch.position;
  const content = scratch.open(packed);
  for (const value of values) kind.write(node, value);
  scratch.close(content);
  node.putSingle(packed, start);
}

/** The strings of a repeated text field. */
export function texts(node: Node, tag: number): string[] {
  node.look();
  const { entries } = node;
  const values: string[] = [];
  for (let entry = node.first; entry < node.last; entry += 4) {
    if (entries[entry] === tag) {
      values.push(readText(node.bytesOf(entry), valueAt(node, entry), valueEnd(node, entry)));
    }
  }
  return values;
}
