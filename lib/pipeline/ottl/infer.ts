/** Finds the context of conditions or statements that were given without one: the lowest whose name stands before a path. */
import type { CallExpr, Condition, Expr } from "./ast.ts";
import type { ContextName } from "./context.ts";
import { contextNames, contexts } from "./contexts.ts";
import { enums } from "./enums.ts";
import { OttlError } from "./error.ts";
import type { FunctionTable } from "./functions/define.ts";
import { parseCondition, parseStatement } from "./parser.ts";

const priority: readonly ContextName[] = ["log", "datapoint", "metric", "spanevent", "span", "scope", "resource"];

interface Hints {
  readonly contexts: Set<ContextName>;
  readonly functions: Set<string>;
  readonly enums: Set<string>;
}

/** The context of conditions, `undefined` where none of those at hand has all that they use. */
export function inferFromConditions(
  conditions: readonly string[],
  candidates: readonly ContextName[],
  functions: FunctionTable,
): ContextName | undefined {
  const hints = emptyHints();
  for (const condition of conditions) visitCondition(parseCondition(condition), hints);
  return choose(hints, candidates, functions);
}

/** As `inferFromConditions`, for statements. */
export function inferFromStatements(
  statements: readonly string[],
  candidates: readonly ContextName[],
  functions: FunctionTable,
): ContextName | undefined {
  const hints = emptyHints();
  for (const statement of statements) {
    const { editor, where } = parseStatement(statement);
    visitCall(editor, hints);
    if (where) visitCondition(where, hints);
  }
  return choose(hints, candidates, functions);
}

const emptyHints = (): Hints => ({ contexts: new Set(), functions: new Set(), enums: new Set() });

function choose(hints: Hints, candidates: readonly ContextName[], functions: FunctionTable): ContextName | undefined {
  const first = priority.find(context => hints.contexts.has(context));
  if (!first || !candidates.includes(first)) return undefined;
  const fits = (context: ContextName) =>
    [...hints.functions].every(name => {
      const definition = Object.hasOwn(functions, name) ? functions[name] : undefined;
      return !definition || !definition.contexts || definition.contexts.includes(context);
    }) && [...hints.enums].every(name => Object.hasOwn(enums[context], name));
  if (fits(first)) return first;
  return priority.find(
    context => candidates.includes(context) && contexts[context].above.includes(first) && fits(context),
  );
}

function visitCondition(condition: Condition, hints: Hints): void {
  switch (condition.kind) {
    case "constant":
      return;
    case "not":
      visitCondition(condition.condition, hints);
      return;
    case "and":
    case "or":
      for (const item of condition.items) visitCondition(item, hints);
      return;
    case "test":
      visitCall(condition.call, hints);
      return;
    case "compare":
      visitExpr(condition.left, hints);
      visitExpr(condition.right, hints);
      return;
    default:
      condition satisfies never;
  }
}

function visitCall({ name, args, keys }: CallExpr, hints: Hints): void {
  hints.functions.add(name);
  for (const { value } of args) visitExpr(value, hints);
  for (const key of keys) visitExpr(key, hints);
}

function visitExpr(expr: Expr, hints: Hints): void {
  switch (expr.kind) {
    case "nil":
    case "literal":
    case "function":
      return;
    case "enum":
      hints.enums.add(expr.name);
      return;
    case "path": {
      const [first] = expr.segments;
      const context = expr.segments.length > 1 && first ? contextNames.get(first.name) : undefined;
      if (!context) {
        const name = expr.segments.map(segment => segment.name).join(".");
        throw new OttlError(
          `missing context name for path "${name}", such as "${[...contextNames.keys()].at(-1)}.${name}"`,
          expr.start,
        );
      }
      hints.contexts.add(context);
      for (const { keys } of expr.segments) for (const key of keys) visitExpr(key, hints);
      return;
    }
    case "call":
      visitCall(expr, hints);
      return;
    case "list":
      for (const item of expr.items) visitExpr(item, hints);
      return;
    case "map":
      for (const [, value] of expr.fields) visitExpr(value, hints);
      return;
    case "negate":
      visitExpr(expr.operand, hints);
      return;
    case "math":
      visitExpr(expr.left, hints);
      visitExpr(expr.right, hints);
      return;
    default:
      expr satisfies never;
  }
}
