import { expect, test } from "vitest";
import { GoNamed, GoStruct, type GoValue } from "./gofmt.ts";
import { parseGoJson } from "./gojson.ts";
import { goJson } from "./json.ts";
import type { Value } from "./value.ts";

test.for<[string, GoValue, string]>([
  [
    "sorts keys by bytes",
    new Map<string, GoValue>([
      ["a", 2n],
      ["Z", 1n],
      ["_", 4n],
      ["0", 3n],
    ]),
    '{"0":3,"Z":1,"_":4,"a":2}',
  ],
  ["escapes what could end a script", "<a&b>\u2028", '"\\u003ca\\u0026b\\u003e\\u2028"'],
  ["escapes control characters", '\u0007\b\f\n\r\t\v"\\\x7f', '"\\u0007\\b\\f\\n\\r\\t\\u000b\\"\\\\\x7f"'],
  ["replaces half characters", "\ud800", '"\ufffd"'],
  ["writes floats", [1, 0.5, 1e21, 1e20, 1e-7, 0.000001, -0], "[1,0.5,1e+21,100000000000000000000,1e-7,0.000001,-0]"],
  ["writes integers exactly", 18446744073709551615n, "18446744073709551615"],
  [
    "writes structs and named types",
    [
      new GoStruct("S", [
        ["B", true],
        ["A", null],
      ]),
      new GoNamed("N", "x"),
    ],
    '[{"B":true,"A":null},"x"]',
  ],
  ["writes empty containers", [[], new Map()], "[[],{}]"],
])("goJson %s", ([, value, out]) => {
  expect(goJson(value)).toBe(out);
});

test.for<[number, string]>([
  [Number.NaN, "json: unsupported value: NaN"],
  [Number.POSITIVE_INFINITY, "json: unsupported value: +Inf"],
])("goJson refuses %s", ([value, message]) => {
  expect(() => goJson([value])).toThrow(new Error(message));
});

test.for<[string, Value]>([
  ["15", 15],
  ["-0", -0],
  ["9007199254740993", 9007199254740992],
  [
    '{"b": {"a": [1]}, "a": "\\u00e9", "b2": [true, null]}',
    new Map<string, Value>([
      ["b", new Map([["a", [1]]])],
      ["a", "é"],
      ["b2", [true, null]],
    ]),
  ],
  ['{"b": 1, "b": 2}', new Map([["b", 2]])],
  ['{"__proto__": 1}', new Map([["__proto__", 1]])],
  ['"\\ud800"', "\ufffd"],
])("parseGoJson reads %s", ([text, value]) => {
  expect(parseGoJson(text)).toStrictEqual(value);
});

test.for<[string, string]>([
  ["", "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ['"a', "unexpected end of JSON input"],
  ["tru", "invalid character ' ' in literal true (expecting 'e')"],
  ["1 2", "invalid character '2' after top-level value"],
  ["x", "invalid character 'x' looking for beginning of value"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["[1 2]", "invalid character '2' after array element"],
  ["{a}", "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ["trve", "invalid character 'v' in literal true (expecting 'u')"],
  ["-a", "invalid character 'a' in numeric literal"],
  ["1.a", "invalid character 'a' after decimal point in numeric literal"],
  ["1ea", "invalid character 'a' in exponent of numeric literal"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ["é", "invalid character 'Ã' looking for beginning of value"],
  ["01", "invalid character '1' after top-level value"],
  ["1.", "invalid character ' ' after decimal point in numeric literal"],
  ["-", "invalid character ' ' in numeric literal"],
  ['"\\', "invalid character ' ' in string escape code"],
  ['"\\u12', "invalid character ' ' in \\u hexadecimal character escape"],
  ['[1, 1e400, "2e400", 3e400]', "json: cannot unmarshal number 1e400 into Go value of type float64"],
  ['{"1e400": -2E+999}', "json: cannot unmarshal number -2E+999 into Go value of type float64"],
])("parseGoJson refuses %s", ([text, message]) => {
  expect(() => parseGoJson(text)).toThrow(new Error(message));
});
