import { describe, expect, test } from "vitest";
import { Mismatch } from "./schema.ts";
import {
  any,
  bool,
  bytes,
  capsule,
  duration,
  encode,
  int,
  list,
  map,
  number,
  oneOf,
  secret,
  string,
  target,
  text,
} from "./types.ts";
import { Capsule, FunctionValue, Secret, Target, type Value } from "./value.ts";

const level = oneOf("level", ["low", "high"]);
const shouted = oneOf("mode", ["on"], given => `no such mode: ${given}`);
const even = text("string(even)", given => {
  if (given.length % 2 === 0) return given;
  throw new Mismatch("should be even");
});

describe("types decode as Alloy's", () => {
  test.for<{ it: string; type: { decode(value: Value): unknown }; value: Value; out: unknown }>([
    { it: "a string from a number, without exponent", type: string, value: 1e21, out: "1000000000000000000000" },
    { it: "a string from null", type: string, value: null, out: "" },
    { it: "a bool from null", type: bool, value: null, out: false },
    { it: "an integer", type: int, value: 7n, out: 7 },
    { it: "an integer from a fraction, cut", type: int, value: 1.9, out: 1 },
    { it: "an integer from a negative fraction, cut towards zero", type: int, value: -1.9, out: -1 },
    { it: "an integer from text", type: int, value: "42", out: 42 },
    { it: "an integer from null", type: int, value: null, out: 0 },
    { it: "a number with a fraction", type: number, value: 0.5, out: 0.5 },
    { it: "a duration in milliseconds", type: duration, value: "1m30.5s", out: 90_500 },
    { it: "a negative duration, which a component may refuse", type: duration, value: "-5s", out: -5000 },
    { it: "a duration below a millisecond", type: duration, value: "250us", out: 0.25 },
    { it: "no duration from null", type: duration, value: null, out: 0 },
    { it: "bytes without a prefix", type: bytes, value: "12B", out: 12 },
    { it: "bytes with an i", type: bytes, value: "1MiB", out: 1_048_576 },
    { it: "bytes without an i, also by 1024", type: bytes, value: "1MB", out: 1_048_576 },
    { it: "bytes with a fraction, cut", type: bytes, value: "0.1MiB", out: 104_857 },
    { it: "bytes in several parts", type: bytes, value: "1KiB512B", out: 1536 },
    { it: "the largest unit", type: bytes, value: "1EiB", out: 2 ** 60 },
    { it: "a fraction that begins with the point", type: bytes, value: ".5KiB", out: 512 },
    { it: "negative bytes", type: bytes, value: "-1KB", out: -1024 },
    { it: "a plus sign", type: bytes, value: "+1KB", out: 1024 },
    { it: "zero, the only number without a unit", type: bytes, value: 0n, out: 0 },
    { it: "no bytes from null", type: bytes, value: null, out: 0 },
    { it: "one of the words", type: level, value: "high", out: "high" },
    { it: "a list of null", type: list(int), value: null, out: [] },
    { it: "a list, each item by its type", type: list(string), value: [1n, "a"], out: ["1", "a"] },
    { it: "a map", type: map(int), value: new Map<string, Value>([["a", "1"]]), out: new Map([["a", 1]]) },
    {
      it: "a map from a target",
      type: map(string),
      value: new Target(new Map([["a", "b"]])),
      out: new Map([["a", "b"]]),
    },
    { it: "text that is read further", type: even, value: 10n, out: "10" },
    { it: "a capsule of the right type", type: capsule("x.Y"), value: new Capsule("x.Y", 5), out: 5 },
    { it: "anything", type: any, value: [null], out: [null] },
  ])("$it", ({ type, value, out }) => {
    expect(type.decode(value)).toEqual(out);
  });

  test("a secret hides its text", () => {
    expect(secret.decode("hush").reveal()).toBe("hush");
    expect(String(secret.decode("hush"))).toBe("(secret)");
  });
});

