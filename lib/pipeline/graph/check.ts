/** Checks a configuration without running anything: no file is read, no environment, no component built. */

import { evaluate } from "../eval/evaluate.ts";
import { traversalsOf } from "../eval/references.ts";
import { type DecodeContext, locate, type ObjectSchema } from "../eval/schema.ts";
import { deprecatedNames } from "../eval/stdlib/index.ts";
import { EvaluationError } from "../eval/value.ts";
import type { Expr, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Source } from "../syntax/diagnostic.ts";
import { configBlocks } from "./config-blocks.ts";
import { locateInBlock } from "./locate.ts";
import { buildNodes, expressionsOf, type Node, type NodeOptions } from "./nodes.ts";

/**
 * All that is wrong and can be known without evaluating references and calls, in Alloy's order: blocks that configure the
 * process, then components as they stand; in each block its arguments, then what they refer to.
 */
export function checkConfiguration(files: readonly File[], options: NodeOptions): readonly Diagnostic[] {
  const structure: Diagnostic[] = [];
  const { ordered, configBlocks: blocks } = buildNodes(files, options, structure);
  for (const { body, source } of files) warnOfDeprecated(expressionsOf(body), source, structure);
  const found: Diagnostic[] = [];
  for (const { block, source } of blocks) {
    const { context } = literalContext(source, found);
    configSchema(block.name.name).decodeBody(block.body, block, context);
  }
  for (const node of ordered) checkNode(node, found);
  return inFileOrder([...found, ...structure.sort((a, b) => a.start - b.start)], files);
}

const configSchema = (name: string): ObjectSchema<unknown> => configBlocks.get(name) as ObjectSchema<unknown>; // that is what makes a block one of them

/** Sorts by the block that a diagnostic belongs to; those of one block stay as they are. */
function inFileOrder(diagnostics: readonly Diagnostic[], files: readonly File[]): readonly Diagnostic[] {
  const places = diagnostics.map(diagnostic => {
    const file = files.findIndex(({ source }) => source === diagnostic.source);
    const block = files[file]?.body.findIndex(({ end }) => diagnostic.start < end) ?? -1;
    const name = files[file]?.body[block]?.name.name ?? "";
    return { diagnostic, file, block, rank: configBlocks.has(name) ? 0 : 1 };
  });
  places.sort((a, b) => a.rank - b.rank || a.file - b.file || a.block - b.block);
  return places.map(({ diagnostic }) => diagnostic);
}

function checkNode({ definition, block, source }: Node, diagnostics: Diagnostic[]): void {
  const before = diagnostics.length;
  const { context, unknown } = literalContext(source, diagnostics);
  const args = definition.args.decodeBody(block.body, block, context);
  // what a check says of values that are not known would be said of their defaults
  if (diagnostics.length > before || unknown()) return;
  for (const { path, message } of definition.check?.(args) ?? [])
    diagnostics.push(errorAt(source, locateInBlock(block, path), message));
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
      report(error, error.message);
      return undefined;
    }
  };
  const reportMismatch: DecodeContext["reportMismatch"] = (expr, _, { path, message }) =>
    report(locate(expr, path), message.replace(/^should be (\w+), got/, "expected $1, got"));
  return { context: { report, reportMismatch, evaluate: evaluateLiteral }, unknown: () => unknown };
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
