import { expect, test } from "vitest";
import { toLower, toUpper } from "./case.ts";

test.for([
  ["GET /Ünï", "get /ünï", "GET /ÜNÏ"],
  ["ΟΔΟΣ", "οδοσ", "ΟΔΟΣ"],
  ["straße", "straße", "STRAßE"],
  ["İı", "iı", "İI"],
  ["ŉﬁ", "ŉﬁ", "ŉﬁ"],
  ["ᾀᾳῃῳ", "ᾀᾳῃῳ", "ᾈᾼῌῼ"],
  ["ᾈᾼ", "ᾀᾳ", "ᾈᾼ"],
  ["𐐀𐐨", "𐐨𐐨", "𐐀𐐀"],
  ["\ud83d\ude00", "\ud83d\ude00", "\ud83d\ude00"],
] as const)("%s: %s, %s", ([text, lower, upper]) => {
  expect(toLower(text)).toBe(lower);
  expect(toUpper(text)).toBe(upper);
});
