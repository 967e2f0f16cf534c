import { expect, test } from "vitest";
import { logGroupSelection } from "./log-groups.ts";

test.for<{ names?: string[]; group: string; taken: boolean }>([
  { group: "any", taken: true },
  { names: [], group: "any", taken: true },
  { names: ["a"], group: "a", taken: true },
  { names: ["a"], group: "ab", taken: false },
  { names: ["a*"], group: "ab", taken: true },
  { names: ["*b"], group: "a/b", taken: true },
  { names: ["a*c"], group: "abd", taken: false },
  { names: ["a.b"], group: "axb", taken: false },
  { names: ["x", "a(b)*"], group: "a(b)c", taken: true },
])("$names take $group: $taken", ({ names, group, taken }) => {
  expect(logGroupSelection(names)(group)).toBe(taken);
});
