import { expect, test } from "vitest";
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

test.for([
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
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
