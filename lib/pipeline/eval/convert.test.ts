import { expect, test } from "vitest";
import { parseExpression } from "../syntax/parser.ts";
import { byteList } from "./bytes.ts";
import * as to from "./convert.ts";
import { evaluate } from "./evaluate.ts";
import { convertAt } from "./explain.ts";
import { Mismatch } from "./schema.ts";
import { Capsule, FunctionValue, OptionalSecret, Secret, Target, type Value } from "./value.ts";

const capsule = new Capsule("loki.LogsReceiver", {});
const target = new Target(new Map([["a", "b"]]));
const call = new FunctionValue("f", () => null);

test.for<{ it: string; convert: (value: Value) => unknown; value: Value; out: unknown }>([
  { it: "text stays", convert: to.toText, value: "x", out: "x" },
  { it: "null is no text", convert: to.toText, value: null, out: "" },
  { it: "a float is written without exponent", convert: to.toText, value: 1e21, out: "1000000000000000000000" },
  { it: "an integer is written", convert: to.toText, value: -3n, out: "-3" },
  { it: "what is not secret is text", convert: to.toText, value: new OptionalSecret(false, "x"), out: "x" },
  { it: "decoded bytes are text", convert: to.toText, value: byteList(new TextEncoder().encode("hé")), out: "hé" },
  { it: "a number keeps its kind", convert: to.toNumber, value: 1.5, out: 1.5 },
  { it: "text with digits is a number", convert: to.toNumber, value: "31", out: 31n },
  { it: "text with a minus is a whole number", convert: to.toNumber, value: "-31", out: -31n },
  { it: "text with a point is a float", convert: to.toNumber, value: "1.5e3", out: 1500 },
  { it: "a float may have hexadecimal digits", convert: to.toNumber, value: "0x1.8p1", out: 3 },
  { it: "a float may have underscores between digits", convert: to.toNumber, value: "1_000.5", out: 1000.5 },
  { it: "what is not secret may be a number", convert: to.toNumber, value: new OptionalSecret(false, "5"), out: 5n },
  { it: "null is zero", convert: to.toNumber, value: null, out: 0n },
  { it: "fractions are cut off", convert: to.toInt, value: -1.9, out: -1 },
  { it: "an unsigned number wraps into an integer", convert: to.toInteger, value: 2n ** 64n - 1n, out: -1n },
  { it: "what is too large becomes the smallest integer", convert: to.toInteger, value: 1e300, out: -(2n ** 63n) },
  { it: "a negative number wraps into an unsigned one", convert: to.toUnsigned, value: -1n, out: 2n ** 64n - 1n },
  { it: "an integer is a float", convert: to.toFloat, value: 3n, out: 3 },
  { it: "a boolean stays", convert: to.toBool, value: true, out: true },
  { it: "null is false", convert: to.toBool, value: null, out: false },
  { it: "a duration is read", convert: to.toDuration, value: "1m", out: 60_000_000_000n },
  { it: "null is no duration", convert: to.toDuration, value: null, out: 0n },
  { it: "a list converts", convert: v => to.toList(v, to.toText), value: [1n, "a", null], out: ["1", "a", ""] },
  { it: "null is an empty list", convert: v => to.toList(v, to.toText), value: null, out: [] },
  {
    it: "an object converts",
    convert: v => to.toObject(v, to.toText),
    value: new Map([["a", 1n]]),
    out: new Map([["a", "1"]]),
  },
  { it: "a target is an object", convert: v => to.toObject(v, to.toText), value: target, out: new Map([["a", "b"]]) },
  { it: "a target stays", convert: to.toTarget, value: target, out: target },
  {
    it: "an object of anything is a target",
    convert: to.toTarget,
    value: new Map<string, Value>([
      ["a", 1e6],
      ["b", true],
      ["c", 3n],
      ["d", new OptionalSecret(false, "x")],
    ]),
    out: new Target(
      new Map([
        ["a", "1e+06"],
        ["b", "true"],
        ["c", "3"],
        ["d", "x"],
      ]),
    ),
  },
])("$it", ({ convert, value, out }) => {
  expect(convert(value)).toStrictEqual(out);
});

