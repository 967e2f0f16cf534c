import { expect, test } from "vitest";
import { evaluate, type Plain } from "./testing.ts";

test.for<[it: string, expression: string, result: Plain]>([
  ["products before sums", "1 + 2 * 3", 7n],
  ["parentheses", "(1 + 2) * 3", 9n],
  ["ints divide to an int, cut off", "7 / 2", 3n],
  ["also below zero", "-7 / 2", -3n],
  ["doubles divide", "7.0 / 2.0", 3.5],
  ["an int and a double give a double", "1 + 1.5", 2.5],
  ["an attribute of each kind", 'attributes["i"] * attributes["d"]', 25],
  ["ints wrap around", "9223372036854775807 + 1", -9_223_372_036_854_775_808n],
  ["a double by zero fails", "1.0 / 0.0", "fails: attempted to divide by 0"],
  ["an int by zero fails", "10 / 0", "fails: attempted to divide by 0"],
  ["a text can't be added", 'attributes["s"] + 1', "fails: string must be int64, float64, time.Time or time.Duration"],
  ["nil can't be added", 'attributes["none"] + 1', "fails: nil must be int64, float64, time.Time or time.Duration"],
  ["a sign before an attribute", '-attributes["i"]', -10n],
  [
    "a time and a duration give a time",
    'UnixSeconds(Time("2024-01-02", "%Y-%m-%d") + Duration("36h"))',
    1_704_283_200n,
  ],
  ["times give a duration", 'Hours(Time("2024-01-02", "%Y-%m-%d") - Time("2024-01-01", "%Y-%m-%d"))', 24],
  ["durations give a duration", 'Minutes(Duration("1h") - Duration("90m"))', -30],
])("%s", ([, expression, result]) => {
  expect(evaluate(expression, { i: 10n, d: 2.5, s: "text" })).toBe(result);
});
