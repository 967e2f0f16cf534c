import { expect, test } from "vitest";
import { OttlError } from "./error.ts";
import { tokenize } from "./lexer.ts";

test.for<[it: string, text: string, tokens: string[]]>([
  ["names, operators and where they stand", "a >= B1", ["name a 0", "operator >= 2", "name B1 5", "end  7"]],
  ["spaces of all kinds end tokens", "a\t\n b", ["name a 0", "name b 4", "end  5"]],
  ["floats may lack a side of the point", "1. .5 2.5e-3", ["float 1. 0", "float .5 3", "float 2.5e-3 6", "end  12"]],
  ["an exponent without a point belongs to a name", "1e3", ["int 1 0", "name e3 1", "end  3"]],
  ["a minus is no part of a number", "-1", ["operator - 0", "int 1 1", "end  2"]],
  ["bytes come before numbers", "0x0aF 0", ["bytes 0x0aF 0", "int 0 6", "end  7"]],
  ["strings are told by their value", String.raw`"a\"b\\\t"`, ['string a"b\\\t 0', "end  10"]],
  ["escapes as Go has them", String.raw`"\x67\303\274é\U0001F600"`, ["string güé😀 0", "end  25"]],
])("%s", ([, text, tokens]) => {
  expect(tokenize(text).map(token => `${token.kind} ${token.text} ${token.start}`)).toEqual(tokens);
});

test.for<[it: string, text: string, message: string, position: number]>([
  ["an open string", 'a == "x', "string should end with a double quote", 5],
  ["an unknown character", "a & b", 'unexpected character "&"', 2],
  ["an emoji", "😀", 'unexpected character "😀"', 0],
  ["an escape of no character", String.raw`"a\ud800"`, String.raw`\ud800 is no character`, 2],
  ["an escape of more than a byte", String.raw`"a\400"`, String.raw`\400 is no character`, 2],
  ["an unknown escape", String.raw`"a\d"`, String.raw`unknown escape \d in a string (write \\ for \)`, 2],
  ["a line break in a string", '"a\nb"', "string should not contain a line break", 2],
  ["half a character", String.raw`"\ud800"`, String.raw`\ud800 is no character`, 1],
])("%s is a mistake", ([, text, message, position]) => {
  let thrown: unknown;
  try {
    tokenize(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(OttlError);
  expect(thrown).toMatchObject({ message, position });
});
