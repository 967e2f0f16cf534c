/** The `rule` block of all components that relabel. */
import { type Infer, object, optional } from "../eval/schema.ts";
import { int, list, oneOf, string } from "../eval/types.ts";
import type { Problem } from "../graph/component.ts";
import { validateRule } from "../relabel/relabel.ts";

const actions = [
  "replace",
  "keep",
  "drop",
  "keepequal",
  "dropequal",
  "hashmod",
  "labelmap",
  "labeldrop",
  "labelkeep",
  "lowercase",
  "uppercase",
] as const;

export const relabelRule = object({
  source_labels: optional(list(string), undefined, "Labels whose values are joined and matched."),
  separator: optional(string, ";", "Stands between the values."),
  regex: optional(string, "(.*)", "What the joined values, or the names of labels, must match as a whole."),
  modulus: optional(int, 0, "Divisor of `hashmod`: the hash of the joined values becomes a number below it."),
  target_label: optional(string, "", "Label that the result is written to."),
  replacement: optional(string, "$1", "The result; `$1` stands for the first group."),
  action: optional(
    oneOf("action", actions, text => `unrecognized action type ${JSON.stringify(text)}`),
    "replace",
    "What to do with the label set.",
  ),
});
export type RelabelRuleArgs = Infer<typeof relabelRule>;

/** Rules that can't be, each at its place. */
export function* ruleProblems(
  rules: readonly RelabelRuleArgs[],
  path: readonly (string | number)[],
): Iterable<Problem> {
  for (const [i, rule] of rules.entries()) {
    const message = validateRule(rule);
    if (message !== undefined) yield { path: [...path, i], message };
  }
}
