import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const json = { json: { expressions: { trace: "", user: "user.id", pod_name: "pod", n: "" } } };
const labels = { app: "shop", zone: "eu-1", pod_label: "lbl" };

test("values: takes extracted values and labels, which leave the labels", () => {
  const stage = { structured_metadata: { values: { trace_id: "trace", user: "", zone: "", gone: "absent" } } };
  const line = '{"trace":"t1","user":{"id":5}}';
  expect(
    runStages([json, stage], [{ line, labels, metadata: { existing: "kept", trace_id: "incoming" } }]).out,
  ).toEqual([
    {
      labels: { app: "shop", pod_label: "lbl" },
      line,
      metadata: { existing: "kept", trace_id: "t1", user: "5", zone: "eu-1" },
    },
  ]);
});

test("regex: takes what has such a name, labels included", () => {
  const stage = { structured_metadata: { regex: "^pod_" } };
  const line = '{"pod":{"a":1}}';
  expect(runStages([json, stage], [{ line, labels }]).out).toEqual([
    { labels: { app: "shop", zone: "eu-1" }, line, metadata: { pod_label: "lbl", pod_name: '{"a":1}' } },
  ]);
});

test("a label that a stage changed counts with its new value", () => {
  const stages = [{ static_labels: { values: { app: "new" } } }, { structured_metadata: { regex: "." } }];
  expect(runStages(stages, [{ line: "" }]).out[0]).toEqual({ labels: {}, line: "", metadata: { app: "new" } });
});

test("a value that is no valid text is left out", () => {
  const stages = [
    { template: { source: "half", template: '{{ substr 0 1 "é" }}' } },
    { structured_metadata: { values: { half: "" } } },
  ];
  expect(runStages(stages, [{ line: "" }]).out[0]?.metadata).toEqual({});
});

test.for([
  {
    it: "a bad regex",
    stage: { structured_metadata: { regex: "[" } },
    message: "stage.structured_metadata: invalid regular expression: error parsing regexp: missing closing ]: `[`",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
