import { expect, test } from "vitest";
import { allFunctions } from "./functions/index.ts";
import { ConditionError, compileAny, type ErrorMode } from "./sequence.ts";
import { contextOf, keyValues, logRequest } from "./testing.ts";

const failing = 'Int(attributes["m"]) == 1';
const message = "unsupported type: pcommon.Map";

const compile = (conditions: string[], errorMode: ErrorMode, told: string[] = []) =>
  compileAny(conditions, {
    context: "log",
    functions: allFunctions,
    errorMode,
    onError: (condition, error) => told.push(`${condition}: ${error}`),
  });

const context = () => contextOf("log", logRequest({ attributes: keyValues({ a: 1n, m: {} }) }));

test.for<[it: string, mode: ErrorMode, conditions: string[], holds: boolean, told: string[]]>([
  ["any that holds decides", "ignore", ["false", 'attributes["a"] == 1'], true, []],
  ["none holds", "ignore", ["false", 'attributes["a"] == 2'], false, []],
  ["nothing behind one that holds is asked", "ignore", ["true", failing], true, []],
  ["a failing one is told and passed over", "ignore", [failing, "true"], true, [`${failing}: ${message}`]],
  ["alone it doesn't hold", "ignore", [failing], false, [`${failing}: ${message}`]],
  ["or passed over in silence", "silent", [failing, "true"], true, []],
])("%s", ([, mode, conditions, holds, told]) => {
  const heard: string[] = [];
  expect(compile(conditions, mode, heard)(context())).toBe(holds);
  expect(heard).toEqual(told);
});

test("with propagate a failing one ends it", () => {
  const holds = compile(["false", failing, "true"], "propagate");
  expect(() => holds(context())).toThrow(`failed to eval condition: ${failing}, ${message}`);
});

test("a condition that can't be is named by its place in the list and in the text", () => {
  let thrown: unknown;
  try {
    compile(["true", "severty_text == 1"], "ignore");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConditionError);
  expect(thrown).toMatchObject({
    index: 1,
    message:
      '"severty_text == 1", column 1: unknown path "severty_text" in the log context, did you mean "severity_text"?',
  });
});
