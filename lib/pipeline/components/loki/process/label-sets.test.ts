import { expect, test } from "vitest";
import { labelsFrom } from "../../../telemetry/labels.ts";
import { LabelSets } from "./label-sets.ts";

test("sets of labels are one object however they come about", () => {
  const sets = new LabelSets();
  const start = sets.canonical(labelsFrom([["b", "1"]]));
  const one = sets.set(sets.set(start, "a", "x"), "c", "y");
  const other = sets.set(sets.set(start, "c", "y"), "a", "x");
  expect(one).toEqual(["a", "x", "b", "1", "c", "y"]);
  expect(other).toBe(one);
  expect(sets.remove(sets.remove(one, "a"), "c")).toBe(start);
  expect(sets.set(start, "b", "1")).toBe(start);
});
