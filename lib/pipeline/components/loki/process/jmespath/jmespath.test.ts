import { expect, test } from "vitest";
import { compileJmespath } from "./jmespath.ts";

const shop = {
  user: { name: "zoë", id: 9 },
  items: [
    { sku: "b2", price: 12.5 },
    { sku: "a1", price: 3 },
  ],
  total: 15.5,
  "x-id": "h-1",
};

test.for([
  { it: "reads a name", text: "total", out: 15.5 },
  { it: "reads a path", text: "user.name", out: "zoë" },
  { it: "gives null for what is missing", text: "user.nope.deeper", out: null },
  { it: "gives null for what every object inherits", text: "toString", out: null },
  { it: "reads a quoted name", text: '"x-id"', out: "h-1" },
  { it: "indexes", text: "items[0].sku", out: "b2" },
  { it: "indexes from the end", text: "items[-1].sku", out: "a1" },
  { it: "gives null beyond the end", text: "items[7]", out: null },
  { it: "projects a list", text: "items[*].sku", out: ["b2", "a1"] },
  { it: "leaves nulls out of a projection", text: "items[*].nope", out: [] },
  { it: "filters", text: "items[?price < `10`].sku | [0]", out: "a1" },
  { it: "filters with two conditions", text: "items[?price < `10` || sku == 'b2'].sku", out: ["b2", "a1"] },
  { it: "joins", text: "join('-', items[*].sku)", out: "b2-a1" },
  { it: "selects a hash", text: "{a: user.name, b: total, c: nope}", out: { a: "zoë", b: 15.5, c: null } },
  { it: "selects a list", text: "[total, user.id]", out: [15.5, 9] },
  { it: "falls back", text: "missing || user.name", out: "zoë" },
  { it: "connects with and", text: "user.name && total", out: 15.5 },
  { it: "negates", text: "!missing", out: true },
  { it: "sums", text: "sum(items[*].price)", out: 15.5 },
  { it: "sorts", text: "sort(items[*].sku)", out: ["a1", "b2"] },
  { it: "sorts by an expression", text: "sort_by(items, &price)[].sku", out: ["a1", "b2"] },
  { it: "finds the extreme by an expression", text: "max_by(items, &price).sku", out: "b2" },
  { it: "counts an object's keys", text: "length(user)", out: 2 },
  { it: "slices", text: "items[::-1].sku", out: ["a1", "b2"] },
  { it: "slices text", text: "user.name[1:]", out: "oë" },
  { it: "takes an object's values", text: "user.*", out: ["zoë", 9] },
  { it: "flattens", text: "[[`1`, `2`], `3`][]", out: [1, 2, 3] },
  { it: "calculates", text: "items[0].price + items[1].price × `2`", out: 18.5 },
  { it: "multiplies with a star", text: "total * `2`", out: 31 },
  { it: "binds variables", text: "let $t = total in items[?price < $t].sku", out: ["b2", "a1"] },
  { it: "reads from the root", text: "items[0].[sku, $.total]", out: ["b2", 15.5] },
  { it: "changes case", text: "upper(user.name)", out: "ZOË" },
  { it: "prints", text: "to_string(user)", out: '{"id":9,"name":"zoë"}' },
  { it: "reads numbers", text: "to_number('1.50')", out: 1.5 },
  { it: "pads", text: "pad_left('7', `3`, '0')", out: "007" },
  { it: "splits", text: "split('a-b-c', '-', `1`)", out: ["a", "b-c"] },
  { it: "replaces", text: "replace('aaa', 'a', 'b', `2`)", out: "bba" },
  { it: "trims", text: "trim('  x ')", out: "x" },
  { it: "finds by bytes", text: "find_first('éa', 'a')", out: 2 },
  {
    it: "zips",
    text: "zip(items[*].sku, items[*].price)",
    out: [
      ["b2", 12.5],
      ["a1", 3],
    ],
  },
  { it: "groups", text: "group_by(items, &sku) | keys(@)", out: ["b2", "a1"] },
  { it: "compares objects deeply", text: 'user == `{"id": 9, "name": "zoë"}`', out: true },
  { it: "compares only numbers by size", text: "user.name < `3`", out: null },
  { it: "escapes in raw strings", text: "'it\\'s'", out: "it's" },
  { it: "sums nothing to zero", text: "sum(nope[*].x || `[]`)", out: 0 },
])("$it: $text", ({ text, out }) => {
  expect(compileJmespath(text)(shop)).toEqual(out);
});

test.for([
  { it: "needs an operand", text: "a.", message: 'expected a name, "[" or "{", got the end of the expression' },
  { it: "needs an end", text: "a b", message: 'expected the end of the expression, got "b"' },
  { it: "knows its characters", text: "a#b", message: 'unknown character "#"' },
  { it: "needs a closing quote", text: "'a", message: "unclosed delimiter '" },
  { it: "needs JSON in literals", text: "`{`", message: 'expected JSON between backticks, got "{"' },
  { it: "takes no bare index name", text: "a[b]", message: 'expected "*", got "b"' },
  { it: "is not empty", text: "", message: "expected an expression, got the end of the expression" },
])("$it: $text", ({ text, message }) => {
  expect(() => compileJmespath(text)).toThrow(message);
});

test.for([
  { it: "length of null", text: "length(nope)", message: "argument 1 of length() has the wrong type" },
  { it: "join over null", text: "join('-', nope)", message: "argument 2 of join() has the wrong type" },
  { it: "too few arguments", text: "join('-')", message: "join() got 1 arguments" },
  { it: "an unknown function", text: "nope(@)", message: "unknown function: nope" },
  { it: "an unknown variable", text: "$x", message: "variable not defined: $x" },
  {
    it: "keys of two kinds",
    text: 'sort_by(`[{"a": 1}, {"a": "x"}]`, &a)',
    message: "invalid type, must be number or string",
  },
])("gives up for $it", ({ text, message }) => {
  expect(() => compileJmespath(text)(shop)).toThrow(message);
});
