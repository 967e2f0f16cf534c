import { expect, test } from "vitest";
import { type FloatVerb, formatFloat, goFloat } from "./gofloat.ts";

test.for<{ it: string; value: number; verb: FloatVerb; precision: number; out: string }>([
  {
    it: "writes the fewest digits that read back",
    value: 0.1 + 0.2,
    verb: "f",
    precision: -1,
    out: "0.30000000000000004",
  },
  { it: "writes large numbers without exponent", value: 1e21, verb: "f", precision: -1, out: "1000000000000000000000" },
  { it: "writes small numbers without exponent", value: 1.5e-7, verb: "f", precision: -1, out: "0.00000015" },
  { it: "rounds half to even where the half is exact", value: 2.5, verb: "f", precision: 0, out: "2" },
  { it: "rounds half to even upwards too", value: 3.5, verb: "f", precision: 0, out: "4" },
  { it: "rounds the exact value, not its shortest digits", value: 2.345, verb: "f", precision: 2, out: "2.35" },
  { it: "rounds down what is a little below the half", value: 1.005, verb: "f", precision: 2, out: "1.00" },
  { it: "pads a fraction with zeros", value: 1.5, verb: "f", precision: 6, out: "1.500000" },
  { it: "keeps zeros behind the point", value: 0.05, verb: "f", precision: 3, out: "0.050" },
  { it: "carries into a new digit", value: 9.99, verb: "f", precision: 1, out: "10.0" },
  { it: "keeps the sign of zero", value: -0, verb: "f", precision: 1, out: "-0.0" },
  { it: "writes exponents with two digits", value: 123456.789, verb: "e", precision: 6, out: "1.234568e+05" },
  { it: "carries into the exponent", value: 9.99e9, verb: "e", precision: 1, out: "1.0e+10" },
  { it: "writes the shortest mantissa", value: 1e-10, verb: "E", precision: -1, out: "1E-10" },
  { it: "writes zero with an exponent", value: 0, verb: "e", precision: 2, out: "0.00e+00" },
  { it: "keeps numbers below 1e21 whole only for f", value: 1e20, verb: "g", precision: -1, out: "1e+20" },
  {
    it: "uses exponents from 21 digits of the exponent on",
    value: 123456789,
    verb: "g",
    precision: -1,
    out: "1.23456789e+08",
  },
  { it: "uses no exponent below a million", value: 999999, verb: "g", precision: -1, out: "999999" },
  { it: "uses exponents below 1e-4", value: 0.00001, verb: "g", precision: -1, out: "1e-05" },
  { it: "cuts to a count of digits", value: 7.14159, verb: "g", precision: 3, out: "7.14" },
  { it: "drops trailing zeros with a count of digits", value: 100000, verb: "g", precision: 3, out: "1e+05" },
  { it: "writes bits in hexadecimal", value: 1.5, verb: "x", precision: -1, out: "0x1.8p+00" },
  { it: "rounds hexadecimal digits", value: 1.99, verb: "X", precision: 1, out: "0X1.0P+01" },
  { it: "writes the bits", value: 1, verb: "b", precision: -1, out: "4503599627370496p-52" },
])("formatFloat $it", ({ value, verb, precision, out }) => {
  expect(formatFloat(value, verb, precision)).toBe(out);
});

test.for([
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [5e-324, "5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [0, "0"],
] as const)("goFloat writes %s as %s", ([value, out]) => {
  expect(goFloat(value)).toBe(out);
});
