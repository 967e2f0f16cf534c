import { expect, test } from "vitest";
import { evaluate, type Plain } from "../testing.ts";

const attributes = { s: "x", l: [1n, "a", 2.5], empty: undefined };

test.for<[expression: string, result: Plain]>([
  ['Coalesce([attributes["none"], attributes["empty"], attributes["s"], "y"])', "x"],
  ['Coalesce([attributes["none"]])', undefined],
  [
    "Coalesce([])",
    'load: invalid argument "value" of "set": couldn\'t create function "Coalesce": at least one value is required, at 21',
  ],
  [
    "Coalesce(1)",
    'load: invalid argument "value" of "set": invalid argument "values" of "Coalesce": must be a list, at 30',
  ],
  ['ContainsValue(attributes["l"], "a")', true],
  ['ContainsValue(attributes["l"], 1.0)', true],
  ['ContainsValue(attributes["l"], "z")', false],
  ['ContainsValue(["z"], attributes["s"])', false],
  ['ContainsValue(attributes["s"], "x")', "fails: expected pcommon.Slice but got string"],
])("%s", ([expression, result]) => {
  expect(evaluate(expression, attributes)).toEqual(result);
});
