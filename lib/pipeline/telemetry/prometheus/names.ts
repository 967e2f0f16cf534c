/** Which names are valid, and which series belong to a metric family. */
import type { Labels } from "../labels.ts";
import type { MetricType } from "./model.ts";

/** `legacy` is the old ASCII alphabet, `utf8` any text. */
export type NameValidation = "legacy" | "utf8";

const legacyMetricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function isValidMetricName(name: string, validation: NameValidation): boolean {
  return validation === "legacy" ? legacyMetricName.test(name) : name !== "" && !name.includes("\ufffd");
}

export function isValidLabelName(name: string, validation: NameValidation): boolean {
  return validation === "legacy" ? legacyLabelName.test(name) : name !== "" && !name.includes("\ufffd");
}

/** Whether Prometheus takes a series: a metric name where there is one, and all label names. */
export function areValidNames(labels: Labels, validation: NameValidation): boolean {
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string; // pairs, as the value
    const valid =
      name === "__name__" ? isValidMetricName(labels[i + 1] as string, validation) : isValidLabelName(name, validation);
    if (!valid) return false;
  }
  return true;
}

const suffixes: Partial<Record<MetricType, readonly string[]>> = {
  counter: ["_total"],
  histogram: ["_bucket", "_sum", "_count"],
  gaugehistogram: ["_bucket", "_gsum", "_gcount"],
  summary: ["_sum", "_count"],
  info: ["_info"],
};

/** Whether a series belongs to the metric family, so that it may take the family's help, type and unit. */
export function isPartOfFamily(name: string, family: string, type: MetricType): boolean {
  if (!name.startsWith(family)) return false;
  const own = type === "counter" ? without(family, "_total") : type === "info" ? without(family, "_info") : family;
  const suffix = suffixes[type]?.find(candidate => name.endsWith(candidate));
  return (suffix === undefined ? name : name.slice(0, -suffix.length)) === own;
}

const without = (text: string, suffix: string) => (text.endsWith(suffix) ? text.slice(0, -suffix.length) : text);
