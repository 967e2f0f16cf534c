/** `json_path`: the JSONPath dialect of Go's ojg, which Alloy uses. */

import { at, toText } from "../convert.ts";
import { FunctionValue, type Value } from "../value.ts";
import { expectCount } from "./define.ts";
import { type Equation, type Fragment, parsePath } from "./json-path-parser.ts";
import { parseOj } from "./oj.ts";

export const jsonPath = new FunctionValue("json_path", args => {
  expectCount(args, 2);
  const text = at(0, () => toText(args[0] ?? null));
  const path = parsePath(at(1, () => toText(args[1] ?? null)));
  const data = parseOj(text);
  return path.length ? select(path, data, data) : [];
});

/** All parts of `from` that a path leads to. `$` is the whole of `root`. */
function select(path: readonly Fragment[], from: Value, root: Value): Value[] {
  let found: Value[] = [from];
  for (const [i, fragment] of path.entries()) {
    const next: Value[] = [];
    for (const value of found) step(fragment, value, root, i === path.length - 1, next);
    if (next.length > 1_000_000) throw new Error("the path finds more than 1000000 values");
    found = next;
  }
  return found;
}

function step(fragment: Fragment, value: Value, root: Value, last: boolean, out: Value[]): void {
  switch (fragment.kind) {
    case "root":
      out.push(root);
      return;
    case "current":
      out.push(value);
      return;
    case "key":
    case "index":
      pick(fragment.kind === "key" ? fragment.name : fragment.index, value, out);
      return;
    case "union":
      for (const each of fragment.members) pick(each, value, out);
      return;
    case "wildcard":
      out.push(...partsOf(value));
      return;
    case "descent":
      descend(value, last, out);
      return;
    case "slice":
      if (Array.isArray(value)) slice(value, fragment.bounds, out);
      return;
    case "filter":
      out.push(...partsOf(value).filter(part => evaluate(fragment.equation, part, root).includes(true)));
      return;
    default:
      fragment satisfies never;
  }
}

function pick(member: string | number, value: Value, out: Value[]): void {
  if (typeof member === "string") {
    const field = value instanceof Map ? value.get(member) : undefined;
    if (field !== undefined) out.push(field);
  } else if (Array.isArray(value)) {
    const item = value.at(member);
    if (item !== undefined) out.push(item);
  }
}

function partsOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  return value instanceof Map ? [...value.values()] : [];
}

/** Inner containers come before the ones around them. At the end of a path, `..` means all parts. */
function descend(value: Value, last: boolean, out: Value[]): void {
  const parts = partsOf(value);
  if (last) out.push(...parts);
  for (const part of parts) if (Array.isArray(part) || part instanceof Map) descend(part, last, out);
  if (!last && (Array.isArray(value) || value instanceof Map)) out.push(value);
}

function slice(list: readonly Value[], [from = 0, to, by = 1]: readonly (number | undefined)[], out: Value[]): void {
  if (by === 0) return;
  const start = from < 0 ? Math.max(0, list.length + from) : from;
  const end = to === undefined ? list.length : to < 0 ? list.length + to : to;
  if (start >= list.length) return;
  if (by > 0) for (let i = start; i < Math.min(end, list.length); i += by) out.push(list[i] ?? null);
  else for (let i = start; i > Math.max(to === undefined ? -1 : end, -1); i += by) out.push(list[i] ?? null);
}

/** What an operand has where nothing was found; equal to nothing but itself. */
const nothing = Symbol("nothing");
type Operand = Value | typeof nothing | RegExp;

/** The possible values of an equation: a path with wildcards has many, and a filter holds if one of them does. */
function evaluate(equation: Equation, current: Value, root: Value): readonly Operand[] {
  switch (equation.kind) {
    case "constant":
      return [equation.value];
    case "nothing":
      return [nothing];
    case "regex":
      return [equation.regex];
    case "path": {
      const found = select(equation.path, current, root);
      if (equation.exists) return [found.length > 0];
      return found.length ? found : [nothing];
    }
    case "not":
      return [!evaluate(equation.operand, current, root).includes(true)];
    case "function":
      return [callFunction(equation.name, equation.args, current, root)];
    case "operation": {
      const left = evaluate(equation.left, current, root);
      const right = evaluate(equation.right, current, root);
      return left.flatMap(a => right.map(b => operate(equation.op, a, b)));
    }
    default:
      return equation satisfies never;
  }
}

function callFunction(name: string, args: readonly Equation[], current: Value, root: Value): Operand {
  const [first, second] = args.map(each => evaluate(each, current, root));
  const subject = first?.[0] ?? nothing;
  switch (name) {
    case "length":
      if (typeof subject === "string") return BigInt([...subject].length);
      if (Array.isArray(subject)) return BigInt(subject.length);
      return subject instanceof Map ? BigInt(subject.size) : nothing;
    case "count":
      return BigInt(first?.filter(each => each !== nothing).length ?? 0);
    default: {
      const pattern = second?.[0];
      if (typeof subject !== "string" || typeof pattern !== "string") return false;
      return new RegExp(name === "match" ? `^(?:${pattern})$` : pattern, "u").test(subject);
    }
  }
}

const isNumber = (value: Operand): value is bigint | number => typeof value === "bigint" || typeof value === "number";

function same(left: Operand, right: Operand): boolean {
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  return (left === null || typeof left !== "object") && left === right;
}

function operate(op: string, left: Operand, right: Operand): Operand {
  switch (op) {
    case "==":
      return same(left, right);
    case "!=":
      return !same(left, right);
    case "&&":
      return left === true && right === true;
    case "||":
      return left === true || right === true;
    case "in":
      return Array.isArray(right) && right.some(each => same(left, each));
    case "empty":
      return typeof right === "boolean" && sizeOf(left) !== undefined && (sizeOf(left) === 0) === right;
    case "has":
    case "exists":
      return typeof right === "boolean" && (left !== nothing) === right;
    case "=~":
    case "~=":
      if (typeof left !== "string") return false;
      return right instanceof RegExp
        ? right.test(left)
        : typeof right === "string" && new RegExp(right, "u").test(left);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return compare(op, left, right);
    default:
      return calculate(op, left, right);
  }
}

function sizeOf(value: Operand): number | undefined {
  if (typeof value === "string") return value.length;
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : undefined;
}

function compare(op: string, left: Operand, right: Operand): boolean {
  const comparable = (isNumber(left) && isNumber(right)) || (typeof left === "string" && typeof right === "string");
  if (!comparable) return false;
  if (op === "<") return left < right;
  if (op === ">") return left > right;
  return op === "<=" ? left <= right : left >= right;
}

function calculate(op: string, left: Operand, right: Operand): Operand {
  if (op === "+" && typeof left === "string" && typeof right === "string") return left + right;
  if (!isNumber(left) || !isNumber(right)) return null;
  if (op === "/" && Number(right) === 0) return null;
  if (typeof left === "bigint" && typeof right === "bigint") {
    return BigInt.asIntN(
      64,
      op === "+" ? left + right : op === "-" ? left - right : op === "*" ? left * right : left / right,
    );
  }
  const [a, b] = [Number(left), Number(right)];
  return op === "+" ? a + b : op === "-" ? a - b : op === "*" ? a * b : a / b;
}
