/** stage.sampling: keeps a share of the entries, chosen at random. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { number, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Stage } from "./entry.ts";

export const samplingArgs = object({
  drop_counter_reason: optional(string, "sampling_stage", "Why, for the counter of dropped lines."),
  rate: required(number, "Share of entries to keep, from 0 to 1."),
});

export function samplingStage({ rate, drop_counter_reason: reason }: Infer<typeof samplingArgs>): Stage {
  if (rate < 0 || rate > 1) throw new ProblemError(`sampling rate must be between 0.0 and 1.0, received ${rate}`);
  return (_, run) => {
    if (run.random() < rate) return true;
    run.dropped(reason, 1);
    return false;
  };
}
