/** Sprig's functions over lists, dictionaries and values of any kind. */

import { type Fn, fn } from "./functions.ts";
import { strval } from "./sprig-strings.ts";
import { type Dict, deepEqual, GoNamed, integerOf, isEmpty, kindName, TemplateError, typeName } from "./values.ts";

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`cannot ${what} on type ${kindName(value)}`);
}

function dictOf(value: unknown): Dict {
  if (value instanceof Map) return value; // all maps have string keys
  throw new TemplateError(`wrong type for value; expected map[string]interface {}; got ${typeName(value)}`);
}

function dict(...pairs: unknown[]): Dict {
  const made: Dict = new Map();
  for (let i = 0; i < pairs.length; i += 2) made.set(strval(pairs[i]), i + 1 < pairs.length ? pairs[i + 1] : "");
  return made;
}

function dig(...args: unknown[]): unknown {
  if (args.length < 3) throw new TemplateError("dig needs at least three arguments");
  const fallback = args.at(-2);
  let value: unknown = dictOf(args.at(-1));
  for (const key of args.slice(0, -2)) {
    const inside: Dict | undefined = value instanceof Map ? value : undefined;
    if (!inside?.has(strval(key))) return fallback;
    value = inside.get(strval(key));
  }
  return value;
}

/** Fills a dictionary from others: what it has stays unless it is empty, or `overwrite` is set. */
function mergeInto(overwrite: boolean) {
  const merge = (into: Dict, ...sources: Dict[]): Dict => {
    for (const source of sources) {
      for (const [key, value] of source) {
        const before = into.get(key);
        if (before instanceof Map && value instanceof Map) merge(before, value);
        else if (overwrite ? !isEmpty(value) || !into.has(key) : isEmpty(before)) into.set(key, value);
      }
    }
    return into;
  };
  return merge;
}

const unique = (list: readonly unknown[]): unknown[] =>
  list.filter((item, i) => list.findIndex(other => deepEqual(item, other)) === i);

function slice(list: unknown, ...bounds: unknown[]): unknown {
  const items = listOf(list, "slice");
  if (!items.length) return null;
  const [from = 0, to = items.length] = bounds.map(bound => Number(integerOf(bound) ?? 0n));
  if (from < 0 || to > items.length || from > to)
    throw new TemplateError("reflect.Value.Slice: slice index out of bounds");
  return items.slice(from, to);
}

function chunk(size: number, list: unknown): unknown[] {
  const items = listOf(list, "chunk");
  if (size < 1) throw new TemplateError("runtime error: integer divide by zero");
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

const copy = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(copy);
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, copy(item)])) : value;
};

const has = (item: unknown, list: unknown): boolean =>
  list === null || list === undefined ? false : listOf(list, "find items").some(each => deepEqual(item, each));

const kindIs = (kind: string, value: unknown) => kindName(value) === kind;

/** Each function and its `must` twin, which differ only in how they fail. */
function twins(name: string, made: Fn): Record<string, Fn> {
  return { [name]: made, [`must${name[0]?.toUpperCase()}${name.slice(1)}`]: made };
}

const push = fn("any any", (list: unknown, item: unknown) => [...listOf(list, "push"), item]);

