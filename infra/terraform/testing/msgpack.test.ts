import { expect, test } from "vitest";
import { decodeMsgpack, encodeMsgpack, unknown } from "./msgpack.ts";

test.for([
  { it: "nothing", value: null },
  { it: "truths", value: [true, false] },
  { it: "whole numbers", value: [0, -1, 2 ** 40] },
  { it: "fractions", value: 0.5 },
  { it: "texts", value: ["", "ä".repeat(300)] },
  { it: "objects", value: { a: { b: [] } } },
  { it: "what is not known yet", value: { a: unknown } },
])("$it come back as they were", ({ value }) => {
  expect(decodeMsgpack(encodeMsgpack(value))).toEqual(value);
});

test.for([
  [0xd4, 1],
  [0xd5, 2],
  [0xd6, 4],
  [0xd7, 8],
  [0xd8, 16],
] as const)("what is known in part, with type %i and %i bytes, is not known", ([type, size]) => {
  const bytes = [0x92, type, 12, ...Array.from({ length: size }, () => 1), 0xc3];
  expect(decodeMsgpack(Uint8Array.from(bytes))).toEqual([unknown, true]);
});