test.for<{ it: string; convert: (value: Value) => unknown; value: Value; message: string; path?: (string | number)[] }>(
  [
    { it: "a boolean is no text", convert: to.toText, value: true, message: "should be string, got bool" },
    { it: "a list is no text", convert: to.toText, value: [104n], message: "should be string, got array" },
    { it: "a function is no text", convert: to.toText, value: call, message: "should be string, got function" },
    { it: "a capsule is no text", convert: to.toText, value: capsule, message: "should be string, got capsule" },
    {
      it: "a target is no text",
      convert: to.toText,
      value: target,
      message: "target::ConvertInto: conversion to '*string' is not supported",
    },
    {
      it: "a secret is no text",
      convert: to.toText,
      value: new Secret("x"),
      message: "secrets may not be converted into strings",
    },
    {
      it: "what is secret is no text",
      convert: to.toText,
      value: new OptionalSecret(true, "x"),
      message: "secrets may not be converted into strings",
    },
    { it: "empty text is no number", convert: to.toNumber, value: "", message: "should be number, got string" },
    {
      it: "a negative fraction in text is no number",
      convert: to.toNumber,
      value: "-1.5",
      message: "should be number, got string",
    },
    {
      it: "hexadecimal text is no number",
      convert: to.toNumber,
      value: "0x1F",
      message: "should be number, got string",
    },
    {
      it: "text above 64 bits is no number",
      convert: to.toNumber,
      value: "18446744073709551616",
      message: "should be number, got string",
    },
    {
      it: "text above the floats is no number",
      convert: to.toNumber,
      value: "1e999",
      message: "should be number, got string",
    },
    {
      it: "a secret is no number",
      convert: to.toInt,
      value: new Secret("5"),
      message: "should be number, got capsule",
    },
    { it: "text is no boolean", convert: to.toBool, value: "true", message: "should be bool, got string" },
    { it: "a number is no duration", convert: to.toDuration, value: 5n, message: 'time: missing unit in duration "5"' },
    { it: "a boolean is no duration", convert: to.toDuration, value: true, message: "should be string, got bool" },
    { it: "a number is no secret", convert: to.toSecret, value: 5n, message: "should be capsule, got number" },
    {
      it: "a receiver is no secret",
      convert: to.toSecret,
      value: capsule,
      message: 'expected capsule("alloytypes.Secret"), got capsule("loki.LogsReceiver")',
    },
    {
      it: "a text is no list",
      convert: v => to.toList(v, to.toText),
      value: "a",
      message: "should be array, got string",
    },
    {
      it: "an item tells its place",
      convert: v => to.toList(v, to.toText),
      value: ["a", true],
      message: "should be string, got bool",
      path: [1],
    },
    {
      it: "a part tells the way",
      convert: v => to.toObject(v, each => to.toList(each, to.toText)),
      value: new Map([["a", [null, []]]]),
      message: "should be string, got array",
      path: ["a", 1],
    },
    {
      it: "a list is no object",
      convert: v => to.toObject(v, to.toText),
      value: [],
      message: "should be object, got array",
    },
    {
      it: "null is no label",
      convert: to.toTarget,
      value: new Map([["a", null]]),
      message: "target::ConvertFrom: cannot convert a nil value to a target value",
    },
    {
      it: "a secret is no label",
      convert: to.toTarget,
      value: new Map([["a", new Secret("x")]]),
      message: "target::ConvertFrom: cannot use a secret as a target value",
    },
    {
      it: "a text is no target",
      convert: to.toTarget,
      value: "x",
      message: "target::ConvertFrom: conversion from 'string' is not supported",
    },
  ],
)("$it", ({ convert, value, message, path = [] }) => {
  let error: unknown;
  try {
    convert(value);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Mismatch);
  expect([(error as Mismatch).message, (error as Mismatch).path]).toStrictEqual([message, path]);
});

test.for<[string, Value, string]>([
  ['"x"', new OptionalSecret(false, "x"), "x"],
  ["secret", new Secret("x"), "x"],
])("%s is a secret", ([, value, text]) => {
  expect(to.toSecret(value).reveal()).toBe(text);
  expect(to.toOptionalSecret(value).reveal()).toBe(text);
});

const asTexts = (value: Value) => to.toObject(value, to.toText);
const asLists = (value: Value) => to.toObject(value, each => to.toList(each, to.toText));

test.for<[string, (value: Value) => unknown, number, string]>([
  ["{ v = true }", asTexts, 6, "true should be string, got bool"],
  ["{ v = 1 / 2 == 0 }", asTexts, 6, "1 / 2 == 0 should be string, got bool"],
  ["given", asTexts, 0, "given.v should be string, got array"],
  ["given", asLists, 0, "given.v[0] should be string, got array"],
  ["{ v = [given.v] }", asLists, 7, "given.v should be string, got array"],
  [
    "{ v = [given.v, true] }",
    v => to.toObject(v, e => to.toList(e, i => to.toList(i, to.toText))),
    7,
    "given.v[0] should be string, got array",
  ],
  ["coalesce(null, {v = [[2]]})", asLists, 21, "[2] should be string, got array"],
  ["[true, true]", v => to.toList(v, to.toText), 7, "true should be string, got bool"],
  [
    "{ a = { b = null } }",
    v => to.toObject(v, to.toTarget),
    6,
    "{b = null} target::ConvertFrom: cannot convert a nil value to a target value",
  ],
  ["true", to.toText, 0, "true should be string, got bool"],
])("explains %s", ([text, convert, start, message]) => {
  const { expr } = parseExpression({ name: "test.alloy", text });
  if (!expr) throw new Error("no expression");
  const value = evaluate(expr, { variables: new Map([["given", new Map([["v", [[300n]]]])]]) });
  expect(() => convertAt(expr, value, convert)).toThrow(expect.objectContaining({ message, start }));
});
