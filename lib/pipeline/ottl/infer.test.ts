import { expect, test } from "vitest";
import type { ContextName } from "./context.ts";
import { allFunctions } from "./functions/index.ts";
import { inferFromConditions, inferFromStatements } from "./infer.ts";

const traces: ContextName[] = ["resource", "scope", "span", "spanevent"];
const metrics: ContextName[] = ["resource", "scope", "metric", "datapoint"];

test.for<[it: string, candidates: ContextName[], conditions: string[], context: ContextName | undefined]>([
  ["one name decides", traces, ['resource.attributes["a"] == 1'], "resource"],
  ["the lowest decides", traces, ['resource.attributes["a"] == 1 and span.name == "x"'], "span"],
  ["over all conditions", traces, ['span.name == "x"', 'spanevent.name == "y"'], "spanevent"],
  ["the old name of the scope", traces, ['instrumentation_scope.name == "x"'], "scope"],
  ["in arguments, lists, keys", traces, ['Concat([resource.attributes[span.name]], "") == "x"'], "span"],
  ["a function may ask for a lower one", traces, ['IsRootSpan() and resource.attributes["a"] == 1'], "span"],
  ["an enum may ask for a lower one", metrics, ["scope.dropped_attributes_count == METRIC_DATA_TYPE_SUM"], "datapoint"],
  ["nothing of this signal", metrics, ['span.name == "x"'], undefined],
  ["no path at all", traces, ["true"], undefined],
])("conditions: %s", ([, candidates, conditions, context]) => {
  expect(inferFromConditions(conditions, candidates, allFunctions)).toBe(context);
});

test("statements say it in their arguments and conditions", () => {
  expect(inferFromStatements(['set(scope.name, "x") where datapoint.flags == 1'], metrics, allFunctions)).toBe(
    "datapoint",
  );
});

test("a path without a name is a mistake", () => {
  expect(() => inferFromConditions(['name == "x"'], traces, allFunctions)).toThrow(
    'missing context name for path "name", such as "log.name"',
  );
});
