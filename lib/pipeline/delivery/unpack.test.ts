import { execFileSync } from "node:child_process";
import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { packingOf, type UnpackOptions, unpack } from "./unpack.ts";

/** Text that does not repeat itself too much, of about so many bytes. */
function textOf(size: number): Buffer {
  const parts: string[] = [];
  let seed = 1;
  for (let length = 0; length < size; ) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const line = `line ${parts.length} ${seed.toString(36)} ${"=".repeat(seed % 40)}${"\0".repeat(seed % 3)}\n`;
    parts.push(line);
    length += line.length;
  }
  return Buffer.from(parts.join(""));
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpacked(bytes: Uint8Array, size = 1000, options: UnpackOptions = {}) {
  const pieces: Buffer[] = [];
  const restarts: [at: number, offset: number][] = [];
  let offset = 0;
  for await (const piece of unpack(chunks(bytes, size), options)) {
    if (piece.at !== undefined) restarts.push([piece.at, offset]);
    pieces.push(piece.bytes);
    offset += piece.bytes.length;
  }
  return { content: Buffer.concat(pieces), restarts };
}

const bzip2 = (bytes: Uint8Array, ...args: string[]): Buffer =>
  execFileSync("bzip2", ["-c", ...args], { input: bytes, maxBuffer: 1 << 28 });

const text = textOf(250_000);
const zeros = Buffer.alloc(3_000_000);
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

/** A header with everything that it may have. */
function gzipWithHeader(bytes: Buffer): Buffer {
  const plain = gzipSync(bytes);
  const header = Buffer.from([0x1f, 0x8b, 8, 4 | 8 | 16 | 2, 0, 0, 0, 0, 0, 3, 5, 0, 1, 2, 3, 4, 5]);
  const names = Buffer.from("a name\0a comment\0\x12\x34", "latin1");
  return Buffer.concat([header, names, deflateRawSync(bytes), plain.subarray(-8)]);
}

describe("content comes out as it went in", () => {
  test.for([
    { it: "plain", packed: text, of: text },
    { it: "gzip", packed: gzipSync(text), of: text },
    { it: "gzip with a long header", packed: gzipWithHeader(text), of: text },
    { it: "gzip of nothing", packed: gzipSync(""), of: Buffer.alloc(0) },
    { it: "three members of gzip", packed: Buffer.concat([gzipSync(text), gzipSync(""), gzipSync("end")]), of: Buffer.concat([text, Buffer.from("end")]) },
    { it: "gzip filled up with zeros", packed: Buffer.concat([gzipSync(text), Buffer.alloc(5000)]), of: text },
    { it: "gzip that is very dense", packed: gzipSync(zeros), of: zeros },
    { it: "zstd", packed: zstdCompressSync(text), of: text },
    { it: "frames of zstd, some to skip", packed: Buffer.concat([skippable, zstdCompressSync(text), skippable, zstdCompressSync("end")]), of: Buffer.concat([text, Buffer.from("end")]) },
    { it: "bzip2", packed: bzip2(text), of: text },
    { it: "bzip2 in small blocks", packed: bzip2(text, "-1"), of: text },
    { it: "bzip2 of runs", packed: bzip2(zeros), of: zeros },
    { it: "bzip2 of runs of each length", packed: bzip2(Buffer.from(Array.from({ length: 300 }, (_, i) => "ab"[i % 2]?.repeat(i)).join(""))), of: Buffer.from(Array.from({ length: 300 }, (_, i) => "ab"[i % 2]?.repeat(i)).join("")) },
    { it: "bzip2 of all bytes", packed: bzip2(Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i + (i >> 8)) & 255))), of: Buffer.from(Array.from({ length: 70_000 }, (_, i) => (i * i + (i >> 8)) & 255)) },
    { it: "bzip2 of nothing", packed: bzip2(Buffer.alloc(0)), of: Buffer.alloc(0) },
    { it: "streams of bzip2", packed: Buffer.concat([bzip2(text), bzip2(Buffer.from("end"))]), of: Buffer.concat([text, Buffer.from("end")]) },
    { it: "nothing", packed: Buffer.alloc(0), of: Buffer.alloc(0) },
    { it: "text that begins like bzip2", packed: Buffer.from("BZh9 is how it begins"), of: Buffer.from("BZh9 is how it begins") },
  ])("$it", async ({ packed, of }) => {
    for (const size of [7, 4096, 10_000_000]) {
      if (size === 7 && packed.length > 10_000) continue; // takes long and shows nothing new
      const { content } = await unpacked(packed, size);
      expect(content.equals(of)).toBe(true);
    }
  }); // biome-ignore format: a row is one line
});

