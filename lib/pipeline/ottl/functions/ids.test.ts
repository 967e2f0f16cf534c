import { expect, test } from "vitest";
import { evaluate, type Plain } from "../testing.ts";

const load = 'load: invalid argument "value" of "set": invalid argument "target" of "String": ';

test.for<[expression: string, result: Plain]>([
  ['String(TraceID("000102030405060708090A0b0c0d0e0f"))', "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]"],
  ["String(TraceID(0x000102030405060708090a0b0c0d0e0f))", "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15]"],
  ["String(SpanID(0x0102030405060708))", "[1,2,3,4,5,6,7,8]"],
  ['String(SpanID(attributes["id"]))', "[1,2,3,4,5,6,7,8]"],
  ["String(SpanID(0x01))", `${load}SpanID should have 8 bytes, got 1, at 28`],
  ['String(SpanID("zz"))', `${load}SpanID should have 16 hex digits, got "zz", at 28`],
  ["String(TraceID(5))", `${load}TraceID should be made of bytes or hex text, got int64, at 28`],
  ['String(SpanID(attributes["none"]))', "fails: SpanID should be made of bytes or hex text, got nil"],
])("%s", ([expression, result]) => {
  expect(evaluate(expression, { id: "0102030405060708" })).toEqual(result);
});
