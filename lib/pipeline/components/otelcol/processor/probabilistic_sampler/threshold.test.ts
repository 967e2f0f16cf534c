import { expect, test } from "vitest";
import {
  always,
  anyRandomness,
  isLess,
  never,
  passes,
  probabilityOf,
  randomnessText,
  readRandomness,
  readThreshold,
  thresholdOf,
  thresholdText,
} from "./threshold.ts";

test.for<[it: string, probability: number, precision: number, text: string | undefined]>([
  ["everything", 1, 4, "0"],
  ["a half", 0.5, 4, "8"],
  ["a quarter", 0.25, 4, "c"],
  ["a third, rounded to four digits", 1 / 3, 4, "aaab"],
  ["a third, with all digits", 1 / 3, 14, "aaaaaaaaaaaaac"],
  ["near nothing there are more digits", 0.0001, 4, "fff9724"],
  ["near everything too", 0.9999, 4, "00068dc"],
  ["nothing is no probability", 0, 4, undefined],
  ["more than everything neither", 1.5, 4, undefined],
])("the threshold of %s", ([, probability, precision, text]) => {
  const threshold = thresholdOf(probability, precision);
  expect(threshold && thresholdText(threshold)).toBe(text);
});

test.for<[threshold: string, probability: number]>([
  ["0", 1],
  ["8", 0.5],
  ["c", 0.25],
  ["e", 0.125],
])("the probability of %s", ([threshold, probability]) => {
  expect(probabilityOf(readThreshold(threshold) ?? never)).toBe(probability);
});

test.for<[it: string, randomness: string, threshold: string, passing: boolean]>([
  ["the same passes", "80000000000000", "8", true],
  ["one less doesn't", "7fffffffffffff", "8", false],
  ["the lower half decides too", "80000000000001", "80000000000002", false],
  ["everything passes zero", "00000000000000", "0", true],
])("%s", ([, randomness, threshold, passing]) => {
  expect(passes(readRandomness(randomness) ?? anyRandomness, readThreshold(threshold) ?? never)).toBe(passing);
});

test("nothing passes never, which has no text", () => {
  expect([passes(anyRandomness, never), thresholdText(never), isLess(always, never)]).toEqual([false, "", true]);
});

test.for<[it: string, randomness: string, read: string | undefined]>([
  ["fourteen digits in either case", "0123456789aBcD", "0123456789abcd"],
  ["fewer digits", "0123456789abc", undefined],
  ["no digits", "0123456789abcx", undefined],
])("randomness: %s", ([, text, read]) => {
  const randomness = readRandomness(text);
  expect(randomness && randomnessText(randomness)).toBe(read);
});

test.for<[text: string, read: string | undefined]>([
  ["8", "8"],
  ["C0", "c"],
  ["00000000000001", "00000000000001"],
  ["000000000000001", undefined],
  ["", undefined],
  ["x", undefined],
])("threshold %s", ([text, read]) => {
  const threshold = readThreshold(text);
  expect(threshold && thresholdText(threshold)).toBe(read);
});
