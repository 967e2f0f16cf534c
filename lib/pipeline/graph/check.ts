/** Checks a configuration without running anything: no file is read, no environment, no component built. */

import { type DecodeContext, type ObjectSchema, object, optional, required } from "../eval/schema.ts";
import { typeCheck } from "../eval/typecheck.ts";
import { any } from "../eval/types.ts";
import type { Value } from "../eval/value.ts";
import type { Block, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Source } from "../syntax/diagnostic.ts";
import { configBlocks } from "./config-blocks.ts";
import { type Built, buildConfiguration, categories, type Entry, type NodeOptions } from "./nodes.ts";

/**
 * All that is wrong and can be known without evaluating references and calls, in Alloy's order: declares with what is in
 * them, blocks that configure the process, components, services; in each block its arguments, then what they refer to.
 */
export function checkConfiguration(files: readonly File[], options: NodeOptions): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  checkScope(buildConfiguration(files, options), found);
  return found;
}

function checkScope({ between, entries, circles }: Built, found: Diagnostic[]): void {
  found.push(...between);
  for (const category of categories)
    for (const entry of entries) if (entry.category === category) checkEntry(entry, entries, found);
  found.push(...circles);
}

function checkEntry(entry: Entry, entries: readonly Entry[], found: Diagnostic[]): void {
  const { wrong, lost, remarks, declare, template, block, source, node } = entry;
  found.push(...wrong);
  if (declare) checkScope(declare.body(), found);
  const schema = node?.role === "custom" ? argumentsOf(block, entries) : node?.definition.args;
  const args = schema ?? configBlocks.get(block.name.name);
  args?.decodeBody(block.body, block, inspection(source, found));
  found.push(...lost, ...remarks);
  if (template) checkScope(template, found);
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

/** What is not written out counts as false. */
function mayBeLeftOut({ body }: Block): boolean {
  const statement = body.find(each => each.kind === "attribute" && each.name.name === "optional");
  return statement?.kind === "attribute" && statement.value.kind === "literal" && statement.value.value === true;
}

/** Evaluates nothing: Alloy looks at what is written out, and calls no checks that need more than one value. */
function inspection(source: Source, found: Diagnostic[]): DecodeContext {
  const report: DecodeContext["report"] = (range, message, hint) => {
    found.push(errorAt(source, range, message, hint));
  };
  return {
    report,
    inspect: (expr, type) => typeCheck(expr, type, report),
    evaluate: () => undefined,
    reportMismatch: () => undefined,
  };
}
