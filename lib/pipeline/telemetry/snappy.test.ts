import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { seeded } from "./seeded-random.ts";
import {
  compressBlock,
  compressFrames,
  maxCompressedLength,
  SnappyError,
  uncompressBlock,
  uncompressFrames,
} from "./snappy.ts";

/** The npm package, which has no types, as a second opinion. */
const snappyjs: { compress(plain: Buffer): Uint8Array; uncompress(block: Buffer): Uint8Array } = createRequire(
  import.meta.url,
)("snappyjs");

const random = seeded(3);
const noise = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
const words = (length: number) => {
  const parts: string[] = [];
  for (let size = 0; size < length; ) {
    const part =
      ["http_requests_total", '{code="200"', ',method="GET"', "}", " ", String(Math.floor(random() * 1e6)), "\n"][
        Math.floor(random() * 7)
      ] ?? "";
    parts.push(part);
    size += part.length;
  }
  return Buffer.from(parts.join("").slice(0, length));
};

const inputs = [
  { it: "nothing", plain: Buffer.alloc(0) },
  { it: "one byte", plain: Buffer.from("a") },
  { it: "less than a copy takes", plain: Buffer.from("abababababab") },
  { it: "60 different bytes", plain: noise(60) },
  { it: "61 different bytes", plain: noise(61) },
  { it: "256 different bytes", plain: noise(256) },
  { it: "257 different bytes", plain: noise(257) },
  { it: "a long run", plain: Buffer.alloc(5000, "x") },
  { it: "64 KiB of noise", plain: noise(65_536) },
  { it: "one byte more than a fragment", plain: words(65_537) },
  { it: "several fragments", plain: words(200_000) },
  ...Array.from({ length: 40 }, (_, i) => ({ it: `random text ${i}`, plain: words(Math.floor(random() * 3000)) })),
];

describe("blocks", () => {
  test.for(inputs)("round trip: $it", ({ plain }) => {
    const block = compressBlock(plain);
    expect(block.length).toBeLessThanOrEqual(maxCompressedLength(plain.length));
    expect(uncompressBlock(block, plain.length).equals(plain)).toBe(true);
    expect(Buffer.from(snappyjs.uncompress(block)).equals(plain)).toBe(true);
    expect(uncompressBlock(snappyjs.compress(plain), plain.length).equals(plain)).toBe(true);
  });

  test.for([
    { it: "no byte at all", hex: "", message: "snappy block has no valid length" },
    { it: "a length of more than 32 bits", hex: "ffffffff7f", message: "snappy block has no valid length" },
    { it: "less than it declares", hex: "050061", message: "snappy block should uncompress to 5 bytes, got 1" },
    { it: "more than it declares", hex: "01046162", message: "snappy block is corrupt at byte 2" },
    { it: "a cut literal", hex: "0a2461", message: "snappy block is corrupt at byte 2" },
    { it: "a cut length of a literal", hex: "0af4", message: "snappy block is corrupt at byte 2" },
    { it: "a copy from before the start", hex: "0500610901", message: "snappy block is corrupt at byte 5" },
    { it: "a copy of offset 0", hex: "0a00610100", message: "snappy block is corrupt at byte 5" },
    { it: "a cut copy", hex: "0a00610201", message: "snappy block is corrupt at byte 4" },
    {
      it: "a length that its bytes cannot hold",
      hex: "808080800100",
      message: "snappy block of 6 bytes cannot hold 268435456",
    },
  ])("refuses $it", ({ hex, message }) => {
    expect(() => uncompressBlock(Buffer.from(hex, "hex"), 2 ** 32)).toThrow(new SnappyError(message));
  });

  test("checks the declared length against the limit first", () => {
    const error = (() => {
      try {
        uncompressBlock(Buffer.from("ffffffff0f00", "hex"), 1000);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toMatchObject({
      message: "snappy block should uncompress to at most 1000 bytes, declares 4294967295",
      tooLarge: true,
    });
  });

  test("bytes that are cut or changed are uncompressed or refused, nothing else", () => {
    const block = compressBlock(words(2000));
    for (let i = 0; i < block.length; i++) {
      const changed = Buffer.from(block);
      changed[i] = Math.floor(random() * 256);
      for (const bytes of [block.subarray(0, i), changed]) {
        try {
          uncompressBlock(bytes, 100_000);
        } catch (error) {
          expect(error).toBeInstanceOf(SnappyError);
        }
      }
    }
  });
});

describe("frames", () => {
  test.for(inputs)("round trip: $it", ({ plain }) => {
    expect(uncompressFrames(compressFrames(plain), plain.length).equals(plain)).toBe(true);
  });

  test("has the checksum of the format", () => {
    // CRC-32C of "123456789" is e3069283; masked as the framing format says
    const masked = (((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0;
    expect(compressFrames(Buffer.from("123456789")).readUInt32LE(14)).toBe(masked);
  });

  test.for([
    {
      it: "no identifier",
      change: (bytes: Buffer) => bytes.subarray(1),
      message: "snappy stream does not begin with its identifier",
    },
    {
      it: "a cut chunk",
      change: (bytes: Buffer) => bytes.subarray(0, -1),
      message: "snappy stream ends unexpectedly at byte 26",
    },
    {
      it: "a cut header",
      change: (bytes: Buffer) => bytes.subarray(0, 12),
      message: "snappy stream ends unexpectedly at byte 10",
    },
    {
      it: "changed data",
      change: (bytes: Buffer) => bytes.fill("x", 20, 21),
      message: "snappy chunk has a wrong checksum",
    },
    {
      it: "an unknown chunk",
      change: (bytes: Buffer) => bytes.fill(5, 10, 11),
      message: "snappy stream has the unknown chunk type 5 at byte 10",
    },
  ])("refuses $it", ({ change, message }) => {
    expect(() => uncompressFrames(change(compressFrames(Buffer.from("123456789"))), 100)).toThrow(
      new SnappyError(message),
    );
  });

  test("stops at the limit", () => {
    expect(() => uncompressFrames(compressFrames(noise(1000)), 999)).toThrow(
      new SnappyError("snappy stream uncompresses to more than the limit", true),
    );
    expect(() => uncompressFrames(compressFrames(Buffer.alloc(200_000)), 199_999)).toThrow(SnappyError);
  });

  test("goes over padding and other chunks that may be skipped", () => {
    const frames = compressFrames(Buffer.from("abc"));
    const padding = Buffer.from("fe020000aabb", "hex");
    expect(uncompressFrames(Buffer.concat([frames.subarray(0, 10), padding, frames.subarray(10)]), 3).toString()).toBe(
      "abc",
    );
  });
});
