/** The types that schemas are made of, named as the reference prints them. */
import {
  notThisCapsule,
  toBool,
  toDuration,
  toFloat,
  toInt,
  toList,
  toNumber,
  toObject,
  toOptionalSecret,
  toSecret,
  toTarget,
  toText,
} from "./convert.ts";
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

const byteUnits: Readonly<Record<string, number>> = {
  B: 0,
  KB: 1,
  KiB: 1,
  MB: 2,
  MiB: 2,
  GB: 3,
  GiB: 3,
  TB: 4,
  TiB: 4,
  PB: 5,
  PiB: 5,
  EB: 6,
  EiB: 6,
};

/** A number of bytes, from `"1MiB"`; units count by 1024 with and without the `i`. */
export const bytes: Type<number> = {
  name: "string(units.Base2Bytes)",
  decode(value) {
    if (typeof value === "bigint" || typeof value === "number") return Number(toNumber(value));
    const text = toText(value);
    if (text === "") return 0;
    const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)([A-Za-z]*)/gy)];
    const read = parts.reduce((length, part) => length + part[0].length, 0);
    if (!parts.length || read !== text.length)
      throw new Mismatch(`units: invalid "${text}", expected a size such as "1MiB"`);
    return parts.reduce((sum, [, size = "", unit = ""]) => {
      const power = byteUnits[unit || "B"];
      if (power === undefined || unit === "")
        throw new Mismatch(
          `units: ${unit === "" ? "missing" : "unknown"} unit in "${text}", expected one such as "MiB"`,
        );
      return sum + Math.trunc(Number(size) * 1024 ** power);
    }, 0);
  },
};

/** One of a few words. `what` names it in the message: `unrecognized compression "brotli", expected gzip or none`. */
export const oneOf = <const W extends string>(what: string, words: readonly W[]): Type<W> => ({
  name: "string",
  decode(value) {
    const text = toText(value);
    const found = words.find(word => word === text);
    if (found !== undefined) return found;
    throw new Mismatch(
      `unrecognized ${what} "${text}", expected ${words.slice(0, -1).join(", ")}${words.length > 1 ? " or " : ""}${words.at(-1)}`,
    );
  },
});

export const list = <T>(item: Type<T>): ExportType<readonly T[]> => ({
  name: `list(${item.name})`,
  decode: value => toList(value, each => item.decode(each)),
  encode: items => items.map(each => encode(item, each)),
});

export const map = <T>(field: Type<T>): ExportType<ReadonlyMap<string, T>> => ({
  name: `map(${field.name})`,
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
