import { expect, test } from "vitest";
import { parseGoDuration } from "./duration.ts";

test.for([
  ["1s", 1_000_000_000n],
  ["1h30m", 5_400_000_000_000n],
  ["-1.5ms", -1_500_000n],
  [".5s", 500_000_000n],
  ["+2us", 2_000n],
  ["3µs", 3_000n],
  ["0", 0n],
  ["1.000000001s", 1_000_000_001n],
] as const)("reads %s", ([text, nanoseconds]) => {
  expect(parseGoDuration(text)).toBe(nanoseconds);
});

test.for([
  ["5", 'time: missing unit in duration "5"'],
  ["", 'time: invalid duration ""'],
  ["ten seconds", 'time: invalid duration "ten seconds"'],
  ["1d", 'time: unknown unit "d" in duration "1d"'],
  ["1s.", 'time: invalid duration "1s."'],
  ["-", 'time: invalid duration "-"'],
  ["99999999h", 'time: invalid duration "99999999h"'],
] as const)("refuses %s", ([text, message]) => {
  expect(() => parseGoDuration(text)).toThrow(new Error(message));
});
