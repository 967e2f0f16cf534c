/** stage.logfmt: takes values out of `key=value` pairs into the extracted values. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { map, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Stage } from "./entry.ts";
import { readLogfmt } from "./logfmt-decoder.ts";
import { compile } from "./regexes.ts";

export const logfmtArgs = object({
  mapping: optional(map(string), {}, "Keys by the name that their value gets; empty: the name itself."),
  source: optional(string, "", "Extracted value to read; by default the line."),
  regex: optional(string, "", "Keys that are taken as they are named."),
});

export function logfmtStage({ mapping, source, regex: expression }: Infer<typeof logfmtArgs>): Stage {
  if (!mapping.size && expression === "") throw new ProblemError("logfmt mapping or regex is required");
  const names = new Map([...mapping].map(([name, key]) => [key || name, name]));
  const regex = expression === "" ? undefined : compile(expression);
  return entry => {
    const text = source === "" ? entry.line : entry.text(source);
    if (text === undefined) return true;
    readLogfmt(text, (key, value) => {
      const name = names.get(key);
      if (name !== undefined) entry.set(name, value);
      if (regex?.test(key)) entry.set(key, value);
    });
    return true;
  };
}
