import { expect, test } from "vitest";
import { evaluate, type Plain } from "../testing.ts";

test.for<[expression: string, result: Plain]>([
  ['MD5("")', "d41d8cd98f00b204e9800998ecf8427e"],
  ['SHA1("abc")', "a9993e364706816aba3e25717850c26c9cd0d89d"],
  ['SHA256("abc")', "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    'SHA512("abc")',
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
  ['FNV("")', -3_750_763_034_362_895_579n],
  ['FNV("grüße")', 6_368_909_883_404_533_016n],
  ['SHA256(attributes["i"])', "fails: expected string but got int64"],
])("%s", ([expression, result]) => {
  expect(evaluate(expression, { i: 1n })).toBe(result);
});
