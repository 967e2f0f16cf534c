/**
 * A small protobuf reader and writer for the hot paths (Loki push, remote write, protobuf exposition), without schema or reflection.
 *
 *   const w = new Writer();
 *   w.string(1, "a"); const at = w.open(2); w.int64(1, 5n); w.close(at); w.finish();
 *   const r = new Reader(bytes);
 *   while (r.next()) switch (r.field) { case 1: r.string(); break; case 2: { const end = r.message(); … r.leave(end); break; } default: r.skip(); }
 */

/** Bytes that are no valid protobuf message of the expected kind. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const two32 = 4294967296;

/** Walks over the fields of a message; every read checks the bounds and throws a `WireError` on truncated or malformed input. */
export class Reader {
  readonly bytes: Buffer;
  readonly #view: DataView;
  position: number;
  /** Where the message that is being read ends. */
  end: number;
  /** The number and wire type of the field that `next` found. */
  field = 0;
  wireType = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = asBuffer(bytes);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.end = bytes.length;
  }

  /** Reads the next tag; false at the end of the message. */
  next(): boolean {
    if (this.position >= this.end) return false;
    const tag = this.varint();
    this.field = tag < 0x80000000 ? tag >>> 3 : Math.floor(tag / 8);
    this.wireType = tag & 7;
    if (this.field === 0 || tag >= two32)
      throw new WireError(`protobuf tag at byte ${this.position} has no valid field number`);
    return true;
  }

  /** An unsigned varint; above 2^53 the result is rounded, use `uint64` where that matters. */
  varint(): number {
    const at = this.position;
    if (at < this.end) {
      const byte = this.bytes[at] as number; // at is below the end
      if (byte < 0x80) {
        this.position = at + 1;
        return byte;
      }
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    const { bytes, end } = this;
    let result = 0;
    let factor = 1;
    for (let at = this.position, length = 0; at < end; at++) {
      const byte = bytes[at] as number; // at is below the end
      if (++length > 10) throw new WireError(`protobuf varint at byte ${this.position} is longer than 10 bytes`);
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.position = at + 1;
        return result;
      }
      factor *= 128;
    }
    throw truncated(this.position);
  }

  /** A 64-bit unsigned varint without rounding. */
  uint64(): bigint {
    this.#expect(0);
    const start = this.position;
    const small = this.varint();
    if (small < Number.MAX_SAFE_INTEGER) return BigInt(small);
    let result = 0n;
    for (let at = start, shift = 0n; at < this.position; at++, shift += 7n)
      result |= BigInt((this.bytes[at] as number) & 0x7f) << shift; // at was read
    return BigInt.asUintN(64, result);
  }

  /** A 64-bit signed varint (`int64`, `int32`, enum) without rounding. */
  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  /** A signed varint as a number: exact between -2^53 and 2^53. */
  integer(): number {
    this.#expect(0);
    const start = this.position;
    const value = this.varint();
    if (value < Number.MAX_SAFE_INTEGER) return value;
    this.position = start;
    return Number(this.int64());
  }

  /** An unsigned varint field of at most 32 bits, such as a reference. */
  uint32(): number {
    this.#expect(0);
    return this.varint() % two32;
  }

  /** A zigzag varint (`sint32`, `sint64`) as a number. */
  zigzag(): number {
    this.#expect(0);
    const start = this.position;
    const value = this.varint();
    if (value < Number.MAX_SAFE_INTEGER) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    this.position = start;
    const wide = this.uint64();
    return Number((wide & 1n) === 0n ? wide >> 1n : -((wide + 1n) >> 1n));
  }

  /** A `double` field. */
  double(): number {
    this.#expect(1);
    return this.#take64();
  }

  /** Whether the `double` at the position, just before it is read, is Prometheus' staleness marker. */
  get atStaleMarker(): boolean {
    const at = this.position;
    return (
      at + 8 <= this.end && this.#view.getUint32(at, true) === 2 && this.#view.getUint32(at + 4, true) === 0x7ff00000
    );
  }

  #take64(): number {
    const at = this.position;
    if (at + 8 > this.end) throw truncated(at);
    this.position = at + 8;
    return this.#view.getFloat64(at, true);
  }

  /** A length-delimited field as UTF-8 text. */
  string(): string {
    const start = this.#delimited();
    return this.bytes.toString("utf8", start, this.position);
  }

  /** A length-delimited field; the bytes are not copied. */
  raw(): Buffer {
    const start = this.#delimited();
    return this.bytes.subarray(start, this.position);
  }

  /** Enters the embedded message; give the result to `leave` when it is read. */
  message(): number {
    const start = this.#delimited();
    const outer = this.end;
    this.end = this.position;
    this.position = start;
    return outer;
  }

  /** Goes on behind the embedded message, whether or not all of it was read. */
  leave(outer: number): void {
    this.position = this.end;
    this.end = outer;
  }

  /** Reads a repeated number, packed or not, one element a call of `read`. */
  repeated(wireType: 0 | 1, read: () => void): void {
    if (this.wireType !== 2) {
      read();
      return;
    }
    const outer = this.message();
    this.wireType = wireType;
    while (this.position < this.end) read();
    this.leave(outer);
  }

  /** Goes over a field that nobody asked for. */
  skip(): void {
    switch (this.wireType) {
      case 0:
        this.varint();
        return;
      case 1:
        this.position += 8;
        break;
      case 2:
        this.#delimited();
        return;
      case 3:
        this.#skipGroup(this.field);
        return;
      case 5:
        this.position += 4;
        break;
      default:
        throw new WireError(`protobuf field ${this.field} has the unknown wire type ${this.wireType}`);
    }
    if (this.position > this.end) throw truncated(this.end);
  }

  #skipGroup(field: number): void {
    const open = [field];
    while (open.length > 0) {
      if (!this.next()) throw truncated(this.position);
      if (this.wireType === 3) open.push(this.field);
      else if (this.wireType !== 4) this.skip();
      else if (open.pop() !== this.field) throw new WireError(`protobuf group ${this.field} was not opened`);
    }
  }

  #delimited(): number {
    this.#expect(2);
    const length = this.varint();
    const start = this.position;
    if (length > this.end - start) throw truncated(start);
    this.position = start + length;
    return start;
  }

  #expect(wireType: number): void {
    if (this.wireType !== wireType) {
      throw new WireError(`protobuf field ${this.field} should have wire type ${wireType}, got ${this.wireType}`);
    }
  }
}

