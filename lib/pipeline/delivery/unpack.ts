/**
 * Decompresses content of any size as it comes, and says where it could be begun again. What it is its first bytes tell.
 *
 *     for await (const { bytes, at } of unpack(chunks, { maxBytes: 64 * 2 ** 30 })) …
 *
 * Memory does not grow with the content. Several gzip members, zstd frames or bzip2 streams in a row are one content.
 */
import type { Transform } from "node:stream";
import { Bunzip2, maxBlockBytes } from "./bzip2.ts";
import { BadEncodingError, messageOf } from "./errors.ts";

export type Packing = "none" | "gzip" | "zstd" | "bzip2";

export interface Piece {
  readonly bytes: Buffer;
  /** A byte of the input from which these and all that follow can be had without what is before. */
  readonly at?: number;
}

export interface UnpackOptions {
  /** As told; what the first bytes tell where unset. */
  readonly packing?: Packing | undefined;
  /** Where in the whole input this one begins. @default 0 */
  readonly at?: number;
  /** Bytes of content after which it fails. @default unlimited */
  readonly maxBytes?: number;
  /** Called when it is known. */
  readonly onPacking?: (packing: Packing) => void;
}

const pieceBytes = 128 * 1024;
const maxHeaderBytes = 1 << 20;

/** Content of an input, in pieces of at most 128 KiB. */
export async function* unpack(
  input: AsyncIterable<Uint8Array>,
  { packing, at = 0, maxBytes = Number.POSITIVE_INFINITY, onPacking }: UnpackOptions = {},
): AsyncGenerator<Piece, void, undefined> {
  const source = new Source(input, at);
  try {
    const kind = packing ?? packingOf(await source.peek(10));
    onPacking?.(kind);
    let left = maxBytes;
    for await (const piece of piecesOf(kind, source)) {
      left -= piece.bytes.length;
      if (left < 0) throw new BadEncodingError(`content should have at most ${maxBytes} bytes decompressed, got more`);
      yield piece;
    }
  } finally {
    await source.close();
  }
}

function piecesOf(packing: Packing, source: Source): AsyncGenerator<Piece> {
  switch (packing) {
    case "none":
      return plain(source);
    case "gzip":
      return gunzip(source);
    case "zstd":
      return unzstd(source);
    case "bzip2":
      return bunzip2(source);
    default:
      return packing satisfies never;
  }
}

/** What content is packed with, by its first bytes. Throws for packings that can't be read. */
export function packingOf(head: Uint8Array): Packing {
  const starts = (...bytes: readonly number[]) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x1f, 0x8b)) return "gzip";
  if (starts(0x28, 0xb5, 0x2f, 0xfd) || isSkippable(head)) return "zstd";
  if (starts(0x42, 0x5a, 0x68) && isDigit(head[3]) && bzip2Marks.some(mark => mark.every((b, i) => head[4 + i] === b)))
    return "bzip2";
  for (const [name, magic] of unreadable)
    if (starts(...magic))
      throw new BadEncodingError(`content should be plain or packed with gzip, zstd or bzip2, got ${name}`);
  return "none";
}

/** Of a block, and of the end of an empty stream. */
const bzip2Marks = [
  [0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
  [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
];

const isDigit = (byte = 0) => byte >= 0x31 && byte <= 0x39;

const isSkippable = ([first = 0, ...rest]: Uint8Array): boolean =>
  (first & 0xf0) === 0x50 && [0x2a, 0x4d, 0x18].every((byte, i) => rest[i] === byte);

const unreadable: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["zip", [0x50, 0x4b, 0x03, 0x04]],
  ["lz4", [0x04, 0x22, 0x4d, 0x18]],
  ["snappy", [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]],
  ["parquet", [0x50, 0x41, 0x52, 0x31]],
];

/** An input that can be looked at and given back to. */
class Source {
  readonly #input: AsyncIterator<Uint8Array>;
  #back: Uint8Array | undefined;
  /** Of the next byte. */
  position: number;

  constructor(input: AsyncIterable<Uint8Array>, position: number) {
    this.#input = input[Symbol.asyncIterator]();
    this.position = position;
  }

  async next(): Promise<Uint8Array | undefined> {
    const chunk = this.#back ?? (await this.#read());
    this.#back = undefined;
    if (chunk) this.position += chunk.length;
    return chunk;
  }

  /** At least so many bytes, or all that are left. */
  async peek(count: number): Promise<Uint8Array> {
    let bytes = this.#back ?? new Uint8Array(0);
    while (bytes.length < count) {
      const more = await this.#read();
      if (!more) break;
      bytes = bytes.length ? Buffer.concat([bytes, more]) : more;
    }
    this.#back = bytes.length ? bytes : undefined;
    return bytes;
  }

  /** Puts back the last bytes that were read. */
  unread(bytes: Uint8Array): void {
    if (!bytes.length) return;
    this.position -= bytes.length;
    this.#back = this.#back ? Buffer.concat([bytes, this.#back]) : bytes;
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const chunk = await this.next();
      if (!chunk) throw new BadEncodingError("content ends too early");
      if (chunk.length > left) this.unread(chunk.subarray(left));
      left -= Math.min(left, chunk.length);
    }
  }

  async close(): Promise<void> {
    await this.#input.return?.();
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { value, done } = await this.#input.next();
      if (done) return undefined;
      if (value.length) return value;
    }
  }
}

