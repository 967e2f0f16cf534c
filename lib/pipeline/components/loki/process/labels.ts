/** stage.labels: makes labels of extracted values or of structured metadata. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { map, oneOf } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { isValidText } from "../../../template/bytes.ts";
import type { Entry, Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import { nullableString, sources } from "./values.ts";

export const sourceType = oneOf(
  "source_type",
  ["line", "label", "structured_metadata", "extracted"],
  text => `unknown source_type: ${text}`,
);

export const labelsArgs = object({
  values: required(map(nullableString), "What each label is made of; empty: the value of the label's name."),
  source_type: optional(
    sourceType,
    undefined,
    "Where the values come from: `extracted` (the default) or `structured_metadata`.",
  ),
});

export function labelsStage(args: Infer<typeof labelsArgs>, sets: LabelSets): Stage {
  const type = args.source_type ?? "extracted";
  if (type !== "extracted" && type !== "structured_metadata") {
    throw new ProblemError(`invalid labels source_type: ${type}. Can only be 'extracted' or 'structured_metadata'`);
  }
  const values = sources(args.values);
  const read = type === "extracted" ? (entry: Entry, name: string) => entry.text(name) : metadataValue;
  return entry => {
    for (const [name, source] of values) {
      const value = read(entry, source);
      if (value !== undefined && isValidText(value)) entry.labels = sets.set(entry.labels, name, value);
    }
    return true;
  };
}

function metadataValue({ metadata }: Entry, name: string): string | undefined {
  for (let i = 0; i < metadata.length; i += 2) if (metadata[i] === name) return metadata[i + 1];
  return undefined;
}
