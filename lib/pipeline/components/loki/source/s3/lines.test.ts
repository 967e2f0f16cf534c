import { describe, expect, test } from "vitest";
import { type LineOptions, type LinePlace, Lines } from "./lines.ts";

type Given = readonly [text: string, part: number, parts: number];

function linesOf(
  bytes: Buffer,
  options: Partial<LineOptions> = {},
  { size = 1_000_000, from = { offset: 0, parts: 0 } }: { size?: number; from?: LinePlace } = {},
) {
  const given: Given[] = [];
  const offsets: number[] = [];
  const places: { place: LinePlace; count: number }[] = [];
  const all = { maxBytes: 1000, long: "split", offsets: false, ...options } as const;
  const lines = new Lines(all, from, (text, offset, part, parts) => {
    given.push([text, part, parts]);
    offsets.push(offset);
  });
  for (let at = from.offset; at < bytes.length; at += size) {
    lines.push(bytes.subarray(at, at + size));
    places.push({ place: lines.place, count: given.length });
  }
  lines.end();
  places.push({ place: lines.place, count: given.length });
  return { given, offsets, places };
}

const whole = (...texts: string[]): Given[] => texts.map(text => [text, 0, 0]);

describe("lines of bytes", () => {
  const long = "0123456789".repeat(3);
  test.for<{ it: string; bytes: string | Buffer; options?: Partial<LineOptions>; out: Given[] }>([
    { it: "end with a newline", bytes: "a\nb\n", out: whole("a", "b") },
    { it: "the last one may have none", bytes: "a\nb", out: whole("a", "b") },
    { it: "empty ones count", bytes: "a\n\n\nb\n", out: whole("a", "", "", "b") },
    { it: "may end with a carriage return, too", bytes: "a\r\nb\r\n\r\nc\r", out: whole("a", "b", "", "c") },
    { it: "keep one within", bytes: "a\rb\n", out: whole("a\rb") },
    { it: "nothing has none", bytes: "", out: [] },
    { it: "a mark of the byte order is none of the text", bytes: "\ufeffa\n\ufeffb\n", out: whole("a", "\ufeffb") },
    { it: "what is no UTF-8 is marked", bytes: Buffer.from([0x61, 0xff, 0xfe, 0x0a, 0xc3, 0x0a, 0x62]), out: whole("a\ufffd\ufffd", "\ufffd", "b") },
    { it: "a zero byte is kept", bytes: "a\0b\n", out: whole("a\0b") },
    { it: "one of the greatest length is whole", bytes: "0123456789\r\nb\n", options: { maxBytes: 10 }, out: whole("0123456789", "b") },
    { it: "longer ones go on in parts", bytes: `a\n${long}x\nb\n`, options: { maxBytes: 10 }, out: [["a", 0, 0], ["0123456789", 1, 0], ["0123456789", 2, 0], ["0123456789", 3, 0], ["x", 4, 4], ["b", 0, 0]] },
    { it: "parts end where characters end", bytes: "ééééé\n", options: { maxBytes: 5 }, out: [["éé", 1, 0], ["éé", 2, 0], ["é", 3, 3]] },
    { it: "parts of what is no UTF-8 are no longer", bytes: Buffer.alloc(12, 0x80), options: { maxBytes: 5 }, out: [["\ufffd".repeat(5), 1, 0], ["\ufffd".repeat(5), 2, 0], ["\ufffd\ufffd", 3, 3]] },
    { it: "longer ones are cut off with a mark", bytes: `${"x".repeat(200)}\nb\n`, options: { maxBytes: 100, long: "truncate" }, out: whole(`${"x".repeat(36)}… (164 bytes cut off)`, "b") },
    { it: "one of the greatest length is not cut off", bytes: `${"x".repeat(100)}\r\nb`, options: { maxBytes: 100, long: "truncate" }, out: whole("x".repeat(100), "b") },
  ])("$it", ({ bytes, options = {}, out }) => {
    const buffer = Buffer.from(bytes as string); // or a buffer
    for (const size of [1, 2, 3, 5, 1_000_000])
      for (const offsets of [false, true]) expect(linesOf(buffer, { ...options, offsets }, { size }).given).toEqual(out);
  }); // biome-ignore format: a row is one line
});

test("offsets are those of the lines' first bytes", () => {
  const text = Buffer.from("\ufeffa\r\n\nbé\n0123456789abcde\nlast");
  expect(linesOf(text, { offsets: true, maxBytes: 10 }).offsets).toEqual([0, 6, 7, 11, 21, 27]);
});

test("lines of 1 MiB and more are whole where they may be", () => {
  const line = "y".repeat((1 << 20) + 5);
  const { given } = linesOf(Buffer.from(`a\n${line}\nb`), { maxBytes: 2 << 20 }, { size: 65_536 });
  expect(given.map(([text]) => text.length)).toEqual([1, line.length, 1]);
});

describe("from each place the rest comes, whatever the pieces", () => {
  const parts: string[] = [];
  for (let i = 0; i < 60; i++) parts.push("añ€😀\r".repeat((i * 7) % 9), i % 4 ? "\n" : "\r\n");
  const bytes = Buffer.concat([Buffer.from(parts.join("")), Buffer.from([0xff, 0x80, 0x80]), Buffer.from("end")]);
  test.for([
    { it: "in parts", options: { long: "split", maxBytes: 21 } as const },
    { it: "cut off", options: { long: "truncate", maxBytes: 80 } as const },
    { it: "whole", options: { long: "split", maxBytes: 1000 } as const },
  ])("$it", ({ options }) => {
    const all = linesOf(bytes, options).given;
    for (const size of [1, 7, 64]) {
      const { given, places } = linesOf(bytes, options, { size });
      expect(given).toEqual(all);
      for (const { place, count } of places)
        expect(linesOf(bytes, options, { size: 11, from: place }).given).toEqual(all.slice(count));
    }
  });
});

test("a line of 100 MiB is not held", () => {
  const chunk = Buffer.alloc(1 << 20, "z");
  for (const long of ["split", "truncate"] as const) {
    let given = 0;
    const lines = new Lines({ maxBytes: 1 << 18, long, offsets: false }, { offset: 0, parts: 0 }, text => {
      given += text.length;
    });
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i++) lines.push(chunk);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(70 << 20);
    lines.end();
    expect(given).toBe(long === "split" ? 100 << 20 : (1 << 18) - 64 + "… (104595520 bytes cut off)".length);
  }
});
