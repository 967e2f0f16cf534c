import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const json = { json: { expressions: { level: "", code: "", list: "", app2: "app" } } };
const labelsOf = (
  stages: readonly Record<string, Record<string, unknown>>[],
  line = "",
  labels?: Record<string, string>,
) => runStages(stages, [{ line, ...(labels && { labels }) }]).out.map(entry => entry.labels);

test.for([
  { it: "source", tenant: { source: "code" }, line: '{"code":5}', out: "5" },
  { it: "source that is an object", tenant: { source: "list" }, line: '{"list":{"a":1}}', out: '{"a":1}' },
  { it: "source that is null", tenant: { source: "code" }, line: '{"code":null}', out: undefined },
  { it: "source that is empty", tenant: { source: "code" }, line: '{"code":""}', out: undefined },
  { it: "label", tenant: { label: "app" }, line: "", out: "shop" },
  { it: "label that is missing", tenant: { label: "team" }, line: "", out: undefined },
  { it: "value", tenant: { value: "fixed" }, line: "", out: "fixed" },
])("tenant: by $it", ({ tenant, line, out }) => {
  expect(labelsOf([json, { tenant }], line)[0]?.["__tenant_id__"]).toBe(out);
});

test.for([
  {
    it: "a tenant of nothing",
    stage: { tenant: {} },
    message: "stage.tenant: label, source or value config are required",
  },
  {
    it: "a tenant of two things",
    stage: { tenant: { label: "a", value: "b" } },
    message:
      "stage.tenant: label, source and value are mutually exclusive: you should set source, value or label but not all",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
