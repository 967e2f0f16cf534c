/**
 * Prometheus' relabelling: rules rewrite, keep or drop label sets. Compiled once; the result is a function from labels to
 * labels, `undefined` for a set that a rule drops, the same object for one that no rule changes.
 */
import { hash } from "node:crypto";
import { compileRegex, type Regex } from "../regex/regex.ts";
import type { Labels } from "../telemetry/labels.ts";
import { toLower, toUpper } from "./case.ts";
import { LabelEdit } from "./edit.ts";
import { defaultRule, type FullRule, fullRule, isLegacyLabelName, type RelabelRule, validateRule } from "./rule.ts";

export {
  defaultRule,
  isLegacyLabelName,
  type RelabelAction,
  type RelabelRule,
  relabelActions,
  validateRule,
} from "./rule.ts";

export type Relabel = (labels: Labels) => Labels | undefined;

/** Applies one rule; false drops the labels. */
type Step = (labels: LabelEdit) => boolean;

/** Compiles rules; a bad one throws an error with Alloy's message and the number of the rule. */
export function compileRules(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map((rule, index) => {
    const problem = validateRule(rule);
    if (problem !== undefined) throw new Error(`rule[${index}]: ${problem}`);
    return compileRule(fullRule(rule));
  });
  if (!steps.length) return labels => labels;
  return labels => {
    const edit = new LabelEdit(labels);
    for (const step of steps) if (!step(edit)) return undefined;
    return edit.labels();
  };
}

/** Remembers results by the identity of the labels, as long as the labels live. */
export function cachedRelabel(relabel: Relabel): Relabel {
  const known = new WeakMap<Labels, Labels | null>();
  return labels => {
    let result = known.get(labels);
    if (result === undefined) {
      result = relabel(labels) ?? null;
      known.set(labels, result);
    }
    return result ?? undefined;
  };
}

function compileRule(rule: FullRule): Step {
  const regex = compileRegex(rule.regex, { anchored: true });
  const { action, target_label: target } = rule;
  const source = compileSource(rule);
  switch (action) {
    case "replace":
      return compileReplace(rule, regex, source);
    case "keep":
      return labels => regex.test(source(labels));
    case "drop":
      return labels => !regex.test(source(labels));
    case "keepequal":
      return labels => labels.get(target) === source(labels);
    case "dropequal":
      return labels => labels.get(target) !== source(labels);
    case "lowercase":
      return setting(target, labels => toLower(source(labels)));
    case "uppercase":
      return setting(target, labels => toUpper(source(labels)));
    case "hashmod": {
      const modulus = BigInt(rule.modulus);
      return setting(target, labels => hashMod(source(labels), modulus));
    }
    case "labelmap":
      return compileLabelMap(rule, regex);
    case "labeldrop":
      return removing(name => regex.test(name));
    case "labelkeep":
      return removing(name => !regex.test(name));
    default:
      return action satisfies never;
  }
}

/** The values of the source labels, joined; a missing label is empty. */
function compileSource({ source_labels: names = [], separator }: FullRule): (labels: LabelEdit) => string {
  const [first, second, third] = names;
  if (first === undefined) return () => "";
  if (second === undefined) return labels => labels.get(first);
  if (third === undefined) return labels => labels.get(first) + separator + labels.get(second);
  return labels => names.map(name => labels.get(name)).join(separator);
}

function setting(target: string, value: (labels: LabelEdit) => string): Step {
  return labels => {
    labels.set(target, value(labels));
    return true;
  };
}

function compileReplace(
  { target_label, replacement }: FullRule,
  regex: Regex,
  source: (labels: LabelEdit) => string,
): Step {
  const value = regex.template(replacement);
  const target = regex.template(target_label);
  const fixedTarget = !target_label.includes("$");
  if (fixedTarget && regex.pattern === defaultRule.regex && replacement === defaultRule.replacement) {
    return setting(target_label, source);
  }
  if (fixedTarget && !replacement.includes("$")) {
    return labels => {
      if (regex.test(source(labels))) labels.set(target_label, replacement);
      return true;
    };
  }
  return labels => {
    const match = regex.exec(source(labels));
    if (!match) return true;
    const name = fixedTarget ? target_label : target(match);
    if (fixedTarget || isLegacyLabelName(name)) labels.set(name, value(match));
    return true;
  };
}

/** The last eight bytes of the MD5 sum, modulo. */
function hashMod(text: string, modulus: bigint): string {
  return (hash("md5", text, "buffer").readBigUInt64BE(8) % modulus).toString();
}

function compileLabelMap({ replacement }: FullRule, regex: Regex): Step {
  const renamed = remembered(name => (regex.test(name) ? regex.replaceAll(name, replacement) : undefined));
  return labels => {
    for (const [name, value] of labels.list()) {
      const other = renamed(name);
      if (other !== undefined) labels.set(other, value);
    }
    return true;
  };
}

function removing(matches: (name: string) => boolean): Step {
  const removes = remembered(matches);
  return labels => {
    labels.remove(removes);
    return true;
  };
}

const maxNames = 10_000;

/** Label names are few, so what a rule says of each is remembered. */
function remembered<T>(compute: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return name => {
    if (known.has(name)) return known.get(name) as T; // has it
    const result = compute(name);
    if (known.size >= maxNames) known.clear();
    known.set(name, result);
    return result;
  };
}