async function* plain(source: Source): AsyncGenerator<Piece> {
  for (
    let at = source.position, chunk = await source.next();
    chunk;
    at = source.position, chunk = await source.next()
  ) {
    const { buffer, byteOffset, byteLength } = chunk;
    for (let from = 0; from < byteLength; from += pieceBytes) {
      const length = Math.min(pieceBytes, byteLength - from);
      yield { bytes: Buffer.from(buffer, byteOffset + from, length), at: at + from };
    }
  }
}

async function* gunzip(source: Source): AsyncGenerator<Piece> {
  const { createInflateRaw, crc32 } = process.getBuiltinModule("node:zlib");
  for (let member = 0; ; member++) {
    const start = source.position;
    const magic = await source.peek(2);
    if (member > 0 && (await onlyZeros(source))) return;
    if (magic[0] !== 0x1f || magic[1] !== 0x8b)
      throw new BadEncodingError("gzip should go on with gzip, got something else");
    await source.skip(await headerBytes(source));
    let check = 0;
    let size = 0;
    let first = true;
    for await (const bytes of inflate(source, createInflateRaw({ chunkSize: pieceBytes }), "gzip")) {
      check = crc32(bytes, check);
      size = (size + bytes.length) >>> 0;
      yield first ? { bytes, at: start } : { bytes };
      first = false;
    }
    const trailer = await source.peek(8);
    if (trailer.length < 8) throw new BadEncodingError("content ends within its gzip");
    const view = new DataView(trailer.buffer, trailer.byteOffset, 8);
    if (view.getUint32(0, true) !== check || view.getUint32(4, true) !== size)
      throw new BadEncodingError("checksum of the gzip should fit, got another one");
    await source.skip(8);
  }
}

/** Some writers fill blocks up, and `gzip` says nothing of it. */
async function onlyZeros(source: Source): Promise<boolean> {
  for (;;) {
    const head = await source.peek(1);
    if (!head.length) return true;
    const some = head.findIndex(byte => byte !== 0);
    if (some === 0) return false;
    if (some > 0) throw new BadEncodingError("gzip should go on with gzip, got something else");
    await source.skip(head.length);
  }
}

/** Length of a member's header (RFC 1952, 2.3). */
async function headerBytes(source: Source): Promise<number> {
  for (let wanted = 512; ; wanted *= 4) {
    const head = await source.peek(wanted);
    const length = headerLength(head);
    if (length !== undefined) return length;
    if (head.length < wanted) throw new BadEncodingError("content ends within its gzip");
    if (wanted > maxHeaderBytes)
      throw new BadEncodingError(`gzip should have a header of at most ${maxHeaderBytes} bytes`);
  }
}

function headerLength(head: Uint8Array): number | undefined {
  if (head.length < 10) return undefined;
  const flags = head[3] ?? 0;
  if (head[2] !== 8) throw new BadEncodingError(`gzip should be of method 8, got ${head[2]}`);
  let at = 10;
  if (flags & 4) at += 2 + (head[at] ?? 0) + ((head[at + 1] ?? 0) << 8);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = head.indexOf(0, at);
    if (end < 0) return undefined;
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at <= head.length ? at : undefined;
}

async function* unzstd(source: Source): AsyncGenerator<Piece> {
  const { createZstdDecompress } = process.getBuiltinModule("node:zlib");
  for (;;) {
    const start = source.position;
    const head = await source.peek(8);
    if (!head.length) return;
    if (isSkippable(head)) {
      if (head.length < 8) throw new BadEncodingError("content ends within its zstd");
      await source.skip(8 + new DataView(head.buffer, head.byteOffset, 8).getUint32(4, true));
      continue;
    }
    let first = true;
    for await (const bytes of inflate(source, createZstdDecompress({ chunkSize: pieceBytes }), "zstd")) {
      yield first ? { bytes, at: start } : { bytes };
      first = false;
    }
  }
}

/** What one decoder makes of the input; what it did not need goes back. */
async function* inflate(
  source: Source,
  decoder: Transform & { readonly bytesWritten: number },
  name: string,
): AsyncGenerator<Buffer> {
  let failure: unknown;
  const feed = async () => {
    for (let fed = 0; !decoder.destroyed; ) {
      const chunk = await source.next();
      if (!chunk) {
        decoder.end();
        return;
      }
      fed += chunk.length;
      await new Promise<void>(resolve => decoder.write(chunk, () => resolve()));
      const unused = fed - decoder.bytesWritten;
      if (unused <= 0) continue;
      source.unread(chunk.subarray(chunk.length - unused));
      return;
    }
  };
  const feeding = feed().catch((error: unknown) => {
    failure = error;
    decoder.destroy(new Error("input failed"));
  });
  try {
    yield* decoder as AsyncIterable<Buffer>; // without an encoding streams give buffers
  } catch (error) {
    if (failure) throw failure;
    const ends = (error as { code?: unknown }).code === "Z_BUF_ERROR"; // of zlib's errors
    throw new BadEncodingError(
      ends ? `content ends within its ${name}` : `content is not ${name}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
  await feeding;
  if (failure) throw failure;
}

async function* bunzip2(source: Source): AsyncGenerator<Piece> {
  const decoder = new Bunzip2();
  let start: number | undefined = source.position;
  for (let ended = false; ; ) {
    while (!ended && decoder.buffered < maxBlockBytes) {
      const chunk = await source.next();
      if (chunk) decoder.append(chunk);
      else ended = true;
    }
    if (start !== undefined && ended && !decoder.rest().length) return;
    const pieces = decoder.next();
    if (pieces) {
      for (const bytes of pieces) {
        yield start === undefined ? { bytes } : { bytes, at: start };
        start = undefined;
      }
      continue;
    }
    start = source.position - decoder.rest().length;
  }
}
