import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

test("streams meet again where labels become equal, in the order of entries", () => {
  const entries = ["a", "b", "a"].map((x, i) => ({ line: String(i), labels: { app: "shop", x } }));
  const { out } = runStages([{ label_drop: { values: ["x"] } }], entries);
  expect(out.map(({ line }) => line)).toEqual(["0", "1", "2"]);
});
