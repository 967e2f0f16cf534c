/** stage.limit: lets so many entries pass a second; drops the others, or holds them up. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, int, number, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { findLabel, type Run, type Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import type { Limits } from "./limits.ts";
import type { TokenBuckets } from "./token-buckets.ts";

export const limitArgs = object({
  rate: required(number, "Lines a second."),
  burst: required(int, "Lines at once at most."),
  drop: optional(bool, false, "Drops the lines above the limit instead of holding them up."),
  by_label_name: optional(string, "", "Label by whose values the limit is counted; needs `drop`."),
  max_distinct_labels: optional(int, 0, "Values of the label to count at most, 10000 at least."),
});
type Args = Infer<typeof limitArgs>;

const fewestDistinctLabels = 10_000;
const reason = "ratelimit_drop_stage";

export function limitStage(args: Args, _: LabelSets, limits: Limits): Stage {
  const { rate, burst, drop, by_label_name: label, max_distinct_labels: most } = args;
  if (!(rate > 0) || burst <= 0) throw new ProblemError("limit stage failed to parse rate or burst");
  if (label !== "" && !drop) throw new ProblemError("When ratelimiting by label, drop must be true");
  const buckets = limits.add({ rate, burst, capacity: Math.max(most, fewestDistinctLabels) }, JSON.stringify(args));
  if (!drop) return (_, run) => hold(buckets, run);
  return (entry, run) => {
    const key = label === "" ? "" : findLabel(entry.labels, label);
    if (key === undefined) return true;
    const bucket = buckets.get(key, run.now);
    if (buckets.take(bucket, run.now)) {
      run.passage?.took(bucket);
      return true;
    }
    run.dropped(reason, 1);
    return false;
  };
}

/** The entry goes on at once, and its batch is held up later, when the stages are through with all of it. */
function hold(buckets: TokenBuckets, { now, passage }: Run): true {
  const bucket = buckets.get("", now);
  const wait = buckets.reserve(bucket, now);
  passage?.took(bucket);
  passage?.wait(wait);
  return true;
}
