import { expect, test } from "vitest";
import { toGoPlain } from "../goplain.ts";
import { goJson } from "../json.ts";
import { jsonPath } from "./json-path.ts";

const people = '[{"n": "x", "v": 1}, {"n": "y", "v": 2.5}, {"n": "z"}]';
const tree = '{"a": {"b": [{"c": 1}, {"c": {"c": 2}}]}, "c": 3}';

test.for<[string, string, string]>([
  ['{"key": "value"}', ".key", '["value"]'],
  ['{"key": "value"}', "$.key", '["value"]'],
  ['{"key": "value"}', "key", '["value"]'],
  ['{"key": "value"}', "", "[]"],
  ["[1, 2]", "$", "[[1,2]]"],
  ['{"a": [1, 2, 3]}', "$.a[*]", "[1,2,3]"],
  ['{"a": [1, 2, 3]}', "$.a[-1]", "[3]"],
  ['{"a": [1, 2, 3]}', "$.a[5]", "[]"],
  ['{"a": [1, 2, 3, 4]}', "$.a[1:3]", "[2,3]"],
  ["[1, 2, 3, 4, 5]", "$[0:4:2]", "[1,3]"],
  ["[1, 2, 3, 4, 5]", "$[-2:]", "[4,5]"],
  ["[1, 2, 3, 4, 5]", "$[::0]", "[]"],
  ["[1, 2, 3, 4, 5, 6]", "$[-1:1:-2]", "[6,4]"],
  ['{"a": null}', ".a", "[null]"],
  ['{"a": null}', ".a.b", "[]"],
  ['{"a": 1}', ".nothing", "[]"],
  ['{"a b": 1}', "$['a b']", "[1]"],
  ['{"a": 1.0, "b": "é"}', '$["a","b"]', '[1,"é"]'],
  ["[1, 2, 3]", "$[0,-1]", "[1,3]"],
  [tree, "$..c", '[1,2,{"c":2},3]'],
  ["[1, [2]]", "$..", "[1,[2],2]"],
  ['{"A": 3}', "$['\\x41']", "[3]"],
  [people, '$[?(@.n == "y")].v', "[2.5]"],
  [people, "$[?(@.v)].n", '["x","y"]'],
  [people, "$[?(!@.v)].n", '["z"]'],
  [people, "$[?@.v > 1 && @.n != 'x'].n", '["y"]'],
  [people, "$[?(@.v < 2 || @.n in ['z'])].n", '["x","z"]'],
  [people, "$[?(@.v + 1 == 2)].n", '["x"]'],
  [people, "$[?(@.n =~ /^[xz]$/)].n", '["x","z"]'],
  [people, "$[?(length(@.n) == 1)].v", "[1,2.5]"],
  [people, "$[?(@.v exists false)].n", '["z"]'],
  ['[{"l": [1, 5]}, {"l": [2]}]', "$[?(@.l[*] > 4)].l[0]", "[1]"],
  ['{"k": 5, "l": [4, 5]}', "$.l[?(@ == $.k)]", "[5]"],
  ["12345678901234567890", "$", '["12345678901234567890"]'],
  ["9007199254740993", "$", "[9007199254740993]"],
  ["[1] // why", "$[0]", "[1]"],
  ["", "$.a", "[]"],
])("finds in %s by %s", ([data, path, json]) => {
  expect(goJson(toGoPlain(jsonPath.call([data, path])))).toBe(json);
});

test.for<[string, string, string]>([
  ["{", ".a", "incomplete JSON at 1:2"],
  ['{"a":\n tru', ".a", "incomplete JSON at 2:5"],
  ["{} x", ".a", "extra characters after close, 'x' at 1:4"],
  ["{a: 1}", ".a", "expected a string start or object close, not 'a' at 1:2"],
  ["[1 2]", ".a", "expected a comma or close, not '2' at 1:4"],
  ["[01]", ".a", "invalid number at 1:3"],
  ["]", ".a", "too many closes at 1:1"],
  ["[}", ".a", "unexpected object close at 1:2"],
  ["@", ".a", "unexpected character '@' at 1:1"],
  ["{}", "$[", "not terminated at 3 in $["],
  ["{}", "$.", "not terminated at 3 in $."],
  ["{}", "$[x]", "parse error at 3 in $[x]"],
  ["{}", "$[?(@.a ==)]", "expected a value at 11 in $[?(@.a ==)]"],
  ["{}", "a b", "parse error at 2 in a b"],
])("refuses %s by %s", ([data, path, message]) => {
  expect(() => jsonPath.call([data, path])).toThrow(new Error(message));
});
