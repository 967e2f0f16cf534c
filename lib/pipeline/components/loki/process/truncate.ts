/** stage.truncate: cuts lines, labels, structured metadata or extracted values to a number of bytes. */

import { type Infer, object, optional, required, requiredBlocks } from "../../../eval/schema.ts";
import { bytes, list, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { byteLength, sliceBytes } from "../../../template/bytes.ts";
import { type Entry, findLabel, type Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import { sourceType } from "./labels.ts";

const ruleArgs = object({
  limit: required(bytes, "Bytes that are left at most, the suffix included."),
  suffix: optional(string, "", "What is put after what was cut."),
  sources: optional(list(string), [], "Names to cut; by default all of the kind."),
  source_type: optional(sourceType, "line", "What to cut: `line`, `label`, `structured_metadata` or `extracted`."),
});
type Rule = Infer<typeof ruleArgs>;

export const truncateArgs = object({ rule: requiredBlocks(ruleArgs, "What to cut, in order.") });

/** Cuts what the rule is about; gives whether there was anything to cut. */
type Cut = (entry: Entry) => boolean;

export function truncateStage({ rule: rules }: Infer<typeof truncateArgs>, sets: LabelSets): Stage {
  const cuts = rules.map(rule => ({ kind: rule.source_type, cut: compileRule(rule, sets) }));
  return entry => {
    let kinds: Set<string> | undefined;
    for (const { kind, cut } of cuts) {
      if (cut(entry)) {
        kinds ??= new Set();
        kinds.add(kind);
      }
      if (kinds) noteKinds(entry, kinds);
    }
    return true;
  };
}

/** Adds the kinds that were cut to the extracted value `truncated`. */
function noteKinds(entry: Entry, kinds: Set<string>): void {
  const before = entry.get("truncated");
  if (typeof before === "string") for (const kind of before.split(",")) kinds.add(kind);
  entry.set("truncated", [...kinds].sort().join(","));
}

function compileRule({ limit, suffix, sources, source_type: type }: Rule, sets: LabelSets): Cut {
  if (limit <= 0) throw new ProblemError("limit must be greater than zero");
  if (type === "line" && sources.length) throw new ProblemError("sources cannot be set when source_type is 'line'");
  if (suffix !== "" && byteLength(suffix) >= limit)
    throw new ProblemError("suffix length cannot be greater than or equal to limit");
  const effective = limit - byteLength(suffix);
  const cut = (text: string): string | undefined =>
    text.length * 3 > effective && byteLength(text) > effective ? sliceBytes(text, 0, effective) + suffix : undefined;
  switch (type) {
    case "line":
      return entry => {
        const line = cut(entry.line);
        if (line === undefined) return false;
        entry.line = line;
        return true;
      };
    case "label":
      return entry => cutLabels(entry, sources, cut, sets);
    case "structured_metadata":
      return entry => cutMetadata(entry, new Set(sources), cut);
    case "extracted":
      return entry => cutExtracted(entry, sources, cut);
    default:
      return type satisfies never;
  }
}

type CutText = (text: string) => string | undefined;

function cutLabels(entry: Entry, sources: readonly string[], cut: CutText, sets: LabelSets): boolean {
  const names = sources.length ? sources : entry.labels.filter((_, i) => i % 2 === 0);
  let any = false;
  for (const name of names) {
    const value = cut(findLabel(entry.labels, name) ?? "");
    if (value === undefined) continue;
    entry.labels = sets.set(entry.labels, name, value);
    any = true;
  }
  return any;
}

function cutMetadata(entry: Entry, names: ReadonlySet<string>, cut: CutText): boolean {
  const { metadata } = entry;
  let changed: string[] | undefined;
  for (let i = 0; i < metadata.length; i += 2) {
    if (names.size && !names.has(metadata[i] as string)) continue; // pairs
    const value = cut(metadata[i + 1] as string); // as above
    if (value === undefined) continue;
    changed ??= [...metadata];
    changed[i + 1] = value;
  }
  if (changed) entry.metadata = changed;
  return changed !== undefined;
}

function cutExtracted(entry: Entry, sources: readonly string[], cut: CutText): boolean {
  let any = false;
  for (const name of sources.length ? sources : entry.extracted().keys()) {
    const before = entry.get(name);
    const value = typeof before === "string" ? cut(before) : undefined;
    if (value === undefined) continue;
    entry.set(name, value);
    any = true;
  }
  return any;
}
