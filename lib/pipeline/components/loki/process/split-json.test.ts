import { expect, test } from "vitest";
import { runStages } from "./run-stages.ts";

test("split_json: makes entries of elements, which go through the later stages", () => {
  const stages = [{ split_json: {} }, { json: { expressions: { a: "" } } }, { drop: { source: "a", value: "2" } }];
  const lines = ['[{"a":1},{"a":2}, "two" , 1.50, [3,"]"] ]', "[]", "[1] trailing", '{"a":[1]}'];
  expect(
    runStages(
      stages,
      lines.map(line => ({ line })),
    ).out.map(({ line }) => line),
  ).toEqual(['{"a":1}', '"two"', "1.50", '[3,"]"]', "[1] trailing", '{"a":[1]}']);
});
