import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

const labelsOf = (
  stages: readonly Record<string, Record<string, unknown>>[],
  line = "",
  labels?: Record<string, string>,
) => runStages(stages, [{ line, ...(labels && { labels }) }]).out.map(entry => entry.labels);

test("static_labels: sets all but empty ones", () => {
  expect(labelsOf([{ static_labels: { values: { env: "prod", app: "over", empty: "" } } }])).toEqual([
    { app: "over", env: "prod" },
  ]);
});
