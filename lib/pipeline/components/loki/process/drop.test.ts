import { expect, test } from "vitest";
import { compilePlain, problem, runStages, testNow } from "./run-stages.ts";

const json = { json: { expressions: { level: "", path: "", code: "", ok: "" } } };
const hourAgo = BigInt(testNow - 3_600_000) * 1_000_000n;

test.for([
  { it: "a value", drop: { source: "level", value: "trace" }, line: '{"level":"trace"}', dropped: true },
  { it: "no other value", drop: { source: "level", value: "trace" }, line: '{"level":"TRACE"}', dropped: false },
  { it: "no part of a value", drop: { source: "level", value: "trac" }, line: '{"level":"trace"}', dropped: false },
  { it: "a value printed", drop: { source: "ok", value: "false" }, line: '{"ok":false}', dropped: true },
  { it: "no null", drop: { source: "ok", expression: ".*" }, line: '{"ok":null}', dropped: false },
  { it: "what is missing as the empty text", drop: { source: "nope", expression: "^$" }, line: "{}", dropped: true },
  { it: "a part of the line", drop: { expression: "(?i)\\bdebug\\b" }, line: "level=DEBUG x", dropped: true },
  { it: "no other line", drop: { expression: "(?i)\\bdebug\\b" }, line: "debugger", dropped: false },
  {
    it: "several values joined",
    drop: { source: "level,path", expression: "^warn;/health.*$" },
    line: '{"level":"warn","path":"/healthz"}',
    dropped: true,
  },
  {
    it: "several values with a separator",
    drop: { source: "level,code", separator: "|", value: "error|500" },
    line: '{"level":"error","code":500}',
    dropped: true,
  },
  {
    it: "no names after a blank",
    drop: { source: "level, code", separator: "|", value: "error|404" },
    line: '{"level":"error","code":404}',
    dropped: false,
  },
  { it: "what exists, null included", drop: { source: "ok" }, line: '{"ok":null}', dropped: true },
  { it: "nothing that is missing", drop: { source: "level,nope" }, line: '{"level":"x"}', dropped: false },
  { it: "labels, too", drop: { source: "app", value: "shop" }, line: "", dropped: true },
  { it: "long lines, by bytes", drop: { longer_than: "40B" }, line: "é".repeat(21), dropped: true },
  { it: "no lines of the very length", drop: { longer_than: "40B" }, line: "é".repeat(20), dropped: false },
  { it: "old entries", drop: { older_than: "59m" }, line: "", time: hourAgo, dropped: true },
  { it: "no younger entries", drop: { older_than: "1h" }, line: "", time: hourAgo, dropped: false },
  {
    it: "only what meets all conditions",
    drop: { older_than: "1m", expression: "^old" },
    line: "new",
    time: hourAgo,
    dropped: false,
  },
])("drops $it", ({ drop, line, time = 1n, dropped }) => {
  expect(runStages([json, { drop }], [{ line, time }])).toEqual(
    dropped
      ? { out: [], dropped: [{ reason: "drop_stage", items: 1 }] }
      : { out: [{ labels: { app: "shop" }, line, metadata: {}, ...(time !== 1n && { time }) }], dropped: [] },
  );
});

test("counts under the reason given", () => {
  expect(runStages([{ drop: { expression: "x", drop_counter_reason: "noise" } }], [{ line: "x" }]).dropped).toEqual([
    { reason: "noise", items: 1 },
  ]);
});

test.for([
  {
    it: "no condition",
    stage: { drop: {} },
    message:
      "stage.drop: drop stage config must contain at least one of `source`, `expression`, `older_than` or `longer_than`",
  },
  {
    it: "value and expression",
    stage: { drop: { source: "a", value: "b", expression: "c" } },
    message: "stage.drop: drop stage config error, `value` and `expression` cannot both be defined at the same time",
  },
  {
    it: "a value without source",
    stage: { drop: { value: "b", longer_than: "1B" } },
    message: "stage.drop: drop stage config must contain `source` if `value` is specified",
  },
  {
    it: "a bad expression",
    stage: { drop: { expression: "(?P<ts[0-9]+).*" } },
    message:
      "stage.drop: drop stage regex compilation error: error parsing regexp: invalid named capture: `(?P<ts[0-9]+).*`",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
