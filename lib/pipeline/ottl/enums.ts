/** Names of numbers, by the context that knows them. */
import type { ContextName } from "./context.ts";

const spans: Readonly<Record<string, bigint>> = {
  SPAN_KIND_UNSPECIFIED: 0n,
  SPAN_KIND_INTERNAL: 1n,
  SPAN_KIND_SERVER: 2n,
  SPAN_KIND_CLIENT: 3n,
  SPAN_KIND_PRODUCER: 4n,
  SPAN_KIND_CONSUMER: 5n,
  STATUS_CODE_UNSET: 0n,
  STATUS_CODE_OK: 1n,
  STATUS_CODE_ERROR: 2n,
};

const metrics: Readonly<Record<string, bigint>> = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: 0n,
  AGGREGATION_TEMPORALITY_DELTA: 1n,
  AGGREGATION_TEMPORALITY_CUMULATIVE: 2n,
  METRIC_DATA_TYPE_NONE: 0n,
  METRIC_DATA_TYPE_GAUGE: 1n,
  METRIC_DATA_TYPE_SUM: 2n,
  METRIC_DATA_TYPE_HISTOGRAM: 3n,
  METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM: 4n,
  METRIC_DATA_TYPE_SUMMARY: 5n,
};

const dataPoints: Readonly<Record<string, bigint>> = {
  ...metrics,
  FLAG_NONE: 0n,
  FLAG_NO_RECORDED_VALUE: 1n,
};

const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const logs: Readonly<Record<string, bigint>> = Object.fromEntries([
  ["SEVERITY_NUMBER_UNSPECIFIED", 0n],
  ...severities.flatMap((name, i) =>
    [1, 2, 3, 4].map(step => [`SEVERITY_NUMBER_${name}${step === 1 ? "" : step}`, BigInt(i * 4 + step)]),
  ),
]);

/** The enums of each context. */
export const enums: Readonly<Record<ContextName, Readonly<Record<string, bigint>>>> = {
  resource: {},
  scope: {},
  span: spans,
  spanevent: spans,
  metric: metrics,
  datapoint: dataPoints,
  log: logs,
};
