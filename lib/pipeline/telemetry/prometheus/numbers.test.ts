import { describe, expect, test } from "vitest";
import { seeded } from "../seeded-random.ts";
import { decimalEnd, formatOpenMetricsFloat, parseDecimal, parseFloatText } from "./numbers.ts";

describe("parseFloatText", () => {
  test.for([
    { it: "an integer", text: "17", value: 17 },
    { it: "signs", text: "-0.5e-3", value: -0.0005 },
    { it: "a plus sign", text: "+1.5", value: 1.5 },
    { it: "no digits before the point", text: ".5", value: 0.5 },
    { it: "no digits behind the point", text: "5.", value: 5 },
    { it: "capital exponents", text: "1E+2", value: 100 },
    { it: "more digits than a double has", text: "18446744073709551615", value: 2 ** 64 },
    { it: "the smallest number", text: "4.9e-324", value: 5e-324 },
    { it: "what is too small", text: "1e-999", value: 0 },
    { it: "infinity", text: "+Inf", value: Infinity },
    { it: "infinity in full", text: "-infinity", value: -Infinity },
    { it: "not a number", text: "NaN", value: Number.NaN },
  ])("takes $it", ({ text, value }) => {
    expect(parseFloatText(text)).toBe(value);
  });

  test.for([
    "",
    ".",
    "1e",
    "e5",
    "1_000",
    "0x10",
    "0x1p4",
    "1,5",
    "1.2.3",
    "+nan",
    "--1",
    "1 ",
    "1e999",
    "infinit",
    "١",
  ])("refuses %j", text => {
    expect(parseFloatText(text)).toBeUndefined();
  });
});

describe("parseDecimal", () => {
  const read = (text: string) => {
    const value = parseDecimal(Buffer.from(`${text}\n`), 0);
    return decimalEnd < 0 ? undefined : { value, end: decimalEnd };
  };

  test.for([
    "0",
    "-0",
    "7",
    "-3.25",
    "1.7e+02",
    "1E2",
    "0.000001",
    "9007199254740991",
    "123456789012345.6",
    "1e22",
    "1.5e-20",
    ".5",
    "5.",
  ])("reads %s itself", text => {
    expect(read(text)).toEqual({ value: Number(text), end: text.length });
  });

  test.for([
    "",
    "-",
    ".",
    "NaN",
    "+1",
    "9007199254740993",
    "1e23",
    "1e-23",
    "1e",
    "0.12345678901234567",
    "1".repeat(400),
  ])("leaves %j to the slow way", text => {
    expect(read(text)).toBeUndefined();
  });

  test("stops at the first other byte", () => {
    expect(read("12 5")).toEqual({ value: 12, end: 2 });
    expect(read("1.5e3x")).toEqual({ value: 1500, end: 5 });
  });

  test("never rounds differently from the slow way", () => {
    const random = seeded(11);
    for (let i = 0; i < 20_000; i++) {
      const digits = String(Math.floor(random() * 10 ** Math.floor(random() * 17)));
      const point = Math.floor(random() * (digits.length + 1));
      const exponent = random() < 0.5 ? "" : `e${Math.floor(random() * 60 - 30)}`;
      const text = `${random() < 0.3 ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}${exponent}`;
      const fast = read(text);
      if (fast !== undefined) expect([text, fast.value]).toEqual([text, Number(text)]);
    }
  });
});

test.for([
  [1, "1.0"],
  [0, "0.0"],
  [-1, "-1.0"],
  [0.99, "0.99"],
  [10, "10.0"],
  [100_000, "100000.0"],
  [1_000_000, "1e+06"],
  [1_234_567.5, "1.2345675e+06"],
  [123_456.75, "123456.75"],
  [0.0001, "0.0001"],
  [0.000_01, "1e-05"],
  [2.5e-7, "2.5e-07"],
  [1e100, "1e+100"],
  [0.1 + 0.2, "0.30000000000000004"],
  [Infinity, "+Inf"],
  [-Infinity, "-Inf"],
  [Number.NaN, "NaN"],
] as const)("OpenMetrics writes %s as %s", ([value, text]) => {
  expect(formatOpenMetricsFloat(value)).toBe(text);
});
