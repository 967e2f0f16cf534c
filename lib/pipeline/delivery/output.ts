/** A buffer that grows with what is decompressed into it, up to a limit. */
import { TooLargeError } from "./errors.ts";

export class Output {
  readonly #maxBytes: number;
  bytes: Uint8Array;
  length = 0;

  constructor(expected: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.bytes = new Uint8Array(Math.min(Math.max(expected, 64), maxBytes));
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.#maxBytes) throw new TooLargeError(this.#maxBytes);
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.min(Math.max(needed, this.bytes.length * 2), this.#maxBytes));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Appends bytes from `offset` before the end, which may overlap with what it writes. */
  repeat(offset: number, count: number): void {
    this.reserve(count);
    const { bytes } = this;
    const from = this.length - offset;
    if (offset >= count) bytes.copyWithin(this.length, from, from + count);
    else for (let i = 0; i < count; i++) bytes[this.length + i] = bytes[from + i] as number; // reserved
    this.length += count;
  }

  result(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
