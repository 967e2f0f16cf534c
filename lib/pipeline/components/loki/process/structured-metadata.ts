/** stage.structured_metadata: makes structured metadata of extracted values and of labels, which leave the labels. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { map, string } from "../../../eval/types.ts";
import { isValidText } from "../../../template/bytes.ts";
import { type Entry, findLabel, printed, type Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
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
    const metadata = [...entry.metadata];
    for (const [name, source] of values) putValid(metadata, name, entry.text(source));
    if (regex) putMatching(metadata, entry, name => regex.test(name));
    moveLabels(metadata, entry, values, sets);
    if (regex) moveMatching(metadata, entry, name => regex.test(name), sets);
    if (metadata.length) entry.metadata = metadata;
    return true;
  };
}

/** Sets a field; one that exists keeps its place. */
function put(metadata: string[], name: string, value: string): void {
  for (let i = 0; i < metadata.length; i += 2) {
    if (metadata[i] !== name) continue;
    metadata[i + 1] = value;
    return;
  }
  metadata.push(name, value);
}

const putValid = (metadata: string[], name: string, value: string | undefined): void => {
  if (value !== undefined && isValidText(value)) put(metadata, name, value);
};

function putMatching(metadata: string[], entry: Entry, fits: (name: string) => boolean): void {
  for (const [name, value] of entry.extracted()) if (fits(name)) putValid(metadata, name, printed(value));
}

function moveLabels(metadata: string[], entry: Entry, values: ReturnType<typeof sources>, sets: LabelSets): void {
  const { labels } = entry;
  for (const [name, source] of values) {
    const value = findLabel(labels, source);
    if (value === undefined) continue;
    put(metadata, name, value);
    entry.labels = sets.remove(entry.labels, source);
  }
}

function moveMatching(metadata: string[], entry: Entry, fits: (name: string) => boolean, sets: LabelSets): void {
  const { labels } = entry;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string; // pairs
    if (!fits(name)) continue;
    put(metadata, name, labels[i + 1] as string); // as above
    entry.labels = sets.remove(entry.labels, name);
  }
}
