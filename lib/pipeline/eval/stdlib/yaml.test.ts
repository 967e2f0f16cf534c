import { expect, test } from "vitest";
import { parseYaml } from "./yaml.ts";

// the places follow libyaml: the parser counts lines from zero, the scanner from one, and the first line is not named
test.for<[string, string]>([
  ["a: [", "line 1: did not find expected node content"],
  ["a: [1,\n", "line 1: did not find expected node content"],
  ["a: [1, 2", "line 1: did not find expected ',' or ']'"],
  ["a: 1\nb: [1, 2\n\n", "line 1: did not find expected ',' or ']'"],
  ["key: [a, b\nc: d", "line 1: did not find expected ',' or ']'"],
  ["a: {", "line 1: did not find expected node content"],
  ["a: {b: 1", "line 1: did not find expected ',' or '}'"],
  ["{a: 1 b: 2}", "did not find expected ',' or '}'"],
  ["a: b: c", "mapping values are not allowed in this context"],
  ["a: 1\n b: 2", "line 2: mapping values are not allowed in this context"],
  ["a\nb: 1", "line 2: mapping values are not allowed in this context"],
  ["a: 'x", "found unexpected end of stream"],
  ["a: 'x\n", "line 2: found unexpected end of stream"],
  ['b: 1\na: "x', "line 2: found unexpected end of stream"],
  ["\ta: 1", "found character that cannot start any token"],
  ["a:\n\t- b", "line 2: found character that cannot start any token"],
  ["a: @b", "found character that cannot start any token"],
  ['a: "\\q"', "found unknown escape character"],
  ["a: 1\n- b", "line 1: did not find expected key"],
  ["a:\n  b: 1\n c: 2", "line 2: did not find expected key"],
  ['a: "b" c', "did not find expected key"],
  ["a: {b: 1}}", "did not find expected key"],
  ["- a\nb: 1", "line 1: did not find expected '-' indicator"],
  ["a: 1\nb\nc: 2", "line 2: could not find expected ':'"],
  ["a: - b", "block sequence entries are not allowed in this context"],
  ["a: &", "did not find expected alphabetic or numeric character"],
  ["]", "did not find expected node content"],
  ["a: *x", "unknown anchor 'x' referenced"],
  ["a: 1\nb: 2\na: 3", 'unmarshal errors:\n  line 3: mapping key "a" already defined at line 1'],
  ["a: &x [*x]", "anchor 'x' value contains itself"],
  ["<<: 1", "map merge requires map or sequence of maps as the value"],
])("refuses %j", ([text, message]) => {
  expect(() => parseYaml(text)).toThrow(new Error(`yaml: ${message}`));
});

test("what stands behind the first document is not read", () => {
  expect([parseYaml("[1]]"), parseYaml("a: 1\n---\n["), parseYaml("{}}")]).toStrictEqual([
    [1n],
    new Map([["a", 1n]]),
    new Map(),
  ]);
});

test("refuses aliases that multiply", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  expect(() => parseYaml(lines.join("\n"))).toThrow(new Error("yaml: document contains excessive aliasing"));
});
