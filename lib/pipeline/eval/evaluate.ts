/** Evaluates expressions. Nothing short-circuits; every operand and argument is evaluated, as in Alloy. */
import type { AccessExpr, BinaryExpr, CallExpr, Expr, IndexExpr, LiteralExpr, UnaryExpr } from "../syntax/ast.ts";
import type { Source } from "../syntax/diagnostic.ts";
import { BoundsError, maxBuilt } from "./bounds.ts";
import { fieldsOf, mismatch, truncate } from "./convert.ts";
import { explain, Origins, ofArgument, rememberOrigins, UnplacedError } from "./explain.ts";
import { hintFor } from "./hints.ts";
import { binary } from "./operators.ts";
import { Mismatch } from "./schema.ts";
import { stdlib } from "./stdlib/index.ts";
import { EvaluationError, FunctionValue, kindOf, OptionalSecret, Secret, type Value } from "./value.ts";

/** Names and their values. The standard library lies outside the outermost scope. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Value>;
  readonly parent?: Scope;
  /** The standard library; Alloy's whole one unless set. */
  readonly stdlib?: ReadonlyMap<string, Value>;
  /** The text that expressions stand in: messages then show long ones on the lines that they have there. */
  readonly source?: Source;
}

/** Nesting above this is refused: the stack is finite. */
export const maxDepth = 1_000;

/** The value of an expression. Throws an `EvaluationError` with the range of the part that is wrong. */
export function evaluate(expr: Expr, scope: Scope): Value {
  if (expr.kind === "literal") return literal(expr); // where it comes from needs no memory
  const origins = new Origins(sourceOf(scope));
  rememberOrigins(expr, origins);
  return new Evaluation(scope, origins).run(expr, 0);
}

function literal({ value, raw }: LiteralExpr): Value {
  if (value === Number.POSITIVE_INFINITY) {
    throw new UnplacedError(`strconv.ParseFloat: parsing ${JSON.stringify(raw)}: value out of range`);
  }
  return value;
}

/** From the innermost to the outermost. */
function* scopesOf(scope: Scope): Generator<Scope> {
  for (let at: Scope | undefined = scope; at; at = at.parent) yield at;
}

function sourceOf(scope: Scope): Source | undefined {
  for (const { source } of scopesOf(scope)) if (source) return source;
  return undefined;
}

/** About the memory that a value takes which was just built, without what is inside its parts. */
function weightOf(value: Value): number {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.length * 8;
  if (value instanceof Map) return value.size * 64;
  return value instanceof Secret || value instanceof OptionalSecret ? value.reveal().length : 0;
}

class Evaluation {
  readonly #scope: Scope;
  readonly #origins: Origins;
  /** Characters, or what takes as much memory, that functions and operators have built so far. */
  #built = 0;

  constructor(scope: Scope, origins: Origins) {
    this.#scope = scope;
    this.#origins = origins;
  }

  run(expr: Expr, depth: number): Value {
    if (depth > maxDepth) throw new EvaluationError(`expression is nested deeper than ${maxDepth} levels`, expr);
    const value = this.#evaluate(expr, depth + 1);
    this.#origins.made(value, expr);
    return value;
  }

