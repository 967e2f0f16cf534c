import { describe, expect, test } from "vitest";
import { type Labels, labelsFrom, labelsToMap } from "../../../telemetry/labels.ts";
import { joinTarget, type LabelRules, labelProblem } from "./labels.ts";

type Row = Record<string, string>;
/** As a page gives them: sorted, but with empty values. */
const page = (row: Row): Labels => Object.entries(row).flat();
const labels = (row: Row): Labels => labelsFrom(Object.entries(row));

describe("labels of a target join those of the page", () => {
  test.for<{ it: string; page: Row; target: Row; honor?: boolean; out: Row }>([
    { it: "that it lacks", page: { a: "1" }, target: { job: "j" }, out: { a: "1", job: "j" } },
    {
      it: "and move what they meet away",
      page: { job: "p" },
      target: { job: "j" },
      out: { exported_job: "p", job: "j" },
    },
    {
      it: "and move it further where the place is taken by the page, which keeps it",
      page: { job: "p", exported_job: "q" },
      target: { job: "j" },
      out: { exported_exported_job: "p", exported_job: "q", job: "j" },
    },
    {
      it: "and move it further where the place is the target's",
      page: { job: "p" },
      target: { exported_job: "t", job: "j" },
      out: { exported_exported_job: "p", exported_job: "t", job: "j" },
    },
    {
      it: "and move the shorter names first",
      page: { exported_job: "q", job: "p" },
      target: { exported_job: "t", job: "j" },
      out: { exported_exported_exported_job: "q", exported_exported_job: "p", exported_job: "t", job: "j" },
    },
    { it: "and take the place of empty ones", page: { job: "" }, target: { job: "j" }, out: { job: "j" } },
    {
      it: "but give way with honor_labels",
      page: { job: "p" },
      target: { job: "j", x: "y" },
      honor: true,
      out: { job: "p", x: "y" },
    },
    {
      it: "but give way even to empty ones with honor_labels",
      page: { job: "", instance: "" },
      target: { instance: "i", job: "j", x: "y" },
      honor: true,
      out: { x: "y" },
    },
    {
      it: "while empty labels of the page vanish in any case",
      page: { z: "" },
      target: { job: "j" },
      honor: true,
      out: { job: "j" },
    },
  ])("$it", ({ page: given, target, honor = false, out }) => {
    const joined = joinTarget(page(given), labels(target), honor);
    expect(Object.fromEntries(labelsToMap(joined))).toEqual(out);
    expect(joined.filter((_, i) => i % 2 === 0)).toEqual(Object.keys(out).sort());
  });
});

const rules: LabelRules = {
  label_limit: 0,
  label_name_length_limit: 0,
  label_value_length_limit: 0,
  metric_name_validation_scheme: "legacy",
};

describe("a series", () => {
  test.for<{ it: string; labels: Row; rules?: Partial<LabelRules>; problem?: string }>([
    { it: "passes", labels: { __name__: "up", a: "b" } },
    { it: "needs a name", labels: { a: "b" }, problem: "metric name label missing" },
    {
      it: "needs a name also if a value looks like one",
      labels: { a: "__name__" },
      problem: "metric name label missing",
    },
    {
      it: "needs legacy names",
      labels: { __name__: "a.b" },
      problem: 'invalid metric name or label names: {__name__="a.b"}',
    },
    {
      it: "may have any name in UTF-8",
      labels: { __name__: "a.b", "c d": "e" },
      rules: { metric_name_validation_scheme: "utf8" },
    },
    { it: "has as many labels as allowed", labels: { __name__: "up", a: "b" }, rules: { label_limit: 2 } },
    {
      it: "has no more labels than allowed",
      labels: { __name__: "up", a: "b", c: "d" },
      rules: { label_limit: 2 },
      problem: "label_limit exceeded (metric: up, number of labels: 3, limit: 2)",
    },
    {
      it: "has no longer names than allowed",
      labels: { __name__: "up", abcdefghi: "b" },
      rules: { label_name_length_limit: 8 },
      problem: "label_name_length_limit exceeded (metric: up, label name: abcdefghi, limit: 8)",
    },
    {
      it: "has no longer values than allowed, in bytes",
      labels: { __name__: "up", a: "äö" },
      rules: { label_value_length_limit: 3 },
      problem: "label_value_length_limit exceeded (metric: up, label name: a, limit: 3)",
    },
    {
      it: "has values just as long as allowed",
      labels: { __name__: "up", a: "äö" },
      rules: { label_value_length_limit: 4 },
    },
  ])("$it", ({ labels: given, rules: more, problem }) => {
    expect(labelProblem(labels(given), { ...rules, ...more })).toBe(problem);
  });
});
