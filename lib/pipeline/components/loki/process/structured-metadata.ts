/** stage.structured_metadata: makes structured metadata of extracted values and of labels, which leave the labels. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { map, string } from "../../../eval/types.ts";
import { isValidText } from "../../../template/bytes.ts";
import { type Entry, findLabel, printed, type Stage } from "./entry.ts";
import type { LabelSets } from "./labels.ts";
import { compile } from "./regexes.ts";
import { nullableString, sources } from "./values.ts";

export const structuredMetadataArgs = object({
  values: optional(map(nullableString), {}, "What each field is made of; empty: the value of the field's name."),
  regex: optional(string, "", "Names of extracted values and labels that become fields as they are named."),
});

export function structuredMetadataStage(args: Infer<typeof structuredMetadataArgs>, sets: LabelSets): Stage {
  const values = sources(args.values);
  const regex = args.regex === "" ? undefined : compile(args.regex);
  return entry => {
    const added: string[] = [];
    for (const [name, source] of values) add(added, name, entry.text(source));
    if (regex) addMatching(added, entry, name => regex.test(name));
    moveLabels(added, entry, values, sets);
    if (regex) moveMatching(added, entry, name => regex.test(name), sets);
    if (added.length) entry.metadata = entry.metadata.length ? [...entry.metadata, ...added] : added;
    return true;
  };
}

function add(added: string[], name: string, value: string | undefined): void {
  if (value !== undefined && isValidText(value)) added.push(name, value);
}

function addMatching(added: string[], entry: Entry, fits: (name: string) => boolean): void {
  for (const [name, value] of entry.extracted()) if (fits(name)) add(added, name, printed(value));
}

function moveLabels(added: string[], entry: Entry, values: ReturnType<typeof sources>, sets: LabelSets): void {
  const { labels } = entry;
  for (const [name, source] of values) {
    const value = findLabel(labels, source);
    if (value === undefined) continue;
    added.push(name, value);
    entry.labels = sets.remove(entry.labels, source);
  }
}

function moveMatching(added: string[], entry: Entry, fits: (name: string) => boolean, sets: LabelSets): void {
  const { labels } = entry;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string; // pairs
    if (!fits(name)) continue;
    added.push(name, labels[i + 1] as string); // as above
    entry.labels = sets.remove(entry.labels, name);
  }
}
