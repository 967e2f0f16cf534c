/** Relabelling rules as they are written, and what Alloy demands of them. */

import { compileRegex, RegexError } from "../regex/regex.ts";
import { goQuote } from "../syntax/quote.ts";

export const relabelActions = [
  "replace",
  "keep",
  "drop",
  "hashmod",
  "labelmap",
  "labeldrop",
  "labelkeep",
  "lowercase",
  "uppercase",
  "keepequal",
  "dropequal",
] as const;
export type RelabelAction = (typeof relabelActions)[number];

/** A rule; what is left out has the default of `defaultRule`. */
export interface RelabelRule {
  readonly source_labels?: readonly string[] | undefined;
  readonly separator?: string;
  readonly regex?: string;
  readonly modulus?: number | bigint;
  readonly target_label?: string;
  readonly replacement?: string;
  readonly action?: RelabelAction;
}

export const defaultRule = {
  source_labels: undefined,
  separator: ";",
  regex: "(.*)",
  modulus: 0,
  target_label: "",
  replacement: "$1",
  action: "replace",
} as const satisfies RelabelRule;

export type FullRule = {
  readonly [K in keyof RelabelRule]-?: Exclude<RelabelRule[K], undefined> | Extract<undefined, (typeof defaultRule)[K]>;
};

/** A rule with its defaults. */
export const fullRule = (rule: RelabelRule): FullRule => ({ ...defaultRule, ...rule });

const legacyName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether a label may have this name by the rules before UTF-8 names, which relabelling keeps. */
export const isLegacyLabelName = (name: string): boolean => legacyName.test(name);

// Linear: V8's engine would backtrack without bounds here.
const nameWithVariables = compileRegex(String.raw`^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$`);

const needTarget: ReadonlySet<string> = new Set([
  "replace",
  "hashmod",
  "lowercase",
  "uppercase",
  "keepequal",
  "dropequal",
]);
const noReplacement: ReadonlySet<string> = new Set(["lowercase", "uppercase", "keepequal", "dropequal"]);

/** What is wrong with a rule, in Alloy's words; `undefined` for a good one. */
export function validateRule(given: RelabelRule): string | undefined {
  const rule = fullRule(given);
  return regexProblem(rule) ?? actionProblem(rule) ?? targetProblem(rule) ?? otherFieldsProblem(rule);
}

function regexProblem({ regex }: FullRule): string | undefined {
  try {
    compileRegex(regex, { anchored: true });
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}

function actionProblem({ action, modulus, target_label }: FullRule): string | undefined {
  const known: readonly string[] = relabelActions;
  if (!known.includes(action)) return `unrecognized action type ${goQuote(action)}`;
  if (action === "hashmod" && !modulus) return "relabel configuration for hashmod requires non-zero modulus";
  if (needTarget.has(action) && target_label === "") {
    return `relabel configuration for ${action} action requires 'target_label' value`;
  }
  return undefined;
}

function targetProblem({ action, target_label, replacement }: FullRule): string | undefined {
  const withVariables = action === "replace" && target_label.includes("$");
  const valid = withVariables ? nameWithVariables.test(target_label) : isLegacyLabelName(target_label);
  if (needTarget.has(action) && action !== "hashmod" && !valid) return invalid("target_label", target_label, action);
  if (noReplacement.has(action) && replacement !== defaultRule.replacement) {
    return `'replacement' can not be set for ${action} action`;
  }
  if (action === "labelmap" && !nameWithVariables.test(replacement)) return invalid("replacement", replacement, action);
  if (action === "hashmod" && !valid) return invalid("target_label", target_label, action);
  return undefined;
}

const invalid = (field: string, value: string, action: string) =>
  `${goQuote(value)} is invalid '${field}' for ${action} action`;

function otherFieldsProblem({ action, ...rule }: FullRule): string | undefined {
  const plain =
    !rule.modulus && rule.separator === defaultRule.separator && rule.replacement === defaultRule.replacement;
  if (action === "labeldrop" || action === "labelkeep") {
    if (plain && rule.source_labels === undefined && rule.target_label === "") return undefined;
    return `${action} action requires only 'regex', and no other fields`;
  }
  if (action === "keepequal" || action === "dropequal") {
    if (plain && rule.regex === defaultRule.regex) return undefined;
    return `${action} action requires only 'source_labels' and 'target_label', and no other fields`;
  }
  return undefined;
}
