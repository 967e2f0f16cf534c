import { expect, test } from "vitest";
import { compileCondition } from "./compile.ts";
import { allFunctions } from "./functions/index.ts";
import { contextOf, keyValues, logRequest } from "./testing.ts";

const attributes = {
  i: 10n,
  d: 10,
  s: "abc",
  b: true,
  bytes: Uint8Array.of(1, 2),
  m: { x: 1n },
  l: [1n, "a"],
  same: [1n, "a"],
  nan: Number.NaN,
  empty: undefined,
};

const operators = ["==", "!=", "<", "<=", ">", ">="];

test.for<[it: string, left: string, right: string, holding: string]>([
  ["an int and a double compare by value", 'attributes["i"]', 'attributes["d"]', "== <= >="],
  ["an int is less than a larger double", "1", "1.5", "!= < <="],
  ["a number and a text are different", 'attributes["i"]', '"10"', "!="],
  ["texts compare by their bytes", 'attributes["s"]', '"abd"', "!= < <="],
  ["what is missing is nil", 'attributes["none"]', "nil", "== <= >="],
  ["an empty value is nil", 'attributes["empty"]', "nil", "== <= >="],
  ["nil is not zero", 'attributes["none"]', "0", "!="],
  ["nil is not the empty text", 'attributes["none"]', '""', "!="],
  ["true is greater than false", 'attributes["b"]', "false", "!= > >="],
  ["true is not one", 'attributes["b"]', "1", "!="],
  ["bytes compare like texts", 'attributes["bytes"]', "0x0103", "!= < <="],
  ["bytes and a text are different", '"a"', "0x61", "!="],
  ["maps are equal or not", 'attributes["m"]', 'attributes["m"]', "=="],
  ["a map equals one written down", 'attributes["m"]', '{"x": 1}', "=="],
  ["lists are equal or not", 'attributes["l"]', 'attributes["same"]', "=="],
  ["a list equals one written down", 'attributes["l"]', '[1, "a"]', "=="],
  ["NaN is not even itself", 'attributes["nan"]', 'attributes["nan"]', "!="],
  ["large integers are exact", "9007199254740993", "9007199254740992", "!= > >="],
  ["times compare", 'Time("2024-01-02", "%Y-%m-%d")', 'Time("2024-01-01", "%Y-%m-%d")', "!= > >="],
  ["durations compare", 'Duration("1h")', 'Duration("60m")', "== <= >="],
  ["ids compare", "trace_id", 'TraceID("000102030405060708090a0b0c0d0e0f")', "=="],
])("%s", ([, left, right, holding]) => {
  const context = contextOf(
    "log",
    logRequest({ attributes: keyValues(attributes), traceId: "000102030405060708090a0b0c0d0e0f" }),
  );
  const holds = operators.filter(operator =>
    compileCondition(`${left} ${operator} ${right}`, { context: "log", functions: allFunctions })(context),
  );
  expect(holds.join(" ")).toBe(holding);
});
