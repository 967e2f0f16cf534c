/**
 * Snappy: the block format (remote write, Loki push) and the framed format (`.sz` streams). Written here because the npm package
 * does not check that a block fills its declared length, and is slower.
 *
 *   const body = compressBlock(message);
 *   const message = uncompressBlock(body, 100 * 1024 * 1024); // the declared length is checked before anything is allocated
 */
import { asBuffer } from "./wire.ts";

/** Bytes that are not snappy, or that promise more than is allowed. */
export class SnappyError extends Error {
  override readonly name = "SnappyError";
  /** The input declares more bytes than the limit. */
  readonly tooLarge: boolean;
  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

const fragmentSize = 65536;
const tableBits = 14;
const table = new Uint16Array(1 << tableBits);
/** No copy begins in the last bytes of a fragment, so that four bytes can be loaded at once. */
const margin = 15;

/** The most bytes that so many may take as a block. */
export const maxCompressedLength = (length: number): number => 32 + length + Math.floor(length / 6);

/** Compresses into the block format. */
export function compressBlock(input: Uint8Array): Buffer {
  const output = Buffer.allocUnsafeSlow(maxCompressedLength(input.length));
  let at = 0;
  let rest = input.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) output[at++] = (rest % 128) | 0x80;
  output[at++] = rest;
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  for (let start = 0; start < input.length; start += fragmentSize) {
    at = compressFragment(input, view, start, Math.min(start + fragmentSize, input.length), output, at);
  }
  return output.subarray(0, at);
}

/** One fragment with a hash table of its own: the longer nothing matches, the faster it goes ahead. */
function compressFragment(
  input: Uint8Array,
  view: DataView,
  start: number,
  end: number,
  output: Buffer,
  out: number,
): number {
  let bits = 8;
  while (bits < tableBits && 1 << bits < end - start) bits++;
  const shift = 32 - bits;
  table.fill(0, 0, 1 << bits);
  const limit = end - margin;
  let at = out;
  let emitted = start;
  let position = start + 1;
  while (position < limit) {
    let skip = 32;
    let candidate = 0;
    let found = false;
    while (position < limit) {
      const word = view.getInt32(position, true);
      const hash = Math.imul(word, 0x1e35a7bd) >>> shift;
      candidate = start + (table[hash] as number); // the hash is below the size of the table
      table[hash] = position - start;
      if (word === view.getInt32(candidate, true) && candidate < position) {
        found = true;
        break;
      }
      position += skip++ >>> 5;
    }
    if (!found) break;
    at = emitLiteral(input, emitted, position, output, at);
    for (;;) {
      const base = position;
      const offset = position - candidate;
      position += 4;
      let other = candidate + 4;
      while (position + 4 <= end && view.getInt32(position, true) === view.getInt32(other, true)) {
        position += 4;
        other += 4;
      }
      while (position < end && input[position] === input[other]) {
        position++;
        other++;
      }
      at = emitCopy(output, at, offset, position - base);
      emitted = position;
      if (position >= limit) break;
      table[Math.imul(view.getInt32(position - 1, true), 0x1e35a7bd) >>> shift] = position - 1 - start;
      const word = view.getInt32(position, true);
      const hash = Math.imul(word, 0x1e35a7bd) >>> shift;
      candidate = start + (table[hash] as number); // as above
      table[hash] = position - start;
      if (word !== view.getInt32(candidate, true)) break;
    }
    position++;
  }
  return emitted < end ? emitLiteral(input, emitted, end, output, at) : at;
}

function emitLiteral(input: Uint8Array, from: number, to: number, output: Buffer, out: number): number {
  const length = to - from;
  let at = out;
  if (length <= 60) {
    output[at++] = (length - 1) << 2;
    for (let i = from; i < to; i++) output[at++] = input[i] as number; // inside the input
    return at;
  }
  if (length <= 256) {
    output[at++] = 60 << 2;
    output[at++] = length - 1;
  } else {
    output[at++] = 61 << 2;
    output[at++] = (length - 1) & 0xff;
    output[at++] = (length - 1) >>> 8;
  }
  output.set(input.subarray(from, to), at);
  return at + length;
}

function emitCopy(output: Buffer, out: number, offset: number, length: number): number {
  let at = out;
  let rest = length;
  while (rest >= 68) {
    at = emitTwoByteCopy(output, at, offset, 64);
    rest -= 64;
  }
  if (rest > 64) {
    at = emitTwoByteCopy(output, at, offset, 60);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) return emitTwoByteCopy(output, at, offset, rest);
  output[at++] = 1 | ((rest - 4) << 2) | ((offset >>> 8) << 5);
  output[at++] = offset & 0xff;
  return at;
}

function emitTwoByteCopy(output: Buffer, at: number, offset: number, length: number): number {
  output[at] = 2 | ((length - 1) << 2);
  output[at + 1] = offset & 0xff;
  output[at + 2] = offset >>> 8;
  return at + 3;
}

/** The length that a block declares, and where its elements begin. */
function declaredLength(input: Uint8Array): { length: number; start: number } {
  let length = 0;
  let factor = 1;
  for (let at = 0; at < input.length && at < 5; at++) {
    const byte = input[at] as number; // inside the input
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      if (length > 0xffffffff) break;
      return { length, start: at + 1 };
    }
    factor *= 128;
  }
  throw new SnappyError("snappy block has no valid length");
}

