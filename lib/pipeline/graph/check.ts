/** Checks a configuration without running anything: no file is read, no environment, no component built. */

import { evaluate } from "../eval/evaluate.ts";
import { traversalsOf } from "../eval/references.ts";
import { locate, type Mismatch } from "../eval/schema.ts";
import { deprecatedNames } from "../eval/stdlib/index.ts";
import { EvaluationError } from "../eval/value.ts";
import type { Expr, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Source } from "../syntax/diagnostic.ts";
import { configBlocks } from "./config-blocks.ts";
import { locateInBlock } from "./locate.ts";
import { buildNodes, expressionsOf, type Node, type NodeOptions } from "./nodes.ts";

/** All that is wrong and can be known without evaluating references and calls. */
export function checkConfiguration(files: readonly File[], options: NodeOptions): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const nodes = buildNodes(files, options, diagnostics);
  for (const { block, source } of nodes.configBlocks) {
    const { context } = literalContext(source, diagnostics);
    configBlocks.get(block.name.name)?.decodeBody(block.body, block, context);
  }
  for (const node of nodes.ordered) checkNode(node, diagnostics);
  for (const { body, source } of files) warnOfDeprecated(expressionsOf(body), source, diagnostics);
  return diagnostics;
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
function literalContext(source: Source, diagnostics: Diagnostic[]) {
  let unknown = false;
  const report = (range: { start: number; end: number }, message: string) =>
    diagnostics.push(errorAt(source, range, message));
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
  const reportMismatch = (expr: Expr, _: unknown, { path, message }: Mismatch) =>
    report(locate(expr, path), message.replace(/^should be (\w+), got/, "expected $1, got"));
  return { context: { report, reportMismatch, evaluate: evaluateLiteral }, unknown: () => unknown };
}

function warnOfDeprecated(expressions: Iterable<Expr>, source: Source, diagnostics: Diagnostic[]): void {
  for (const expr of expressions) {
    for (const { path, start, end } of traversalsOf(expr)) {
      const [first] = path;
      if (path.length !== 1 || !first || !deprecatedNames.has(first.name)) continue;
      const message = `function "${first.name}" is deprecated, see the reference of the standard library for its present name`;
      diagnostics.push({ severity: "warning", source, start, end, message });
    }
  }
}
