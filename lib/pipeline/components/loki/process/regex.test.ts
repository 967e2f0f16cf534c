import { expect, test } from "vitest";
import { compilePlain, problem, runStages } from "./run-stages.ts";

const move = { structured_metadata: { regex: "^[^a]" } };
const extracted = (stages: readonly Record<string, Record<string, unknown>>[], line: string) =>
  runStages([...stages, move], [{ line }]).out[0]?.metadata;

const log = { regex: { expression: "^(?P<level>\\w+)\\s+(?:\\[(?P<mod>[^\\]]*)\\]\\s+)?(?P<msg>.*)$" } };

test.for([
  { it: "takes named groups", line: "INFO [core] started", out: { level: "INFO", mod: "core", msg: "started" } },
  {
    it: "takes groups that took no part as empty",
    line: "WARN  no module",
    out: { level: "WARN", mod: "", msg: "no module" },
  },
  { it: "takes nothing without a match", line: "single", out: {} },
  { it: "does not let the dot match newlines", line: "multi line\nsecond", out: {} },
])("regex: $it", ({ line, out }) => {
  expect(extracted([log], line)).toEqual(out);
});

test("regex: reads another value and sets labels", () => {
  const stage = { regex: { expression: "id=(?P<id>[0-9a-f]+)", source: "msg", labels_from_groups: true } };
  expect(runStages([log, stage], [{ line: "INFO id=ff x" }, { line: "none" }]).out.map(({ labels }) => labels)).toEqual(
    [{ app: "shop", id: "ff" }, { app: "shop" }],
  );
});

test.for([
  { it: "an empty expression", stage: { regex: { expression: "" } }, message: "stage.regex: expression is required" },
  {
    it: "a bad expression",
    stage: { regex: { expression: "(?P<a" } },
    message: "stage.regex: could not compile regular expression: error parsing regexp: invalid named capture: `(?P<a`",
  },
  { it: "an empty source", stage: { regex: { expression: "a", source: "" } }, message: "stage.regex: empty source" },
])("refuses $it", ({ stage, message }) => {
  expect(() => compilePlain([stage])).toThrow(problem(message));
});
