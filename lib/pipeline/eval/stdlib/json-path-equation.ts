/** What filters of a JSONPath say of a value. */
import { compareText } from "../gofmt.ts";
import type { Value } from "../value.ts";
import type { Fragment } from "./json-path-parser.ts";

export type Equation =
  | { readonly kind: "constant"; readonly value: Operand }
  | { readonly kind: "path"; readonly path: readonly Fragment[] }
  | { readonly kind: "operation"; readonly op: string; readonly left: Equation; readonly right: Equation };

/** What an operand has where nothing was found; equal to nothing but itself. */
export const nothing: unique symbol = Symbol("nothing");
export type Operand = Value | typeof nothing | RegExp;

/** All that a path leads to from a value. */
export type Find = (path: readonly Fragment[], from: Value) => readonly Value[];

/** A value of an equation; that a path found it counts as true, whatever it is. */
interface Result {
  readonly value: Operand;
  readonly found: boolean;
}

const maxCombinations = 100_000;

/** Whether an equation holds for a value. A path that finds several values stands for each of them, and one that fits is enough. */
export function holds(equation: Equation, current: Value, root: Value, find: Find): boolean {
  const paths: (readonly Fragment[])[] = [];
  collectPaths(equation, paths);
  const found = new Map(paths.map(path => [path, find(path, path[0]?.kind === "root" ? root : current)]));
  const several = paths.filter(path => (found.get(path)?.length ?? 0) > 1);
  const combinations = several.reduce((product, path) => product * (found.get(path)?.length ?? 1), 1);
  if (combinations > maxCombinations)
    throw new Error(`a filter has more than ${maxCombinations} combinations of values`);
  for (let i = 0; i < combinations; i++) {
    let rest = i;
    const chosen = new Map<readonly Fragment[], number>();
    for (const path of several) {
      const count = found.get(path)?.length ?? 1;
      chosen.set(path, rest % count);
      rest = Math.floor(rest / count);
    }
    const evaluation = new Evaluation(current, found, chosen, find);
    const result = evaluation.run(equation);
    if (result.found || result.value === true) return true;
  }
  return false;
}

/** `count` asks for all that its path finds, so that one is not among those that stand for one value. */
function collectPaths(equation: Equation, out: (readonly Fragment[])[]): void {
  if (equation.kind === "path") out.push(equation.path);
  if (equation.kind !== "operation" || equation.op === "count") return;
  collectPaths(equation.left, out);
  collectPaths(equation.right, out);
}

class Evaluation {
  readonly #current: Value;
  readonly #found: ReadonlyMap<readonly Fragment[], readonly Value[]>;
  readonly #chosen: ReadonlyMap<readonly Fragment[], number>;
  readonly #find: Find;

  constructor(
    current: Value,
    found: ReadonlyMap<readonly Fragment[], readonly Value[]>,
    chosen: ReadonlyMap<readonly Fragment[], number>,
    find: Find,
  ) {
    this.#current = current;
    this.#found = found;
    this.#chosen = chosen;
    this.#find = find;
  }

  run(equation: Equation): Result {
    if (equation.kind === "constant") return { value: equation.value, found: false };
    if (equation.kind === "path") {
      const value = this.#found.get(equation.path)?.[this.#chosen.get(equation.path) ?? 0];
      return value === undefined ? { value: nothing, found: false } : { value, found: true };
    }
    const { op, left, right } = equation;
    if (op === "count") {
      const counted = left.kind === "path" ? BigInt(this.#find(left.path, this.#current).length) : nothing;
      return { value: counted, found: false };
    }
    return { value: operate(op, this.run(left), this.run(right)), found: false };
  }
}

const isTrue = ({ value, found }: Result) => found || value === true;
const isNumber = (value: Operand): value is bigint | number => typeof value === "bigint" || typeof value === "number";

function operate(op: string, leftResult: Result, rightResult: Result): Operand {
  const { value: left } = leftResult;
  const { value: right } = rightResult;
  switch (op) {
    case "(":
      return left;
    case "!":
      return !isTrue(leftResult);
    case "&&":
      return isTrue(leftResult) && isTrue(rightResult);
    case "||":
      return isTrue(leftResult) || isTrue(rightResult);
    case "==":
      return same(left, right);
    case "!=":
      return !same(left, right);
    case "in":
      return Array.isArray(right) && right.some(each => typeof left === typeof each && same(left, each));
    case "empty":
      return typeof right === "boolean" && sizeOf(left) !== undefined && (sizeOf(left) === 0) === right;
    case "has":
    case "exists":
      return typeof right === "boolean" && (left !== nothing) === right;
    case "~=":
      return matches(left, right);
    case "length":
      return sizeOf(left) === undefined ? nothing : BigInt(sizeOf(left) ?? 0);
    case "match":
    case "search":
      return search(op, left, right);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return compare(op, left, right);
    default:
      return calculate(op, left, right);
  }
}

/** Lists and objects are never the same. */
function same(left: Operand, right: Operand): boolean {
  if (isNumber(left) && isNumber(right)) {
    return typeof left === typeof right ? left === right : Number(left) === Number(right);
  }
  return (left === null || typeof left !== "object") && left === right;
}

/** Texts count bytes. */
function sizeOf(value: Operand): number | undefined {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : undefined;
}

function matches(left: Operand, right: Operand): boolean {
  if (typeof left !== "string") return false;
  if (right instanceof RegExp) return right.test(left);
  return typeof right === "string" && (expression(right)?.test(left) ?? false);
}

/** `match` is about the whole text, `search` about any part. */
function search(op: "match" | "search", left: Operand, right: Operand): Operand {
  if (typeof left !== "string" || typeof right !== "string" || right === "") return nothing;
  if (op === "search") return expression(right)?.test(left) ?? nothing;
  const whole = `${right.startsWith("^") ? "" : "^"}${right}${right.endsWith("$") ? "" : "$"}`;
  return expression(whole)?.test(left) ?? nothing;
}

function expression(source: string): RegExp | undefined {
  try {
    return new RegExp(source, "u");
  } catch {
    return undefined; // what is no regular expression matches nothing
  }
}

function compare(op: "<" | ">" | "<=" | ">=", left: Operand, right: Operand): boolean {
  let order: number;
  if (isNumber(left) && isNumber(right)) order = left < right ? -1 : left > right ? 1 : 0;
  else if (typeof left === "string" && typeof right === "string") order = compareText(left, right);
  else return false;
  if (op === "<") return order < 0;
  if (op === ">") return order > 0;
  return op === "<=" ? order <= 0 : order >= 0;
}

function calculate(op: string, left: Operand, right: Operand): Operand {
  if (op === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (!isNumber(left) || !isNumber(right)) return nothing;
  if (op === "/" && Number(right) === 0) return nothing;
  if (typeof left === "bigint" && typeof right === "bigint") {
    return BigInt.asIntN(
      64,
      op === "+" ? left + right : op === "-" ? left - right : op === "*" ? left * right : left / right,
    );
  }
  const [a, b] = [Number(left), Number(right)];
  return op === "+" ? a + b : op === "-" ? a - b : op === "*" ? a * b : a / b;
}
