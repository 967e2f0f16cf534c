import { expect, test } from "vitest";
import { type ValueInput, ValueMap } from "./value.ts";
import { valueJson, valueText } from "./value-text.ts";

const held = (input: ValueInput) => {
  const map = new ValueMap();
  map.add("value", input);
  return map.get("value");
};

test.for<[it: string, value: ValueInput, text: string]>([
  ["a text is itself", "a <b>", "a <b>"],
  ["an int", -5n, "-5"],
  ["a double without a fraction", 10, "10"],
  ["a small double", 1e-7, "1e-7"],
  ["a large one", 1e21, "1e+21"],
  ["an infinite one", Number.POSITIVE_INFINITY, "json: unsupported value: +Inf"],
  ["what is no number", Number.NaN, "json: unsupported value: NaN"],
  ["a truth value", true, "true"],
  ["nothing", undefined, ""],
  ["bytes as base64", Uint8Array.of(1, 255), "Af8="],
  ["a list as JSON", ["a", 1n, 2.5, undefined, [true]], '["a",1,2.5,null,[true]]'],
  ["a map as JSON, keys sorted", new Map<string, ValueInput>([["b", 1n], ["a", Uint8Array.of(1)]]), '{"a":"AQ==","b":1}'], // biome-ignore format: pairs
  ["what is special in HTML is escaped in JSON", ["<&>\u2028"], '["\\u003c\\u0026\\u003e\\u2028"]'],
  ["JSON that can't be is empty", [Number.NaN], ""],
])("text: %s", ([, value, text]) => {
  expect(valueText(held(value))).toBe(text);
});

test("a number that JSON has no form for fails", () => {
  expect(() => valueJson(Number.NEGATIVE_INFINITY)).toThrow("json: unsupported value: -Inf");
});
