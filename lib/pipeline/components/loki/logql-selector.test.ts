import { expect, test } from "vitest";
import { labelsFrom } from "../../telemetry/labels.ts";
import { compileSelector } from "./logql-selector.ts";

const labels = labelsFrom([
  ["app", "shop"],
  ["env", "prod"],
  ["zone", "ü"],
]);
const line = 'an Error "here" back\\slash';

test.for([
  { selector: "{}", out: true },
  { selector: '{app="shop"}', out: true },
  { selector: '{ app = "shop" , env != "dev" }', out: true },
  { selector: '{app="shop", env="dev"}', out: false },
  { selector: '{app=~"sh|cart"}', out: false },
  { selector: '{app=~"sh.*"}', out: true },
  { selector: '{app!~"sh.*"}', out: false },
  { selector: '{missing=""}', out: true },
  { selector: '{missing!="x"}', out: true },
  { selector: '{missing=~".+"}', out: false },
  { selector: '{app="shop"} |= "Error"', out: true },
  { selector: '{app="shop"} |= "error"', out: false },
  { selector: '{app="shop"} |~ "(?i)error"', out: true },
  { selector: '{app="shop"} != "Error"', out: false },
  { selector: '{app="shop"} !~ "E..or"', out: false },
  { selector: '{app="shop"} |= "Error" |= "here"', out: true },
  { selector: '{app="shop"} |= ""', out: true },
  { selector: '{zone="\\xc3\\xbc"} != "\\303\\274"', out: true },
  { selector: '{app="shop"} |= "\\"here\\"" |= "back\\\\slash" |= "\\x45rror"', out: true },
])("$selector", ({ selector, out }) => {
  expect(compileSelector(selector).matches(labels, line)).toBe(out);
});

test.for([
  { selector: "", message: 'parse error at column 1: expected "{", got the end' },
  { selector: "{app}", message: 'parse error at column 5: expected "=~", "!=", "!~", "=", got "}"' },
  { selector: "{app=`x`}", message: 'parse error at column 6: expected a string in double quotes, got "`x`}"' },
  { selector: '{app="x"', message: 'parse error at column 9: expected "}", got the end' },
  { selector: '{app="x"} | json', message: 'parse error at column 11: expected "|=", "|~", "!=", "!~", got "| json"' },
  { selector: '{app=~"("}', message: "error parsing regexp: missing closing ): `^(?s:()$`" },
  { selector: '{app="\\ud800"}', message: 'invalid escape \\ud800 in "\\ud800"' },
  { selector: '{app="\\q"}', message: 'invalid escape \\q in "\\q"' },
])("refuses $selector", ({ selector, message }) => {
  expect(() => compileSelector(selector)).toThrow(message);
});
