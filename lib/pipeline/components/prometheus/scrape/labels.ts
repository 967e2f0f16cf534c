/** What Prometheus does to the labels of a page: the target's labels join them, by one of two rules, and limits are checked. */
import { type Labels, labelsFromMap, labelsToMap, labelValue } from "../../../telemetry/labels.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import { areValidNames, type NameValidation } from "../../../telemetry/prometheus/names.ts";

/**
 * Page labels win (`honor`), or move to `exported_…` where they meet a label of the target. Other than in label sets, labels of
 * a page may be empty: where they win, they take the target's label away.
 */
export function joinTarget(page: Labels, target: Labels, honor: boolean): Labels {
  const labels = labelsToMap(page);
  const conflicts: (readonly [string, string])[] = [];
  for (let i = 0; i < target.length; i += 2) {
    const name = target[i] as string; // pairs
    const value = target[i + 1] as string; // pairs
    const given = labels.get(name);
    if (honor && given !== undefined) continue;
    if (given) conflicts.push([name, given]);
    labels.set(name, value);
  }
  conflicts.sort(([a], [b]) => a.length - b.length);
  for (const [name, value] of conflicts) {
    let free = `exported_${name}`;
    while (labels.get(free)) free = `exported_${free}`;
    labels.set(free, value);
  }
  return labelsFromMap(labels);
}

export interface LabelRules {
  readonly label_limit: number;
  readonly label_name_length_limit: number;
  readonly label_value_length_limit: number;
  readonly metric_name_validation_scheme: NameValidation;
}

/** Why a series can't be taken, which fails the whole scrape; `undefined`: it can. */
export function labelProblem(labels: Labels, rules: LabelRules): string | undefined {
  const count = labels.length / 2;
  if (labelValue(labels, "__name__") === "") return "metric name label missing";
  if (!areValidNames(labels, rules.metric_name_validation_scheme))
    return `invalid metric name or label names: ${printLabels(labels)}`;
  if (rules.label_limit > 0 && count > rules.label_limit)
    return `label_limit exceeded (metric: ${metricOf(labels)}, number of labels: ${count}, limit: ${rules.label_limit})`;
  return lengthProblem(labels, rules);
}

function lengthProblem(
  labels: Labels,
  { label_name_length_limit, label_value_length_limit }: LabelRules,
): string | undefined {
  if (label_name_length_limit <= 0 && label_value_length_limit <= 0) return undefined;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string; // pairs
    const value = labels[i + 1] as string; // pairs
    if (label_name_length_limit > 0 && Buffer.byteLength(name) > label_name_length_limit) {
      return `label_name_length_limit exceeded (metric: ${metricOf(labels)}, label name: ${name}, limit: ${label_name_length_limit})`;
    }
    if (label_value_length_limit > 0 && Buffer.byteLength(value) > label_value_length_limit) {
      return `label_value_length_limit exceeded (metric: ${metricOf(labels)}, label name: ${name}, limit: ${label_value_length_limit})`;
    }
  }
  return undefined;
}

const metricOf = (labels: Labels): string => labelValue(labels, "__name__");
