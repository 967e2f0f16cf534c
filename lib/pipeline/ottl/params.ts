/**
 * What functions take. A parameter's type turns an argument into what the function works with; literals that don't fit fail
 * the load, anything else fails when it is evaluated.
 */
import { ValueList, ValueMap } from "../telemetry/otlp/value.ts";
import type { Expr } from "./ast.ts";
import { type Accessor, constant, type Getter, nowhere } from "./context.ts";
import { EvaluationFailure, fail, OttlError } from "./error.ts";
import { textOf } from "./text.ts";
import { Duration, isList, type OttlValue, Time, typeName, Unsigned } from "./value.ts";

/** What a parameter type may ask of the compiler. */
export interface Binder {
  value(expr: Expr): Getter;
  path(expr: Expr): Accessor;
  enum(name: string, position: number): bigint;
  /** A function by its name, to be called with one argument. */
  converter(name: string, position: number): (argument: Getter) => Getter;
}

export interface ParamType<T> {
  readonly bind: (expr: Expr, binder: Binder) => T;
  readonly optional?: boolean;
}

export type Params = Readonly<Record<string, ParamType<unknown>>>;
export type Bound<P extends Params> = { readonly [K in keyof P]: P[K] extends ParamType<infer T> ? T : never };

/** May be left out. */
export const optional = <T>(type: ParamType<T>): ParamType<T | undefined> => ({ ...type, optional: true });

/** Converts what a getter gives; what never changes is converted once. */
export function converted<T>(getter: Getter, convert: (value: OttlValue) => T, position: number): Getter<T> {
  if (getter.constant) {
    try {
      return constant(convert(getter(nowhere)), getter.literal ?? false);
    } catch (error) {
      if (!(error instanceof EvaluationFailure)) throw error;
      if (getter.literal) throw new OttlError(error.message, position);
    }
  }
  return context => convert(getter(context));
}

const typed = <T>(convert: (value: OttlValue) => T): ParamType<Getter<T>> => ({
  bind: (expr, binder) => converted(binder.value(expr), convert, expr.start),
});

const expected = (type: string, value: OttlValue): never => fail(`expected ${type} but got ${typeName(value)}`);

/** Any value, as it is. */
export const any: ParamType<Getter> = { bind: (expr, binder) => binder.value(expr) };

export const text = typed(value => (typeof value === "string" ? value : expected("string", value)));
export const int = typed(value => (typeof value === "bigint" ? value : expected("int64", value)));
export const float = typed(value => (typeof value === "number" ? value : expected("float64", value)));
export const bool = typed(value => (typeof value === "boolean" ? value : expected("bool", value)));
export const time = typed(value => (value instanceof Time ? value : expected("time", value)));
export const duration = typed(value => (value instanceof Duration ? value : expected("duration", value)));
export const map = typed(value => (value instanceof ValueMap ? value : expected("pcommon.Map", value)));
/** A list's items. */
export const items = typed((value): readonly OttlValue[] => {
  if (isList(value)) return value;
  if (value instanceof ValueList) return [...value];
  return value instanceof Unsigned ? value.values : expected("pcommon.Slice", value);
});

/** Anything as text; nil stays nil. */
export const textLike = typed(textOf);
/** Anything that can be read as a whole number; nil for nil and texts that are none. */
export const intLike = typed(toInt);
/** Anything that can be read as a number; nil for nil. */
export const floatLike = typed(toFloat);
/** Anything that can be read as a truth value; nil for nil. */
export const boolLike = typed(toBool);
/** Texts and numbers as bytes; nil for nil. */
export const bytesLike = typed(toBytes);

const written = <T>(type: string, read: (value: OttlValue) => T | undefined): ParamType<T> => ({
  bind(expr) {
    const value = expr.kind === "literal" ? read(expr.value) : undefined;
    if (value === undefined) throw new OttlError(`must be ${type}`, expr.start);
    return value;
  },
});

