import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const labelsOf = (
  stages: readonly Record<string, Record<string, unknown>>[],
  line = "",
  labels?: Record<string, string>,
) => runStages(stages, [{ line, ...(labels && { labels }) }]).out.map(entry => entry.labels);

test("label_keep: removes by name", () => {
  const labels = { app: "a", filename: "f", team: "t" };
  expect(labelsOf([{ label_keep: { values: ["app", "nope"] } }], "", labels)).toEqual([{ app: "a" }]);
  expect(labelsOf([{ label_keep: { values: ["nope"] } }], "", labels)).toEqual([{}]);
});

test.for([
  {
    it: "an empty label_keep",
    stage: { label_keep: { values: [] } },
    message: "stage.label_keep: labelkeep stage config cannot be empty",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
