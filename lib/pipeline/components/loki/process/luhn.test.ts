import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const lineOf = (stage: Record<string, Record<string, unknown>>, line: string) =>
  runStages([stage], [{ line }]).out[0]?.line;

test.for([
  { it: "a number", luhn: {}, line: "paid 4111111111111111 ok", out: "paid **REDACTED** ok" },
  { it: "numbers in words", luhn: {}, line: "x4111111111111111y,378282246310005", out: "x**REDACTED**y,**REDACTED**" },
  { it: "zeros", luhn: {}, line: "0000000000000000", out: "**REDACTED**" },
  { it: "no wrong number", luhn: {}, line: "4111111111111112", out: "4111111111111112" },
  { it: "no short number", luhn: {}, line: "79927398713", out: "79927398713" },
  {
    it: "no number beyond 64 bits",
    luhn: {},
    line: "411111111111111111111111111111",
    out: "411111111111111111111111111111",
  },
  {
    it: "no other digits",
    luhn: {},
    line: "４１１１１１１１１１１１１１１１",
    out: "４１１１１１１１１１１１１１１１",
  },
  {
    it: "numbers with delimiters",
    luhn: { delimiters: " -", replacement: "[CARD]", min_length: 12 },
    line: "a 4111-1111 1111-1111 b",
    out: "a [CARD] b",
  },
  {
    it: "no number that is skipped",
    luhn: { skip_regex: "id=\\d+" },
    line: "id=4111111111111111 4111111111111111",
    out: "id=4111111111111111 **REDACTED**",
  },
  { it: "and puts another value into the line", luhn: { source: "app" }, line: "x", out: "shop" },
])("luhn: replaces $it", ({ luhn, line, out }) => {
  expect(lineOf({ luhn }, line)).toBe(out);
});

test.for([{ it: "an empty source of numbers", stage: { luhn: { source: "" } }, message: "stage.luhn: empty source" }])(
  "refuses $it",
  ({ stage, message: text }) => {
    expect(() => compilePlain([stage])).toThrow(problem(text));
  },
);
