import { expect, test } from "vitest";
import { evaluate } from "../testing.ts";

const attributes = { s: "x", i: 1n, d: 1, b: true, m: { a: 1n }, l: [1n], bytes: Uint8Array.of(1), empty: undefined };
const names = ["IsString", "IsInt", "IsDouble", "IsBool", "IsMap", "IsList"];

test.for<[it: string, expression: string, kinds: string]>([
  ["a text", 'attributes["s"]', "IsString"],
  ["an int", 'attributes["i"]', "IsInt"],
  ["a double", 'attributes["d"]', "IsDouble"],
  ["a truth value", 'attributes["b"]', "IsBool"],
  ["a map", 'attributes["m"]', "IsMap"],
  ["a list", 'attributes["l"]', "IsList"],
  ["a list that a converter gives", 'Split("a,b", ",")', "IsList"],
  ["bytes", 'attributes["bytes"]', ""],
  ["an empty value", 'attributes["empty"]', ""],
  ["what isn't there", 'attributes["none"]', ""],
])("%s", ([, expression, kinds]) => {
  expect(names.filter(name => evaluate(`${name}(${expression})`, attributes) === true).join(" ")).toBe(kinds);
});

test("a literal of another kind is a mistake", () => {
  expect(evaluate("IsString(5)")).toBe(
    'load: invalid argument "value" of "set": invalid argument "value" of "IsString": expected string but got int64, at 30',
  );
  expect(evaluate("IsInt(5)")).toBe(true);
});
