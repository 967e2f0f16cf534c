/** The protobuf wire format: tags, varints, fixed numbers and text, read from bytes. `writer.ts` writes them. */

/** Bytes that are not the protobuf message (or the JSON text) that they should be. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** Messages inside messages deeper than this are refused, so that nothing recurses without end. */
export const maxDepth = 1000;

const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
export const wireFixed32 = 5;

/** The tag of a message, text or bytes field. */
export const lengthTag = (number: number): number => (number << 3) | wireBytes;

/** One byte, of which the caller knows that it exists or that what comes of it is checked. */
export const byteAt = (bytes: Uint8Array, at: number): number => bytes[at] as number; // index checked by the callers

export const varintSize = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;

/** Where the last `readVarint` ended: a second result without an allocation. */
export let cursor = 0;

/** Reads a varint that must fit 32 bits (a tag or a length) and leaves `cursor` behind it. */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let factor = 1;
  for (let i = 0; i < 10; i++) {
    if (at >= end) throw new WireError("message should go on inside a varint, got its end");
    const byte = byteAt(bytes, at++);
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      if (value > 0xffff_ffff) break;
      cursor = at;
      return value;
    }
    factor *= 128;
  }
  throw new WireError("varint should fit 32 bits, got more");
}

/** Where a group (which proto2 had) ends whose opening tag is before `at`. */
function skipGroup(bytes: Uint8Array, at: number, end: number): number {
  let depth = 1;
  while (at < end) {
    const inner = readVarint(bytes, at, end);
    at = cursor;
    if ((inner & 7) === 3) depth++;
    else if ((inner & 7) !== 4) at = skipValue(bytes, at, end, inner);
    else if (--depth === 0) return at;
  }
  throw new WireError("group should end, got the end of its message");
}

/** Where the value behind `tag` ends; throws for what cannot be a value within `end`. */
export function skipValue(bytes: Uint8Array, at: number, end: number, tag: number): number {
  let next = at;
  switch (tag & 7) {
    case wireVarint: {
      let size = 0;
      while (next < end && byteAt(bytes, next) > 0x7f && size < 10) {
        next++;
        size++;
      }
      if (size === 10) throw new WireError("varint should have 10 bytes at most, got more");
      next++;
      break;
    }
    case wireFixed64:
      next = at + 8;
      break;
    case wireBytes: {
      const length = readVarint(bytes, at, end);
      next = cursor + length;
      break;
    }
    case 3:
      return skipGroup(bytes, at, end);
    case wireFixed32:
      next = at + 4;
      break;
    default:
      throw new WireError(`field ${tag >>> 3} should have a known wire type, got ${tag & 7}`);
  }
  if (next > end) throw new WireError(`field ${tag >>> 3} should end within its message, got ${next - end} bytes more`);
  return next;
}

// One 8-byte cell seen in several ways: much faster than a DataView made for each number.
export const cell = new Uint8Array(8);
export const cellDouble = new Float64Array(cell.buffer);
export const cellUnsigned = new BigUint64Array(cell.buffer);
export const cellSigned = new BigInt64Array(cell.buffer);
export const cellHalves = new Uint32Array(cell.buffer);

function load(bytes: Uint8Array, at: number): void {
  cell[0] = byteAt(bytes, at);
  cell[1] = byteAt(bytes, at + 1);
  cell[2] = byteAt(bytes, at + 2);
  cell[3] = byteAt(bytes, at + 3);
  cell[4] = byteAt(bytes, at + 4);
  cell[5] = byteAt(bytes, at + 5);
  cell[6] = byteAt(bytes, at + 6);
  cell[7] = byteAt(bytes, at + 7);
}

export function readDouble(bytes: Uint8Array, at: number): number {
  load(bytes, at);
  return cellDouble[0] as number; // a cell has one
}

export function readFixed64(bytes: Uint8Array, at: number): bigint {
  load(bytes, at);
  return cellUnsigned[0] as bigint; // a cell has one
}

