/**
 * Content encodings of requests and answers.
 *
 *     const body = compress(bytes, "gzip");
 *     const bytes = decompress(request.body, request.headers["content-encoding"], { maxBytes: 20 << 20 });
 *
 * Decompressing ends with `TooLargeError` as soon as more than `maxBytes` come out, so a bomb allocates no more than
 * that; bytes that are not of the encoding, and encodings that nobody knows, are a `BadEncodingError`.
 *
 * All of it is synchronous: for bodies of some MiB zlib takes milliseconds, less than its streams cost in set-up and copies.
 */
import type { ZlibOptions } from "node:zlib";
import { compressBlock, compressFrames, SnappyError, uncompressBlock, uncompressFrames } from "../telemetry/snappy.ts";
import { BadEncodingError, messageOf, TooLargeError } from "./errors.ts";
import { compressLz4, decompressLz4 } from "./lz4.ts";

export { BadEncodingError, TooLargeError } from "./errors.ts";

/** `deflate` is a zlib stream, as HTTP has it. `snappy` is a block, for Loki and Prometheus; OTLP takes `x-snappy-framed`. */
export type Compression = "gzip" | "zlib" | "deflate" | "zstd" | "snappy" | "x-snappy-framed" | "lz4" | "none";

/** Gzip's and zlib's level for writers: 1 takes a third of the time of 6 for about a tenth more bytes. */
export const defaultLevel = 1;

// What gzip, deflate and zstd can reach at most; a size that a header claims is believed up to it.
const maxRatio = 1032;
const smallChunk = 16 * 1024;
const largeChunk = 256 * 1024;

/** Compresses a body; `level` is that of gzip, zlib and zstd. */
export function compress(bytes: Uint8Array, algorithm: Compression, level?: number): Uint8Array {
  switch (algorithm) {
    case "none":
      return bytes;
    case "gzip":
      return zlib().gzipSync(bytes, deflateOptions(bytes, level));
    case "zlib":
    case "deflate":
      return zlib().deflateSync(bytes, deflateOptions(bytes, level));
    case "zstd": {
      const { zstdCompressSync, constants } = zlib();
      const chunkSize = chunkFor(bytes.length);
      return zstdCompressSync(bytes, {
        chunkSize,
        ...(level !== undefined && { params: { [constants.ZSTD_c_compressionLevel]: level } }),
      });
    }
    case "snappy":
      return compressBlock(bytes);
    case "x-snappy-framed":
      return compressFrames(bytes);
    case "lz4":
      return compressLz4(bytes);
    default:
      return algorithm satisfies never;
  }
}

/** Undoes a `Content-Encoding`; none, or an empty one, gives the bytes as they are. Also then more than `maxBytes` are too many. */
export function decompress(
  bytes: Uint8Array,
  encoding: string | undefined,
  { maxBytes }: { readonly maxBytes: number },
): Uint8Array {
  switch (encoding ?? "") {
    case "":
    case "none":
      if (bytes.length > maxBytes) throw new TooLargeError(maxBytes);
      return bytes;
    case "gzip":
      return inflate(
        () => zlib().gunzipSync(bytes, inflateOptions(gzipSize(bytes), bytes, maxBytes)),
        "gzip",
        maxBytes,
      );
    case "zlib":
    case "deflate":
      return inflate(
        () => zlib().inflateSync(bytes, inflateOptions(bytes.length * 4, bytes, maxBytes)),
        "zlib",
        maxBytes,
      );
    case "zstd":
      return inflate(() => unzstd(bytes, maxBytes), "zstd", maxBytes);
    case "snappy":
      // OTLP clients of the Collector send frames under this name, all others a block.
      return inflate(
        () => (isSnappyFramed(bytes) ? uncompressFrames : uncompressBlock)(bytes, maxBytes),
        "snappy",
        maxBytes,
      );
    case "x-snappy-framed":
      return inflate(() => uncompressFrames(bytes, maxBytes), "snappy", maxBytes);
    case "lz4":
      return decompressLz4(bytes, maxBytes);
    default:
      throw new BadEncodingError(`unsupported content encoding ${JSON.stringify(encoding)}`);
  }
}

function zlib() {
  return process.getBuiltinModule("node:zlib");
}

function deflateOptions({ length }: Uint8Array, level = defaultLevel): ZlibOptions {
  return { level, chunkSize: chunkFor(length) };
}

function chunkFor(length: number): number {
  return length > smallChunk ? largeChunk : smallChunk;
}

/** One chunk that takes all saves the copy that joins chunks: gunzip gets two to three times as fast. */
function inflateOptions(expected: number, { length }: Uint8Array, maxBytes: number) {
  const chunkSize = Math.max(64, Math.min(expected + 64, length * maxRatio, maxBytes + 64));
  return { maxOutputLength: Math.max(1, maxBytes), chunkSize };
}

/** The size that a gzip trailer claims, modulo 2^32, of its last member. */
function gzipSize(bytes: Uint8Array): number {
  if (bytes.length < 18) return smallChunk;
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);
}

function unzstd(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const { zstdDecompressSync, constants } = zlib();
  // 8 MiB is the window that every decoder must support (RFC 8878, 3.1.1.1.2); a larger one is memory that the sender chooses.
  const windowLog = Math.min(27, Math.max(23, Math.ceil(Math.log2(maxBytes))));
  const options = inflateOptions(bytes.length > smallChunk ? largeChunk : bytes.length * 8, bytes, maxBytes);
  const params = { [constants.ZSTD_d_windowLogMax]: windowLog };
  const frames: Uint8Array[] = [];
  let [rest, size] = [bytes, 0];
  // Node reads one frame and leaves the others alone
  while (rest.length || !frames.length) {
    const { buffer, engine } = zstdDecompressSync(rest, { ...options, params, info: true }) as unknown as Inflated; // as zlib's other functions with `info`
    frames.push(buffer);
    size += buffer.length;
    if (size > maxBytes) throw new TooLargeError(maxBytes);
    if (engine.bytesWritten === 0) break;
    rest = rest.subarray(engine.bytesWritten);
  }
  return frames.length === 1 ? (frames[0] as Uint8Array) : Buffer.concat(frames, size);
}

interface Inflated {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: what was read of the input. */
  readonly engine: { readonly bytesWritten: number };
}

function inflate(work: () => Uint8Array, name: string, maxBytes: number): Uint8Array {
  try {
    const bytes = work();
    if (bytes.length > maxBytes) throw new TooLargeError(maxBytes); // zlib's limit is at least 1
    return bytes;
  } catch (error) {
    if (error instanceof TooLargeError) throw error;
    if (error instanceof SnappyError && error.tooLarge) throw new TooLargeError(maxBytes);
    if (error instanceof RangeError && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE")
      throw new TooLargeError(maxBytes);
    throw new BadEncodingError(`body is not ${name}: ${messageOf(error)}`, { cause: error });
  }
}

const framedMagic = [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];

function isSnappyFramed(bytes: Uint8Array): boolean {
  return framedMagic.every((byte, i) => bytes[i] === byte);
}

/** What bytes are compressed with, by how they begin. */
export function compressionOf(bytes: Uint8Array): "gzip" | "zstd" | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  return bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd ? "zstd" : undefined;
}
