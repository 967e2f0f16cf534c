import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test.for([
  ["0", 0n],
  ["-0", 0n],
  ["5s", 5_000_000_000n],
  ["+1h2m3s", 3_723_000_000_000n],
  ["-1.5h", -5_400_000_000_000n],
  ["1.s", 1_000_000_000n],
  [".5s", 500_000_000n],
  ["300ms", 300_000_000n],
  ["12us", 12_000n],
  ["12\u00b5s", 12_000n],
  ["12\u03bcs3ns", 12_003n],
  ["0.3333333333333333333h", 1_200_000_000_000n],
  ["0.100000000000000000000h", 360_000_000_000n],
  ["2562047h47m16.854775807s", 9_223_372_036_854_775_807n],
  ["-9223372036854775808ns", -9_223_372_036_854_775_808n],
] as const)("%s is %i ns", ([text, nanoseconds]) => {
  expect(parseDuration(text)).toBe(nanoseconds);
});

test.for([
  ["", 'time: invalid duration ""'],
  ["-", 'time: invalid duration "-"'],
  ["s", 'time: invalid duration "s"'],
  ["1s.", 'time: invalid duration "1s."'],
  ["99999999h", 'time: invalid duration "99999999h"'],
  ["ten seconds", 'time: invalid duration "ten seconds"'],
  [".s", 'time: invalid duration ".s"'],
  ["10", 'time: missing unit in duration "10"'],
  ["1h2", 'time: missing unit in duration "1h2"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
  ["1m 2s", 'time: unknown unit "m " in duration "1m 2s"'],
  ["1é", 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'],
  ['1"', 'time: unknown unit "\\"" in duration "1\\""'],
  ["9223372036854775808ns", 'time: invalid duration "9223372036854775808ns"'],
  ["99999999999999999999x", 'time: invalid duration "99999999999999999999x"'],
  ["1toString", 'time: unknown unit "toString" in duration "1toString"'],
] as const)("%j is refused: %s", ([text, message]) => {
  expect(() => parseDuration(text)).toThrow(new Error(message));
});

test.for([
  [0n, "0s"],
  [1n, "1ns"],
  [1_100n, "1.1\u00b5s"],
  [2_200_000n, "2.2ms"],
  [1_000_000_000n, "1s"],
  [3_300_000_000n, "3.3s"],
  [60_000_000_000n, "1m0s"],
  [245_000_000_000n, "4m5s"],
  [3_600_000_000_000n, "1h0m0s"],
  [18_306_000_001_000n, "5h5m6.000001s"],
  [-9_223_372_036_854_775_808n, "-2562047h47m16.854775808s"],
  [9_223_372_036_854_775_807n, "2562047h47m16.854775807s"],
] as const)("%i ns prints as %s", ([nanoseconds, text]) => {
  expect(formatDuration(nanoseconds)).toBe(text);
});