/** Written as such, not computed. */
export const literalText = written("a string", value => (typeof value === "string" ? value : undefined));
export const literalInt = written("an int", value => (typeof value === "bigint" ? value : undefined));
export const literalFloat = written("a float", value => (typeof value === "number" ? value : undefined));
export const literalBool = written("a bool", value => (typeof value === "boolean" ? value : undefined));

/** A place in the telemetry. */
export const path: ParamType<Accessor> = { bind: (expr, binder) => binder.path(expr) };

/** The name of a number. */
export const enumName: ParamType<bigint> = {
  bind(expr, binder) {
    if (expr.kind !== "enum") throw new OttlError("must be an enum", expr.start);
    return binder.enum(expr.name, expr.start);
  },
};

/** The name of a converter that is called later. */
export const converter: ParamType<(argument: Getter) => Getter> = {
  bind(expr, binder) {
    if (expr.kind !== "enum" && expr.kind !== "function") throw new OttlError("must be a function name", expr.start);
    return binder.converter(expr.name, expr.start);
  },
};

/** A list whose items are written one by one. */
export const listOf = <T>(type: ParamType<T>): ParamType<readonly T[]> => ({
  bind(expr, binder) {
    if (expr.kind !== "list") throw new OttlError("must be a list", expr.start);
    return expr.items.map(item => type.bind(item, binder));
  },
});

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const special = /^([+-]?)(inf|infinity|nan)$/i;

/** A text as a double, as Go reads it; fails for one that is none. */
export function parseFloatText(value: string): number {
  if (decimal.test(value)) {
    const number = Number(value);
    return Number.isFinite(number)
      ? number
      : fail(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: value out of range`);
  }
  const [, sign, word] = special.exec(value) ?? [];
  if (word === undefined) return fail(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  if (word.toLowerCase() === "nan") return Number.NaN;
  return sign === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A text as a 64-bit integer; `undefined` for one that is none. */
export function parseIntText(value: string): bigint | undefined {
  if (!/^[+-]?\d+$/.test(value)) return undefined;
  const number = BigInt(value.startsWith("+") ? value.slice(1) : value);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}

/** A double as an integer, cut off as a processor does. */
export const truncated = (value: number): bigint =>
  Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : -(1n << 63n);

function toInt(value: OttlValue): bigint | undefined {
  switch (typeof value) {
    case "undefined":
    case "bigint":
      return value;
    case "number":
      return truncated(value);
    case "boolean":
      return value ? 1n : 0n;
    case "string":
      return parseIntText(value);
    default:
      return fail(`unsupported type: ${typeName(value)}`);
  }
}

function toFloat(value: OttlValue): number | undefined {
  switch (typeof value) {
    case "undefined":
    case "number":
      return value;
    case "bigint":
    case "boolean":
      return Number(value);
    case "string":
      return parseFloatText(value);
    default:
      return fail(`unsupported type: ${typeName(value)}`);
  }
}

const truths: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...["1", "t", "T", "TRUE", "true", "True"].map(word => [word, true]),
  ...["0", "f", "F", "FALSE", "false", "False"].map(word => [word, false]),
]);

function toBool(value: OttlValue): boolean | undefined {
  switch (typeof value) {
    case "undefined":
    case "boolean":
      return value;
    case "bigint":
    case "number":
      return Number(value) !== 0;
    case "string":
      return truths[value] ?? fail(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
    default:
      return fail(`unsupported type: ${typeName(value)}`);
  }
}

function toBytes(value: OttlValue): Uint8Array | undefined {
  if (value === undefined || value instanceof Uint8Array) return value;
  switch (typeof value) {
    case "string":
      return new Uint8Array(Buffer.from(value));
    case "boolean":
      return Uint8Array.of(value ? 1 : 0);
    case "bigint": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, value);
      return bytes;
    }
    case "number": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, value);
      return bytes;
    }
    default:
      return fail(`unsupported type: ${typeName(value)}`);
  }
}
