import { expect, test } from "vitest";
import { contextOf, keyValues, metricRequest, type Plain, plain, run } from "../testing.ts";

const metrics = {
  gauge: { name: "g", description: "d", unit: "s", gauge: { dataPoints: [{ asInt: "1" }, { asInt: "2" }] } },
  sum: { name: "s", sum: { dataPoints: [], aggregationTemporality: 2, isMonotonic: true } },
  histogram: { name: "h", histogram: { dataPoints: [], aggregationTemporality: 1 } },
  exponential: { name: "e", exponentialHistogram: { dataPoints: [], aggregationTemporality: 2 } },
  summary: { name: "y", summary: { dataPoints: [{ count: "1" }] } },
  none: { name: "n", metadata: keyValues({ a: 1n }) },
};

test.for<[kind: keyof typeof metrics, path: string, value: Plain]>([
  ["gauge", "name", "g"],
  ["gauge", "description", "d"],
  ["gauge", "unit", "s"],
  ["gauge", "type", 1n],
  ["gauge", "aggregation_temporality", undefined],
  ["gauge", "is_monotonic", undefined],
  ["gauge", "Len(data_points)", 2n],
  ["sum", "type", 2n],
  ["sum", "aggregation_temporality", 2n],
  ["sum", "is_monotonic", true],
  ["histogram", "type", 3n],
  ["histogram", "aggregation_temporality", 1n],
  ["exponential", "type", 4n],
  ["exponential", "metric.aggregation_temporality", 2n],
  ["summary", "type", 5n],
  ["summary", "Len(data_points)", 1n],
  ["none", "type", 0n],
  ["none", "metadata", { a: 1n }],
])("%s: %s is read", ([kind, path, value]) => {
  const own = contextOf("metric", metricRequest(metrics[kind]));
  expect(run(`set(cache["r"], ${path})`, "metric", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[kind: keyof typeof metrics, statement: string, path: string, value: Plain]>([
  ["gauge", 'set(name, "new")', "name", "new"],
  ["gauge", 'set(description, "new")', "description", "new"],
  ["gauge", 'set(unit, "ms")', "unit", "ms"],
  ["gauge", "set(type, METRIC_DATA_TYPE_SUM)", "type", 1n],
  ["gauge", "set(is_monotonic, true)", "type", 1n],
  ["sum", "set(aggregation_temporality, AGGREGATION_TEMPORALITY_DELTA)", "aggregation_temporality", 1n],
  ["sum", "set(is_monotonic, false)", "is_monotonic", false],
  ["none", 'set(metadata["b"], "x")', "metadata", { a: 1n, b: "x" }],
])("%s: %s", ([kind, statement, path, value]) => {
  const own = contextOf("metric", metricRequest(metrics[kind]));
  expect(run([statement, `set(cache["r"], ${path})`], "metric", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});