export function readSfixed64(bytes: Uint8Array, at: number): bigint {
  load(bytes, at);
  return cellSigned[0] as bigint; // a cell has one
}

export const readFixed32 = (bytes: Uint8Array, at: number): number =>
  (byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)) >>>
  0;

/** The low 32 bits of a varint of up to ten bytes, as unsigned; `at` and all its bytes are known to be in range. */
export function readVarint32(bytes: Uint8Array, at: number): number {
  let byte = byteAt(bytes, at);
  let value = byte & 0x7f;
  for (let shift = 7; byte > 0x7f && shift < 35; shift += 7) {
    byte = byteAt(bytes, ++at);
    value |= (byte & 0x7f) << shift;
  }
  return value >>> 0;
}

function loadVarint(bytes: Uint8Array, at: number): void {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = byteAt(bytes, at++);
    const part = byte & 0x7f;
    if (shift < 28) low |= part << shift;
    else if (shift === 28) {
      low |= part << 28;
      high |= part >>> 4;
    } else high |= part << (shift - 32);
    if (byte < 0x80) break;
  }
  cellHalves[0] = low;
  cellHalves[1] = high;
}

export function readVarint64(bytes: Uint8Array, at: number): bigint {
  loadVarint(bytes, at);
  return cellUnsigned[0] as bigint; // a cell has one
}

export function readSignedVarint64(bytes: Uint8Array, at: number): bigint {
  loadVarint(bytes, at);
  return cellSigned[0] as bigint; // a cell has one
}

// The methods work on any Uint8Array; TextDecoder is slower for short text and needs a subarray.
const { utf8Slice } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
}; // Node has it, its types leave it out

const shortText: number[][] = Array.from({ length: 17 }, (_, length) => new Array<number>(length).fill(0));

// Names, routes, methods come again and again: comparing bytes with the text of the last time is several times faster than
// making a string. Only ASCII is kept, where a code is a byte.
const recent: string[] = new Array<string>(1024).fill("");

/** UTF-8 as text; invalid bytes become U+FFFD. */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return "";
  if (length > 64) return utf8Slice.call(bytes, start, end);
  const middle = byteAt(bytes, start + (length >> 1));
  const slot = (length * 7 + byteAt(bytes, start) * 31 + middle * 131 + byteAt(bytes, end - 1) * 521) & 1023;
  const known = recent[slot] as string; // slots to 1023 exist
  if (known.length === length && isText(bytes, start, known)) return known;
  const text = length > 16 ? utf8Slice.call(bytes, start, end) : readShort(bytes, start, end);
  if (text.length === length) recent[slot] = text;
  return text;
}

function readShort(bytes: Uint8Array, start: number, end: number): string {
  const codes = shortText[end - start] as number[]; // lengths to 16 exist
  for (let i = start; i < end; i++) {
    const byte = byteAt(bytes, i);
    if (byte > 0x7f) return utf8Slice.call(bytes, start, end);
    codes[i - start] = byte;
  }
  return String.fromCharCode.apply(null, codes);
}

/** Whether the bytes are the codes of the text, all of them ASCII. */
function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = text.length - 1; i >= 0; i--) {
    if (byteAt(bytes, start + i) !== text.charCodeAt(i)) return false;
  }
  return true;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Copies a range; a loop is faster than `set` where the range is short. */
export function copyRange(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  const length = end - start;
  if (length > 24) to.set(from.subarray(start, end), at);
  else for (let i = 0; i < length; i++) to[at + i] = byteAt(from, start + i);
  return at + length;
}

export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value > 0x7f) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value = Math.floor(value / 128);
  }
  bytes[at++] = value;
  return at;
}

/** Uninitialised memory of its own for an encoded message: all of it is about to be written. */
export const allocate = (size: number): Uint8Array =>
  size < 4096 ? new Uint8Array(size) : new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
