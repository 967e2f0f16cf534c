/** stage.json: takes values out of a JSON object into the extracted values. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { bool, map, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { marshalJson } from "../../../template/go-json.ts";
import type { Entry, Extracted, Stage } from "./entry.ts";
import { compileJmespath, JmespathError, JmespathSyntaxError } from "./jmespath/jmespath.ts";
import { compile } from "./regexes.ts";

export const jsonArgs = object({
  expressions: optional(
    map(string),
    {},
    "JMESPath expressions by the name that their result gets; empty: the name itself.",
  ),
  regex: optional(string, "", "Keys of the object that are taken as they are named."),
  source: optional(string, undefined, "Extracted value to read; by default the line."),
  drop_malformed: optional(bool, false, "Drops entries that hold no JSON object."),
});

export function jsonStage(args: Infer<typeof jsonArgs>): Stage {
  const { source, drop_malformed: dropMalformed } = args;
  if (!args.expressions.size && args.regex === "") throw new ProblemError("JMES expressions or regex is required");
  if (source === "") throw new ProblemError("empty source");
  const expressions = [...args.expressions].map(([name, text]) => ({ name, search: compileExpression(text || name) }));
  const regex = args.regex === "" ? undefined : compile(args.regex);
  return entry => {
    const text = source === undefined ? entry.line : entry.text(source);
    if (text === undefined) return true;
    const document = parseObject(text);
    if (document === undefined) return !dropMalformed;
    for (const { name, search } of expressions) {
      const value = evaluate(search, document);
      if (value !== undefined) entry.set(name, value);
    }
    if (regex && document) extractMatching(entry, document, key => regex.test(key));
    return true;
  };
}

function compileExpression(text: string): (document: unknown) => unknown {
  try {
    return compileJmespath(text);
  } catch (error) {
    if (error instanceof JmespathSyntaxError)
      throw new ProblemError(`could not compile JMES expression: ${error.message}`);
    throw error;
  }
}

type Document = Readonly<Record<string, unknown>>;

/** The object that a text is, null for `null`, `undefined` for anything else. */
function parseObject(text: string): Document | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  return value as Document | null; // an object of JSON
}

/** `undefined` where this expression can't be evaluated for this document. */
function evaluate(search: (document: unknown) => unknown, document: Document | null): Extracted | undefined {
  try {
    return simplify(search(document));
  } catch (error) {
    if (error instanceof JmespathError) return undefined;
    throw error;
  }
}

function extractMatching(entry: Entry, document: Document, fits: (key: string) => boolean): void {
  for (const [key, value] of Object.entries(document)) if (fits(key)) entry.set(key, simplify(value));
}

/** Objects and lists become compact JSON in the order of the source. */
function simplify(value: unknown): Extracted {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? value : value.toWellFormed();
    case "number":
    case "boolean":
      return value;
    default:
      return value === null || value === undefined ? null : marshalJson(value);
  }
}
