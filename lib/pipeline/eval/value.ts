/**
 * Values of the configuration language and how JavaScript holds them: null, booleans and strings as themselves, integers
 * (64 bits, signed or unsigned) as bigints, numbers with a fraction as numbers, lists as arrays, objects as maps in the
 * order they were written, and a class each for functions, capsules, targets, secrets.
 */
import { maxComparisons } from "./bounds.ts";

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | FunctionValue
  | Capsule
  | Target
  | Secret
  | OptionalSecret;

/** The word that messages use for a value's kind, as Alloy does. */
export type Kind = "null" | "bool" | "number" | "string" | "array" | "object" | "function" | "capsule";

export class FunctionValue {
  readonly name: string;
  readonly call: (args: readonly Value[]) => Value;
  constructor(name: string, call: (args: readonly Value[]) => Value) {
    this.name = name;
    this.call = call;
  }
}

/** A Go value that the language can only pass on: a receiver, an authentication handler, rules. Equal by identity of `value`. */
export class Capsule<T = unknown> {
  /** As the reference names it: `loki.LogsReceiver`, `otelcol.Consumer`, `relabel.Rules`. */
  readonly type: string;
  readonly value: T;
  constructor(type: string, value: T) {
    this.type = type;
    this.value = value;
  }
}

/** A scrape target: its labels, readable like an object's fields, but never equal to an object literal. */
export class Target {
  readonly labels: ReadonlyMap<string, string>;
  constructor(labels: ReadonlyMap<string, string>) {
    this.labels = labels;
  }
}

/** Text that no output shows. `reveal` is for the component that needs it; printing it in any other way gives `(secret)`. */
export class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return redacted;
  }
  toJSON(): string {
    return redacted;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return redacted;
  }
}

/** Text that may or may not be secret, as the content of a file. */
export class OptionalSecret {
  readonly isSecret: boolean;
  readonly #text: string;
  constructor(isSecret: boolean, text: string) {
    this.isSecret = isSecret;
    this.#text = text;
  }
  reveal(): string {
    return this.#text;
  }
  toString(): string {
    return this.isSecret ? redacted : this.#text;
  }
  toJSON(): string {
    return this.toString();
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

export const redacted = "(secret)";

export function kindOf(value: Value): Kind {
  if (value === null) return "null";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
    case "number":
      return "number";
    case "string":
      return "string";
    default:
      if (Array.isArray(value)) return "array";
      if (value instanceof Map) return "object";
      if (value instanceof FunctionValue) return "function";
      return "capsule";
  }
}

/** Thrown while evaluating an expression; the range is that of the part which is wrong. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
  readonly start: number;
  readonly end: number;
  /** What the user may have meant. */
  readonly hint: string | undefined;
  constructor(message: string, range: { readonly start: number; readonly end: number }, hint?: string) {
    super(message);
    this.start = range.start;
    this.end = range.end;
    this.hint = hint;
  }
}

/**
 * Whether two values are the same in all that a component could notice: secrets by their text, capsules and functions by
 * identity. Values so large or so deep that the answer would take long count as different.
 */
export function sameValue(a: Value, b: Value): boolean {
  return same(a, b, { left: maxComparisons }, 0);
}

const maxDepth = 2_000;

function same(a: Value, b: Value, budget: { left: number }, depth: number): boolean {
  if (Object.is(a, b)) return true;
  if (--budget.left < 0 || depth > maxDepth) return false;
  if (a instanceof Secret && b instanceof Secret) return a.reveal() === b.reveal();
  if (a instanceof OptionalSecret && b instanceof OptionalSecret)
    return a.isSecret === b.isSecret && a.reveal() === b.reveal();
  if (a instanceof Capsule && b instanceof Capsule) return a.type === b.type && a.value === b.value;
  if (a instanceof Target && b instanceof Target) return same(a.labels, b.labels, budget, depth + 1);
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => same(item, b[i], budget, depth + 1));
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return false;
  for (const [key, value] of a) if (!b.has(key) || !same(value, b.get(key), budget, depth + 1)) return false;
  return true;
}
