import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const rules = [
  { limit: "20B", suffix: "..." },
  { limit: "5B", source_type: "label", sources: ["pod"] },
  { limit: "8B", suffix: "~cut", source_type: "structured_metadata" },
  { limit: "4B", source_type: "extracted", sources: ["msg", "n"] },
];

test.for([
  {
    it: "lines by bytes",
    entry: { line: "exactly twenty bytes+" },
    out: { line: "exactly twenty by...", metadata: { truncated: "line" } },
  },
  {
    it: "characters in half",
    entry: { line: "日本語日本語日本語" },
    out: { line: "日本語日本\ufffd...", metadata: { truncated: "line" } },
  },
  {
    it: "metadata",
    entry: { line: "s", metadata: { uni: "ééééé", m: "exactly8", k: "four" } },
    out: { line: "s", metadata: { uni: "éé~cut", m: "exac~cut", k: "four", truncated: "structured_metadata" } },
  },
  {
    it: "extracted text, no numbers",
    entry: { line: '{"msg":"abcdef","n":1}' },
    out: { line: '{"msg":"abcdef","...', metadata: { msg: "abcd", n: "1", truncated: "extracted,line" } },
  },
  { it: "nothing that is short", entry: { line: "short" }, out: { line: "short", metadata: {} } },
])("truncate: cuts $it", ({ entry, out }) => {
  const stages = [
    { json: { expressions: { msg: "", n: "" } } },
    { truncate: { rule: rules } },
    { structured_metadata: { values: { msg: "", n: "", truncated: "" } } },
  ];
  expect(runStages(stages, [entry]).out).toEqual([{ labels: { app: "shop" }, ...out }]);
});

test("truncate: cuts labels", () => {
  const { out } = runStages(
    [{ truncate: { rule: rules } }],
    [{ line: "", labels: { app: "longer-than-five", pod: "pod-abc" } }],
  );
  expect(out[0]?.labels).toEqual({ app: "longer-than-five", pod: "pod-a" });
});

test.for([
  {
    it: "a suffix as long as the limit",
    stage: { truncate: { rule: [{ limit: "3B", suffix: "..." }] } },
    message: "stage.truncate: suffix length cannot be greater than or equal to limit",
  },
  {
    it: "a limit of nothing",
    stage: { truncate: { rule: [{ limit: "0B" }] } },
    message: "stage.truncate: limit must be greater than zero",
  },
  {
    it: "names of lines",
    stage: { truncate: { rule: [{ limit: "3B", sources: ["a"] }] } },
    message: "stage.truncate: sources cannot be set when source_type is 'line'",
  },
])("refuses $it", ({ stage, message: text }) => {
  expect(() => compilePlain([stage])).toThrow(problem(text));
});
