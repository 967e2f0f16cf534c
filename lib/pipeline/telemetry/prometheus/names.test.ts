import { expect, test } from "vitest";
import type { MetricType } from "./model.ts";
import { areValidNames, isPartOfFamily, type NameValidation } from "./names.ts";

test.for<[labels: string[], validation: NameValidation, valid: boolean]>([
  [["__name__", "up:x_1", "job", "a b"], "legacy", true],
  [["__name__", "a.b"], "legacy", false],
  [["__name__", " up"], "legacy", false],
  [["__name__", "1up"], "legacy", false],
  [["__name__", "up", "a:b", "x"], "legacy", false],
  [["__name__", "up", "a-b", "x"], "legacy", false],
  [["__name__", "a.b ü", "a-b", "x"], "utf8", true],
  [["__name__", ""], "utf8", false],
  [["__name__", "up", "", "x"], "utf8", false],
  [["__name__", "\ufffd"], "utf8", false],
  [["job", "x"], "legacy", true],
])("%j in %s: %s", ([labels, validation, valid]) => {
  expect(areValidNames(labels, validation)).toBe(valid);
});

test.for<[name: string, family: string, type: MetricType, part: boolean]>([
  ["a", "a", "gauge", true],
  ["a_b", "a", "gauge", false],
  ["a_total", "a", "counter", true],
  ["a_total", "a_total", "counter", true],
  ["a", "a_total", "counter", false],
  ["a_created", "a", "counter", false],
  ["a_bucket", "a", "histogram", true],
  ["a_count", "a", "histogram", true],
  ["a_sum", "a", "summary", true],
  ["a_bucket", "a", "summary", false],
  ["a_gcount", "a", "gaugehistogram", true],
  ["a_count", "a", "gaugehistogram", false],
  ["a_info", "a", "info", true],
  ["a_info", "a_info", "info", true],
  ["b", "a", "unknown", false],
])("%s in family %s of type %s: %s", ([name, family, type, part]) => {
  expect(isPartOfFamily(name, family, type)).toBe(part);
});
