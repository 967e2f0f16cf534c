/** Checks a configuration without running anything: no file is read, no environment, no component built. */

import { blocks, type DecodeContext, type ObjectSchema, object, optional, required } from "../eval/schema.ts";
import { typeCheck } from "../eval/typecheck.ts";
import { any } from "../eval/types.ts";
import type { Value } from "../eval/value.ts";
import type { Block, File } from "../syntax/ast.ts";
import { type Diagnostic, errorAt, type Source } from "../syntax/diagnostic.ts";
import { configBlocks } from "./config-blocks.ts";
import { anyBody, foreachAttributes } from "./language.ts";
import {
  type Built,
  buildConfiguration,
  categories,
  type Declare,
  type Entry,
  type Names,
  type NodeOptions,
} from "./nodes.ts";

/**
 * All that is wrong and can be known without evaluating references and calls, in Alloy's order: declares with what is in
 * them, blocks that configure the process, components, services; in each block its arguments, then what they refer to.
 */
export function checkConfiguration(files: readonly File[], options: NodeOptions): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const built = buildConfiguration(files, options);
  found.push(...built.between);
  checkScope(built, found);
  return found;
}

function checkScope({ entries, circles, nodes }: Built, found: Diagnostic[]): void {
  for (const category of categories)
    for (const entry of entries) if (entry.category === category) checkEntry(entry, nodes, found);
  found.push(...circles);
}

function checkEntry(entry: Entry, names: Names, found: Diagnostic[]): void {
  const { wrong, lost, remarks, declare, template, block, source } = entry;
  const inside = declare?.body() ?? template;
  found.push(...wrong, ...(inside?.between ?? []));
  if (declare) checkScope(declare.body(), found);
  schemaOf(entry, names)?.decodeBody(block.body, block, inspection(source, found));
  found.push(...lost, ...remarks);
  if (template) checkScope(template, found);
}

/** That a template is missing is told before. */
const foreachBody = object({ ...foreachAttributes, template: blocks(anyBody, "") });

function schemaOf({ node, block }: Entry, names: Names): ObjectSchema<unknown> | undefined {
  switch (node?.role) {
    case undefined:
      return configBlocks.get(block.name.name);
    case "custom":
      return argumentsOf(declareFor(block.name.name, names));
    case "foreach":
      return foreachBody;
    default:
      return node?.definition.args;
  }
}

/** The declare that the first part of a name means, if none nearer and no import hides it. */
function declareFor(name: string, names: Names): Declare | undefined {
  const [first = ""] = name.split(".", 1);
  for (let at: Names | undefined = names; at; at = at.around) {
    if (at.namespaces.has(first)) return undefined;
    const found = at.declares.get(first);
    if (found) return found;
  }
  return undefined;
}

/** What instances of a custom component take; those of imported ones are not known. */
function argumentsOf(declare: Declare | undefined): ObjectSchema<unknown> | undefined {
  if (!declare) return undefined;
  const fields: Record<string, ReturnType<typeof required<Value>>> = {};
  for (const { block: inner } of declare.body().entries) {
    if (inner.name.name !== "argument" || !inner.label || fields[inner.label.name]) continue;
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
