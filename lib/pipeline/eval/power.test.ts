import { expect, test } from "vitest";
import { goPower } from "./power.ts";

// What Go's math.Pow gives for the same numbers.
test.for<{ it: string; base: number; exponent: number; out: number }>([
  { it: "takes whole powers by squares", base: 1.1, exponent: 10, out: 2.593742460100002 },
  { it: "keeps the digits of small powers", base: 0.0017954207414890221, exponent: 100, out: 2.6098996173009212e-275 },
  { it: "keeps the sign of odd powers", base: -2, exponent: 3, out: -8 },
  { it: "takes half powers as roots", base: 3, exponent: 0.5, out: 1.7320508075688772 },
  { it: "takes negative half powers as inverse roots", base: 2, exponent: -0.5, out: 0.7071067811865475 },
  { it: "inverts last", base: 100, exponent: -1.5, out: 0.0009999999999999998 },
  { it: "takes fractions apart from wholes", base: 7, exponent: -1.5, out: 0.05399492471560388 },
  { it: "reaches the smallest number", base: 2, exponent: -1074, out: 5e-324 },
  { it: "ends in zero below", base: 2, exponent: -1075, out: 0 },
  { it: "rounds small results once", base: 1.5, exponent: -1800, out: 1.0857597e-317 },
  { it: "ends in infinity above", base: 2, exponent: 1024, out: Number.POSITIVE_INFINITY },
  { it: "ends in negative infinity", base: -2, exponent: 1025, out: Number.NEGATIVE_INFINITY },
  { it: "has no roots of negative numbers", base: -8, exponent: 1 / 3, out: Number.NaN },
  { it: "has one to any power", base: 1, exponent: Number.NaN, out: 1 },
  {
    it: "has minus one to an infinite power",
    base: -1,
    exponent: Number.POSITIVE_INFINITY,
    out: 1,
  },
  { it: "divides by zero", base: 0, exponent: -1, out: Number.POSITIVE_INFINITY },
])("$it", ({ base, exponent, out }) => {
  expect(goPower(base, exponent)).toBe(out);
});
