/**
 * Decompresses bzip2 block by block: Node has no decoder, and the packages that stream have not been touched for years.
 * Its format has no specification but the program; this follows the description in its manual and what it writes.
 */
import { BadEncodingError } from "./errors.ts";

/** No block that the program writes is larger, compressed: 900,000 bytes that can't be compressed, and its tables. */
export const maxBlockBytes = 1 << 20;

const outBytes = 256 * 1024;
const groupSize = 50;
const maxCodeLength = 20;

/** Bits from the high end of each byte. */
class Bits {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #word = 0;
  #left = 0;

  /** Bytes that were not looked at. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Bytes at whose first bit the reader stands, after `align`. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at - (this.#left >> 3));
  }

  append(bytes: Uint8Array): void {
    this.#bytes = this.remaining ? Buffer.concat([this.#bytes.subarray(this.#at), bytes]) : bytes;
    this.#at = 0;
  }

  /** Up to 24 bits. */
  read(count: number): number {
    const value = this.peek(count);
    this.skip(count);
    return value;
  }

  /** The next bits without taking them; zeros behind the end. */
  peek(count: number): number {
    while (this.#left < count) {
      // behind the end zeros come, and `skip` tells
      this.#word = ((this.#word << 8) | (this.#bytes[this.#at] ?? 0)) >>> 0;
      this.#at++;
      this.#left += 8;
    }
    return (this.#word >>> (this.#left - count)) & ((1 << count) - 1);
  }

  skip(count: number): void {
    if (this.#left < count) this.peek(count);
    this.#left -= count;
    if (this.#at - (this.#left >> 3) > this.#bytes.length) throw new BadEncodingError("bzip2 ends within a block");
  }

  align(): void {
    this.#left -= this.#left & 7;
  }
}

/** Canonical codes: for each length the highest code of it, and where its symbols begin. */
interface Codes {
  readonly min: number;
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

/** One stream after the other, as `bzip2` and its parallel relatives write them. */
export class Bunzip2 {
  readonly #bits = new Bits();
  #level = 0;
  #combined = 0;
  #blocks: Int32Array | undefined;

  /** Bytes that are there for the next block; it needs `maxBlockBytes` of them, or all that are left. */
  get buffered(): number {
    return this.#bits.remaining;
  }

  append(bytes: Uint8Array): void {
    this.#bits.append(bytes);
  }

  /** The content of the next block in pieces; `undefined` at the end of a stream, whose first bytes behind it `rest` has. */
  next(): Iterable<Buffer> | undefined {
    if (this.#level === 0) this.#start();
    const high = this.#bits.read(24);
    const low = this.#bits.read(24);
    if (high === 0x314159 && low === 0x265359) return this.#block();
    if (high !== 0x177245 || low !== 0x385090) throw new BadEncodingError("bzip2 should have a block, got none");
    const sum = ((this.#bits.read(16) << 16) | this.#bits.read(16)) >>> 0;
    if (sum !== this.#combined) throw new BadEncodingError("checksum of the bzip2 stream should fit, got another one");
    this.#bits.align();
    this.#level = 0;
    return undefined;
  }

  rest(): Uint8Array {
    return this.#bits.rest();
  }

  #start(): void {
    const magic = this.#bits.read(24);
    const level = this.#bits.read(8) - 0x30;
    if (magic !== 0x425a68 || level < 1 || level > 9)
      throw new BadEncodingError("bzip2 should begin with BZh1 to BZh9");
    this.#level = level;
    this.#combined = 0;
    this.#blocks = this.#blocks?.length === level * 100_000 ? this.#blocks : new Int32Array(level * 100_000);
  }

  *#block(): Generator<Buffer> {
    const bits = this.#bits;
    const expected = ((bits.read(16) << 16) | bits.read(16)) >>> 0;
    if (bits.read(1)) throw new BadEncodingError("bzip2 blocks that are randomised can't be read");
    const origin = bits.read(24);
    const block = this.#blocks as Int32Array; // made by #start
    const length = this.#symbols(block);
    if (origin >= length) throw new BadEncodingError("bzip2 block should begin inside of itself");
    const check = { crc: 0xffffffff };
    yield* unrun(block, length, origin, check);
    const sum = ~check.crc >>> 0;
    if (sum !== expected) throw new BadEncodingError("checksum of the bzip2 block should fit, got another one");
    this.#combined = (((this.#combined << 1) | (this.#combined >>> 31)) ^ sum) >>> 0;
  }

  /** Undoes Huffman's codes, the runs of zeros and move-to-front; fills the block with bytes. */
  #symbols(block: Int32Array): number {
    const bits = this.#bits;
    const front = usedBytes(bits);
    const size = front.length + 2;
    const groups = bits.read(3);
    const selectorCount = bits.read(15);
    if (groups < 2 || groups > 6 || selectorCount < 1) throw new BadEncodingError("bzip2 block should have its tables");
    const selectors = readSelectors(bits, groups, selectorCount);
    const tables = Array.from({ length: groups }, () => readCodes(bits, size));
    let length = 0;
    let run = 0;
    let weight = 1;
    for (let group = 0; ; group++) {
      const table = tables[selectors[group] ?? -1];
      if (!table) throw new BadEncodingError("bzip2 block should have a table for each group");
      for (let i = 0; i < groupSize; i++) {
        const symbol = decodeSymbol(bits, table);
        if (symbol < 2) {
          run += weight << symbol;
          weight <<= 1;
          if (run > block.length) throw tooLong();
          continue;
        }
        if (run) {
          if (length + run > block.length) throw tooLong();
          block.fill(front[0] as number, length, length + run); // some byte is used
          length += run;
          run = 0;
          weight = 1;
        }
        if (symbol === size - 1) return length;
        if (length >= block.length) throw tooLong();
        const at = symbol - 1;
        const byte = front[at] as number; // symbols are fewer than the bytes
        front.copyWithin(1, 0, at);
        front[0] = byte;
        block[length++] = byte;
      }
    }
  }
}

const tooLong = () => new BadEncodingError("bzip2 block should be no longer than its header says");

function usedBytes(bits: Bits): Uint8Array {
  const found: number[] = [];
  const rows = bits.read(16);
  for (let row = 0; row < 16; row++) {
    if (!(rows & (0x8000 >> row))) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column++) if (columns & (0x8000 >> column)) found.push(row * 16 + column);
  }
  if (!found.length) throw new BadEncodingError("bzip2 block should have bytes, got none");
  return Uint8Array.from(found);
}

function readSelectors(bits: Bits, groups: number, count: number): Uint8Array {
  const order = Uint8Array.from({ length: groups }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let at = 0;
    while (bits.read(1)) if (++at >= groups) throw new BadEncodingError("bzip2 selector should name a table");
    const group = order[at] as number; // below the number of groups
    order.copyWithin(1, 0, at);
    order[0] = group;
    selectors[i] = group;
  }
  return selectors;
}

function readCodes(bits: Bits, size: number): Codes {
  const lengths = new Uint8Array(size);
  let length = bits.read(5);
  for (let i = 0; i < size; i++) {
    for (;;) {
      if (length < 1 || length > maxCodeLength) throw new BadEncodingError("bzip2 code should have 1 to 20 bits");
      if (!bits.read(1)) break;
      length += bits.read(1) ? -1 : 1;
    }
    lengths[i] = length;
  }
  return codesOf(lengths);
}

function codesOf(lengths: Uint8Array): Codes {
  const counts = new Int32Array(maxCodeLength + 2);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  const limits = new Int32Array(maxCodeLength + 1).fill(-1);
  const bases = new Int32Array(maxCodeLength + 1);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let index = 0;
  let min = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    const count = counts[length] as number; // longer than the lengths
    if (count && !min) min = length;
    bases[length] = index - code;
    for (let symbol = 0; count && symbol < lengths.length; symbol++)
      if (lengths[symbol] === length) symbols[index++] = symbol;
    code += count;
    limits[length] = count ? code - 1 : -1;
    code <<= 1;
  }
  return { min, limits, bases, symbols };
}

function decodeSymbol(bits: Bits, { min, limits, bases, symbols }: Codes): number {
  const word = bits.peek(maxCodeLength);
  for (let length = min; length <= maxCodeLength; length++) {
    const code = word >>> (maxCodeLength - length);
    if (code > (limits[length] as number)) continue; // the array is as long
    bits.skip(length);
    return symbols[(bases[length] as number) + code] as number; // code is one of that length
  }
  throw new BadEncodingError("bzip2 should have a code, got none");
}

/** Undoes the Burrows–Wheeler transform and the runs that were made short before it. */
function* unrun(block: Int32Array, length: number, origin: number, check: { crc: number }): Generator<Buffer> {
  const starts = new Int32Array(256);
  for (let i = 0; i < length; i++) {
    const byte = (block[i] as number) & 0xff; // below the length, as are all below
    starts[byte] = (starts[byte] as number) + 1;
  }
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = starts[byte] as number;
    starts[byte] = sum;
    sum += count;
  }
  // the upper bits lead to the next byte, the lower ones are a byte
  for (let i = 0; i < length; i++) {
    const byte = (block[i] as number) & 0xff;
    const to = starts[byte] as number;
    starts[byte] = to + 1;
    block[to] = (block[to] as number) | (i << 8);
  }
  let at = (block[origin] as number) >> 8;
  let out = Buffer.allocUnsafe(outBytes);
  let used = 0;
  let crc = check.crc;
  let last = -1;
  let same = 0;
  for (let i = 0; i < length; i++) {
    const entry = block[at] as number;
    at = entry >>> 8;
    const byte = entry & 0xff;
    let repeat = 1;
    let value = byte;
    if (same === 4) {
      repeat = byte;
      value = last;
      same = 0;
      last = -1;
    } else {
      same = byte === last ? same + 1 : 1;
      last = byte;
    }
    if (used + repeat > outBytes) {
      yield out.subarray(0, used);
      out = Buffer.allocUnsafe(outBytes);
      used = 0;
    }
    for (let n = 0; n < repeat; n++) {
      out[used++] = value;
      crc = (crc << 8) ^ (crcTable[(crc >>> 24) ^ value] as number);
    }
  }
  check.crc = crc;
  if (used) yield out.subarray(0, used);
}

/** The polynomial of CRC-32 with the high bit first, unlike gzip's. */
const crcTable: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});
