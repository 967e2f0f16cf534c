import { expect, test } from "vitest";
import { parseExpression } from "../syntax/parser.ts";
import type { Type } from "./schema.ts";
import { typeCheck } from "./typecheck.ts";
import { any, bool, bytes, duration, int, late, list, map, oneOf, secret, string, target } from "./types.ts";

const receiver: Type<unknown> = { name: "any(loki.LogsReceiver)", decode: value => value };

test.for<{ it: string; type: Type<unknown>; text: string; found: readonly string[] }>([
  { it: "a number is a text", type: string, text: "1", found: [] },
  { it: "a boolean is no text", type: string, text: "true", found: ["1:5 expected string, got bool"] },
  { it: "text of digits is a number", type: int, text: '"12"', found: [] },
  { it: "text is no number", type: int, text: '"x"', found: ["1:4 expected number, got string"] },
  { it: "null is anything", type: oneOf("word", ["a"]), text: "null", found: [] },
  { it: "null is a duration", type: duration, text: "null", found: [] },
  { it: "a duration is read", type: duration, text: '"5"', found: ['1:4 time: missing unit in duration "5"'] },
  {
    it: "a word is known",
    type: oneOf("word", ["a", "b"]),
    text: '"c"',
    found: ['1:4 unrecognized word "c", expected a or b'],
  },
  { it: "a word that is looked at later is a text", type: late(oneOf("word", ["a"])), text: '"c"', found: [] },
  {
    it: "a word that is looked at later is no list",
    type: list(late(oneOf("word", ["a"]))),
    text: '["c", ["a"]]',
    found: ["7:12 expected string, got array"],
  },
  { it: "a size is read", type: bytes, text: '"1XB"', found: ["1:6 units: unknown unit XB in 1XB"] },
  { it: "text is a secret", type: secret, text: '"x"', found: [] },
  { it: "a number is no secret", type: secret, text: "1", found: ["1:2 expected capsule, got number"] },
  { it: "an object is no secret", type: secret, text: "{}", found: ["1:3 expected capsule, got object"] },
  { it: "a list is no secret", type: secret, text: "[]", found: ["1:3 expected capsule, got array"] },
  { it: "a list is no duration", type: duration, text: "[1]", found: ["1:4 expected string, got array"] },
  { it: "an object is no list", type: list(string), text: "{a = 1}", found: ["1:8 expected array, got object"] },
  { it: "a list is no object", type: map(string), text: "[]", found: ["1:3 expected object, got array"] },
  { it: "text is no object", type: map(string), text: '"x"', found: ["1:4 expected object, got string"] },
  {
    it: "each item is looked at, next to those that are not known",
    type: list(int),
    text: '[1, "x", y.z, true, [2]]',
    found: ["5:8 expected number, got string", "15:19 expected number, got bool", "21:24 expected number, got array"],
  },
  {
    it: "each field is looked at",
    type: map(list(string)),
    text: '{a = ["x"], b = "y", c = [true]}',
    found: ["17:20 expected array, got string", "27:31 expected string, got bool"],
  },
  { it: "labels of a target are not looked at", type: list(target), text: "[{a = [1], b = null}]", found: [] },
  {
    it: "a target is an object",
    type: list(target),
    text: "[1]",
    found: ["2:3 target::ConvertFrom: conversion from 'int64' is not supported"],
  },
  { it: "anything is anything", type: list(any), text: "[1, [true], {}]", found: [] },
  { it: "items that are receivers are not looked at", type: list(receiver), text: '[1, "x", {}]', found: [] },
  { it: "receivers stand in a list", type: list(receiver), text: '"x"', found: ["1:4 expected array, got string"] },
  { it: "a minus needs a number", type: int, text: '-"x"', found: ["2:5 expected number, got string"] },
  { it: "a negation needs a boolean", type: bool, text: "!1", found: ["2:3 expected bool, got number"] },
  {
    it: "what is negated must fit, not the result",
    type: duration,
    text: "-5",
    found: ['2:3 time: missing unit in duration "5"'],
  },
  { it: "both sides must fit", type: bool, text: "1 < 2", found: ["1:2 expected bool, got number"] },
  { it: "the second side must fit", type: string, text: "x.y + true", found: ["7:11 expected string, got bool"] },
  {
    it: "an operation must be possible",
    type: string,
    text: '"a" - "b"',
    found: ["1:10 should be one of [number] for binop -, got string"],
  },
  { it: "kinds of an operation must agree", type: string, text: '"a" + 1', found: ["1:8 expected string, got number"] },
  { it: "a division is tried", type: int, text: "1 / 0", found: ["1:6 divide by zero error"] },
  { it: "parentheses hide", type: int, text: '("x")', found: [] },
  { it: "an index hides", type: int, text: '["x"][0]', found: [] },
  { it: "a call hides", type: int, text: 'string.to_upper("x", 1)', found: [] },
])("$it: $text", ({ type, text, found }) => {
  const { expr } = parseExpression({ name: "t", text });
  const reported: string[] = [];
  if (expr) typeCheck(expr, type, ({ start, end }, message) => reported.push(`${start + 1}:${end + 1} ${message}`));
  expect(reported).toStrictEqual(found);
});
