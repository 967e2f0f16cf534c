import { expect, test } from "vitest";
import { labelsFrom } from "../../../telemetry/labels.ts";
import { LabelSets } from "./labels.ts";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const json = { json: { expressions: { level: "", code: "", list: "", app2: "app" } } };
const labelsOf = (
  stages: readonly Record<string, Record<string, unknown>>[],
  line = "",
  labels?: Record<string, string>,
) => runStages(stages, [{ line, ...(labels && { labels }) }]).out.map(entry => entry.labels);

test.for([
  {
    it: "sets labels",
    line: '{"level":"info","code":200,"list":[1]}',
    out: { app: "shop", level: "info", status: "200", list: "[1]" },
  },
  { it: "sets empty labels", line: '{"level":"","code":""}', out: { app: "shop", level: "", status: "" } },
  { it: "replaces labels", line: '{"app":"renamed"}', out: { app: "renamed", level: "unset" } },
  { it: "skips nulls and what is missing", line: '{"level":null}', out: { app: "shop", level: "unset" } },
])("labels: $it", ({ line, out }) => {
  const stage = { labels: { values: { level: "", status: "code", list: "", app: "app2", never: "nope" } } };
  const incoming = "level" in out && out.level === "unset" ? { app: "shop", level: "unset" } : { app: "shop" };
  expect(labelsOf([json, stage], line, incoming)).toEqual([out]);
});

test("labels: takes structured metadata", () => {
  const stage = { labels: { values: { a: "m", b: "gone" }, source_type: "structured_metadata" } };
  expect(runStages([stage], [{ line: "", metadata: { m: "1" } }]).out[0]?.labels).toEqual({ app: "shop", a: "1" });
});

test("static_labels: sets all but empty ones", () => {
  expect(labelsOf([{ static_labels: { values: { env: "prod", app: "over", empty: "" } } }])).toEqual([
    { app: "over", env: "prod" },
  ]);
});

test("label_drop and label_keep: remove by name", () => {
  const labels = { app: "a", filename: "f", team: "t" };
  expect(labelsOf([{ label_drop: { values: ["filename", "nope"] } }], "", labels)).toEqual([{ app: "a", team: "t" }]);
  expect(labelsOf([{ label_keep: { values: ["app", "nope"] } }], "", labels)).toEqual([{ app: "a" }]);
  expect(labelsOf([{ label_keep: { values: ["nope"] } }], "", labels)).toEqual([{}]);
});

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

test("streams meet again where labels become equal, in the order of entries", () => {
  const entries = ["a", "b", "a"].map((x, i) => ({ line: String(i), labels: { app: "shop", x } }));
  const { out } = runStages([{ label_drop: { values: ["x"] } }], entries);
  expect(out.map(({ line }) => line)).toEqual(["0", "1", "2"]);
});

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

test.for([
  {
    it: "an empty label_drop",
    stage: { label_drop: { values: [] } },
    message: "stage.label_drop: labeldrop stage config cannot be empty",
  },
  {
    it: "an empty label_keep",
    stage: { label_keep: { values: [] } },
    message: "stage.label_keep: labelkeep stage config cannot be empty",
  },
  {
    it: "a label without name",
    stage: { labels: { values: { "": "x" } } },
    message: "stage.labels: invalid label name: ",
  },
  {
    it: "labels of lines",
    stage: { labels: { values: { a: "" }, source_type: "line" } },
    message: "stage.labels: invalid labels source_type: line. Can only be 'extracted' or 'structured_metadata'",
  },
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
