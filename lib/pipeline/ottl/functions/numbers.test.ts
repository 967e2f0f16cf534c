import { expect, test } from "vitest";
import { evaluate, type Plain } from "../testing.ts";

const attributes = { s: "x", n: "7", i: 3n, d: 2.9, big: 1e300, b: true, m: { a: 1n }, bytes: Uint8Array.of(1, 255) };

test.for<[expression: string, result: Plain]>([
  ['Int(attributes["n"])', 7n],
  ['Int("+7")', 7n],
  ['Int("1.5")', undefined],
  ['Int(attributes["s"])', undefined],
  ['Int(attributes["d"])', 2n],
  ["Int(-2.9)", -2n],
  ['Int(attributes["big"])', -9_223_372_036_854_775_808n],
  ['Int(attributes["b"])', 1n],
  ['Int(attributes["none"])', undefined],
  ['Int(attributes["m"])', "fails: unsupported type: pcommon.Map"],
  ['Double(attributes["n"])', 7],
  ['Double(attributes["s"])', 'fails: strconv.ParseFloat: parsing "x": invalid syntax'],
  [
    'Double("1e400")',
    'load: invalid argument "value" of "set": invalid argument "target" of "Double": strconv.ParseFloat: parsing "1e400": value out of range, at 28',
  ],
  ['Double(attributes["i"])', 3],
  ['Double(attributes["b"])', 1],
  ['Double("-inf")', Number.NEGATIVE_INFINITY],
  ['Bool("T")', true],
  ['Bool(attributes["i"])', true],
  ["Bool(0.0)", false],
  ['Bool(attributes["s"])', 'fails: strconv.ParseBool: parsing "x": invalid syntax'],
  ['String(attributes["i"])', "3"],
  ['String(attributes["d"])', "2.9"],
  ["String(1.0)", "1"],
  ['String(attributes["b"])', "true"],
  ['String(attributes["m"])', '{"a":1}'],
  ['String(attributes["bytes"])', "01ff"],
  ['String(attributes["none"])', undefined],
  ['String(Duration("1m"))', "60000000000"],
  ['String([1, "a", nil])', '[1,"a",null]'],
])("%s", ([expression, result]) => {
  expect(evaluate(expression, attributes)).toEqual(result);
});