describe("a restart gives the rest of the content", () => {
  const end = Buffer.from("end");
  test.for([
    { it: "at each member of gzip", packed: Buffer.concat([gzipSync(text), gzipSync(end)]), starts: 2 },
    { it: "at each frame of zstd", packed: Buffer.concat([zstdCompressSync(text), skippable, zstdCompressSync(end)]), starts: 2 },
    { it: "at each stream of bzip2", packed: Buffer.concat([bzip2(text), bzip2(end)]), starts: 2 },
    { it: "anywhere in plain text", packed: Buffer.concat([text, end]), starts: undefined },
  ])("$it", async ({ packed, starts }) => {
    const { content, restarts } = await unpacked(packed);
    if (starts) expect(restarts.length).toBe(starts);
    for (const [at, offset] of [restarts[0], restarts.at(-1)] as [number, number][]) {
      const again = await unpacked(packed.subarray(at), 5000, { at, packing: packingOf(packed) });
      expect(again.content.equals(content.subarray(offset))).toBe(true);
      expect(again.restarts[0]).toEqual([at, 0]);
    }
  }); // biome-ignore format: a row is one line
});

function broken(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

describe("what is broken is told", () => {
  const gzip = gzipSync(text);
  const bz = bzip2(text);
  test.for([
    { it: "gzip that is cut off", packed: gzip.subarray(0, -100), message: "content ends within its gzip" },
    { it: "gzip without its end", packed: gzip.subarray(0, -4), message: "content ends within its gzip" },
    { it: "a header of gzip that is cut off", packed: gzip.subarray(0, 6), message: "content ends within its gzip" },
    { it: "a checksum of gzip", packed: broken(gzip, gzip.length - 6), message: "checksum of the gzip should fit, got another one" },
    { it: "something behind gzip", packed: Buffer.concat([gzip, Buffer.from("more")]), message: "gzip should go on with gzip, got something else" },
    { it: "something behind zeros behind gzip", packed: Buffer.concat([gzip, Buffer.from("\0\0more")]), message: "gzip should go on with gzip, got something else" },
    { it: "a method of gzip", packed: broken(gzip, 2), message: "gzip should be of method 8, got 247" },
    { it: "gzip that is none", packed: Buffer.concat([gzip.subarray(0, 10), Buffer.alloc(100, 0xff)]), message: "content is not gzip: invalid block type" },
    { it: "zstd that is cut off", packed: zstdCompressSync(text).subarray(0, -100), message: "content ends within its zstd" },
    { it: "bzip2 that is cut off", packed: bz.subarray(0, -100), message: "bzip2 ends within a block" },
    { it: "a checksum of bzip2", packed: broken(bz, 12), message: "checksum of the bzip2 block should fit, got another one" },
    { it: "something behind bzip2", packed: Buffer.concat([bz, Buffer.from("more")]), message: "bzip2 should begin with BZh1 to BZh9" },
    { it: "xz", packed: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]), message: "content should be plain or packed with gzip, zstd or bzip2, got xz" },
    { it: "zip", packed: Buffer.from("PK\x03\x04..."), message: "content should be plain or packed with gzip, zstd or bzip2, got zip" },
    { it: "parquet", packed: Buffer.from("PAR1..."), message: "content should be plain or packed with gzip, zstd or bzip2, got parquet" },
    { it: "too much", packed: gzipSync(zeros), message: "content should have at most 1000000 bytes decompressed, got more" },
  ])("$it", async ({ packed, message }) => {
    await expect(unpacked(packed, 4096, { maxBytes: 1_000_000 })).rejects.toThrow(message);
  }); // biome-ignore format: a row is one line

  test("an input that fails, with its own error", async () => {
    async function* failing() {
      yield gzip.subarray(0, 1000);
      throw new Error("connection lost");
    }
    const read = async () => {
      for await (const _ of unpack(failing()));
    };
    await expect(read()).rejects.toThrow(/^connection lost$/);
  });
});

test("who stops early closes the input", async () => {
  let closed = false;
  async function* input() {
    try {
      yield* chunks(gzipSync(zeros), 100);
    } finally {
      closed = true;
    }
  }
  for await (const { bytes } of unpack(input())) {
    expect(bytes.length).toBeGreaterThan(0);
    break;
  }
  expect(closed).toBe(true);
});
