/** Names of numbers, times and values, as the Collector's text forms have them. */
import { compileLayout, timeOf } from "../../../../telemetry/gotime/layout.ts";
import type { MetricKind } from "../../../../telemetry/otlp/metrics.ts";
import { kindOf, type Value, type ValueMap } from "../../../../telemetry/otlp/value.ts";
import { valueText } from "../../../../telemetry/otlp/value-text.ts";

const layout = compileLayout("2006-01-02 15:04:05.999999999 -0700 MST");

export const timeText = (nanoseconds: bigint): string => layout.format(timeOf(BigInt.asIntN(64, nanoseconds)));

const spanKinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];
const statusCodes = ["Unset", "Ok", "Error"];
const temporalities = ["Unspecified", "Delta", "Cumulative"];
const severities = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"];

export const spanKindText = (kind: number): string => spanKinds[kind] ?? "";
export const statusText = (code: number): string => statusCodes[code] ?? "";
export const temporalityText = (temporality: number): string => temporalities[temporality] ?? "";

export function severityText(number: number): string {
  if (number === 0) return "Unspecified";
  const step = ((number - 1) % 4) + 1;
  const name = severities[Math.floor((number - 1) / 4)];
  return name === undefined ? "" : `${name}${step === 1 ? "" : step}`;
}

const metricTypes: Readonly<Record<MetricKind, string>> = {
  gauge: "Gauge",
  sum: "Sum",
  histogram: "Histogram",
  exponentialHistogram: "ExponentialHistogram",
  summary: "Summary",
};

export const metricTypeText = (kind: MetricKind | undefined): string => (kind ? metricTypes[kind] : "Empty");

const valueTypes = {
  empty: "Empty",
  string: "Str",
  bool: "Bool",
  int: "Int",
  double: "Double",
  array: "Slice",
  kvlist: "Map",
  bytes: "Bytes",
} as const;

/** A value with its type: `Str(GET)`. */
export const typedText = (value: Value): string => `${valueTypes[kindOf(value)]}(${valueText(value)})`;

/** Attributes in one line each: `key=value`. */
export const pairTexts = (attributes: ValueMap): readonly string[] =>
  Array.from(attributes, ([key, value]) => `${key}=${valueText(value)}`);
