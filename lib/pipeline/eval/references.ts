/** What an expression refers to: the names it starts from, and the fields it goes through. */
import type { Expr, Name } from "../syntax/ast.ts";
import type { Range } from "../syntax/diagnostic.ts";
import { didYouMean, hintFor, nearestOf } from "./hints.ts";
import { deprecatedNames, stdlib } from "./stdlib/index.ts";

/** `local.file.f.content`: the identifier and each field behind it, up to an index or a call. */
export interface Reference extends Range {
  readonly path: readonly Name[];
}

/** All names that an expression starts from, in the order they are written, those inside indexes and arguments included, and those of the standard library. */
export function traversalsOf(expr: Expr): readonly Reference[] {
  const found: Reference[] = [];
  const open: Expr[] = [expr]; // a stack of what is still to visit, the next one last
  for (let node = open.pop(); node; node = open.pop()) {
    const path = node.kind === "identifier" || node.kind === "access" ? pathOf(node) : undefined;
    if (path) found.push({ path, start: node.start, end: node.end });
    else {
      const parts = partsOf(node);
      for (let i = parts.length - 1; i >= 0; i--) {
        const part = parts[i] as Expr; // inside
        if (part.kind !== "literal") open.push(part);
      }
    }
  }
  return found;
}

/** The names of `a.b.c`; nothing if it starts from anything but an identifier. */
function pathOf(expr: Expr): readonly Name[] | undefined {
  const fields: Name[] = [];
  let node = expr;
  while (node.kind === "access") {
    fields.push(node.field);
    node = node.target;
  }
  if (node.kind !== "identifier") return undefined;
  return [{ name: node.name, start: node.start, end: node.end }, ...fields.toReversed()];
}

function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "literal":
    case "identifier":
      return [];
    case "array":
      return expr.items;
    case "object":
      return expr.fields.map(({ value }) => value);
    case "access":
      return [expr.target];
    case "index":
      return [expr.target, expr.index];
    case "call":
      return [expr.callee, ...expr.args];
    case "unary":
      return [expr.operand];
    case "binary":
      return [expr.left, expr.right];
    case "paren":
      return [expr.inner];
    default:
      return expr satisfies never;
  }
}

/**
 * What the user may have meant by a path that leads to nothing: a component that is declared, with the fields behind it as they
 * were written, or a function of the standard library.
 */
export function hintForReference(path: readonly string[], declared: Iterable<string>): string | undefined {
  const known = [...declared];
  for (let length = path.length; length > 1; length--) {
    const best = nearestOf(path.slice(0, length).join("."), known);
    if (best !== undefined) return didYouMean([best, ...path.slice(length)].join("."));
  }
  return hintFor(path.join("."), functionNames()) ?? hintOfLabel(path, known);
}

/** `loki.write.receiver` where the only `loki.write` has a label. */
function hintOfLabel(path: readonly string[], declared: readonly string[]): string | undefined {
  const name = path.slice(0, -1).join(".");
  const labelled = declared.filter(id => id.slice(0, id.lastIndexOf(".")) === name);
  const [only] = labelled;
  return only !== undefined && labelled.length === 1 ? didYouMean(`${only}.${path.at(-1)}`) : undefined;
}

/** Every function and constant as it is written, but for those that are no longer recommended. */
function functionNames(): string[] {
  return [...stdlib].flatMap(([name, value]) => {
    if (deprecatedNames.has(name)) return [];
    return value instanceof Map ? [...value.keys()].map(field => `${name}.${field}`) : [name];
  });
}
