/** Checks a configuration without running anything: no file is read, no environment, no component built. */

import { evaluate } from "../eval/evaluate.ts";
import { traversalsOf } from "../eval/references.ts";
import { type DecodeContext, locate, type ObjectSchema, object, optional, required } from "../eval/schema.ts";
import { deprecatedNames } from "../eval/stdlib/index.ts";
import { any } from "../eval/types.ts";
import { EvaluationError, type Value } from "../eval/value.ts";
import type { Block, Expr, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Source } from "../syntax/diagnostic.ts";
import type { Definition } from "./component.ts";
import { configBlocks } from "./config-blocks.ts";
import { locateInBlock } from "./locate.ts";
import { type Built, buildConfiguration, categories, type Entry, expressionsOf, type NodeOptions } from "./nodes.ts";

/**
 * All that is wrong and can be known without evaluating references and calls, in Alloy's order: declares with what is in
 * them, blocks that configure the process, components, services; in each block its arguments, then what they refer to.
 */
export function checkConfiguration(files: readonly File[], options: NodeOptions): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  checkScope(buildConfiguration(files, options), found);
  for (const { body, source } of files) warnOfDeprecated(expressionsOf(body), source, found);
  return found;
}

function checkScope({ between, entries, circles }: Built, found: Diagnostic[]): void {
  found.push(...between);
  for (const category of categories)
    for (const entry of entries) if (entry.category === category) checkEntry(entry, entries, found);
  found.push(...circles);
}

function checkEntry(entry: Entry, entries: readonly Entry[], found: Diagnostic[]): void {
  const { wrong, lost, declare, template, block, source, node } = entry;
  found.push(...wrong);
  if (declare) checkScope(declare.body(), found);
  const schema = node?.role === "custom" ? argumentsOf(block, entries) : node?.definition.args;
  const args = schema ?? configBlocks.get(block.name.name);
  if (args) checkArguments(args, { block, source, check: node?.definition.check }, found);
  found.push(...lost);
  if (template) checkScope(template, found);
}

interface Checked {
  readonly block: Block;
  readonly source: Source;
  readonly check: Definition["check"];
}

function checkArguments(schema: ObjectSchema<unknown>, { block, source, check }: Checked, found: Diagnostic[]): void {
  const before = found.length;
  const { context, unknown } = literalContext(source, found);
  const args = schema.decodeBody(block.body, block, context);
  // what a check says of values that are not known would be said of their defaults
  if (found.length > before || unknown()) return;
  for (const { path, message } of check?.(args) ?? []) found.push(errorAt(source, locateInBlock(block, path), message));
}

/** What instances of a custom component of the same scope take; those of imported ones are not known. */
function argumentsOf(block: Block, entries: readonly Entry[]): ObjectSchema<unknown> | undefined {
  const found = entries.find(({ declare }) => declare?.name === block.name.name)?.declare;
  if (!found) return undefined;
  const fields: Record<string, ReturnType<typeof required<Value>>> = {};
  for (const { block: inner } of found.body().entries) {
    if (inner.name.name !== "argument" || !inner.label) continue;
    const field = mayBeLeftOut(inner) ? optional(any, undefined, "") : required(any, "");
    fields[inner.label.name] = field as ReturnType<typeof required<Value>>; // the same but for a default that nobody reads
  }
  return object(fields);
}

/** What is not written out may be true. */
function mayBeLeftOut({ body }: Block): boolean {
  const statement = body.find(each => each.kind === "attribute" && each.name.name === "optional");
  return statement?.kind === "attribute" && !(statement.value.kind === "literal" && statement.value.value === false);
}

/** Gives the values of expressions that are written out. */
function literalContext(
  source: Source,
  diagnostics: Diagnostic[],
): { readonly context: DecodeContext; unknown(): boolean } {
  let unknown = false;
  const report: DecodeContext["report"] = (range, message, hint) => {
    diagnostics.push(errorAt(source, range, message, hint));
  };
  const evaluateLiteral = (expr: Expr) => {
    if (traversalsOf(expr).length > 0) {
      unknown = true;
      return undefined;
    }
    try {
      return evaluate(expr, { variables: new Map() });
    } catch (error) {
      if (!(error instanceof EvaluationError)) throw error;
      report(error, error.message, error.hint);
      return undefined;
    }
  };
  const reportMismatch: DecodeContext["reportMismatch"] = (expr, _, { path, message, hint }) =>
    report(locate(expr, path), message.replace(/^should be (\w+), got/, "expected $1, got"), hint);
  return { context: { report, reportMismatch, evaluate: evaluateLiteral, onlyTypes: true }, unknown: () => unknown };
}

function warnOfDeprecated(expressions: Iterable<Expr>, source: Source, diagnostics: Diagnostic[]): void {
  for (const expr of expressions) {
    for (const { path, start, end } of traversalsOf(expr)) {
      const [first] = path;
      if (path.length !== 1 || !first || !deprecatedNames.has(first.name)) continue;
      const message =
        "this stdlib function is deprecated; please refer to the documentation for updated usage and alternatives";
      diagnostics.push({ severity: "warning", source, start, end, message });
    }
  }
}
