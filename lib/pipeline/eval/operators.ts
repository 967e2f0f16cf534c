/** The binary operators: which kinds they take, 64-bit arithmetic that wraps, secrets, equality. */
import type { BinaryOp } from "../syntax/ast.ts";
import { BoundsError, boundComparisons, boundText } from "./bounds.ts";
import { mismatch } from "./convert.ts";
import { compareText } from "./gofmt.ts";
import { goPower } from "./power.ts";
import { Capsule, FunctionValue, type Kind, kindOf, OptionalSecret, Secret, Target, type Value } from "./value.ts";

/** Makes the error that blames an operand. */
type Blame = (side: "left" | "right", message: string) => Error;

const accepted: Readonly<Record<Exclude<BinaryOp, "==" | "!=">, readonly Kind[]>> = {
  "||": ["bool"],
  "&&": ["bool"],
  "+": ["number", "string", "capsule"],
  "-": ["number"],
  "*": ["number"],
  "/": ["number"],
  "%": ["number"],
  "^": ["number"],
  "<": ["number", "string"],
  ">": ["number", "string"],
  "<=": ["number", "string"],
  ">=": ["number", "string"],
};

/** Applies an operator to two values. */
export function binary(leftValue: Value, op: BinaryOp, rightValue: Value, blame: Blame): Value {
  const [left, right] = unwrapSecrets(leftValue, rightValue);
  if (op === "==") return equal(left, right);
  if (op === "!=") return !equal(left, right);
  const allowed = accepted[op];
  for (const [side, value] of [["left", left] as const, ["right", right] as const]) {
    const kind = kindOf(value);
    if (!allowed.includes(kind)) {
      throw blame(side, `should be one of [${allowed.join(" ")}] for binop ${op}, got ${kind}`);
    }
  }
  if (kindOf(left) !== kindOf(right)) throw blame("right", mismatch(right, kindOf(left)).message);
  switch (op) {
    case "||":
      return left === true || right === true;
    case "&&":
      return left === true && right === true;
  }
  if (typeof left === "string" && typeof right === "string") return texts(left, op, right);
  if (isNumber(left) && isNumber(right)) return numbers(left, op, right, blame);
  return secrets(left, right, op, blame);
}

const isNumber = (value: Value): value is bigint | number => typeof value === "bigint" || typeof value === "number";

/** A text next to a secret becomes a secret, a plain optional secret next to a text becomes a text. */
function unwrapSecrets(left: Value, right: Value): [Value, Value] {
  if (left instanceof Secret) {
    if (typeof right === "string") return [left, new Secret(right)];
    return right instanceof OptionalSecret ? [left, new Secret(right.reveal())] : [left, right];
  }
  if (right instanceof Secret) {
    if (typeof left === "string") return [new Secret(left), right];
    return left instanceof OptionalSecret ? [new Secret(left.reveal()), right] : [left, right];
  }
  if (left instanceof OptionalSecret && typeof right === "string") {
    return left.isSecret ? [left, new OptionalSecret(true, right)] : [left.reveal(), right];
  }
  if (right instanceof OptionalSecret && typeof left === "string") {
    return right.isSecret ? [new OptionalSecret(true, left), right] : [left, right.reveal()];
  }
  return [left, right];
}

function secrets(left: Value, right: Value, op: BinaryOp, blame: Blame): Value {
  if (left instanceof Secret) {
    return new Secret(joined(left.reveal(), right instanceof Secret ? right.reveal() : ""));
  }
  if (left instanceof OptionalSecret) {
    const [text, secret] = right instanceof OptionalSecret ? [right.reveal(), right.isSecret] : ["", false];
    return new OptionalSecret(left.isSecret || secret, joined(left.reveal(), text));
  }
  throw blame("left", `could not perform binop ${op} for unknown types lhs ${kindOf(left)} rhs ${kindOf(right)}`);
}

function joined(left: string, right: string): string {
  boundText(left.length + right.length);
  return left + right;
}