export const collectionFunctions: Readonly<Record<string, Fn>> = {
  tuple: fn("any...", (...items: unknown[]) => items),
  list: fn("any...", (...items: unknown[]) => items),
  dict: fn("any...", dict),
  get: fn("dict string", (from: Dict, key: string) => (from.has(key) ? from.get(key) : "")),
  set: fn("dict string any", (into: Dict, key: string, value: unknown) => into.set(key, value)),
  unset: fn("dict string", (from: Dict, key: string) => {
    from.delete(key);
    return from;
  }),
  hasKey: fn("dict string", (from: Dict, key: string) => from.has(key)),
  pluck: fn("string dict...", (key: string, ...from: Dict[]) =>
    from.filter(each => each.has(key)).map(each => each.get(key)),
  ),
  keys: fn("dict...", (...from: Dict[]) => from.flatMap(each => [...each.keys()])),
  values: fn("dict", (from: Dict) => [...from.values()]),
  pick: fn(
    "dict string...",
    (from: Dict, ...names: string[]) =>
      new Map(names.filter(name => from.has(name)).map(name => [name, from.get(name)])),
  ),
  omit: fn(
    "dict string...",
    (from: Dict, ...names: string[]) => new Map([...from].filter(([name]) => !names.includes(name))),
  ),
  ...twins("merge", fn("dict dict...", mergeInto(false))),
  ...twins("mergeOverwrite", fn("dict dict...", mergeInto(true))),
  dig: fn("any...", dig),
  ...twins("append", push),
  ...twins("push", push),
  ...twins(
    "prepend",
    fn("any any", (list: unknown, item: unknown) => [item, ...listOf(list, "prepend")]),
  ),
  ...twins(
    "first",
    fn("any", (list: unknown) => listOf(list, "find first")[0] ?? null),
  ),
  ...twins(
    "rest",
    fn("any", (list: unknown) => (listOf(list, "find rest").length ? listOf(list, "find rest").slice(1) : null)),
  ),
  ...twins(
    "last",
    fn("any", (list: unknown) => listOf(list, "find last").at(-1) ?? null),
  ),
  ...twins(
    "initial",
    fn("any", (list: unknown) =>
      listOf(list, "find initial").length ? listOf(list, "find initial").slice(0, -1) : null,
    ),
  ),
  ...twins(
    "reverse",
    fn("any", (list: unknown) => listOf(list, "find reverse").toReversed()),
  ),
  ...twins(
    "uniq",
    fn("any", (list: unknown) => unique(listOf(list, "find uniq"))),
  ),
  ...twins(
    "without",
    fn("any any...", (list: unknown, ...omitted: unknown[]) =>
      listOf(list, "find without").filter(item => !has(item, omitted)),
    ),
  ),
  ...twins("has", fn("any any", has)),
  ...twins("slice", fn("any any...", slice)),
  ...twins("chunk", fn("int any", chunk)),
  ...twins(
    "compact",
    fn("any", (list: unknown) => listOf(list, "compact").filter(item => !isEmpty(item))),
  ),
  concat: fn("any...", (...lists: unknown[]) => lists.flatMap(list => listOf(list, "concat"))),
  default: fn("any any...", (fallback: unknown, ...given: unknown[]) =>
    !given.length || isEmpty(given[0]) ? fallback : given[0],
  ),
  empty: fn("any", isEmpty),
  coalesce: fn("any...", (...values: unknown[]) => values.find(value => !isEmpty(value)) ?? null),
  all: fn("any...", (...values: unknown[]) => values.every(value => !isEmpty(value))),
  any: fn("any...", (...values: unknown[]) => values.some(value => !isEmpty(value))),
  ternary: fn("any any bool", (yes: unknown, no: unknown, condition: boolean) => (condition ? yes : no)),
  ...twins("deepCopy", fn("any", copy)),
  typeOf: fn("any", typeName),
  typeIs: fn("string any", (type: string, value: unknown) => typeName(value) === type),
  typeIsLike: fn(
    "string any",
    (type: string, value: unknown) => type === typeName(value) || type === `*${typeName(value)}`,
  ),
  kindOf: fn("any", kindName),
  kindIs: fn("string any", kindIs),
  deepEqual: fn("any any", deepEqual),
};

/** JSON's values as templates have them: every number is a float64. */
export function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value === "object" && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
  return value;
}

/** A value as JSON takes it. */
export function toJsonValue(value: unknown): unknown {
  if (value instanceof GoNamed) return integerOf(value);
  if (Array.isArray(value)) return value.map(toJsonValue);
  return value instanceof Map ? new Map([...value].map(([key, item]) => [key, toJsonValue(item)])) : value;
}
