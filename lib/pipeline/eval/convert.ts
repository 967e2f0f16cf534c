/**
 * How a value becomes what an attribute or a function's parameter wants, with Alloy's rules. Every function throws a
 * `Mismatch` whose message goes behind the printed expression (`should be string, got bool`); `explain` (explain.ts) makes
 * the whole message and finds its place. `null` gives the zero value everywhere.
 *
 *     toText(value): string               numbers written out without exponent, optional secrets that are none, decoded bytes
 *     toNumber(value): bigint | number    keeps the kind of the number; reads strings
 *     toInteger(value): bigint            64 bits, signed; cuts fractions off
 *     toInt(value): number                the same as a JavaScript number
 *     toUnsigned(value): bigint           64 bits, negative numbers wrap as in Go
 *     toFloat(value): number
 *     toBool(value): boolean
 *     toDuration(value): bigint           nanoseconds, from Go's spelling: "1m30s"
 *     toSecret(value): Secret             from secrets, optional secrets and strings
 *     toOptionalSecret(value): OptionalSecret
 *     toList(value, each): T[]            `each` converts an item; its mismatch gets the index into its path
 *     toObject(value, each): Map<string, T>   also from a target
 *     toTarget(value): Target             from an object of anything that can be written as a label
 *     mismatch(value, expected): Mismatch `should be EXPECTED, got KIND`
 *     at(step, convert): T                runs `convert`, puts `step` in front of the path of its mismatch
 */
import { bytesOf } from "./bytes.ts";
import { parseDuration } from "./duration.ts";
import { formatFloat } from "./gofloat.ts";
import { goFormat } from "./gofmt.ts";
import { toGoPlain } from "./goplain.ts";
import { Mismatch } from "./schema.ts";
import { Capsule, FunctionValue, type Kind, kindOf, OptionalSecret, Secret, Target, type Value } from "./value.ts";

/** A mismatch of kinds: `should be string, got bool`. */
export function mismatch(value: Value, expected: Kind): Mismatch {
  return new Mismatch(`should be ${expected}, got ${kindOf(value)}`);
}

/** Runs a conversion of a part of a value, so that its mismatch tells the way there. */
export function at<T>(step: string | number, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof Mismatch) throw new Mismatch(error.message, [step, ...error.path], error.hint);
    throw error;
  }
}

/** Text: strings, numbers, optional secrets that are not secret, decoded bytes. */
export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return formatFloat(value, "f", -1);
  if (Array.isArray(value)) {
    const data = bytesOf(value);
    if (data) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
  }
  refuseSecret(value);
  if (value instanceof OptionalSecret) return value.reveal();
  refuseTarget(value, "*string");
  throw mismatch(value, "string");
}

function refuseSecret(value: Value): void {
  if (value instanceof Secret || (value instanceof OptionalSecret && value.isSecret)) {
    throw new Mismatch("secrets may not be converted into strings");
  }
}

/** A target converts to objects only, and names what it was asked for by its Go type. */
function refuseTarget(value: Value, goType: string): void {
  if (value instanceof Target) throw new Mismatch(`target::ConvertInto: conversion to '${goType}' is not supported`);
}

/** A number as it is, or the one that a string spells. */
export function toNumber(value: Value, goType = "*int"): bigint | number {
  if (typeof value === "bigint" || typeof value === "number") return value;
  if (value === null) return 0n;
  const text = typeof value === "string" ? value : plainSecret(value);
  const parsed = text === undefined ? undefined : parseNumber(text);
  if (parsed !== undefined) return parsed;
  refuseTarget(value, goType);
  throw mismatch(value, "number");
}

const plainSecret = (value: Value): string | undefined =>
  value instanceof OptionalSecret && !value.isSecret ? value.reveal() : undefined;

