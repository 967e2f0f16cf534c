/**
 * Values of templates: what Go's reflection would see. `undefined` is the invalid value (a missing key), null the nil interface;
 * bigints are ints, numbers float64s, other number types `GoNamed` (`int64`, `uint8`, `time.Duration`); lists are arrays,
 * maps are `Map`s, times are `GoTime`s.
 */

import { formatDuration } from "../eval/duration.ts";
import { GoNamed, type GoValue, goFormat, goType } from "../eval/gofmt.ts";
import { byteLength } from "./bytes.ts";
import { GoTime } from "./time.ts";

export { GoNamed } from "../eval/gofmt.ts";

export { TemplateError } from "./errors.ts";

export type Dict = Map<string, unknown>;

export const int64 = (value: bigint): GoNamed => new GoNamed("int64", BigInt.asIntN(64, value));

/** The integer behind an int, int64, uint8 or duration. */
export function integerOf(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return value instanceof GoNamed && typeof value.value === "bigint" ? value.value : undefined;
}

/** Go's name of the type, as messages and `typeOf` print it. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (value instanceof GoTime) return "time.Time";
  return goType(plain(value));
}

/** `string`, `int`, `map`, `slice`, …: as `reflect.Kind` prints itself. */
export function kindName(value: unknown): string {
  if (value === null || value === undefined) return "invalid";
  if (value instanceof GoTime) return "struct";
  if (value instanceof GoNamed) return value.type === "time.Duration" ? "int64" : value.type;
  if (Array.isArray(value)) return "slice";
  if (value instanceof Map) return "map";
  return goType(plain(value));
}

/** What `if` and `and` go by. */
export function isTrue(value: unknown): boolean {
  if (typeof value === "string" || Array.isArray(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  const integer = integerOf(value);
  if (integer !== undefined) return integer !== 0n;
  return Boolean(value);
}

/** Zero values, empty lists and nil; times never. */
export const isEmpty = (value: unknown): boolean => !isTrue(value);

/** The value as `fmt` takes it. */
export function plain(value: unknown): GoValue {
  if (value === undefined) return null;
  if (value instanceof GoTime) return value.toString();
  if (value instanceof GoNamed && value.type === "time.Duration") return formatDuration(integerOf(value) ?? 0n);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...(value as Dict)].map(([key, item]) => [key, plain(item)])); // keys are strings
  return value as GoValue; // nothing else is a value of templates
}

/** `fmt.Sprintf`. */
export const sprintf = (format: string, args: readonly unknown[]): string => goFormat(format, args.map(plain));

/** As an action prints it. */
export function show(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "<no value>";
  return sprintf("%v", [value]);
}

/** `fmt.Sprint`: a blank between operands of which none is a string. */
export function sprint(values: readonly unknown[]): string {
  let text = "";
  values.forEach((value, i) => {
    if (i && typeof value !== "string" && typeof values[i - 1] !== "string") text += " ";
    text += value === undefined || value === null ? "<nil>" : show(value);
  });
  return text;
}

/** Bytes, items or fields; `undefined` where the value has no length. */
export function lengthOf(value: unknown): number | undefined {
  if (typeof value === "string") return byteLength(value);
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : undefined;
}

/** `reflect.DeepEqual`. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a instanceof GoNamed) return b instanceof GoNamed && a.type === b.type && a.value === b.value;
  if (a instanceof GoTime) return b instanceof GoTime && a.nanoseconds === b.nanoseconds;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (!(a instanceof Map) || !(b instanceof Map) || a.size !== b.size) return false;
  return [...a].every(([key, item]) => b.has(key) && deepEqual(item, b.get(key)));
}