describe("types refuse with Alloy's words", () => {
  test.for<{
    it: string;
    type: { decode(value: Value): unknown };
    value: Value;
    message: string;
    path?: (string | number)[];
  }>([
    { it: "a bool from text", type: bool, value: "true", message: "should be bool, got string" },
    { it: "a number from words", type: int, value: "many", message: "should be number, got string" },
    { it: "a duration without a unit", type: duration, value: 5n, message: 'time: missing unit in duration "5"' },
    { it: "a duration that is none", type: duration, value: "soon", message: 'time: invalid duration "soon"' },
    { it: "empty bytes", type: bytes, value: "", message: "units: invalid " },
    {
      it: "a number of bytes without a unit",
      type: bytes,
      value: 1_048_576n,
      message: "units: unknown unit  in 1048576",
    },
    { it: "a unit that is none", type: bytes, value: "5 MiB", message: "units: unknown unit  MiB in 5 MiB" },
    { it: "a small k, which is no binary prefix", type: bytes, value: "1kB", message: "units: unknown unit kB in 1kB" },
    {
      it: "a mixture of both spellings, told with the second",
      type: bytes,
      value: "1KiB1KB",
      message: "units: unknown unit KiB in 1KiB1KB",
    },
    { it: "bytes that begin with a unit", type: bytes, value: "MiB", message: "units: invalid MiB" },
    { it: "a point alone", type: bytes, value: ".B", message: "units: invalid .B" },
    { it: "more bytes than 63 bits hold", type: bytes, value: "8EiB", message: "units: overflow parsing unit" },
    {
      it: "a word that is none of them",
      type: level,
      value: "loud",
      message: 'unrecognized level "loud", expected low or high',
    },
    {
      it: "a word in another case",
      type: level,
      value: "High",
      message: 'unrecognized level "High", expected low or high',
    },
    { it: "a word, in other words", type: shouted, value: "off", message: "no such mode: off" },
    {
      it: "null for a word: the empty word is none",
      type: level,
      value: null,
      message: 'unrecognized level "", expected low or high',
    },
    { it: "a list that is none", type: list(int), value: "a", message: "should be array, got string" },
    { it: "an item of a list", type: list(int), value: [1n, "a"], message: "should be number, got string", path: [1] },
    {
      it: "a field of a map in a list",
      type: list(map(bool)),
      value: [new Map([["a", 1n]])],
      message: "should be bool, got number",
      path: [0, "a"],
    },
    {
      it: "a secret as text",
      type: string,
      value: new Secret("x"),
      message: "secrets may not be converted into strings",
    },
    {
      it: "a capsule of another type",
      type: capsule("x.Y"),
      value: new Capsule("a.B", 1),
      message: 'expected capsule("x.Y"), got capsule("a.B")',
    },
    {
      it: "a function as target",
      type: target,
      value: new FunctionValue("f", () => null),
      message: "target::ConvertFrom: conversion from 'value.RawFunction' is not supported",
    },
    { it: "a text that its reader refuses", type: even, value: "odd", message: "should be even" },
  ])("$it", ({ type, value, message, path = [] }) => {
    expect(() => type.decode(value)).toThrow(expect.objectContaining({ name: "Mismatch", message, path }));
  });
});

test.for<{ it: string; type: Parameters<typeof encode>[0]; value: unknown; out: Value }>([
  { it: "plain data", type: int, value: 3, out: 3n },
  {
    it: "a list of targets",
    type: list(target) as never,
    value: [new Target(new Map())],
    out: [new Target(new Map())],
  },
  { it: "a map", type: map(string) as never, value: new Map([["a", "b"]]), out: new Map([["a", "b"]]) },
  { it: "a capsule", type: capsule("x.Y"), value: 5, out: new Capsule("x.Y", 5) },
])("encodes $it", ({ type, value, out }) => {
  expect(encode(type, value)).toEqual(out);
});

test.for([
  { it: "a word", type: level, value: "hihg", out: 'did you mean "high"?' },
  { it: "a word inside a list", type: list(level), value: ["low", "hig"], out: 'did you mean "high"?' },
  { it: "a word like no other", type: level, value: "medium", out: undefined },
])("hints at $it", ({ type, value, out }) => {
  let error: unknown;
  try {
    type.decode(value);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(Mismatch);
  expect((error as Mismatch).hint).toBe(out); // checked on the line before
});