const maxUint64 = 18446744073709551615n;
const minInt64 = -9223372036854775808n;
const decimalFloat = /^\+?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const hexFloat = /^\+?0[xX](?=[0-9a-fA-F.]*[0-9a-fA-F])([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;

/** Whole numbers are read exactly, negative ones only if they are whole; what has `.`, `e` or `E` is a float. */
function parseNumber(text: string): bigint | number | undefined {
  if (/^-[0-9]+$/.test(text)) {
    const parsed = BigInt(text);
    return parsed < minInt64 ? undefined : parsed;
  }
  if (/^[0-9]+$/.test(text)) {
    const parsed = BigInt(text);
    return parsed > maxUint64 ? undefined : parsed;
  }
  if (!/[.eE]/.test(text)) return undefined;
  const parsed = parseFloat64(text);
  return Number.isFinite(parsed) ? parsed : undefined;
}

/** Go reads floats with hexadecimal digits and with underscores between digits, too; NaN for what is none. */
function parseFloat64(spelled: string): number {
  const digit = /^\+?0[xX]/.test(spelled) ? "[0-9a-fA-F]" : "[0-9]";
  const text = spelled.replace(new RegExp(`(?<=${digit}|[xX])_(?=${digit})`, "g"), "");
  if (decimalFloat.test(text)) return Number(text);
  const [, whole = "", fraction = "", exponent] = hexFloat.exec(text) ?? [];
  if (exponent === undefined) return Number.NaN;
  return Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
}

/** A signed integer of 64 bits; fractions are cut off. */
export function toInteger(value: Value): bigint {
  const number = toNumber(value);
  return BigInt.asIntN(64, typeof number === "bigint" ? number : truncate(number));
}

/** The same as a JavaScript number. */
export function toInt(value: Value): number {
  return Number(toInteger(value));
}

/** An unsigned integer of 64 bits; negative numbers wrap. */
export function toUnsigned(value: Value): bigint {
  const number = toNumber(value, "*uint");
  return BigInt.asUintN(64, typeof number === "bigint" ? number : truncate(number));
}

/** Without its fraction; what 64 bits can't hold becomes the smallest integer, as processors do it. */
export function truncate(number: number): bigint {
  return Math.abs(number) < 2 ** 63 ? BigInt(Math.trunc(number)) : minInt64;
}

/** A number with a fraction. */
export function toFloat(value: Value): number {
  return Number(toNumber(value, "*float64"));
}

/** A boolean; nothing else converts. */
export function toBool(value: Value): boolean {
  if (typeof value === "boolean") return value;
  if (value === null) return false;
  refuseTarget(value, "*bool");
  throw mismatch(value, "bool");
}

/** Nanoseconds, from text as Go spells durations. */
export function toDuration(value: Value): bigint {
  if (value === null) return 0n;
  const text = toText(value);
  try {
    return parseDuration(text);
  } catch (error) {
    throw new Mismatch((error as Error).message); // parseDuration throws Errors only
  }
}

/** A secret, also from text. */
export function toSecret(value: Value): Secret {
  if (value instanceof Secret) return value;
  if (value === null) return new Secret("");
  if (typeof value === "string") return new Secret(value);
  if (value instanceof OptionalSecret) return new Secret(value.reveal());
  throw notThisCapsule(value, "alloytypes.Secret");
}

/** An optional secret, also from text. */
export function toOptionalSecret(value: Value): OptionalSecret {
  if (value instanceof OptionalSecret) return value;
  if (value === null) return new OptionalSecret(false, "");
  if (typeof value === "string") return new OptionalSecret(false, value);
  if (value instanceof Secret) return new OptionalSecret(true, value.reveal());
  throw notThisCapsule(value, "alloytypes.OptionalSecret");
}

/** What a value is that should have been another capsule. */
export function notThisCapsule(value: Value, goType: string): Mismatch {
  if (kindOf(value) !== "capsule") return mismatch(value, "capsule");
  if (value instanceof Target) return new Mismatch(`target::ConvertInto: conversion to '*${goType}' is not supported`);
  return new Mismatch(`expected capsule("${goType}"), got ${describe(value)}`);
}

/** The kind of a value, for capsules with the name of what is inside: `capsule("loki.LogsReceiver")`. */
export function describe(value: Value): string {
  if (value instanceof Capsule) return `capsule("${value.type}")`;
  if (value instanceof Secret) return 'capsule("alloytypes.Secret")';
  if (value instanceof OptionalSecret) return 'capsule("alloytypes.OptionalSecret")';
  if (value instanceof Target) return 'capsule("discovery.Target")';
  return kindOf(value);
}

/** A list whose items `each` converts. */
export function toList<T>(value: Value, each: (item: Value) => T, goType = "*[]interface {}"): T[] {
  if (value === null) return [];
  refuseTarget(value, goType);
  if (!Array.isArray(value)) throw mismatch(value, "array");
  return value.map((item, i) => at(i, () => each(item)));
}

/** An object whose fields `each` converts; a target gives its labels. */
export function toObject<T>(value: Value, each: (field: Value) => T): Map<string, T> {
  if (value === null) return new Map();
  const fields = fieldsOf(value);
  if (!fields) throw mismatch(value, "object");
  const result = new Map<string, T>();
  for (const [key, field] of fields) {
    result.set(
      key,
      at(key, () => each(field)),
    );
  }
  return result;
}

/** The fields of an object, the labels of a target. */
export function fieldsOf(value: Value): ReadonlyMap<string, Value> | undefined {
  if (value instanceof Map) return value;
  return value instanceof Target ? value.labels : undefined;
}

/** A target; its labels are the fields of an object as text, whatever they are. */
export function toTarget(value: Value): Target {
  if (value instanceof Target) return value;
  if (value === null) return new Target(new Map());
  if (!(value instanceof Map)) {
    throw new Mismatch(`target::ConvertFrom: conversion from '${goTypeOf(value)}' is not supported`);
  }
  const labels = new Map<string, string>();
  for (const [name, field] of value) labels.set(name, labelText(field));
  return new Target(labels);
}

function labelText(field: Value): string {
  if (typeof field === "string") return field;
  if (field === null) throw new Mismatch("target::ConvertFrom: cannot convert a nil value to a target value");
  if (field instanceof Secret || (field instanceof OptionalSecret && field.isSecret)) {
    throw new Mismatch("target::ConvertFrom: cannot use a secret as a target value");
  }
  if (field instanceof OptionalSecret) return field.reveal();
  return goFormat("%v", [toGoPlain(field)]);
}

/** How Go's `%T` names what holds a value. */
export function goTypeOf(value: Value): string {
  switch (typeof value) {
    case "bigint":
      return "int64";
    case "number":
      return "float64";
    case "string":
      return "string";
    case "boolean":
      return "bool";
  }
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return bytesOf(value) ? "[]uint8" : "[]value.Value";
  if (value instanceof Map) return "map[string]value.Value";
  if (value instanceof FunctionValue) return "value.RawFunction";
  if (value instanceof Capsule) return value.type;
  if (value instanceof Secret) return "alloytypes.Secret";
  return value instanceof Target ? "discovery.Target" : "alloytypes.OptionalSecret";
}
