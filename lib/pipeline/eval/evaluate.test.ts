import { expect, test } from "vitest";
import type { Expr } from "../syntax/ast.ts";
import { parseExpression } from "../syntax/parser.ts";
import { evaluate, maxDepth, type Scope } from "./evaluate.ts";
import { UnplacedError } from "./explain.ts";
import { Capsule, EvaluationError, FunctionValue, OptionalSecret, Secret, Target, type Value } from "./value.ts";

const capsule = new Capsule("loki.LogsReceiver", {});
const target = new Target(new Map([["port", "p80"]]));
const variables = new Map<string, Value>([
  ["secret", new Secret("hush")],
  ["hidden", new OptionalSecret(true, "hush")],
  ["plain", new OptionalSecret(false, "text")],
  ["receiver", capsule],
  ["same", new Capsule("loki.LogsReceiver", capsule.value)],
  ["target", target],
  ["targets", [target]],
  ["list", [1n, [true], null]],
  ["half", 0.5],
]);

function run(text: string, scope: Scope = { variables }): Value {
  const { expr, diagnostics } = parseExpression({ name: "test.alloy", text });
  if (!expr) throw new Error(diagnostics[0]?.message);
  return evaluate(expr, scope);
}

test.for<[string, Value]>([
  ["7 / 2", 3n],
  ["-7 / 2", -3n],
  ["-7 % 3", -1n],
  ["7.0 / 2", 3.5],
  ["-7.5 % 2", -1.5],
  ["1 + 0.5", 1.5],
  ["2 ^ 10", 1024n],
  ["2 ^ -1", 2n],
  ["2 ^ 0.5", Math.SQRT2],
  ["0 ^ 0", 1n],
  ["0 ^ -1", 0n],
  ["2 ^ 63", -(2n ** 63n)],
  ["2 ^ 64", 0n],
  ["10 ^ 19", -8446744073709551616n],
  ["1.0 ^ (1e308 * 10)", 1],
  ["-2 ^ 2", 4n],
  ["2 ^ 3 ^ 2", 512n],
  ["9223372036854775807 + 1", -9223372036854775808n],
  ["-9223372036854775807 - 2", 9223372036854775807n],
  ["4611686018427387904 * 2", -9223372036854775808n],
  ["18446744073709551615", 18446744073709551615n],
  ["18446744073709551615 + 18446744073709551615", 18446744073709551614n],
  ["18446744073709551615 + 1", 0n],
  ["-9223372036854775808", -9223372036854775808n],
  ["-0.0", -0],
  ["-0", 0n],
  ["1 + 2 * 3 - 4", 3n],
])("calculates %s", ([text, value]) => {
  expect(run(text)).toStrictEqual(value);
});

test.for<[string, boolean]>([
  ["3 > 2.5", true],
  ["9223372036854775808 > 1", false],
  ["18446744073709551615 > 9223372036854775808", true],
  ['"a" < "B"', false],
  ['"é" > "z"', true],
  ['"\uffee" < "🚀"', true],
  ["1 == 1.0", true],
  ['1 == "1"', false],
  ["true == 1", false],
  ["null == null", true],
  ["null == 0", false],
  ["[1, [2]] == [1.0, [2]]", true],
  ["[1, 2] == [2, 1]", false],
  ["{a = 1, b = 2} == {b = 2, a = 1.0}", true],
  ["{a = null} == {}", false],
  ["{} == []", false],
  ["string.format == string.format", false],
  ["receiver == same", true],
  ["receiver == target", false],
  ["targets == [target]", true],
  ['target == {port = "p80"}', false],
  ["hidden == hidden", true],
  ['secret == "hush"', true],
  ['"text" == plain', true],
  ['hidden == "text"', false],
  ["true && !false", true],
  ["false && true || true", true],
])("compares %s", ([text, value]) => {
  expect(run(text)).toBe(value);
});

test.for<[string, Value]>([
  ["[10, 20, 30][1 + 1]", 30n],
  ["[1, 2][0.5]", 1n],
  ["[1, 2][1.9]", 2n],
  ['{a = 1}["missing"]', null],
  ['string["nope"]', null],
  ["{a = {b = [5, 6]}}.a.b[1]", 6n],
  ["target.port", "p80"],
  ['targets[0]["nope"]', null],
  ['{"x-y" = 7}["x-" + "y"]', 7n],
  ["list[2]", null],
])("indexes %s", ([text, value]) => {
  expect(run(text)).toStrictEqual(value);
});

test.for<[string, string, boolean]>([
  ['secret + "x"', "hushx", true],
  ['"x" + secret', "xhush", true],
  ["secret + plain", "hushtext", true],
  ["plain + secret", "texthush", true],
  ["plain + hidden", "texthush", true],
  ['"x" + hidden', "xhush", true],
])("keeps %s secret", ([text, revealed, isSecret]) => {
  const value = run(text);
  if (!(value instanceof Secret || value instanceof OptionalSecret)) throw new Error("not a secret");
  expect(value.reveal()).toBe(revealed);
  expect(value instanceof Secret || value.isSecret).toBe(isSecret);
});

test("a plain optional secret next to a text is a text", () => {
  expect(run('plain + "!"')).toBe("text!");
});

