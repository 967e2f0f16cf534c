/** LZ4 frames (github.com/lz4/lz4, `lz4_Frame_format.md` and `lz4_Block_format.md`), as OpenTelemetry's clients may send them. */
import { BadEncodingError } from "./errors.ts";
import { Output } from "./output.ts";

const frameMagic = 0x184d2204;
const blockSize = 64 * 1024;

/** Decompresses one or more frames. */
export function decompressLz4(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const output = new Output(bytes.length * 4, maxBytes);
  const input = new Input(bytes);
  if (bytes.length === 0) throw bad("unexpected end");
  while (!input.atEnd) {
    const magic = input.uint32();
    if (magic >>> 4 === 0x184d2a5) input.take(input.uint32());
    else if (magic === frameMagic) readFrame(input, output);
    else throw bad("wrong magic number");
  }
  return output.result();
}

function readFrame(input: Input, output: Output): void {
  const start = input.at;
  const flags = input.uint8();
  input.uint8(); // the largest size of a block, which `Output` doesn't need
  if (flags >> 6 !== 1) throw bad("unknown version");
  if (flags & 8) input.take(8);
  if (flags & 1) input.take(4);
  const descriptor = input.since(start);
  if (input.uint8() !== ((xxh32(descriptor) >>> 8) & 0xff)) throw bad("wrong checksum of the header");
  const outputStart = output.length;
  for (;;) {
    const size = input.uint32();
    if (size === 0) break;
    const block = input.take(size & 0x7fffffff);
    if (flags & 0x10 && input.uint32() !== xxh32(block)) throw bad("wrong checksum of a block");
    const window = flags & 0x20 ? output.length : outputStart; // independent blocks see no other block
    if (size >>> 31) output.append(block);
    else readBlock(block, output, window);
  }
  if (flags & 4 && input.uint32() !== xxh32(output.result().subarray(outputStart)))
    throw bad("wrong checksum of the content");
}

function readBlock(block: Uint8Array, output: Output, window: number): void {
  let at = 0;
  const byte = () => {
    if (at >= block.length) throw bad("unexpected end");
    return block[at++] as number; // at < length
  };
  const longer = (length: number) => {
    if (length < 15) return length;
    for (let more = 255; more === 255; length += more) more = byte();
    return length;
  };
  while (at < block.length) {
    const token = byte();
    const literals = longer(token >> 4);
    if (at + literals > block.length) throw bad("unexpected end");
    output.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return; // the last sequence has no match
    const offset = byte() | (byte() << 8);
    const length = longer(token & 15) + 4;
    if (offset === 0 || offset > output.length - window) throw bad("match outside of the window");
    output.repeat(offset, length);
  }
  throw bad("unexpected end");
}

class Input {
  readonly #bytes: Uint8Array;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }
  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }
  take(count: number): Uint8Array {
    if (this.at + count > this.#bytes.length) throw bad("unexpected end");
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at);
  }
  uint8(): number {
    return this.take(1)[0] as number; // taken
  }
  uint32(): number {
    return load32(this.take(4), 0) >>> 0;
  }
}

/** Compresses into one frame of independent blocks. */
export function compressLz4(bytes: Uint8Array): Uint8Array {
  const descriptor = Uint8Array.of(0x60, 0x40); // version 1, independent blocks of at most 64 KiB
  const chunks: Uint8Array[] = [uint32(frameMagic), descriptor, Uint8Array.of((xxh32(descriptor) >>> 8) & 0xff)];
  for (let at = 0; at < bytes.length; at += blockSize) {
    const block = bytes.subarray(at, at + blockSize);
    const packed = packBlock(block);
    if (packed.length < block.length) chunks.push(uint32(packed.length), packed);
    else chunks.push(uint32((block.length | 0x80000000) >>> 0), block);
  }
  chunks.push(uint32(0));
  return Buffer.concat(chunks);
}

/** Greedy, with a table of the last position of each hash of four bytes. */
function packBlock(block: Uint8Array): Uint8Array {
  const out = new Uint8Array(block.length + Math.ceil(block.length / 255) + 16);
  const table = new Int32Array(1 << 13).fill(-1);
  const end = block.length - 12; // a match starts no later, and the last five bytes are literals: the format's end conditions
  let at = 0;
  let literals = 0;
  let length = 0;
  const extend = (rest: number) => {
    for (; rest >= 255; rest -= 255) out[length++] = 255;
    out[length++] = rest;
  };
  const emit = (match: number, offset: number) => {
    const count = at - literals;
    out[length++] = (Math.min(count, 15) << 4) | Math.min(Math.max(match - 4, 0), 15);
    if (count >= 15) extend(count - 15);
    out.set(block.subarray(literals, at), length);
    length += count;
    if (match === 0) return;
    out[length++] = offset & 0xff;
    out[length++] = offset >> 8;
    if (match >= 19) extend(match - 19);
  };
  while (at < end) {
    const word = load32(block, at);
    const hash = Math.imul(word, -1640531535) >>> 19;
    const candidate = table[hash] as number; // 13 bits
    table[hash] = at;
    if (candidate < 0 || load32(block, candidate) !== word) {
      at += 1 + ((at - literals) >> 6); // data that doesn't compress is skipped faster and faster
      continue;
    }
    let match = 4;
    while (at + match < block.length - 5 && block[candidate + match] === block[at + match]) match++;
    emit(match, at - candidate);
    at += match;
    literals = at;
  }
  at = block.length;
  emit(0, 0);
  return out.subarray(0, length);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}

function load32(bytes: Uint8Array, at: number): number {
  // callers stay within the bytes
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

const [p1, p2, p3, p4, p5] = [-1640531535, -2048144777, -1028477379, 668265263, 374761393];

/** xxHash of 32 bits with seed 0 (github.com/Cyan4973/xxHash, `xxhash_spec.md`). */
export function xxh32(bytes: Uint8Array): number {
  const rotate = (value: number, bits: number) => (value << bits) | (value >>> (32 - bits));
  const round = (lane: number, at: number) => Math.imul(rotate((lane + Math.imul(load32(bytes, at), p2)) | 0, 13), p1);
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    let [a, b, c, d] = [(p1 + p2) | 0, p2, 0, -p1 | 0];
    for (; at + 16 <= bytes.length; at += 16) {
      a = round(a, at);
      b = round(b, at + 4);
      c = round(c, at + 8);
      d = round(d, at + 12);
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else hash = p5;
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotate((hash + Math.imul(load32(bytes, at), p3)) | 0, 17), p4);
  for (; at < bytes.length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at] as number, p5)) | 0, 11), p1); // at < length
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function bad(reason: string): BadEncodingError {
  return new BadEncodingError(`body is not lz4: ${reason}`);
}