const truncated = (position: number) => new WireError(`protobuf message ends unexpectedly at byte ${position}`);

/** Appends fields to one growing buffer; fields with default values are the caller's to leave out. */
export class Writer {
  bytes: Buffer;
  #view: DataView;
  position = 0;

  constructor(size = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Makes room for so many bytes behind the position. */
  reserve(size: number): void {
    if (this.position + size <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.position + size));
    this.bytes.copy(grown, 0, 0, this.position);
    this.bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** A tag, or any unsigned number below 2^53, as a varint. */
  varint(value: number): void {
    if (this.position + 10 > this.bytes.length) this.reserve(10);
    const { bytes } = this;
    let at = this.position;
    if (value < 0x80) {
      bytes[at] = value;
      this.position = at + 1;
      return;
    }
    let rest = value;
    while (rest >= 0x80000000) {
      bytes[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.position = at;
  }

  /** An unsigned number or a reference. */
  uint(field: number, value: number): void {
    this.varint(field * 8);
    this.varint(value);
  }

  /** `int64`, `uint64`, `int32` or an enum. */
  int64(field: number, value: number | bigint): void {
    this.varint(field * 8);
    this.signed(value);
  }

  /** A signed varint without a tag. */
  signed(value: number | bigint): void {
    if (typeof value === "number" && value >= 0) {
      this.varint(value);
      return;
    }
    this.reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.bytes[this.position++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.position++] = Number(rest);
  }

  /** A zigzag varint without a tag, exact between -2^52 and 2^52. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  double(field: number, value: number): void {
    this.varint(field * 8 + 1);
    this.rawDouble(value);
  }

  rawDouble(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  /** A double without a tag from the bits of its halves, for NaNs whose bits matter. */
  rawBits(high: number, low: number): void {
    this.reserve(8);
    this.#view.setUint32(this.position, low, true);
    this.#view.setUint32(this.position + 4, high, true);
    this.position += 8;
  }

  string(field: number, value: string): void {
    this.varint(field * 8 + 2);
    const { length } = value;
    // A UTF-16 unit takes at most three bytes, so the length of the length is known beforehand for short text only.
    if (length < 42) {
      this.reserve(1 + length * 3);
      const written = this.bytes.write(value, this.position + 1, length * 3);
      this.bytes[this.position] = written;
      this.position += 1 + written;
      return;
    }
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.reserve(size);
    this.bytes.write(value, this.position, size);
    this.position += size;
  }

  raw(field: number, value: Uint8Array): void {
    this.varint(field * 8 + 2);
    this.varint(value.length);
    this.append(value);
  }

  /** Bytes that are encoded already, tag and all. */
  append(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.position);
    this.position += value.length;
  }

  /** Begins an embedded message; `close` takes the result. */
  open(field: number): number {
    this.varint(field * 8 + 2);
    this.reserve(1);
    return this.position++;
  }

  /** Ends an embedded message: writes its length, moving it where the length takes more than a byte. */
  close(start: number): void {
    const size = this.position - start - 1;
    if (size < 0x80) {
      this.bytes[start] = size;
      return;
    }
    const more = size < 0x4000 ? 1 : size < 0x200000 ? 2 : size < 0x10000000 ? 3 : 4;
    this.reserve(more);
    this.bytes.copyWithin(start + 1 + more, start + 1, this.position);
    this.position = start;
    this.varint(size);
    this.position += size;
  }

  /** What was written. */
  finish(): Buffer {
    return this.bytes.subarray(0, this.position);
  }
}

/** The same memory as a Buffer, whose native slices are faster than a TextDecoder. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
