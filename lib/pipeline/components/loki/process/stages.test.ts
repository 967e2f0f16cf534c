import { expect, test } from "vitest";
import { ProblemError } from "../../../graph/component.ts";
import { compilePlain, problem } from "./run-stages.ts";

const mark = (name: string) => ({ static_labels: { values: { [name]: "yes" } } });

const match = (selector: string, ...stage: readonly Record<string, Record<string, unknown>>[]) => ({
  match: { selector, stage },
});

test("leads to the nested stage that is wrong", () => {
  expect(() => compilePlain([mark("a"), match("{}", { label_drop: { values: [] } })])).toThrow(
    new ProblemError("stage.label_drop: labeldrop stage config cannot be empty", ["stage", 1, "stage", 0]),
  );
});

test.for(["cri", "multiline"])("refuses stage.%s for now", kind => {
  const args = kind === "multiline" ? { firstline: "x" } : {};
  expect(() => compilePlain([{ [kind]: args }])).toThrow(problem(`stage.${kind} is not supported yet`));
});
