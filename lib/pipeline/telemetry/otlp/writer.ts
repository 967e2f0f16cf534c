/** The protobuf wire format, written to bytes that grow. */
import {
  allocate,
  byteAt,
  cell,
  cellDouble,
  cellHalves,
  cellSigned,
  cellUnsigned,
  copyRange,
  varintSize,
  viewOf,
  writeVarint,
} from "./wire.ts";

const { utf8Write } = Buffer.prototype as unknown as {
  utf8Write(this: Uint8Array, text: string, at: number, length: number): number;
}; // Node has it, its types leave it out

const longRange = 300;

/** A growing run of bytes. Nested messages are opened and closed; their length is put in front when it is known. */
export class Writer {
  bytes: Uint8Array;
  view: DataView;
  position = 0;

  constructor(size: number) {
    this.bytes = allocate(size);
    this.view = viewOf(this.bytes);
  }

  reserve(size: number): void {
    const needed = this.position + size;
    if (needed <= this.bytes.length) return;
    const bytes = allocate(Math.max(needed, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.position));
    this.bytes = bytes; // readers of the old bytes may keep them: what is written never changes
    this.view = viewOf(bytes);
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
    if (start === end) return;
    this.reserve(end - start);
    this.position = copyRange(from, start, end, this.bytes, this.position);
  }

  /** As `raw`, for ranges that are mostly short: eight bytes at a time take a third of the time that `set` takes for 100 bytes. */
  range(from: Uint8Array, fromView: DataView, start: number, end: number): void {
    if (end - start > longRange) {
      this.raw(from, start, end);
      return;
    }
    this.reserve(end - start);
    const { bytes, view } = this;
    let { position } = this;
    let at = start;
    for (; at + 8 <= end; at += 8, position += 8) view.setBigUint64(position, fromView.getBigUint64(at, true), true);
    while (at < end) bytes[position++] = byteAt(from, at++);
    this.position = position;
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

  /** Begins a nested message whose length is expected to take `room` bytes; `close` takes the result. */
  open(tag: number, room = 1): number {
    this.varint(tag);
    this.reserve(room);
    this.position += room;
    return this.position;
  }

  /** Ends a nested message: its content moves where the length takes more or fewer bytes than expected. */
  close(start: number, room = 1): void {
    const length = this.position - start;
    const more = varintSize(length) - room;
    if (more !== 0) {
      if (more > 0) this.reserve(more);
      this.bytes.copyWithin(start + more, start, this.position);
      this.position += more;
    }
    writeVarint(this.bytes, start - room, length);
  }

  /** What was written, as bytes of its own. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.position);
  }
}
