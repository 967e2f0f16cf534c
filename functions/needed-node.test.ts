import { expect, test } from "vitest";
import { nodeProblem } from "./needed-node.ts";

test.for([
  { version: "20.20.2", problem: "amalgam needs Node 24 or newer, got 20.20.2" },
  { version: "24.0.0", problem: undefined },
  { version: "100.1.0", problem: undefined },
])("Node $version", ({ version, problem }) => {
  expect(nodeProblem(version)).toBe(problem);
});

test("the Node that runs the tests is new enough", () => {
  expect(nodeProblem()).toBe(undefined);
});
