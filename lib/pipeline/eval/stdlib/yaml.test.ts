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
  [
    "a: 1\na: 2\na: 3",
    [
      "unmarshal errors:",
      '  line 2: mapping key "a" already defined at line 1',
      '  line 3: mapping key "a" already defined at line 1',
      '  line 3: mapping key "a" already defined at line 2',
    ].join("\n"),
  ],
  [
    "a: {x: 1, x: 2}\nb: {y: 1, y: 2}",
    [
      "unmarshal errors:",
      '  line 1: mapping key "x" already defined at line 1',
      '  line 2: mapping key "y" already defined at line 2',
    ].join("\n"),
  ],
  ["1: a\n'1': b", 'unmarshal errors:\n  line 2: mapping key "1" already defined at line 1'],
  ["[a, 1]: b", 'invalid map key: []interface {}{"a", 1}'],
  ["!!int 1.5", "cannot decode !!float `1.5` as a !!int"],
  ["!!bool yes", "cannot decode !!str `yes` as a !!bool"],
  ["!!timestamp x", "cannot decode !!str `x` as a !!timestamp"],
  ["!!binary x", "!!binary value contains invalid base64 data"],
])("refuses %j", ([text, message]) => {
  expect(() => parseYaml(text)).toThrow(new Error(`yaml: ${message}`));
});

test.for<[string, unknown]>([
  ["2024-1-2", "2024-01-02T00:00:00Z"],
  ["2024-01-02t3:4:5.50+02:00", "2024-01-02T03:04:05.5+02:00"],
  ["2024-01-02 03:04:05", "2024-01-02T03:04:05Z"],
  ["2024-01-02T03:04:05.1234567890Z", "2024-01-02T03:04:05.123456789Z"],
  ["2024-01-02T03:04:05", "2024-01-02T03:04:05"],
  ["2024-01-02 03:04:05.5 +02:00", "2024-01-02 03:04:05.5 +02:00"],
  ["2024-02-30", "2024-02-30"],
  ["!!timestamp '2024-01-02'", "2024-01-02T00:00:00Z"],
  ["'2024-01-02'", "2024-01-02"],
  ["!!binary aGk=", "hi"],
  ["!!omap [a: 1]", [new Map([["a", 1n]])]],
  ["!!int '5'", 5n],
  ["!!float 3", 3],
  ["!!other 5", "5"],
  ["! 5", 5n],
  ["! '5'", "5"],
  ["!", null],
  ["\ufeff- 1", [1n]],
])("reads %j", ([text, value]) => {
  expect(parseYaml(text)).toStrictEqual(value);
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
