/** stage.pattern: takes values out of a text by a LogQL pattern into the extracted values. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { isValidText } from "../../../template/bytes.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import { compilePattern } from "./pattern-matcher.ts";

export const patternArgs = object({
  pattern: required(string, "Pattern with captures: `<ip> - <_> [<time>]`."),
  source: optional(string, undefined, "Extracted value to read; by default the line."),
  labels_from_groups: optional(bool, false, "Sets labels of the captures' names, too."),
});

export function patternStage(args: Infer<typeof patternArgs>, sets: LabelSets): Stage {
  const { source, labels_from_groups: labelled } = args;
  if (args.pattern === "") throw new ProblemError("pattern is required");
  if (source === "") throw new ProblemError("empty source");
  const match = compilePattern(args.pattern);
  return entry => {
    const text = source === undefined ? entry.line : entry.text(source);
    if (text === undefined) return true;
    match(text, (name, value) => {
      entry.set(name, value);
      if (labelled && isValidText(value)) entry.labels = sets.set(entry.labels, name, value);
    });
    return true;
  };
}
