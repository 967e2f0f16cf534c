/** Rewrites, keeps or drops samples by the labels of their series. */
import { blocks, type Infer, object, optional, required } from "../../eval/schema.ts";
import { capsule, duration, int } from "../../eval/types.ts";
import { defineMetricProcessor } from "../../graph/processor.ts";
import { cachedRelabel, compileRules } from "../../relabel/relabel.ts";
import { type MetricBatch, type Sample, withLabels } from "../../telemetry/prometheus/model.ts";
import { type RelabelRuleArgs, relabelRule, ruleProblems } from "../relabel-rule.ts";

const args = object({
  rule: blocks(relabelRule, "Rules, applied in order."),
  max_cache_size: optional(
    int,
    100_000,
    "Accepted; what was worked out for a label set is kept as long as the set is in use.",
  ),
  cache_ttl: optional(duration, undefined, "Accepted, as `max_cache_size`."),
});
type Args = Infer<typeof args>;

export const prometheusRelabel = defineMetricProcessor({
  name: "prometheus.relabel",
  summary: "Rewrites, keeps or drops samples by the labels of their series.",
  stability: "generally-available",
  inFunctions: "It works on what an invocation brings, keeps nothing and needs no permissions.",
  args,
  exports: object({
    rules: required(capsule<readonly RelabelRuleArgs[]>("relabel.Rules"), "The rules, for other components."),
  }),
  check: ({ rule }) => ruleProblems(rule, ["rule"]),
  build: args => ({ transform: relabelSamples(args), exports: { rules: args.rule } }),
});

/** The whole behaviour: a sample whose series a rule drops is gone; the others keep their order. */
export function relabelSamples({ rule }: Pick<Args, "rule">): (batch: MetricBatch) => MetricBatch {
  const relabel = cachedRelabel(compileRules(rule)); // warm: one look-up a sample
  return batch => {
    const samples: Sample[] = [];
    for (const sample of batch) {
      const labels = relabel(sample.labels);
      if (labels) samples.push(labels === sample.labels ? sample : withLabels(sample, labels));
    }
    return samples;
  };
}
