import { expect, test } from "vitest";
import { OttlError } from "./error.ts";
import { parseCondition, parseStatement, parseValue } from "./parser.ts";

/** An AST as one line: names, values, operators; without positions. */
function show(node: unknown): string {
  if (Array.isArray(node)) return `[${node.map(show).join(" ")}]`;
  if (node instanceof Uint8Array) return `0x${Buffer.from(node).toString("hex")}`;
  if (typeof node === "bigint") return `${node}n`;
  if (typeof node !== "object" || node === null) return JSON.stringify(node) ?? "undefined";
  const { kind, start: _, ...rest } = node as Record<string, unknown>; // any node
  const fields = Object.values(rest).map(show).join(" ");
  return `(${[kind, fields].filter(Boolean).join(" ")})`;
}

test.for<[it: string, text: string, tree: string]>([
  ["a product binds closer than a sum", "1 + 2 * 3", '(math "+" (literal 1n) (math "*" (literal 2n) (literal 3n)))'],
  ["sums go from the left", "1 - 2 - 3", '(math "-" (math "-" (literal 1n) (literal 2n)) (literal 3n))'],
  ["parentheses first", "(1 + 2) * 3", '(math "*" (math "+" (literal 1n) (literal 2n)) (literal 3n))'],
  ["a sign before a number", "1 - -1.5", '(math "-" (literal 1n) (literal -1.5))'],
  ["a sign before a path", "-a", '(negate (path [("a" [])]))'],
  ["the least integer", "-9223372036854775808", "(literal -9223372036854775808n)"],
  ["bytes", "0xDEad", "(literal 0xdead)"],
  ["a path with keys", 'a.b["k"][0]', '(path [("a" []) ("b" [(literal "k") (literal 0n)])])'],
  ["a key that is computed", "a[b[1 + 1]]", '(path [("a" [(path [("b" [(math "+" (literal 1n) (literal 1n))])])])])'],
  ["an enum", "SPAN_KIND_SERVER", '(enum "SPAN_KIND_SERVER")'],
  ["the name of a function", "Sha256Sum", '(function "Sha256Sum")'],
  ["a list", '[1, "a", nil]', '(list [(literal 1n) (literal "a") (nil)])'],
  ["an empty list", "[]", "(list [])"],
  [
    "a map, commas are free",
    '{"a": 1, "b": {} "c": true,}',
    '(map [["a" (literal 1n)] ["b" (map [])] ["c" (literal true)]])',
  ],
  [
    "a call with names and an index",
    'Fn(1, x = "a")[0]',
    '(call "Fn" [(undefined (literal 1n)) ("x" (literal "a"))] [(literal 0n)])',
  ],
])("value: %s", ([, text, tree]) => {
  expect(show(parseValue(text))).toBe(tree);
});

test.for<[it: string, text: string, tree: string]>([
  [
    "and binds closer than or",
    "true or false and false",
    "(or [(constant true) (and [(constant false) (constant false)])])",
  ],
  ["not binds closest", "not true and false", "(and [(not (constant true)) (constant false)])"],
  [
    "parentheses around a condition",
    "(true or false) and true",
    "(and [(or [(constant true) (constant false)]) (constant true)])",
  ],
  ["parentheses around a sum", "(1 + 1) == 2", '(compare "==" (math "+" (literal 1n) (literal 1n)) (literal 2n))'],
  ["parentheses around a comparison", "((1 == 2))", '(compare "==" (literal 1n) (literal 2n))'],
  ["a call alone", "not IsX(a)", '(not (test (call "IsX" [(undefined (path [("a" [])]))] [])))'],
  ["truth values may be compared", "a == true", '(compare "==" (path [("a" [])]) (literal true))'],
])("condition: %s", ([, text, tree]) => {
  expect(show(parseCondition(text))).toBe(tree);
});

test.for<[it: string, text: string, tree: string]>([
  ["an editor", "set(a, 1)", '((call "set" [(undefined (path [("a" [])])) (undefined (literal 1n))] []) undefined)'],
  ["with a condition", "drop() where true", '((call "drop" [] []) (constant true))'],
])("statement: %s", ([, text, tree]) => {
  expect(show(parseStatement(text))).toBe(tree);
});

test.for<[it: string, read: (text: string) => unknown, text: string, message: string, position: number]>([
  ["text after the end", parseCondition, "true false", 'unexpected text, got "false"', 5],
  ["a missing side", parseCondition, "a ==", "expected a value, got the end", 4],
  ["an assignment in a condition", parseCondition, "a = 1", 'expected a comparison, got "="', 2],
  ["a value alone in a condition", parseCondition, '"a"', "expected a comparison, got the end", 3],
  ["an open parenthesis", parseCondition, "(a == 1", 'expected ")", got the end', 7],
  ["the parenthesis that failed last is told", parseCondition, "(a == 1 and (b == ))", 'expected a value, got ")"', 18],
  ["a path in upper case", parseValue, "a.B", 'expected a path in lower case, got "B"', 2],
  ["bytes with half a byte", parseValue, "0xabc", "bytes should have an even number of hex digits", 0],
  [
    "an integer that is too large",
    parseValue,
    "9223372036854775808",
    "9223372036854775808 is out of the range of 64-bit integers",
    0,
  ],
  ["a key of a map without quotes", parseValue, "{a: 1}", 'expected a key in double quotes, got "a"', 1],
  [
    "an editor in upper case",
    parseStatement,
    "Set(a, 1)",
    "editor names must start with a lowercase letter but got 'Set'",
    0,
  ],
  ["no editor", parseStatement, "1", 'expected an editor, got "1"', 0],
  [
    "a converter in lower case",
    parseStatement,
    "set(a, int(1))",
    "converter names must start with an uppercase letter but got 'int'",
    7,
  ],
  [
    "an editor with an index",
    parseStatement,
    'set(a, 1)["x"]',
    "only paths and converters may be indexed, not editors",
    0,
  ],
  ["a missing comma", parseStatement, "set(a 1)", 'expected ")", got "1"', 6],
])("mistake: %s", ([, read, text, message, position]) => {
  let thrown: unknown;
  try {
    read(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(OttlError);
  expect(thrown).toMatchObject({ message, position });
});

test("nesting ends somewhere", () => {
  expect(() => parseCondition(`${"(".repeat(1000)}true`)).toThrow("nesting should be at most 100 deep");
});
