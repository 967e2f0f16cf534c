import { ExponentialHistogram, Histogram, type MetricKind, Sum } from "../../telemetry/otlp/metrics.ts";
import type { View, ViewList } from "../../telemetry/otlp/view.ts";
import { fail } from "../error.ts";
import { Part } from "../value.ts";
import { expectBool, expectInt, map, type Paths, text } from "./path.ts";

/** As the enum METRIC_DATA_TYPE_… counts. */
const types: Readonly<Record<MetricKind, bigint>> = {
  gauge: 1n,
  sum: 2n,
  histogram: 3n,
  exponentialHistogram: 4n,
  summary: 5n,
};

const sliceTypes: Readonly<Record<MetricKind, string>> = {
  gauge: "pmetric.NumberDataPointSlice",
  sum: "pmetric.NumberDataPointSlice",
  histogram: "pmetric.HistogramDataPointSlice",
  exponentialHistogram: "pmetric.ExponentialHistogramDataPointSlice",
  summary: "pmetric.SummaryDataPointSlice",
};

/** What belongs to a metric as a whole. */
export const metricPaths: Paths = {
  name: text(
    c => c.metric.name,
    (c, value) => {
      c.metric.name = value;
    },
  ),
  description: text(
    c => c.metric.description,
    (c, value) => {
      c.metric.description = value;
    },
  ),
  unit: text(
    c => c.metric.unit,
    (c, value) => {
      c.metric.unit = value;
    },
  ),
  type: {
    get(c) {
      const { kind } = c.metric;
      return kind ? types[kind] : 0n;
    },
    set: () => {}, // as in the Collector: the kind isn't changed by this
  },
  aggregation_temporality: {
    get(c) {
      const { data } = c.metric;
      return data && "aggregationTemporality" in data ? BigInt(data.aggregationTemporality) : undefined;
    },
    set(c, value) {
      const temporality = Number(expectInt(value));
      const { data } = c.metric;
      if (data instanceof Sum || data instanceof Histogram || data instanceof ExponentialHistogram)
        data.aggregationTemporality = temporality;
    },
  },
  is_monotonic: {
    get: c => c.metric.sum?.isMonotonic,
    set(c, value) {
      const monotonic = expectBool(value);
      const { sum } = c.metric;
      if (sum) sum.isMonotonic = monotonic;
    },
  },
  data_points: {
    get(c) {
      const { data, kind } = c.metric;
      // only counted and copied
      return data && kind && new Part(sliceTypes[kind], data.dataPoints as unknown as ViewList<View>);
    },
    set: () => fail("data_points can't be written as a whole"),
  },
  metadata: map(c => c.metric.metadata),
};
