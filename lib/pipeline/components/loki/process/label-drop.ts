/** stage.label_drop: removes labels by name. */

import { type Infer, object, required } from "../../../eval/schema.ts";
import { list, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";

export const labelDropArgs = object({ values: required(list(string), "Labels to remove.") });

export function labelDropStage({ values }: Infer<typeof labelDropArgs>, sets: LabelSets): Stage {
  if (!values.length) throw new ProblemError("labeldrop stage config cannot be empty");
  return entry => {
    for (const name of values) entry.labels = sets.remove(entry.labels, name);
    return true;
  };
}
