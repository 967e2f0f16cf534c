/** The functions that every Go template has; `and` and `or` are part of the execution, as they don't evaluate all arguments. */
import { compareBytes } from "../telemetry/labels.ts";
import { goBytes, sliceBytes } from "./bytes.ts";
import { type Fn, fn } from "./functions.ts";
import {
  deepEqual,
  GoNamed,
  integerOf,
  isTrue,
  kindName,
  lengthOf,
  plain,
  sprint,
  sprintf,
  TemplateError,
  typeName,
} from "./values.ts";

export const builtins: Readonly<Record<string, Fn>> = {
  and: fn("value value...", () => undefined),
  or: fn("value value...", () => undefined),
  call: fn("value value...", (value: unknown) => {
    throw new TemplateError(`call of non-function of type ${typeName(value)}`);
  }),
  not: fn("value", (value: unknown) => !isTrue(value)),
  len: fn("value", length),
  index: fn("value value...", index),
  slice: fn("value value...", slice),
  print: fn("any...", (...args: unknown[]) => sprint(args)),
  printf: fn("string any...", (format: string, ...args: unknown[]) => sprintf(format, args)),
  println: fn("any...", (...args: unknown[]) => `${args.map(arg => sprintf("%v", [arg])).join(" ")}\n`),
  html: fn("any...", (...args: unknown[]) => html(text(args))),
  js: fn("any...", (...args: unknown[]) => js(text(args))),
  urlquery: fn("any...", (...args: unknown[]) => urlQuery(text(args))),
  eq: fn("value value...", equalsAny),
  ne: fn("value value", (a: unknown, b: unknown) => !equalsAny(a, b)),
  lt: fn("value value", less),
  le: fn("value value", (a: unknown, b: unknown) => less(a, b) || equalsAny(a, b)),
  gt: fn("value value", (a: unknown, b: unknown) => !less(a, b) && !equalsAny(a, b)),
  ge: fn("value value", (a: unknown, b: unknown) => !less(a, b)),
};

const text = (args: readonly unknown[]): string =>
  args.length === 1 && typeof args[0] === "string" ? args[0] : sprint(args);

const htmlEscapes: Readonly<Record<string, string>> = {
  "\0": "\ufffd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};
const html = (value: string): string => value.replace(/[\0"'&<>]/g, char => htmlEscapes[char] ?? char);

const jsEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};
const js = (value: string): string =>
  value.replace(/[\\'"<>&=\x00-\x1f]|[^\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{S}]/gu, char => {
    const code = char.codePointAt(0) ?? 0;
    return jsEscapes[char] ?? `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
  });

/** As `url.QueryEscape`. */
export const urlQuery = (value: string): string =>
  [...goBytes(value)]
    .map(byte => {
      const char = String.fromCharCode(byte);
      if (/[A-Za-z0-9_.~-]/.test(char)) return char;
      return char === " " ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

function length(value: unknown): bigint {
  const found = lengthOf(value);
  if (found !== undefined) return BigInt(found);
  if (value === undefined || value === null) throw new TemplateError("len of nil pointer");
  throw new TemplateError(`len of type ${typeName(value)}`);
}

function index(item: unknown, ...indexes: unknown[]): unknown {
  if (item === undefined || item === null) throw new TemplateError("index of untyped nil");
  let value = item;
  for (const each of indexes) {
    if (value === undefined || value === null) throw new TemplateError("index of nil pointer");
    if (value instanceof Map) {
      if (typeof each !== "string") throw new TemplateError(`value has type ${typeName(each)}; should be string`);
      value = value.get(each);
    } else if (Array.isArray(value)) value = value[position(each, value.length)];
    else if (typeof value === "string") {
      const bytes = goBytes(value);
      value = new GoNamed("uint8", BigInt(bytes[position(each, bytes.length)] ?? 0));
    } else throw new TemplateError(`can't index item of type ${typeName(value)}`);
  }
  return value;
}

function position(value: unknown, limit: number): number {
  const at = integerOf(value);
  if (at === undefined) throw new TemplateError(`cannot index slice/array with type ${typeName(value)}`);
  if (at < 0n || at >= BigInt(limit)) throw new TemplateError(`index out of range: ${at}`);
  return Number(at);
}

function slice(item: unknown, ...indexes: unknown[]): unknown {
  const size = lengthOf(item);
  if (item === undefined || item === null) throw new TemplateError("slice of untyped nil");
  if (size === undefined || item instanceof Map) throw new TemplateError(`can't slice item of type ${typeName(item)}`);
  if (indexes.length > 3) throw new TemplateError(`too many slice indexes: ${indexes.length}`);
  if (typeof item === "string" && indexes.length === 3) throw new TemplateError("cannot 3-index slice a string");
  const [from = 0, to = size, max] = indexes.map(each => position(each, size + 1));
  if (from > to) throw new TemplateError(`invalid slice index: ${from} > ${to}`);
  if (max !== undefined && to > max) throw new TemplateError(`invalid slice index: ${to} > ${max}`);
  if (typeof item === "string") return sliceBytes(item, from, to);
  return (item as unknown[]).slice(from, to); // the only kind left
}

type Kind = "bool" | "int" | "uint" | "float" | "string" | "other";

function basicKind(value: unknown): Kind {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "number":
      return "float";
    default:
      if (integerOf(value) === undefined) return "other";
      return kindName(value).startsWith("uint") ? "uint" : "int";
  }
}

function equalsAny(first: unknown, ...others: unknown[]): boolean {
  if (!others.length) throw new TemplateError("missing argument for comparison");
  return others.some(other => equals(first, other));
}

const isNil = (value: unknown) => value === undefined || value === null;

function equals(a: unknown, b: unknown): boolean {
  const kind = basicKind(a);
  const other = basicKind(b);
  if (kind !== other) {
    const integers = (kind === "int" && other === "uint") || (kind === "uint" && other === "int");
    if (integers) return integerOf(a) === integerOf(b);
    if (!isNil(a) && !isNil(b)) throw new TemplateError("incompatible types for comparison");
    return false;
  }
  if (kind === "int" || kind === "uint") return integerOf(a) === integerOf(b);
  if (kind !== "other") return a === b;
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (Array.isArray(a) || a instanceof Map || Array.isArray(b) || b instanceof Map) {
    throw new TemplateError(
      `non-comparable types ${typeName(a)}: ${String(plain(a))}, ${typeName(b)}: ${String(plain(b))}`,
    );
  }
  return deepEqual(a, b);
}

function less(a: unknown, b: unknown): boolean {
  const kind = basicKind(a);
  const other = basicKind(b);
  if (kind === "other" || other === "other" || (kind === "bool" && other === "bool"))
    throw new TemplateError("invalid type for comparison");
  const [left, right] = [integerOf(a), integerOf(b)];
  if (left !== undefined && right !== undefined) return left < right;
  if (kind !== other) throw new TemplateError("incompatible types for comparison");
  return typeof a === "string" ? compareBytes(a, String(b)) < 0 : Number(a) < Number(b);
}
