import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const labelsOf = (
  stages: readonly Record<string, Record<string, unknown>>[],
  line = "",
  labels?: Record<string, string>,
) => runStages(stages, [{ line, ...(labels && { labels }) }]).out.map(entry => entry.labels);

test("label_drop: removes by name", () => {
  const labels = { app: "a", filename: "f", team: "t" };
  expect(labelsOf([{ label_drop: { values: ["filename", "nope"] } }], "", labels)).toEqual([{ app: "a", team: "t" }]);
});

test.for([
  {
    it: "an empty label_drop",
    stage: { label_drop: { values: [] } },
    message: "stage.label_drop: labeldrop stage config cannot be empty",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
