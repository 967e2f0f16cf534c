import { expect, test } from "vitest";
import { evaluate, type Plain } from "../testing.ts";

const attributes = { s: "grüße", i: 1n, d: 1.5, b: true, m: { k: "v" }, l: ["a", "b"], p: "^g", bad: "(" };

test.for<[expression: string, result: Plain]>([
  ['IsMatch(attributes["s"], "^gr.+e$")', true],
  ['IsMatch(attributes["s"], "^x")', false],
  ['IsMatch(attributes["s"], attributes["p"])', true],
  ['IsMatch(attributes["s"], attributes["bad"])', "fails: error parsing regexp: missing closing ): `(`"],
  [
    'IsMatch("a", "(")',
    'load: invalid argument "value" of "set": couldn\'t create function "IsMatch": error parsing regexp: missing closing ): `(`, at 21',
  ],
  ['IsMatch(attributes["i"], "^1$")', true],
  ['IsMatch(attributes["d"], "^1[.]5$")', true],
  ['IsMatch(attributes["b"], "true")', true],
  ['IsMatch(attributes["m"], "\\"k\\":")', true],
  ['IsMatch(attributes["none"], ".*")', false],
  ['Concat([attributes["s"], attributes["i"], attributes["none"]], "-")', "grüße-1-<nil>"],
  ['Concat([], "-")', ""],
  ['Len(attributes["s"])', 7n],
  ['Len(attributes["l"])', 2n],
  ['Len(attributes["m"])', 1n],
  ['Len(attributes["i"])', "fails: target arg must be of type string, []any, or pcommon.Map, got int64"],
  ['Substring("abcdef", 1, 3)', "bcd"],
  ['Substring(attributes["s"], 0, 4)', "grü"],
  ['Substring(attributes["s"], 0, 3, true)', "gr"],
  [
    'Substring("abc", 1, 9)',
    "fails: invalid range for substring function, 1 + 9 cannot be greater than the length of target string(3)",
  ],
  ['Substring("abc", -1, 1)', "fails: invalid start for substring function, -1 cannot be negative"],
  ['Substring("abc", 0, 0)', "fails: invalid length for substring function, 0 cannot be negative or zero"],
  ['Split("a,b,c", ",")', ["a", "b", "c"]],
  ['Split("gü", "")', ["g", "ü"]],
  ['HasPrefix(attributes["s"], "gr")', true],
  ['HasPrefix(attributes["s"], "ß")', false],
  ['HasPrefix(attributes["i"], "1")', "fails: expected string but got int64"],
  ['HasSuffix(attributes["s"], "ße")', true],
  ['ToUpperCase(attributes["s"])', "GRÜßE"],
  ['ToLowerCase("ÄB")', "äb"],
  ['Trim("  a b ")', "a b"],
  ['Trim("xyaxyx", "xy")', "a"],
  ['TrimPrefix("abcabc", "abc")', "abc"],
  ['TrimPrefix("abc", "x")', "abc"],
  ['TrimSuffix("abcabc", "abc")', "abc"],
])("%s", ([expression, result]) => {
  expect(evaluate(expression, attributes)).toEqual(result);
});
