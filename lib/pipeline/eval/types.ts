/** The types that schemas are made of, named as the reference prints them. */
import {
  notThisCapsule,
  toBool,
  toDuration,
  toFloat,
  toInt,
  toList,
  toObject,
  toOptionalSecret,
  toSecret,
  toTarget,
  toText,
} from "./convert.ts";
import { hintFor } from "./hints.ts";
import { fromPlain, type Plain } from "./plain.ts";
import { Mismatch, type Type } from "./schema.ts";
import { Capsule, type OptionalSecret, type Secret, type Target, type Value } from "./value.ts";

/** A type with the way back, for exports. */
export interface ExportType<T> extends Type<T> {
  encode(value: T): Value;
}

const same = <T extends Value>(value: T): Value => value;

export const string: ExportType<string> = { name: "string", decode: toText, encode: same };
export const bool: ExportType<boolean> = { name: "bool", decode: toBool, encode: same };
/** A whole number; fractions are cut off. */
export const int: Type<number> = { name: "number", decode: toInt };
/** A number with a fraction. */
export const number: Type<number> = { name: "number", decode: toFloat };
/** Milliseconds, from Go's spelling: `"1m30s"`. */
export const duration: Type<number> = { name: "duration", decode: value => Number(toDuration(value)) / 1e6 };
export const secret: ExportType<Secret> = { name: "capsule(alloytypes.Secret)", decode: toSecret, encode: same };
export const optionalSecret: ExportType<OptionalSecret> = {
  name: "capsule(alloytypes.OptionalSecret)",
  decode: toOptionalSecret,
  encode: same,
};
export const target: ExportType<Target> = { name: "capsule(discovery.Target)", decode: toTarget, encode: same };
/** Anything, as a value of the language. */
export const any: ExportType<Value> = { name: "any", decode: same, encode: same };

/** A number of bytes in Alloy's spelling: `"1MiB"`, `"1.5GB"`; units count by 1024 with and without the `i`. */
export const bytes: Type<number> = {
  name: "string(units.Base2Bytes)",
  decode: value => (value === null ? 0 : parseBytes(toText(value))),
};

/** Either of the two spellings, but not a mixture of them, as in Alloy. */
const byteUnits = ["iB", "B"].map(
  suffix =>
    new Map([
      ["B", 1],
      ...["K", "M", "G", "T", "P", "E"].map((prefix, i): [string, number] => [prefix + suffix, 1024 ** (i + 1)]),
    ]),
);

function parseBytes(text: string): number {
  const rest = text.replace(/^[-+]/, "");
  if (rest === "0") return 0;
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/gy)];
  const read = parts.reduce((length, part) => length + part[0].length, 0);
  if (!parts.length || read !== rest.length) throw new Mismatch(`units: invalid ${text}`);
  const sizes = byteUnits.map(units =>
    parts.map(([, size, unit = ""]) => Number(size) * (units.get(unit) ?? Number.NaN)),
  );
  const fitting = sizes.find(list => !list.some(Number.isNaN));
  if (!fitting) {
    const unknown = parts.find(([, , unit = ""]) => !byteUnits[1]?.has(unit))?.[2] ?? "";
    throw new Mismatch(`units: unknown unit ${unknown} in ${text}`);
  }
  const total = fitting.reduce((sum, size) => sum + size, 0);
  if (total >= 2 ** 63) throw new Mismatch("units: overflow parsing unit");
  return Math.trunc(text.startsWith("-") ? -total : total);
}

/** A type of a few words, which the reference lists. */
export interface WordType<W extends string> extends Type<W> {
  readonly words: readonly W[];
}

/**
 * One of a few words. `what` names it in the message: `unrecognized compression "brotli", expected gzip or none`; `message`
 * is for those that Alloy puts otherwise.
 */
export const oneOf = <const W extends string>(
  what: string,
  words: readonly W[],
  message: (text: string) => string = text =>
    `unrecognized ${what} ${JSON.stringify(text)}, expected ${words.slice(0, -1).join(", ")}${words.length > 1 ? " or " : ""}${words.at(-1)}`,
): WordType<W> => ({
  name: "string",
  words,
  decode(value) {
    const text = toText(value);
    const found = words.find(word => word === text);
    if (found !== undefined) return found;
    throw new Mismatch(message(text), [], hintFor(text, words));
  },
});

/** A type of which Alloy's `validate` says only whether a literal is a text at all; `literal` is for those that are none. */
export const late = <T extends Type<unknown>>(type: T, literal: Type<unknown> = string): T => ({ ...type, literal });

export const list = <T>(item: Type<T>): ExportType<readonly T[]> => ({
  name: `list(${item.name})`,
  item,
  decode: value => toList(value, each => item.decode(each)),
  encode: items => items.map(each => encode(item, each)),
});

export const map = <T>(field: Type<T>): ExportType<ReadonlyMap<string, T>> => ({
  name: `map(${field.name})`,
  field,
  decode: value => toObject(value, each => field.decode(each)),
  encode: fields => new Map([...fields].map(([key, each]) => [key, encode(field, each)])),
});

/** The value of the language for what a type decodes to. */
export const encode = <T>(type: Type<T>, value: T): Value =>
  "encode" in type ? (type as ExportType<T>).encode(value) : fromPlain(value as Plain); // types without a way back hold plain data

/** A text that a function reads further: a URL, a regular expression. `read` returns the result or throws a `Mismatch`. */
export const text = <T>(name: string, read: (text: string) => T): Type<T> => ({
  name,
  decode: value => read(toText(value)),
});

/** A Go value that only its own component reads; `isA` tells whether it is one. */
export const capsule = <T>(type: string): ExportType<T> => ({
  name: `capsule(${type})`,
  decode(value) {
    if (value instanceof Capsule && value.type === type) return value.value as T; // the type's name stands for T
    throw notThisCapsule(value, type);
  },
  encode: value => new Capsule(type, value),
});
