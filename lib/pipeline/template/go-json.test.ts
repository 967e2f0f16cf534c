import { expect, test } from "vitest";
import { marshalJson } from "./go-json.ts";

test.for([
  { it: "escapes HTML", value: "<a>&'", out: '"\\u003ca\\u003e\\u0026\'"' },
  { it: "escapes HTML not, if told so", value: "<a>&", options: { escapeHtml: false }, out: '"<a>&"' },
  {
    it: "escapes controls and separators",
    value: '"\\\n\r\t\b\u0001\u2028',
    out: '"\\"\\\\\\n\\r\\t\\u0008\\u0001\\u2028"',
  },
  { it: "escapes controls short, if told so", value: "\b\f", options: { shortControls: true }, out: '"\\b\\f"' },
  { it: "keeps characters beyond the basic plane", value: "é😀\x7f", out: '"é😀\x7f"' },
  { it: "replaces what is no text", value: "a\udc80b\ud800", out: '"a\\ufffdb\\ufffd"' },
  {
    it: "prints numbers",
    value: [1, -0, 1.5, 1e21, 1e-7, 1e-10, 123456789012345680000],
    out: "[1,-0,1.5,1e+21,1e-07,1e-10,123456789012345680000]",
  },
  { it: "prints big integers", value: [9223372036854775807n], out: "[9223372036854775807]" },
  { it: "keeps the order of keys", value: { b: null, a: [true, {}] }, out: '{"b":null,"a":[true,{}]}' },
  {
    it: "sorts keys, if told so",
    value: new Map<string, unknown>([
      ["b", 1],
      ["a", new Map()],
    ]),
    options: { sortKeys: true },
    out: '{"a":{},"b":1}',
  },
  {
    it: "indents, if told so",
    value: { a: [1, []], b: {} },
    options: { indent: true },
    out: '{\n  "a": [\n    1,\n    []\n  ],\n  "b": {}\n}',
  },
])("$it", ({ value, options, out }) => {
  expect(marshalJson(value, options)).toBe(out);
});
