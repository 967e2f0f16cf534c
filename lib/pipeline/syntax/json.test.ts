import { expect, test } from "vitest";
import { fromJson, toJson } from "./json.ts";
import { parseFile } from "./parser.ts";

test.for([
  { it: "an empty block with a label", text: 'otelcol.receiver.otlp "in" { }' },
  { it: "blocks in blocks", text: "a { b { c = true } }" },
  { it: "integers, also beyond 2^53", text: "a = [0, 10, 0644, 9007199254740993, 18446744073709551615]" },
  { it: "numbers with a fraction", text: "a = [0.0, 1.5, 1e3, 18446744073709551616]" },
  { it: "a number that is too large", text: "a = 1e999" },
  { it: "texts that look like numbers", text: 'a = ["10", "Infinity", `raw`, "\\u00e9"]' },
  { it: "null and booleans", text: "a = [null, true, false]" },
  { it: "objects with both kinds of keys", text: 'a = { "b c" = 1, d = 2 }' },
  { it: "every other expression", text: "a = (-b.c[0] + !d(1, 2)) * 3 ^ 2" },
  { it: "comments", text: "// one\na = 1 /* two */\n" },
])("$it: as it was parsed", ({ text }) => {
  const { file, diagnostics } = parseFile({ name: "main.alloy", text });
  expect(diagnostics).toEqual([]);
  expect(fromJson(toJson(file))).toEqual(file);
});
