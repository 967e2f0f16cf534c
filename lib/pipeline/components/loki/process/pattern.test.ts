import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const move = { structured_metadata: { regex: "^[^a]" } };
const extracted = (stages: readonly Record<string, Record<string, unknown>>[], line: string) =>
  runStages([...stages, move], [{ line }]).out[0]?.metadata;

const access = { pattern: { pattern: '<ip> - <user> [<ts>] "<method> <path> <_>" <status> <size>' } };

test.for([
  {
    it: "takes captures",
    line: '10.1.2.3 - ann [06/May] "GET /x HTTP/1.1" 200 512',
    out: { ip: "10.1.2.3", user: "ann", ts: "06/May", method: "GET", path: "/x", status: "200", size: "512" },
  },
  {
    it: "takes the rest where a literal is missing",
    line: '10.1.2.3 - ann [06/May] "GET /a" 200 1',
    out: { ip: "10.1.2.3", user: "ann", ts: "06/May", method: "GET", path: '/a"' },
  },
  { it: "takes all with the first capture", line: "missing everything", out: { ip: "missing everything" } },
  { it: "takes nothing of an empty line", line: "", out: {} },
])("pattern: $it", ({ line, out }) => {
  expect(extracted([access], line)).toEqual(out);
});

test("pattern: needs the literal at its start, and sets labels", () => {
  const stage = { pattern: { pattern: "/<section>/<_>", labels_from_groups: true } };
  expect(runStages([stage], [{ line: "/api/v1" }, { line: "x/api/v1" }]).out.map(({ labels }) => labels)).toEqual([
    { app: "shop", section: "api" },
    { app: "shop" },
  ]);
});

test.for([
  {
    it: "a pattern without capture",
    stage: { pattern: { pattern: "a <_>" } },
    message: "stage.pattern: failed to parse pattern: at least one capture is required",
  },
  {
    it: "captures side by side",
    stage: { pattern: { pattern: "<a><b>" } },
    message: "stage.pattern: failed to parse pattern: found consecutive capture: invalid expression",
  },
  {
    it: "a name twice",
    stage: { pattern: { pattern: "<a> <a>" } },
    message: "stage.pattern: failed to parse pattern: duplicate capture name (a): invalid expression",
  },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
