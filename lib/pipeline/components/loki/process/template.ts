/** stage.template: sets an extracted value to what a template makes of the extracted values and the line. */

import { type Infer, Mismatch, object, required } from "../../../eval/schema.ts";
import { late, string, text } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { promtailFunctions } from "../../../template/promtail.ts";
import { compileTemplate, type Template, TemplateError, TemplateSyntaxError } from "../../../template/template.ts";
import { type Entry, printed, type Run, type Stage } from "./entry.ts";

/** Compiles with the functions that stages offer; a bad template throws `TemplateSyntaxError`. */
export const compileStageTemplate = (source: string): Template =>
  compileTemplate(source, { name: "pipeline_template", functions: promtailFunctions });

const template = late(
  text("string", source => {
    try {
      return compileStageTemplate(source);
    } catch (error) {
      if (error instanceof TemplateSyntaxError) throw new Mismatch(error.message);
      throw error;
    }
  }),
);

export const templateArgs = object({
  source: required(string, "Extracted value to set; the template sees what it was as `.Value`."),
  template: required(template, "Go template with Sprig's functions; `.Entry` is the line."),
});

export function templateStage({ source, template: compiled }: Infer<typeof templateArgs>): Stage {
  if (source === "") throw new ProblemError("template source value is required");
  return (entry, run) => {
    const data = templateData(entry);
    const value = data.get(source);
    if (value !== undefined) data.set("Value", value);
    data.set("Entry", entry.line);
    const result = render(compiled, data, run);
    if (result === "") entry.delete(source);
    else if (result !== undefined) entry.set(source, result);
    return true;
  };
}

/** The extracted values as text; nulls are missing. */
export function templateData(entry: Entry): Map<string, string> {
  const data = new Map<string, string>();
  for (const [name, value] of entry.extracted()) {
    const shown = printed(value);
    if (shown !== undefined) data.set(name, shown);
  }
  return data;
}

/** `undefined` where the template fails on this data. */
export function render(
  compiled: Template,
  data: ReadonlyMap<string, string>,
  { now, random }: Run,
): string | undefined {
  try {
    return compiled.execute(data, { now: () => now, random });
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
