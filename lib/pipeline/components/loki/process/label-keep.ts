/** stage.label_keep: removes all labels but some. */

import { type Infer, object, required } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Labels } from "../../../telemetry/labels.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";

export const labelKeepArgs = object({ values: required(list(string), "Labels to keep.") });

export function labelKeepStage({ values }: Infer<typeof labelKeepArgs>, sets: LabelSets): Stage {
  if (!values.length) throw new ProblemError("labelkeep stage config cannot be empty");
  const names = new Set(values);
  const known = new WeakMap<Labels, Labels>();
  return entry => {
    let kept = known.get(entry.labels);
    if (!kept) {
      kept = sets.keep(entry.labels, name => names.has(name));
      known.set(entry.labels, kept);
    }
    entry.labels = kept;
    return true;
  };
}
