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
  const value = parse(text) ?? parseLenient(text);
  if (value === undefined || typeof value.json !== "object" || Array.isArray(value.json)) return undefined;
  return value.json as Document | null; // an object of JSON
}

function parse(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Alloy's reader takes control characters in a string once there was an escape in it. */
function parseLenient(text: string): { readonly json: unknown } | undefined {
  if (!text.includes("\\") || !/[\x00-\x1f]/.test(text)) return undefined;
  const escaped = text.replace(/"[^"\\\x00-\x1f]*\\[\s\S](?:[^"\\]|\\[\s\S])*"/g, string =>
    string.replace(/[\x00-\x1f]/g, char => `\\u00${char.charCodeAt(0).toString(16).padStart(2, "0")}`),
  );
  return parse(escaped);
}

/** `undefined` where this expression can't be evaluated for this document. */
function evaluate(search: (document: unknown) => unknown, document: Document | null): Extracted | undefined {
  try {
    return simplify(search(document));
  } catch (error) {
    // What is nested too deep to be walked counts as what can't be evaluated.
    if (error instanceof JmespathError || error instanceof RangeError) return undefined;
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
