import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { fromPlain } from "./plain.ts";
import { Capsule, FunctionValue, kindOf, OptionalSecret, Secret, sameValue, Target, type Value } from "./value.ts";

const call = new FunctionValue("f", () => null);
const receiver = {};
const target = (labels: Record<string, string>) => new Target(new Map(Object.entries(labels)));

test.for<{ it: string; a: Value; b: Value; same: boolean }>([
  { it: "an integer and a float of one value", a: 1n, b: 1, same: false },
  { it: "NaN", a: Number.NaN, b: Number.NaN, same: true },
  { it: "zeros of two signs", a: 0, b: -0, same: false },
  { it: "null and nothing of it", a: null, b: "", same: false },
  { it: "lists of equal items", a: [1n, ["a"]], b: [1n, ["a"]], same: true },
  { it: "lists in another order", a: [1n, 2n], b: [2n, 1n], same: false },
  { it: "a list and a longer one", a: [1n], b: [1n, 1n], same: false },
  {
    it: "objects in another order",
    a: new Map([
      ["a", 1n],
      ["b", 2n],
    ]),
    b: new Map([
      ["b", 2n],
      ["a", 1n],
    ]),
    same: true,
  },
  {
    it: "objects of other keys",
    a: new Map<string, Value>([["a", null]]),
    b: new Map<string, Value>([["b", null]]),
    same: false,
  },
  {
    it: "an object and a larger one",
    a: new Map([["a", 1n]]),
    b: new Map([
      ["a", 1n],
      ["b", 2n],
    ]),
    same: false,
  },
  { it: "secrets of one text", a: new Secret("x"), b: new Secret("x"), same: true },
  { it: "secrets of two texts", a: new Secret("x"), b: new Secret("y"), same: false },
  { it: "a secret and its text", a: new Secret("x"), b: "x", same: false },
  { it: "a text that became secret", a: new OptionalSecret(false, "x"), b: new OptionalSecret(true, "x"), same: false },
  {
    it: "optional secrets of one text",
    a: new OptionalSecret(true, "x"),
    b: new OptionalSecret(true, "x"),
    same: true,
  },
  { it: "targets of equal labels", a: target({ a: "b" }), b: target({ a: "b" }), same: true },
  { it: "targets of other labels", a: target({ a: "b" }), b: target({ a: "c" }), same: false },
  { it: "a target and an object of its labels", a: target({ a: "b" }), b: new Map([["a", "b"]]), same: false },
  { it: "capsules of one thing", a: new Capsule("x", receiver), b: new Capsule("x", receiver), same: true },
  { it: "capsules of two things", a: new Capsule("x", receiver), b: new Capsule("x", {}), same: false },
  {
    it: "capsules of one thing with two types",
    a: new Capsule("x", receiver),
    b: new Capsule("y", receiver),
    same: false,
  },
  { it: "a function", a: call, b: call, same: true },
])("$it are the same: $same", ({ a, b, same }) => {
  expect([sameValue(a, b), sameValue(b, a)]).toEqual([same, same]);
});

test.for<{ value: Value; kind: string }>([
  { value: null, kind: "null" },
  { value: true, kind: "bool" },
  { value: 1n, kind: "number" },
  { value: 1.5, kind: "number" },
  { value: "x", kind: "string" },
  { value: [], kind: "array" },
  { value: new Map(), kind: "object" },
  { value: call, kind: "function" },
  { value: new Capsule("x", 1), kind: "capsule" },
  { value: target({}), kind: "capsule" },
  { value: new Secret("x"), kind: "capsule" },
  { value: new OptionalSecret(false, "x"), kind: "capsule" },
])("the kind $kind", ({ value, kind }) => {
  expect(kindOf(value)).toBe(kind);
});

describe("a secret is shown nowhere", () => {
  const [secret, hidden] = [new Secret("hush"), new OptionalSecret(true, "hush")];
  test.for([
    { it: "in text", text: `${secret} ${hidden}` },
    { it: "in JSON", text: JSON.stringify([secret, hidden]) },
    { it: "by inspection", text: inspect([secret, hidden], { depth: 9, showHidden: true }) },
    { it: "by its properties", text: Object.entries(secret).concat(Object.entries(hidden)).join() },
  ])("$it", ({ text }) => {
    expect(text).not.toContain("hush");
  });

  test("but to who asks for it", () => {
    expect([secret.reveal(), hidden.reveal(), String(new OptionalSecret(false, "loud"))]).toEqual([
      "hush",
      "hush",
      "loud",
    ]);
  });
});

test.for<{ it: string; plain: Parameters<typeof fromPlain>[0]; value: Value }>([
  { it: "whole numbers are integers", plain: 3, value: 3n },
  { it: "others are floats", plain: 0.5, value: 0.5 },
  { it: "numbers that are too large for that stay floats", plain: 2 ** 60, value: 2 ** 60 },
  { it: "a negative zero stays one", plain: -0, value: -0 },
  {
    it: "objects become maps, at any depth",
    plain: { a: [{ b: 1 }] },
    value: new Map([["a", [new Map([["b", 1n]])]]]),
  },
  { it: "null, text and truth stay", plain: [null, "x", true, 5n], value: [null, "x", true, 5n] },
])("$it", ({ plain, value }) => {
  expect(fromPlain(plain)).toEqual(value);
});

test("instances pass as they are", () => {
  const secret = new Secret("x");
  expect(fromPlain(secret as never)).toBe(secret); // not plain, but defaults of tests have them
});