  #evaluate(expr: Expr, depth: number): Value {
    switch (expr.kind) {
      case "literal":
        return literal(expr);
      case "array":
        return expr.items.map(item => this.run(item, depth));
      case "object":
        return new Map(expr.fields.map(({ key, value }) => [key.name, this.run(value, depth)]));
      case "identifier":
        return this.#lookup(expr.name, expr);
      case "access":
        return this.#access(expr, depth);
      case "index":
        return this.#index(expr, depth);
      case "call":
        return this.#call(expr, depth);
      case "unary":
        return this.#unary(expr, depth);
      case "binary":
        return this.#binary(expr, depth);
      case "paren":
        return this.run(expr.inner, depth);
      default:
        return expr satisfies never;
    }
  }

  #lookup(name: string, expr: Expr): Value {
    let library: ReadonlyMap<string, Value> = stdlib;
    for (const scope of scopesOf(this.#scope)) {
      const value = scope.variables.get(name);
      if (value !== undefined) return value;
      library = scope.stdlib ?? library;
    }
    const value = library.get(name);
    if (value !== undefined) return value;
    const known = [...scopesOf(this.#scope)].flatMap(({ variables }) => [...variables.keys()]);
    const hint = hintFor(name, [...known, ...library.keys()]);
    throw new EvaluationError(`identifier ${JSON.stringify(name)} does not exist`, expr, hint);
  }

  #fail(value: Value, expr: Expr, message: string): EvaluationError {
    return this.#origins.placed(this.#origins.of(value, expr), "", message);
  }

  #access({ target, field }: AccessExpr, depth: number): Value {
    const value = this.run(target, depth);
    const fields = fieldsOf(value);
    if (!fields) {
      const kind = kindOf(value);
      const message =
        kind === "capsule"
          ? `expected object or array or a capsule convertible to an object, got ${kind}`
          : `cannot access field ${JSON.stringify(field.name)} on value of type ${kind}`;
      throw this.#fail(value, target, message);
    }
    const found = fields.get(field.name);
    if (found !== undefined) return found;
    const hint = hintFor(field.name, fields.keys());
    throw new EvaluationError(`field ${JSON.stringify(field.name)} does not exist`, field, hint);
  }

  #index({ target, index }: IndexExpr, depth: number): Value {
    const value = this.run(target, depth);
    const at = this.run(index, depth);
    if (Array.isArray(value)) {
      if (typeof at !== "bigint" && typeof at !== "number") throw this.#fail(at, index, mismatch(at, "number").message);
      const position = typeof at === "bigint" ? BigInt.asIntN(64, at) : truncate(at);
      if (position < 0n || position >= BigInt(value.length)) {
        throw this.#fail(at, index, `index ${position} is out of range of array with length ${value.length}`);
      }
      return value[Number(position)] ?? null;
    }
    const fields = fieldsOf(value);
    if (!fields) {
      const kind = kindOf(value);
      const more = kind === "capsule" ? " or a capsule convertible to an object" : "";
      throw this.#fail(value, target, `expected object or array${more}, got ${kind}`);
    }
    if (typeof at !== "string") throw this.#fail(at, index, mismatch(at, "string").message);
    return fields.get(at) ?? null;
  }

  #call({ callee, args }: CallExpr, depth: number): Value {
    const called = this.run(callee, depth);
    if (!(called instanceof FunctionValue)) throw this.#fail(called, callee, mismatch(called, "function").message);
    const values = args.map(each => this.run(each, depth));
    try {
      const value = called.call(values);
      if (!values.includes(value)) this.#charge(value);
      return value;
    } catch (error) {
      if (error instanceof EvaluationError) throw error;
      if (error instanceof Mismatch) throw this.#blameArgument(error, args, values);
      throw this.#fail(called, callee, (error as Error).message); // functions throw Errors only
    }
  }

  /** The first step of the path is the argument's number. */
  #blameArgument(error: Mismatch, args: readonly Expr[], values: readonly Value[]): EvaluationError {
    const index = Number(error.path[0]);
    const arg = args[index];
    if (!arg) return this.#origins.placed(undefined, "", error.message);
    return explain(arg, values[index] ?? null, ofArgument(error), this.#origins);
  }

  #unary({ op, operand }: UnaryExpr, depth: number): Value {
    const value = this.run(operand, depth);
    if (op === "!") {
      if (typeof value !== "boolean") throw this.#fail(value, operand, mismatch(value, "bool").message);
      return !value;
    }
    if (typeof value === "number") return -value;
    if (typeof value !== "bigint") throw this.#fail(value, operand, mismatch(value, "number").message);
    return BigInt.asIntN(64, -value);
  }

  #apply(left: Value, node: BinaryExpr, right: Value): Value {
    try {
      const value = binary(left, node.op, right, (side, message) =>
        side === "left" ? this.#fail(left, node.left, message) : this.#fail(right, node.right, message),
      );
      this.#charge(value);
      return value;
    } catch (error) {
      if (error instanceof BoundsError) throw new EvaluationError(`operator ${node.op} ${error.message}`, node);
      throw error;
    }
  }

  #charge(value: Value): void {
    this.#built += weightOf(value);
    if (this.#built > maxBuilt)
      throw new BoundsError(`makes the expression build ${this.#built} bytes, which should be at most ${maxBuilt}`);
  }

  /** Long sums lean to the left: that side is walked in a loop. */
  #binary(expr: BinaryExpr, depth: number): Value {
    const chain: BinaryExpr[] = [];
    let first: Expr = expr;
    for (; first.kind === "binary"; first = first.left) chain.push(first);
    let left = this.run(first, depth);
    for (let node = chain.pop(); node; node = chain.pop()) {
      left = this.#apply(left, node, this.run(node.right, depth));
      if (chain.length) this.#origins.made(left, node);
    }
    return left;
  }
}
