/**
 * Finds the place of a value that doesn't fit, and says so as Alloy does: the expression that made the value, as it would be
 * printed, and in front of the message.
 *
 * Alloy remembers which expression made which value. What it finds depends on Go: values of one byte (booleans, integers
 * below 256) and the empty text exist only once, so the last expression that made such a value is blamed; `null` is never
 * found, and its message has no place.
 */
import type { ArrayExpr, Expr, ObjectExpr } from "../syntax/ast.ts";
import type { Source } from "../syntax/diagnostic.ts";
import { printExpr } from "../syntax/print.ts";
import { fieldsOf } from "./convert.ts";
import { sourceOf } from "./parts.ts";
import { Mismatch } from "./schema.ts";
import { EvaluationError, type Value } from "./value.ts";

/** The range of a message without a place; printed as `-`. */
export const nowhere = { start: -1, end: -1 } as const;

/** An evaluation that failed without blaming any expression: the block or file as a whole is the place. */
export class UnplacedError extends EvaluationError {
  constructor(message: string) {
    super(message, nowhere);
  }
}

const blamesPart = new WeakSet<Mismatch>();

/** A mismatch that is blamed on the part itself, and on nothing if no expression made that part. */
export function partMismatch(message: string, path: readonly (string | number)[], hint?: string): Mismatch {
  const mismatch = new Mismatch(message, path, hint);
  blamesPart.add(mismatch);
  return mismatch;
}

/** The mismatch as seen from the argument that its path begins with. */
export function ofArgument(mismatch: Mismatch): Mismatch {
  const path = mismatch.path.slice(1);
  const { message, hint } = mismatch;
  return blamesPart.has(mismatch) ? partMismatch(message, path, hint) : new Mismatch(message, path, hint);
}

/** What one evaluation remembers of where its values come from. */
export class Origins {
  readonly #source: Source | undefined;
  /** Made when they are needed: most expressions are a word or a number. */
  #unique: Map<Value, Expr> | undefined;
  #literals: Map<object, ArrayExpr | ObjectExpr> | undefined;

  constructor(source?: Source) {
    this.#source = source;
  }

  /** A message behind the printed expression that is to blame, or behind nothing. */
  placed(expr: Expr | undefined, suffix: string, message: string, hint?: string): EvaluationError {
    const text = expr ? printExpr(expr, this.#source) : "";
    return new EvaluationError(`${text}${suffix} ${message}`, expr ?? nowhere, hint);
  }

  /** Called for each value that an expression made, inner ones first. */
  made(value: Value, expr: Expr): void {
    if (existsOnce(value)) {
      this.#unique ??= new Map();
      this.#unique.set(value, expr);
    } else if ((expr.kind === "array" || expr.kind === "object") && typeof value === "object" && value !== null) {
      this.#literals ??= new Map();
      this.#literals.set(value, expr);
    }
  }

  /** The expression that made a value which `expr` is known to have made. */
  of(value: Value, expr: Expr): Expr | undefined {
    if (value === null) return undefined;
    return existsOnce(value) ? (this.#unique?.get(value) ?? expr) : expr;
  }

  /** The expression that made a part of a container. */
  ofPart(container: Value, step: string | number, part: Value): Expr | undefined {
    if (part === null) return undefined;
    if (existsOnce(part)) return this.#unique?.get(part);
    if (typeof container !== "object" || container === null) return undefined;
    const literal = this.#literals?.get(container);
    if (!literal) {
      const source = sourceOf(container, step);
      return source && this.ofPart(source.container, source.step, part);
    }
    if (literal.kind === "array") return literal.items[Number(step)];
    return literal.fields.findLast(({ key }) => key.name === step)?.value;
  }
}

const existsOnce = (value: Value): boolean =>
  typeof value === "boolean" ||
  value === "" ||
  (typeof value === "bigint" && value >= 0n && value < 256n) ||
  Object.is(value, 0);

/** The last evaluations. A value is converted right after it was made; a map of all would make collecting garbage slow. */
const evaluations: { readonly expr: Expr; readonly origins: Origins }[] = [];
const remembered = 4;
let next = 0;

/** The origins of an expression's last evaluation, for what is found wrong after it. */
export function originsOf(expr: Expr): Origins {
  let newest = next;
  for (let i = 0; i < remembered; i++) {
    newest = (newest + remembered - 1) % remembered;
    const known = evaluations[newest];
    if (known?.expr === expr) return known.origins;
  }
  return new Origins();
}

/** Keeps the origins of an expression's evaluation. */
export function rememberOrigins(expr: Expr, origins: Origins): void {
  evaluations[next] = { expr, origins };
  next = (next + 1) % remembered;
}

/** The error for an expression whose value, or a part of it, does not convert. */
export function explain(expr: Expr, value: Value, mismatch: Mismatch, origins = originsOf(expr)): EvaluationError {
  let node = origins.of(value, expr);
  if (blamesPart.has(mismatch)) return explainPart(value, mismatch, origins);
  let direct = node !== undefined;
  let suffix = "";
  let part = value;
  for (const step of mismatch.path) {
    suffix += typeof step === "number" ? `[${step}]` : `.${step}`;
    const found = origins.ofPart(part, step, partOf(part, step));
    part = partOf(part, step);
    if (found && direct) suffix = "";
    if (found) node = found;
    direct = found !== undefined;
  }
  return origins.placed(node, suffix, mismatch.message, mismatch.hint);
}

function explainPart(value: Value, mismatch: Mismatch, origins: Origins): EvaluationError {
  let part = value;
  let found: Expr | undefined;
  for (const step of mismatch.path) {
    const next = partOf(part, step);
    found = origins.ofPart(part, step, next);
    part = next;
  }
  return origins.placed(found, "", mismatch.message, mismatch.hint);
}

function partOf(value: Value, step: string | number): Value {
  if (Array.isArray(value)) return value[Number(step)] ?? null;
  return fieldsOf(value)?.get(String(step)) ?? null;
}

/** Converts the value of an expression; what does not fit becomes an error with the expression's text and place. */
export function convertAt<T>(expr: Expr, value: Value, convert: (value: Value) => T): T {
  try {
    return convert(value);
  } catch (error) {
    if (error instanceof Mismatch) throw explain(expr, value, error);
    throw error;
  }
}
