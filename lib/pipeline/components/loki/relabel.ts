/** Rewrites, keeps or drops log streams by their labels. */
import { blocks, type Infer, object, optional, required } from "../../eval/schema.ts";
import { capsule, int } from "../../eval/types.ts";
import { defineLogProcessor } from "../../graph/processor.ts";
import { cachedRelabel, compileRules } from "../../relabel/relabel.ts";
import type { LogBatch } from "../../telemetry/loki/model.ts";
import { type RelabelRuleArgs, relabelRule, ruleProblems } from "../relabel-rule.ts";

const args = object({
  rule: blocks(relabelRule, "Rules, applied in order."),
  max_cache_size: optional(
    int,
    10_000,
    "Accepted; what was worked out for a label set is kept as long as the set is in use.",
  ),
});
type Args = Infer<typeof args>;

export const lokiRelabel = defineLogProcessor({
  name: "loki.relabel",
  summary: "Rewrites, keeps or drops log streams by their labels.",
  stability: "generally-available",
  inFunctions: "It works on what an invocation brings, keeps nothing and needs no permissions.",
  args,
  exports: object({
    rules: required(capsule<readonly RelabelRuleArgs[]>("relabel.Rules"), "The rules, for other components."),
  }),
  check: ({ rule }) => ruleProblems(rule, ["rule"]),
  build: args => ({ transform: relabelStreams(args), exports: { rules: args.rule } }),
});

/** The whole behaviour: a stream that a rule drops, or that has no labels left, is gone; the others keep their order. */
export function relabelStreams({ rule }: Pick<Args, "rule">): (batch: LogBatch) => LogBatch {
  const relabel = cachedRelabel(compileRules(rule));
  return batch =>
    batch.flatMap(stream => {
      const labels = relabel(stream.labels);
      if (!labels?.length) return [];
      return labels === stream.labels ? [stream] : [{ ...stream, labels }];
    });
}
