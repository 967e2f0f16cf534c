/** Labels that begin with two underscores are for components only and never leave the process. */
import { type Labels, labelsFromMap, labelsToMap } from "../../telemetry/labels.ts";

export const isInternal = (name: string): boolean => name.startsWith("__");

/** The label set itself where it has none of them. */
export function withoutInternal(labels: Labels): Labels {
  if (!labels.some((text, i) => i % 2 === 0 && isInternal(text))) return labels;
  return labelsFromMap(new Map([...labelsToMap(labels)].filter(([name]) => !isInternal(name))));
}
