/** stage.static_labels: sets labels to fixed values. */

import { type Infer, object, required } from "../../../eval/schema.ts";
import { map } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Labels } from "../../../telemetry/labels.ts";
import { isValidText } from "../../../template/bytes.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import { nullableString } from "./values.ts";

export const staticLabelsArgs = object({
  values: required(map(nullableString), "Labels and their values; an empty value sets nothing."),
});

export function staticLabelsStage(args: Infer<typeof staticLabelsArgs>, sets: LabelSets): Stage {
  for (const name of args.values.keys()) if (name === "") throw new ProblemError(`invalid label name: ${name}`);
  const values = [...args.values].filter(([, value]) => value !== "");
  const bad = values.find(([, value]) => !isValidText(value));
  if (bad) throw new ProblemError(`invalid label value: ${bad[1]}`);
  const known = new WeakMap<Labels, Labels>();
  return entry => {
    let labels = known.get(entry.labels);
    if (!labels) {
      labels = entry.labels;
      for (const [name, value] of values) labels = sets.set(labels, name, value);
      known.set(entry.labels, labels);
    }
    entry.labels = labels;
    return true;
  };
}
