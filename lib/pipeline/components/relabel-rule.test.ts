import { expect, test } from "vitest";
import { relabelRule, ruleProblems } from "./relabel-rule.ts";

test("the defaults copy all that is matched", () => {
  expect(relabelRule.decode({})).toEqual({
    source_labels: undefined,
    separator: ";",
    regex: "(.*)",
    modulus: 0,
    target_label: "",
    replacement: "$1",
    action: "replace",
  });
});

test.for<{ rule: Record<string, unknown>; problem?: string }>([
  { rule: { target_label: "a" } },
  { rule: {}, problem: "relabel configuration for replace action requires 'target_label' value" },
  { rule: { target_label: "a-b" }, problem: "\"a-b\" is invalid 'target_label' for replace action" },
  {
    rule: { target_label: "a", action: "hashmod" },
    problem: "relabel configuration for hashmod requires non-zero modulus",
  },
  { rule: { action: "labeldrop", regex: "x" } },
  {
    rule: { action: "labeldrop", regex: "x", target_label: "a" },
    problem: "labeldrop action requires only 'regex', and no other fields",
  },
  {
    rule: { action: "keepequal", target_label: "a", source_labels: ["b"], regex: "x" },
    problem: "keepequal action requires only 'source_labels' and 'target_label', and no other fields",
  },
  {
    rule: { action: "lowercase", target_label: "a", replacement: "x" },
    problem: "'replacement' can not be set for lowercase action",
  },
  {
    rule: { action: "labelmap", regex: "x(.*)", replacement: "a-b" },
    problem: "\"a-b\" is invalid 'replacement' for labelmap action",
  },
])("$rule: $problem", ({ rule, problem }) => {
  const problems = [...ruleProblems([relabelRule.decode({ target_label: "ok" }), relabelRule.decode(rule)], ["rule"])];
  expect(problems).toEqual(problem === undefined ? [] : [{ path: ["rule", 1], message: problem }]);
});

test("an action that is none is told as Alloy does", () => {
  expect(() => relabelRule.decode({ action: "smash" })).toThrow('action: unrecognized action type "smash"');
});
