import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Compression, compress, decompress } from "./compress.ts";
import { BadEncodingError, TooLargeError } from "./errors.ts";
import { xxh32 } from "./lz4.ts";

const limit = { maxBytes: 1 << 20 };
const text = Buffer.from('{"level":"info","msg":"a line of a log that repeats itself"}\n'.repeat(2000));
const noise = Buffer.alloc(150_000);
for (let i = 0, seed = 1; i < noise.length; i++) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  noise[i] = seed >>> 24;
}
const zeros = Buffer.alloc(300_000);
const samples = { text, noise, zeros, short: Buffer.from("abc"), empty: Buffer.alloc(0) };
const algorithms: Compression[] = ["gzip", "zlib", "deflate", "zstd", "snappy", "x-snappy-framed", "lz4", "none"];

describe.each(algorithms)("%s", algorithm => {
  test.for(Object.entries(samples))("gives back %s", ([, bytes]) => {
    const packed = compress(bytes, algorithm);
    expect(Buffer.from(decompress(packed, algorithm, limit)).equals(bytes)).toBe(true);
  });

  test("accepts a view into a larger buffer", () => {
    const packed = Buffer.concat([Buffer.of(9), compress(text, algorithm), Buffer.of(9)]).subarray(1, -1);
    expect(Buffer.from(decompress(packed, algorithm, limit)).equals(text)).toBe(true);
  });

  test("takes just the limit, and one byte more is too much", () => {
    const packed = compress(text, algorithm);
    expect(decompress(packed, algorithm, { maxBytes: text.length }).length).toBe(text.length);
    expect(() => decompress(packed, algorithm, { maxBytes: text.length - 1 })).toThrow(
      new TooLargeError(text.length - 1),
    );
  });

  if (algorithm === "none") return;

  test("makes text smaller", () => {
    expect(compress(text, algorithm).length).toBeLessThan(text.length / 5);
  });

  test.for([
    { it: "no bytes", bytes: Buffer.alloc(0) },
    { it: "plain text", bytes: Buffer.from("plain text, and more than a few bytes of it") },
    { it: "a body that breaks off", bytes: compress(noise, algorithm).subarray(0, 1000) },
  ])("refuses $it", ({ bytes }) => {
    expect(() => decompress(bytes, algorithm, limit)).toThrow(BadEncodingError);
  });

  test("does not allocate for a bomb", () => {
    const bomb = compress(Buffer.alloc(64 << 20), algorithm);
    const before = process.memoryUsage().arrayBuffers;
    expect(() => decompress(bomb, algorithm, { maxBytes: 1 << 20 })).toThrow(TooLargeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
  });
});

test.for([
  { it: "several members", packed: Buffer.concat([gzipSync("a"), gzipSync("b")]), out: "ab" },
  { it: "the best level", packed: gzipSync("abc", { level: 9 }), out: "abc" },
])("gzip: $it", ({ packed, out }) => {
  expect(Buffer.from(decompress(packed, "gzip", limit)).toString()).toBe(out);
});

test("gzip: a size in the trailer that is not true does not matter until the check fails", () => {
  const packed = Buffer.from(gzipSync("abc"));
  packed.writeUInt32LE(0xfffffff0, packed.length - 4);
  expect(() => decompress(packed, "gzip", limit)).toThrow(BadEncodingError);
});

test("gzip: a level changes the size", () => {
  expect(compress(text, "gzip", 9).length).toBeLessThan(compress(text, "gzip").length);
  expect(compress(text, "zstd", 19).length).toBeLessThan(compress(text, "zstd", 1).length);
});

test("deflate is a zlib stream, not a raw one", () => {
  expect(Buffer.from(decompress(deflateSync("abc"), "deflate", limit)).toString()).toBe("abc");
  expect(() => decompress(deflateRawSync(text), "deflate", limit)).toThrow(BadEncodingError);
});

test.for(["gzip", "zstd"] as const)(
  "%s: parts one after the other are one body, and the limit is of all",
  algorithm => {
    const packed = Buffer.concat([compress(text, algorithm), compress(noise, algorithm), compress(text, algorithm)]);
    const whole = Buffer.concat([text, noise, text]);
    expect(Buffer.from(decompress(packed, algorithm, limit)).equals(whole)).toBe(true);
    expect(() => decompress(packed, algorithm, { maxBytes: whole.length - 1 })).toThrow(TooLargeError);
    expect(() => decompress(packed.subarray(0, -3), algorithm, limit)).toThrow(BadEncodingError);
  },
);

test("zstd: what comes behind the last part and is none is refused", () => {
  const packed = Buffer.concat([compress(text, "zstd"), Buffer.from("rest")]);
  expect(() => decompress(packed, "zstd", limit)).toThrow(BadEncodingError);
});

test("zstd: a window beyond 8 MiB is refused where the limit is below it", () => {
  const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const packed = zstdCompressSync(Buffer.alloc(20 << 20, "abc"), { params, pledgedSrcSize: 20 << 20 });
  expect(() => decompress(packed, "zstd", limit)).toThrow(BadEncodingError);
});

test("snappy takes both of its formats", () => {
  for (const format of ["snappy", "x-snappy-framed"] as const) {
    expect(Buffer.from(decompress(compress(text, format), "snappy", limit)).equals(text)).toBe(true);
  }
});

test.for(["br", "identity", "GZIP", "gzip, gzip"])("%s is an unsupported encoding", encoding => {
  expect(() => decompress(brotliCompressSync("abc"), encoding, limit)).toThrow(
    new BadEncodingError(`unsupported content encoding "${encoding}"`),
  );
});

test.for([undefined, "", "none"])("encoding %j leaves the bytes as they are", encoding => {
  expect(decompress(text, encoding, limit)).toBe(text);
});

test("errors say what the body should be", () => {
  expect(() => decompress(Buffer.from("plain text"), "gzip", limit)).toThrow(
    /^body is not gzip: incorrect header check$/,
  );
  expect(() => decompress(Buffer.from("plain text"), "lz4", limit)).toThrow(/^body is not lz4: wrong magic number$/);
  expect(() => decompress(compress(text, "gzip"), "gzip", { maxBytes: 10 })).toThrow(
    /^decompressed body should have at most 10 bytes, got more$/,
  );
});

// `printf 'ab%.0s' $(seq 40) > ab.txt; lz4 -c ab.txt`, and the same with `-BX -BD --content-size`
const lz4Default = "04224d186440a70c0000002f616202003650626162616200000000768a45c4";
const lz4Full = "04224d187c405000000000000000540c0000002f61620200365062616261629355559200000000768a45c4";

describe("lz4 frames of the reference program", () => {
  const abab = "ab".repeat(40);
  test.for([
    { it: "default", hex: lz4Default, out: abab },
    { it: "with checksums of blocks and the content size", hex: lz4Full, out: abab },
    {
      it: "two frames with a skippable one between them",
      hex: `${lz4Default}502a4d18030000000102 03${lz4Default}`,
      out: abab + abab,
    },
  ])("$it", ({ hex, out }) => {
    const packed = Buffer.from(hex.replaceAll(" ", ""), "hex");
    expect(Buffer.from(decompress(packed, "lz4", limit)).toString()).toBe(out);
  });

  test("every flipped bit is noticed or harmless, and nothing else is thrown", () => {
    const packed = Buffer.from(lz4Full, "hex");
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const broken = Buffer.from(packed);
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      try {
        const out = Buffer.from(decompress(broken, "lz4", limit)).toString();
        expect(out === abab || out === "").toBe(true);
      } catch (error) {
        expect(error instanceof BadEncodingError || error instanceof TooLargeError).toBe(true);
      }
    }
  });

  test.for([
    { text: "", out: 0x02cc5d05 },
    { text: "a", out: 0x550d7456 },
    { text: "abc", out: 0x32d153ff },
    { text: "Nobody inspects the spammish repetition", out: 0xe2293b2f },
  ])("xxh32 of $text", ({ text, out }) => {
    expect(xxh32(Buffer.from(text))).toBe(out);
  });
});
