/** Rewrites, keeps or drops targets by their labels. */
import { blocks, type Infer, object, required } from "../../eval/schema.ts";
import { capsule, list, target } from "../../eval/types.ts";
import { Target } from "../../eval/value.ts";
import { defineComponent } from "../../graph/component.ts";
import { compileRules } from "../../relabel/relabel.ts";
import { labelsFromMap, labelsToMap } from "../../telemetry/labels.ts";
import { type RelabelRuleArgs, relabelRule, ruleProblems } from "../relabel-rule.ts";

const args = object({
  targets: required(list(target), "Targets to relabel."),
  rule: blocks(relabelRule, "Rules, applied in order."),
});
type Args = Infer<typeof args>;

export const discoveryRelabel = defineComponent({
  name: "discovery.relabel",
  summary: "Rewrites, keeps or drops targets by their labels.",
  stability: "generally-available",
  inFunctions:
    "Targets are relabelled at the cold start, and again when they change. It keeps nothing and needs no permissions.",
  args,
  exports: object({
    output: required(list(target), "The targets that are left."),
    rules: required(capsule<readonly RelabelRuleArgs[]>("relabel.Rules"), "The rules, for other components."),
  }),
  check: ({ rule }) => ruleProblems(rule, ["rule"]),
  build: args => ({ exports: { output: relabelTargets(args), rules: args.rule } }),
});

/** The whole behaviour: a target that a rule drops is gone; the others keep their order. */
export function relabelTargets({ targets, rule }: Args): readonly Target[] {
  const relabel = compileRules(rule);
  return targets.flatMap(({ labels }) => {
    const relabelled = relabel(labelsFromMap(labels));
    return relabelled ? [new Target(labelsToMap(relabelled))] : [];
  });
}
