/** stage.sampling: keeps a share of the entries, chosen at random. */

import { type Infer, Mismatch, object, optional, required, type Type } from "../../../eval/schema.ts";
import { number, string } from "../../../eval/types.ts";
import type { Stage } from "./entry.ts";

const share: Type<number> = {
  name: number.name,
  literal: number,
  decode(value) {
    const rate = number.decode(value);
    if (rate >= 0 && rate <= 1) return rate;
    throw new Mismatch(`sampling rate must be between 0.0 and 1.0, received ${rate}`);
  },
};

export const samplingArgs = object({
  drop_counter_reason: optional(string, "sampling_stage", "Why, for the counter of dropped lines."),
  rate: required(share, "Share of entries to keep, from 0 to 1."),
});

export function samplingStage({ rate, drop_counter_reason: reason }: Infer<typeof samplingArgs>): Stage {
  return (_, run) => {
    if (run.random() < rate) return true;
    run.dropped(reason, 1);
    return false;
  };
}