test.for<[string, number, string]>([
  ['1 + "a"', 4, '"a" should be number, got string'],
  ['"a" + 1', 6, "1 should be string, got number"],
  ['"a" - "b"', 0, '"a" should be one of [number] for binop -, got string'],
  ["true + 1", 0, "true should be one of [number string capsule] for binop +, got bool"],
  ["true && 1", 8, "1 should be one of [bool] for binop &&, got number"],
  ["true || null", -1, " should be one of [bool] for binop ||, got null"],
  ["null + 1", -1, " should be one of [number string capsule] for binop +, got null"],
  ["secret + 1", 9, "1 should be capsule, got number"],
  ["receiver + receiver", 0, "receiver could not perform binop + for unknown types lhs capsule rhs capsule"],
  ["[1] < [2]", 0, "[1] should be one of [number string] for binop <, got array"],
  ["5.0 / 0", 6, "0 divide by zero error"],
  ["5 % (1 - 1)", 4, "(1 - 1) divide by zero error"],
  ["true || 1 / 0 == 1", 12, "0 divide by zero error"],
  ["!1", 1, "1 should be bool, got number"],
  ['-"a"', 1, '"a" should be number, got string'],
  ["[1][5]", 4, "5 index 5 is out of range of array with length 1"],
  ["[1][-1]", 4, "-1 index -1 is out of range of array with length 1"],
  ['[1]["0"]', 4, '"0" should be number, got string'],
  ["{a = 1}[1]", 8, "1 should be string, got number"],
  ['"abc"[0]', 0, '"abc" expected object or array, got string'],
  ['{a = 1}["b"]["c"]', -1, " expected object or array, got null"],
  ["receiver.x", 0, "receiver expected object or array or a capsule convertible to an object, got capsule"],
  ["receiver[0]", 0, "receiver expected object or array or a capsule convertible to an object, got capsule"],
  ["target[0]", 7, "0 should be string, got number"],
  ["list.x", 0, 'list cannot access field "x" on value of type array'],
  ["{}.missing", 3, 'field "missing" does not exist'],
  ["target.nope", 7, 'field "nope" does not exist'],
  ["nope + 1", 0, 'identifier "nope" does not exist'],
  ['"x"("y")', 0, '"x" should be function, got string'],
  ['string("a")', 0, "string should be function, got object"],
  ['string.join(list, ",")', 12, "list[1] should be string, got array"],
  ['string.join([[1]], ",")', 13, "[1] should be string, got array"],
  ['string.join([list[1]], ",")', 13, "list[1] should be string, got array"],
  ['string.join(array.concat(["a"], [[1]]), ",")', 33, "[1] should be string, got array"],
  ["true + true", 7, "true should be one of [number string capsule] for binop +, got bool"],
  ["string.to_upper(hidden)", 16, "hidden secrets may not be converted into strings"],
  ["string.to_upper(target)", 16, "target target::ConvertInto: conversion to '*string' is not supported"],
])("refuses %s", ([text, start, message]) => {
  let error: unknown;
  try {
    run(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(EvaluationError);
  expect([(error as EvaluationError).start, (error as EvaluationError).message]).toStrictEqual([start, message]);
});

test("blames no part for a wrong count of combine_maps", () => {
  expect(() => run("array.combine_maps([], [])")).toThrow(
    new UnplacedError("combine_maps: expected 3 or 4 arguments, got 2"),
  );
});

test("blames no part for a number that no float holds", () => {
  expect(() => run("1e400")).toThrow(new UnplacedError('strconv.ParseFloat: parsing "1e400": value out of range'));
});

test("looks names up from the inside out", () => {
  const outer: Scope = {
    variables: new Map<string, Value>([
      ["a", 1n],
      ["b", 2n],
    ]),
  };
  const inner: Scope = { variables: new Map<string, Value>([["a", 10n]]), parent: outer };
  expect(run("[a, b, coalesce(null, 3)]", inner)).toStrictEqual([10n, 2n, 3n]);
  expect(() => run("coalesce()", { ...inner, stdlib: new Map() })).toThrow('identifier "coalesce" does not exist');
});

test("a variable hides a name of the standard library", () => {
  expect(run("string", { variables: new Map([["string", "mine"]]) })).toBe("mine");
});

test("adds long sums without growing the stack", () => {
  const one: Expr = { kind: "literal", type: "number", raw: "1", value: 1n, start: 0, end: 1 };
  let sum: Expr = one;
  for (let i = 1; i < 20_000; i++)
    sum = { kind: "binary", op: "+", left: sum, right: one, opStart: 0, start: 0, end: 1 };
  expect(evaluate(sum, { variables })).toBe(20_000n);
});

test("refuses what nests deeper than the stack could bear", () => {
  let expr = parseExpression({ name: "test.alloy", text: "1" }).expr;
  for (let i = 0; expr && i <= maxDepth; i++) expr = { kind: "paren", inner: expr, start: 0, end: 1 };
  if (!expr) throw new Error("no expression");
  const deep = expr;
  expect(() => evaluate(deep, { variables })).toThrow(`expression is nested deeper than ${maxDepth} levels`);
});

test("refuses texts that would fill the memory", () => {
  const half = "x".repeat(40 * 1024 * 1024);
  expect(() => run("a + a", { variables: new Map([["a", half]]) })).toThrow(
    "operator + should give at most 67108864 characters, got 83886080",
  );
});

test("a failing function is blamed by the expression that names it", () => {
  const fail = new FunctionValue("fail", () => {
    throw new Error("no");
  });
  expect(() => run("a.fail(1)", { variables: new Map([["a", new Map([["fail", fail]])]]) })).toThrow("a.fail no");
});

test.for([
  { it: "a function of a namespace", text: 'string.to_uper("a")', out: "to_upper" },
  { it: "a field of an export", text: "file.contnet", out: "content" },
  { it: "a variable", text: "fille", out: "file" },
  { it: "a field like no other", text: "file.receiver", out: undefined },
])("hints at $it", ({ text, out }) => {
  let error: unknown;
  try {
    run(text, { variables: new Map([["file", new Map([["content", "x"]])]]) });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(EvaluationError);
  expect((error as EvaluationError).hint).toBe(out && `did you mean "${out}"?`); // checked on the line before
});