function texts(left: string, op: BinaryOp, right: string): Value {
  return op === "+" ? joined(left, right) : ordered(compareText(left, right), op);
}

function ordered(order: number, op: BinaryOp): boolean {
  switch (op) {
    case "<":
      return order < 0;
    case ">":
      return order > 0;
    case "<=":
      return order <= 0;
    default:
      return order >= 0;
  }
}

/** One float makes all floats. Integers above 2^63 are unsigned, which wins only if both are. */
function numbers(left: bigint | number, op: BinaryOp, right: bigint | number, blame: Blame): Value {
  if ((op === "/" || op === "%") && Number(right) === 0) throw blame("right", "divide by zero error");
  if (typeof left === "bigint" && typeof right === "bigint") return integers(left, op, right);
  return floats(Number(left), op, Number(right));
}

const maxInt64 = 9223372036854775807n;

function integers(left: bigint, op: BinaryOp, right: bigint): Value {
  const unsigned = left > maxInt64 && right > maxInt64;
  const wrap = (value: bigint) => (unsigned ? BigInt.asUintN(64, value) : BigInt.asIntN(64, value));
  const [a, b] = [wrap(left), wrap(right)];
  switch (op) {
    case "+":
      return wrap(a + b);
    case "-":
      return wrap(a - b);
    case "*":
      return wrap(a * b);
    case "/":
      return wrap(a / b);
    case "%":
      return wrap(a % b);
    case "^":
      return power(a, b, wrap);
    default:
      return ordered(a < b ? -1 : a > b ? 1 : 0, op);
  }
}

/** A negative exponent leaves the base as it is, except where the base or exponent decides before. */
function power(base: bigint, exponent: bigint, wrap: (value: bigint) => bigint): bigint {
  if (exponent === 0n || base === 1n) return 1n;
  if (exponent < 2n) return base;
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = wrap(result * square);
    square = wrap(square * square);
  }
  return result;
}

function floats(left: number, op: BinaryOp, right: number): Value {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "^":
      return goPower(left, right);
    case "<":
      return left < right;
    case ">":
      return left > right;
    case "<=":
      return left <= right;
    default:
      return left >= right;
  }
}

/** Whether two values are equal: across kinds never, numbers by value, functions never, capsules by what is inside. */
export function equal(left: Value, right: Value): boolean {
  return compare(left, right, { count: 0 }, 0);
}

const maxDepth = 2_000;

/** Parts that are shared are compared at each place, so what is compared has a limit. */
function compare(left: Value, right: Value, seen: { count: number }, depth: number): boolean {
  if (isNumber(left) && isNumber(right)) {
    if (typeof left === "bigint" && typeof right === "bigint") {
      return BigInt.asUintN(64, left) === BigInt.asUintN(64, right);
    }
    return Number(left) === Number(right);
  }
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object") return left === right;
  boundComparisons(++seen.count);
  if (depth > maxDepth) throw new BoundsError(`should compare values of at most ${maxDepth} levels, got more`);
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    seen.count += left.length;
    return left.every((item, i) => compare(item, right[i] ?? null, seen, depth + 1));
  }
  const fields = (one: ReadonlyMap<string, Value>, other: ReadonlyMap<string, Value>): boolean => {
    if (one.size !== other.size) return false;
    seen.count += one.size;
    for (const [key, field] of one) {
      const found = other.get(key);
      if (found === undefined || !compare(field, found, seen, depth + 1)) return false;
    }
    return true;
  };
  if (left instanceof Map) return right instanceof Map && fields(left, right);
  if (left instanceof FunctionValue) return false;
  if (left instanceof Target) return right instanceof Target && fields(left.labels, right.labels);
  if (left instanceof Secret) return right instanceof Secret && left.reveal() === right.reveal();
  if (left instanceof OptionalSecret) {
    return right instanceof OptionalSecret && left.isSecret === right.isSecret && left.reveal() === right.reveal();
  }
  return left instanceof Capsule && right instanceof Capsule && left.value === right.value;
}
