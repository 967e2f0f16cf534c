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
