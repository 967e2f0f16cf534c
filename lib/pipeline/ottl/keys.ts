/** Reading and writing below maps and lists by keys: `attributes["a"]["b"][0]`. */
import {
  type AttributeKey,
  attributeKey,
  kindOf,
  type Value,
  type ValueInput,
  ValueList,
  ValueMap,
} from "../telemetry/otlp/value.ts";
import type { Context, Getter } from "./context.ts";
import { EvaluationFailure, fail } from "./error.ts";
import { Duration, Id, isList, type OttlValue, Part, Time, typeName, Unsigned } from "./value.ts";

/** A key as it was written: a text, a number, or something to be computed. */
export interface Key {
  readonly text: AttributeKey | undefined;
  readonly index: number | undefined;
  readonly get: Getter | undefined;
}

/** A key from its getter. */
export function keyOf(get: Getter, value: OttlValue): Key {
  if (typeof value === "string") return { text: attributeKey(value), index: undefined, get: undefined };
  if (typeof value === "bigint") return { text: undefined, index: Number(value), get: undefined };
  return { text: undefined, index: undefined, get };
}

function nameOf({ text, get }: Key, context: Context): AttributeKey | string {
  if (text) return text;
  if (!get) return fail("unable to resolve a string index in map: invalid key type");
  const value = get(context);
  if (typeof value === "string") return value;
  return fail(`could not resolve key for map/slice, expecting 'string' but got '${typeName(value)}'`);
}

function indexOf({ index, get }: Key, context: Context, length: number): number {
  let at = index;
  if (at === undefined) {
    if (!get) return fail("unable to resolve an integer index in slice: invalid key type");
    const value = get(context);
    if (typeof value !== "bigint")
      return fail(`could not resolve key for map/slice, expecting 'int64' but got '${typeName(value)}'`);
    at = Number(value);
  }
  return at >= 0 && at < length ? at : fail(`index ${at} out of bounds`);
}

/** What stands in a map under the keys; nil where the map has no such key. */
export function getInMap(map: ValueMap, keys: readonly Key[], context: Context): OttlValue {
  const [first, ...rest] = keys as readonly [Key, ...Key[]]; // only called with keys
  const name = nameOf(first, context);
  const value = map.get(name);
  if (!rest.length || (value === undefined && !map.has(name))) return value;
  return getBelow(value, rest, context);
}

/** What stands in a list under the keys. */
export function getInList(list: ValueList, keys: readonly Key[], context: Context): OttlValue {
  return getBelow(list, keys, context);
}

function getBelow(value: Value, keys: readonly Key[], context: Context): OttlValue {
  let at = value;
  for (const key of keys) {
    if (at instanceof ValueMap) {
      const name = nameOf(key, context);
      const below = at.get(name);
      if (below === undefined && !at.has(name)) return undefined;
      at = below;
    } else if (at instanceof ValueList) at = at.at(indexOf(key, context, at.length));
    else return noIndexing(at);
  }
  return at;
}

const valueTypes = {
  empty: "Empty",
  string: "Str",
  bool: "Bool",
  int: "Int",
  double: "Double",
  array: "Slice",
  kvlist: "Map",
  bytes: "Bytes",
} as const;

const noIndexing = (value: Value): never => fail(`type ${valueTypes[kindOf(value)]} does not support string indexing`);

/** Indexes what a converter gave: unlike in paths, a key that isn't there is an error. */
export function getInResult(result: OttlValue, keys: readonly Key[], context: Context): OttlValue {
  let at = result;
  for (const key of keys) {
    if (at instanceof ValueMap) {
      const name = nameOf(key, context);
      if (!at.has(name)) return fail("key not found in map");
      at = at.get(name);
    } else if (at instanceof ValueList || isList(at)) at = at.at(indexOf(key, context, at.length));
    else return fail(`type, ${typeName(at)}, does not support indexing`);
  }
  return at;
}

/** What may be written as a value; times, durations, ids and parts of telemetry may not. */
export function inputOf(value: OttlValue): ValueInput {
  if (typeof value !== "object") return value;
  if (value instanceof Time || value instanceof Duration || value instanceof Id || value instanceof Unsigned)
    return fail(`unsupported value type: ${typeName(value)}`);
  if (value instanceof Part) return fail(`unsupported value type: ${typeName(value)}`);
  return isList(value) ? value.map(inputOf) : value;
}

/** Writes below a map, whose missing parts are made on the way. What can't be a value fails and leaves an empty one. */
export function setInMap(map: ValueMap, keys: readonly Key[], value: OttlValue, context: Context): void {
  const [first, ...rest] = keys as readonly [Key, ...Key[]]; // only called with keys
  const name = nameOf(first, context);
  if (!rest.length) {
    put(
      value,
      input => map.set(name, input),
      () => map.has(name),
    );
    return;
  }
  const below = map.get(name);
  if (below instanceof ValueMap) setInMap(below, rest, value, context);
  else if (below instanceof ValueList) setInList(below, rest, value, context);
  else if (below !== undefined) noIndexing(below);
  else
    put(
      value,
      input => map.set(name, nestedIn(rest, input, context)),
      () => false,
    );
}

/** Writes below a list. */
export function setInList(list: ValueList, keys: readonly Key[], value: OttlValue, context: Context): void {
  const [first, ...rest] = keys as readonly [Key, ...Key[]]; // only called with keys
  const index = indexOf(first, context, list.length);
  if (!rest.length) {
    put(
      value,
      input => list.set(index, input),
      () => true,
    );
    return;
  }
  const below = list.at(index);
  if (below instanceof ValueMap) setInMap(below, rest, value, context);
  else if (below instanceof ValueList) setInList(below, rest, value, context);
  else if (below !== undefined) noIndexing(below);
  else
    put(
      value,
      input => list.set(index, nestedIn(rest, input, context)),
      () => false,
    );
}

function put(value: OttlValue, write: (input: ValueInput) => void, exists: () => boolean): void {
  let input: ValueInput;
  try {
    input = inputOf(value);
  } catch (error) {
    if (error instanceof EvaluationFailure && !exists()) write(undefined);
    throw error;
  }
  write(input);
}

/** The maps and lists that the keys describe, around a value. */
function nestedIn(keys: readonly Key[], input: ValueInput, context: Context): ValueInput {
  const [first, ...rest] = keys;
  if (!first) return input;
  const inner = nestedIn(rest, input, context);
  const key = first.get ? first.get(context) : (first.text?.name ?? BigInt(first.index ?? 0));
  if (typeof key === "string") return new Map([[key, inner]]);
  if (typeof key !== "bigint") return fail("neither a string nor an int index was given");
  return [...new Array<undefined>(Math.max(0, Number(key))).fill(undefined), inner];
}
