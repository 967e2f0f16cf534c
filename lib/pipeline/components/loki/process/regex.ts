/** stage.regex: takes the named groups of a regular expression into the extracted values. */

import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { bool, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { isValidText } from "../../../template/bytes.ts";
import type { Stage } from "./entry.ts";
import type { LabelSets } from "./label-sets.ts";
import { compile } from "./regexes.ts";

export const regexArgs = object({
  expression: required(string, "Regular expression (RE2) with named groups."),
  source: optional(string, undefined, "Extracted value to read; by default the line."),
  labels_from_groups: optional(bool, false, "Sets labels of the groups' names, too."),
});

export function regexStage(args: Infer<typeof regexArgs>, sets: LabelSets): Stage {
  const { source, labels_from_groups: labelled } = args;
  if (args.expression === "") throw new ProblemError("expression is required");
  if (source === "") throw new ProblemError("empty source");
  const regex = compile(args.expression, "could not compile regular expression");
  const groups = regex.groupNames.flatMap((name, index) => (index && name ? [{ name, index }] : []));
  return entry => {
    const text = source === undefined ? entry.line : entry.text(source);
    if (text === undefined) return true;
    const match = regex.exec(text);
    if (!match) return true;
    for (const { name, index } of groups) {
      const value = match[index] ?? "";
      entry.set(name, value);
      if (labelled && isValidText(value)) entry.labels = sets.set(entry.labels, name, value);
    }
    return true;
  };
}
