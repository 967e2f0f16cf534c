import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

test("structured_metadata_drop: removes by name", () => {
  const metadata = { secret: "1", keep: "2", Secret: "case" };
  expect(
    runStages([{ structured_metadata_drop: { values: ["secret", "nope"] } }], [{ line: "", metadata }]).out[0]
      ?.metadata,
  ).toEqual({
    keep: "2",
    Secret: "case",
  });
});

test.for([
  {
    it: "an empty list to drop",
    stage: { structured_metadata_drop: { values: [] } },
    message: "stage.structured_metadata_drop: structured_metadata_drop stage config cannot be empty",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
