import { expect, test } from "vitest";
import { labelsFrom } from "../../telemetry/labels.ts";
import type { Exemplar, Sample } from "../../telemetry/prometheus/model.ts";
import { ExemplarFilter } from "./exemplars.ts";

const series = labelsFrom([["__name__", "a"]]);
const exemplar = (value: number, trace = "t", timestamp = 1): Exemplar => ({
  labels: ["trace_id", trace],
  value,
  timestamp,
});
const sample = (...exemplars: Exemplar[]): Sample => ({
  labels: series,
  timestamp: 1,
  value: 1,
  histogram: undefined,
  exemplars,
  metadata: undefined,
  startTimestamp: undefined,
  stale: false,
});

test("an exemplar passes once, until another one of its series comes", () => {
  const filter = new ExemplarFilter();
  const passed = [[1], [1], [2], [1, 1, 3]].map(values =>
    filter.filter(sample(...values.map(value => exemplar(value)))).exemplars?.map(({ value }) => value),
  );
  expect(passed).toEqual([[1], [], [2], [1, 3]]);
});

test.for<{ it: string; second: Exemplar; passes: boolean }>([
  { it: "another time", second: exemplar(1, "t", 2), passes: true },
  { it: "another trace", second: exemplar(1, "u"), passes: true },
  { it: "another label", second: { ...exemplar(1), labels: ["trace_id", "t", "x", "y"] }, passes: true },
  { it: "nothing else", second: exemplar(1), passes: false },
])("one with $it is another one: $passes", ({ second, passes }) => {
  const filter = new ExemplarFilter();
  filter.filter(sample(exemplar(1)));
  expect(filter.filter(sample(second)).exemplars).toHaveLength(passes ? 1 : 0);
});

test.for([
  { trace: "x".repeat(120), passes: 1 },
  { trace: "x".repeat(121), passes: 0 },
  { trace: "😀".repeat(120), passes: 1 },
])("labels of 128 characters pass, more do not: $passes", ({ trace, passes }) => {
  expect(new ExemplarFilter().filter(sample(exemplar(1, trace))).exemplars).toHaveLength(passes);
});

test("a sample that loses nothing is the same", () => {
  const filter = new ExemplarFilter();
  const [with_, without] = [sample(exemplar(1)), { ...sample(), exemplars: undefined }];
  expect([filter.filter(with_) === with_, filter.filter(without) === without]).toEqual([true, true]);
});
