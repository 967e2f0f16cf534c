/**
 * Go's text/template: pipelines, variables, conditions, loops, nested templates, over maps, lists and plain values.
 *
 *     const template = compileTemplate("{{ .name | ToUpper }}", { functions: promtailFunctions });
 *     template.execute(new Map([["name", "ann"]])); // "ANN"
 */
import { builtins } from "./builtins.ts";
import { execute } from "./exec.ts";
import type { Context, Fn } from "./functions.ts";
import { parseTemplate } from "./parse.ts";

export { TemplateSyntaxError } from "./lex.ts";
export { TemplateError } from "./values.ts";

export interface Template {
  /** Throws `TemplateError` where the data doesn't suit. Maps are `Map`s, ints bigints, float64s numbers. */
  execute(data: unknown, context?: Context): string;
}

export interface TemplateOptions {
  /** Besides those that every template has. */
  readonly functions?: Readonly<Record<string, Fn>>;
  /** Begins the messages. */
  readonly name?: string;
}

const noContext: Context = { now: () => 0, random: () => 0 };

/** Compiles a template; throws `TemplateSyntaxError`. */
export function compileTemplate(text: string, { functions = {}, name = "template" }: TemplateOptions = {}): Template {
  const known = (word: string) => Object.hasOwn(functions, word) || Object.hasOwn(builtins, word);
  const templates = parseTemplate(name, text, known);
  return { execute: (data, context = noContext) => execute({ name, templates, functions, context }, data) };
}
