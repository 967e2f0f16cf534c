/** stage.replace: replaces what the groups of a regular expression match by what a template makes of it. */

import { type Infer, Mismatch, object, optional, required } from "../../../eval/schema.ts";
import { late, string, text } from "../../../eval/types.ts";
import { compileRegex, type Regex, RegexError } from "../../../regex/regex.ts";
import { type Template, TemplateSyntaxError } from "../../../template/template.ts";
import type { Entry, Run, Stage } from "./entry.ts";
import { compileStageTemplate, render, templateData } from "./template.ts";

const expression = late(
  text("string", pattern => {
    if (pattern === "") throw new Mismatch("empty regular expression not allowed");
    try {
      return compileRegex(pattern);
    } catch (error) {
      if (error instanceof RegexError) throw new Mismatch(error.message);
      throw error;
    }
  }),
);

export const replaceArgs = object({
  expression: required(expression, "Regular expression (RE2); what its groups match is replaced, the rest stays."),
  source: optional(string, "", "Extracted value to change; by default the line."),
  replace: optional(string, "", "Go template of the replacement; `.Value` is what the group matched."),
});

export function replaceStage({ expression: regex, source, replace }: Infer<typeof replaceArgs>): Stage {
  const replacement = compileReplacement(replace);
  const named = regex.groupNames.flatMap((name, index) => (index && name ? [{ name, index }] : []));
  return (entry, run) => {
    const input = source === "" ? entry.line : entry.text(source);
    if (input === undefined || !replacement) return true;
    const matches = regex.matchAllIndices(input);
    const [first] = matches;
    if (!first) return true;
    const result = replaceGroups(input, matches, replacement(entry, run));
    if (!result) return true;
    if (source === "") entry.line = result.text;
    else entry.set(source, result.text);
    for (const { name, index } of named) {
      const start = first[index * 2] ?? -1;
      const made = result.made.get(start < 0 ? "" : input.slice(start, first[index * 2 + 1]));
      if (made !== undefined) entry.set(name, made);
    }
    return true;
  };
}

/** What becomes of a group's text in this entry; `undefined` where the template fails. */
type Replacer = (value: string) => string | undefined;

/** `undefined` for a template that is none: such a stage changes nothing. A text without actions needs no data. */
function compileReplacement(source: string): ((entry: Entry, run: Run) => Replacer) | undefined {
  if (!source.includes("{{")) return () => () => source;
  let template: Template;
  try {
    template = compileStageTemplate(source);
  } catch (error) {
    if (error instanceof TemplateSyntaxError) return undefined;
    throw error;
  }
  return (entry, run) => {
    const data = templateData(entry);
    return value => {
      data.set("Value", value);
      return render(template, data, run);
    };
  };
}

interface Replaced {
  readonly text: string;
  /** What was made of each text that a group matched. */
  readonly made: ReadonlyMap<string, string>;
}

/** Groups inside of or before one that was replaced already are left out. */
function replaceGroups(
  input: string,
  matches: ReturnType<Regex["matchAllIndices"]>,
  replacer: Replacer,
): Replaced | undefined {
  const made = new Map<string, string>();
  let text = "";
  let copied = 0;
  for (const match of matches) {
    for (let i = 2; i < match.length; i += 2) {
      const [start = -1, end = -1] = [match[i], match[i + 1]];
      if (start < 0) continue;
      const value = input.slice(start, end);
      const result = replacer(value);
      if (result === undefined) return undefined;
      made.set(value, result);
      if (copied !== 0 && copied > start) continue;
      text += input.slice(copied, start) + result;
      copied = end;
    }
  }
  return { text: text + input.slice(copied), made };
}