/** Uncompresses a block that declares at most `limit` bytes. */
export function uncompressBlock(input: Uint8Array, limit: number): Buffer {
  const { length, start } = declaredLength(input);
  if (length > limit)
    throw new SnappyError(`snappy block should uncompress to at most ${limit} bytes, declares ${length}`, true);
  // An element of three bytes makes at most 64, so what declares far more cannot be a block: do not allocate for it.
  if (length > (input.length - start) * 22)
    throw new SnappyError(`snappy block of ${input.length} bytes cannot hold ${length}`);
  const output = Buffer.allocUnsafeSlow(length);
  let at = start;
  let out = 0;
  while (at < input.length) {
    const tag = input[at++] as number; // inside the input
    if ((tag & 3) === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const extra = size - 60;
        if (at + extra > input.length) throw corrupt(at);
        size = 1;
        for (let i = 0, factor = 1; i < extra; i++, factor *= 256) size += (input[at + i] as number) * factor; // checked above
        at += extra;
      }
      if (size > input.length - at || size > length - out) throw corrupt(at);
      if (size <= 32)
        for (let i = 0; i < size; i++) output[out + i] = input[at + i] as number; // checked above
      else output.set(input.subarray(at, at + size), out);
      at += size;
      out += size;
      continue;
    }
    const kind = tag & 3;
    const operands = kind === 1 ? 1 : kind === 2 ? 2 : 4;
    if (at + operands > input.length) throw corrupt(at);
    const low = input[at] as number; // checked above, as the rest
    const size = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset =
      kind === 1
        ? ((tag >>> 5) << 8) | low
        : kind === 2
          ? low | ((input[at + 1] as number) << 8)
          : (low |
              ((input[at + 1] as number) << 8) |
              ((input[at + 2] as number) << 16) |
              ((input[at + 3] as number) << 24)) >>>
            0;
    at += operands;
    if (offset === 0 || offset > out || size > length - out) throw corrupt(at);
    for (const end = out + size; out < end; out++) output[out] = output[out - offset] as number; // checked above
  }
  if (out !== length) throw new SnappyError(`snappy block should uncompress to ${length} bytes, got ${out}`);
  return output;
}

const corrupt = (position: number) => new SnappyError(`snappy block is corrupt at byte ${position}`);

const streamIdentifier = Buffer.from("\xff\x06\x00\x00sNaPpY", "latin1");

/** Compresses into the framed format, chunks of 64 KiB with checksums. */
export function compressFrames(input: Uint8Array): Buffer {
  const chunks: Buffer[] = [streamIdentifier];
  for (let start = 0; start < input.length; start += fragmentSize) {
    const plain = asBuffer(input).subarray(start, start + fragmentSize);
    const block = compressBlock(plain);
    const shorter = block.length < plain.length - plain.length / 8;
    const body = shorter ? block : plain;
    const head = Buffer.alloc(8);
    head.writeUInt32LE((shorter ? 0 : 1) | ((body.length + 4) << 8), 0);
    head.writeUInt32LE(maskedChecksum(plain), 4);
    chunks.push(head, body);
  }
  return Buffer.concat(chunks);
}

/** Uncompresses a framed stream to at most `limit` bytes. */
export function uncompressFrames(input: Uint8Array, limit: number): Buffer {
  const bytes = asBuffer(input);
  if (!bytes.subarray(0, 10).equals(streamIdentifier))
    throw new SnappyError("snappy stream does not begin with its identifier");
  const chunks: Buffer[] = [];
  let total = 0;
  for (let at = 10; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new SnappyError(`snappy stream ends unexpectedly at byte ${at}`);
    const kind = bytes[at] as number; // checked above
    const end = at + 4 + bytes.readUIntLE(at + 1, 3);
    if (end > bytes.length) throw new SnappyError(`snappy stream ends unexpectedly at byte ${bytes.length}`);
    if (kind <= 1) {
      const chunk = uncompressChunk(bytes.subarray(at + 4, end), kind === 0, limit - total);
      total += chunk.length;
      chunks.push(chunk);
    } else if (kind < 0x80) throw new SnappyError(`snappy stream has the unknown chunk type ${kind} at byte ${at}`);
    at = end;
  }
  return Buffer.concat(chunks, total);
}

function uncompressChunk(chunk: Buffer, compressed: boolean, limit: number): Buffer {
  if (chunk.length < 4) throw new SnappyError("snappy chunk has no checksum");
  const body = chunk.subarray(4);
  if (!compressed && body.length > limit)
    throw new SnappyError(`snappy stream uncompresses to more than the limit`, true);
  const plain = compressed ? uncompressBlock(body, Math.min(limit, fragmentSize)) : body;
  if (maskedChecksum(plain) !== chunk.readUInt32LE(0)) throw new SnappyError("snappy chunk has a wrong checksum");
  return plain;
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, index) => {
  let rest = index;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest >>> 0;
});

/** CRC-32C, rotated and shifted by a constant as the framing format asks. */
function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++)
    crc = (castagnoli[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8); // masked to the table
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
