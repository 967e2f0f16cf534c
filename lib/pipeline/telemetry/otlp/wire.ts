/** The protobuf wire format: tags, varints, fixed numbers and text, read from and written to bytes. */

/** Bytes that are not the protobuf message (or the JSON text) that they should be. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** Messages inside messages deeper than this are refused, so that nothing recurses without end. */
export const maxDepth = 1000;

export const wireVarint = 0;
export const wireFixed64 = 1;
export const wireBytes = 2;
export const wireFixed32 = 5;

/** The tag of a field: its number and how it is written. */
export const tagOf = (number: number, wireType: number): number => (number << 3) | wireType;

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
const cell = new Uint8Array(8);
const cellDouble = new Float64Array(cell.buffer);
const cellUnsigned = new BigUint64Array(cell.buffer);
const cellSigned = new BigInt64Array(cell.buffer);
const cellHalves = new Uint32Array(cell.buffer);

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
const { utf8Slice, utf8Write } = Buffer.prototype as unknown as {
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, at: number, length: number): number;
}; // Node has them, its types leave them out

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

/** A growing run of bytes. Nested messages are opened and closed; their length is put in front when it is known. */
export class Writer {
  bytes: Uint8Array;
  position = 0;

  constructor(size: number) {
    this.bytes = allocate(size);
  }

  reserve(size: number): void {
    const needed = this.position + size;
    if (needed <= this.bytes.length) return;
    const bytes = allocate(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.position));
    this.bytes = bytes; // readers of the old bytes may keep them: what is written never changes
  }

  varint(value: number): void {
    this.reserve(10);
    this.position = writeVarint(this.bytes, this.position, value);
  }

  /** A 64-bit integer; negative ones take ten bytes. */
  varint64(value: bigint): void {
    if (value >= 0n && value <= 0x1f_ffff_ffff_ffffn) {
      this.varint(Number(value));
      return;
    }
    this.reserve(10);
    cellSigned[0] = value; // wraps as the wire does
    let low = cellHalves[0] as number; // a cell has two halves
    let high = cellHalves[1] as number;
    while (high !== 0 || low > 0x7f) {
      this.bytes[this.position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.bytes[this.position++] = low;
  }

  fixed64(value: bigint): void {
    this.reserve(8);
    cellUnsigned[0] = value;
    for (let i = 0; i < 8; i++) this.bytes[this.position++] = byteAt(cell, i);
  }

  double(value: number): void {
    this.reserve(8);
    cellDouble[0] = value;
    for (let i = 0; i < 8; i++) this.bytes[this.position++] = byteAt(cell, i);
  }

  fixed32(value: number): void {
    this.reserve(4);
    for (let i = 0; i < 32; i += 8) this.bytes[this.position++] = (value >>> i) & 0xff;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value;
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes, position } = this;
    for (let i = 0; i < text.length; i++) bytes[position + i] = text.charCodeAt(i);
    this.position = position + text.length;
  }

  /** Text as UTF-8, without its length. */
  utf8(text: string): void {
    const size = Buffer.byteLength(text);
    this.reserve(size);
    utf8Write.call(this.bytes, text, this.position, size);
    this.position += size;
  }

  raw(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.position = copyRange(from, start, end, this.bytes, this.position);
  }

  /** Text as UTF-8, with its length in front. */
  text(text: string): void {
    const { length } = text;
    if (length < 0x80) {
      this.reserve(length + 1);
      const start = this.position + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        this.bytes[start + i] = code;
      }
      if (i === length) {
        this.bytes[this.position] = length;
        this.position = start + length;
        return;
      }
    }
    this.varint(Buffer.byteLength(text));
    this.utf8(text);
  }

  /** Begins a nested message; `close` takes the result. */
  open(tag: number): number {
    this.varint(tag);
    this.reserve(1);
    return ++this.position;
  }

  /** Ends a nested message: its content moves up where the length takes more than one byte. */
  close(start: number): void {
    const length = this.position - start;
    const more = varintSize(length) - 1;
    if (more > 0) {
      this.reserve(more);
      this.bytes.copyWithin(start + more, start, this.position);
      this.position += more;
    }
    writeVarint(this.bytes, start - 1, length);
  }

  /** What was written, as bytes of its own. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.position);
  }
}
