import { expect, test } from "vitest";
import { contextOf, keyValues, metricRequest, type Plain, plain, run } from "../testing.ts";

const common = { attributes: keyValues({ a: "x" }), startTimeUnixNano: "1000", timeUnixNano: "3000", flags: 1 };
const metrics = {
  int: { name: "i", gauge: { dataPoints: [{ ...common, asInt: "5", exemplars: [{ asInt: "1" }] }] } },
  double: { name: "d", sum: { dataPoints: [{ ...common, asDouble: 1.5 }], aggregationTemporality: 2 } },
  histogram: {
    name: "h",
    histogram: {
      dataPoints: [{ ...common, count: "3", sum: 4.5, bucketCounts: ["1", "2"], explicitBounds: [10] }],
      aggregationTemporality: 2,
    },
  },
  exponential: {
    name: "e",
    exponentialHistogram: {
      dataPoints: [
        { ...common, count: "3", sum: 4.5, scale: 2, zeroCount: "1", positive: { offset: -1, bucketCounts: ["2"] } },
      ],
      aggregationTemporality: 2,
    },
  },
  summary: {
    name: "s",
    summary: { dataPoints: [{ ...common, count: "3", sum: 4.5, quantileValues: [{ quantile: 0.5, value: 1 }] }] },
  },
};

test.for<[kind: keyof typeof metrics, path: string, value: Plain]>([
  ["int", "attributes", { a: "x" }],
  ["int", "start_time_unix_nano", 1000n],
  ["int", "Nanoseconds(time - start_time)", 2000n],
  ["int", "flags", 1n],
  ["int", "value_int", 5n],
  ["int", "value_double", 0],
  ["int", "Len(exemplars)", 1n],
  ["int", "count", undefined],
  ["int", "bucket_counts", undefined],
  ["int", "metric.name", "i"],
  ["double", "value_int", 0n],
  ["double", "datapoint.value_double", 1.5],
  ["histogram", "count", 3n],
  ["histogram", "sum", 4.5],
  ["histogram", "String(bucket_counts)", "[1,2]"],
  ["histogram", "explicit_bounds", [10]],
  ["histogram", "value_int", undefined],
  ["histogram", "scale", undefined],
  ["exponential", "scale", 2n],
  ["exponential", "zero_count", 1n],
  ["exponential", "positive.offset", -1n],
  ["exponential", "String(positive.bucket_counts)", "[2]"],
  ["exponential", "negative.offset", 0n],
  ["exponential", "count", 3n],
  ["summary", "count", 3n],
  ["summary", "sum", 4.5],
  ["summary", "Len(quantile_values)", 1n],
])("%s: %s is read", ([kind, path, value]) => {
  const own = contextOf("datapoint", metricRequest(metrics[kind]));
  expect(run(`set(cache["r"], ${path})`, "datapoint", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[kind: keyof typeof metrics, statement: string, path: string, value: Plain]>([
  ["int", "set(value_int, value_int * 2)", "value_int", 10n],
  ["int", "set(value_double, 3.25)", "value_double", 3.25],
  ["double", "set(value_int, 2)", "value_int", 2n],
  ["int", 'set(attributes["m"], metric.name)', "attributes", { a: "x", m: "i" }],
  ["int", "set(time_unix_nano, 7)", "time_unix_nano", 7n],
  ["int", "set(flags, FLAG_NONE)", "flags", 0n],
  ["int", "set(count, 3)", "value_int", 5n],
  ["histogram", "set(count, 7)", "count", 7n],
  ["histogram", "set(sum, 0.5)", "sum", 0.5],
  ["histogram", "set(bucket_counts, [4, 5, 6])", "String(bucket_counts)", "[4,5,6]"],
  ["histogram", "set(explicit_bounds, [1.5, 2.5])", "explicit_bounds", [1.5, 2.5]],
  ["histogram", 'set(metric.unit, "s")', "metric.unit", "s"],
  ["exponential", "set(scale, -3)", "scale", -3n],
  ["exponential", "set(zero_count, zero_count + 1)", "zero_count", 2n],
  ["exponential", "set(positive.offset, 4)", "positive.offset", 4n],
  ["exponential", "set(negative.bucket_counts, positive.bucket_counts)", "String(negative.bucket_counts)", "[2]"],
  ["summary", "set(count, 9)", "count", 9n],
])("%s: %s", ([kind, statement, path, value]) => {
  const own = contextOf("datapoint", metricRequest(metrics[kind]));
  expect(run([statement, `set(cache["r"], ${path})`], "datapoint", own)).toBeUndefined();
  expect(plain(own.cache.get("r"))).toEqual(value);
});

test.for<[statement: string, failure: string]>([
  ["set(value_int, 1.5)", "fails: expects int64 but got float64"],
  ["set(bucket_counts, 1)", "fails: expects a list but got int64"],
  ["set(explicit_bounds, [1])", "fails: expects float64 but got int64"],
])("%s", ([statement, failure]) => {
  expect(run(statement, "datapoint", contextOf("datapoint", metricRequest(metrics.histogram)))).toBe(failure);
});
