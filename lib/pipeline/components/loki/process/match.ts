/** stage.match: runs stages on, or drops, the entries that a selector fits. */

import { choice, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { compileSelector, type Selector, SelectorError } from "../logql-selector.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import type { Limits } from "./limits.ts";
import { compileStages, type StageArgs, stageVariants } from "./stages.ts";

// The stages are named lazily and typed by hand, because they hold stage.match itself.
export const matchArgs = object({
  selector: required(string, 'Stream selector with line filters: `{app="shop"} |= "error"`.'),
  stage: choice(() => stageVariants, "What to do with the entries."),
  action: optional(string, "", "`keep` (the default) runs the stages, `drop` drops the entries."),
  pipeline_name: optional(string, "", "Without effect."),
  drop_counter_reason: optional(string, "", "Why, for the counter of dropped lines; `match_stage` by default."),
});

export interface MatchArgs extends Omit<Infer<typeof matchArgs>, "stage"> {
  readonly stage: readonly StageArgs[];
}

export function matchStage(args: MatchArgs, sets: LabelSets, limits: Limits): Stage {
  const { action, stage: nested } = args;
  if (args.selector === "") throw new ProblemError("selector statement required for match stage");
  if (action !== "" && action !== "keep" && action !== "drop")
    throw new ProblemError("match stage action should be 'keep' or 'drop'");
  if (action === "drop" && nested.length)
    throw new ProblemError("match stage configured to drop entries cannot contains stages");
  if (action !== "drop" && !nested.length) {
    throw new ProblemError("match stage requires at least one additional stage to be defined in '- stages'");
  }
  const selector = compile(args.selector);
  const reason = args.drop_counter_reason || "match_stage";
  const inner = compileStages(nested, sets, limits);
  return (entry, run) => {
    if (!selector.matches(entry.labels, entry.line)) return true;
    if (action !== "drop") return inner(entry, run);
    run.dropped(reason, 1);
    return false;
  };
}

function compile(text: string): Selector {
  try {
    return compileSelector(text);
  } catch (error) {
    if (error instanceof SelectorError)
      throw new ProblemError(`invalid selector syntax for match stage: ${error.message}`);
    throw error;
  }
}
