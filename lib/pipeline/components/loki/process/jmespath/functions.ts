/** JMESPath's functions, with those that the community's edition adds. */
import { compareBytes } from "../../../../telemetry/labels.ts";
import { marshalJson } from "../../../../template/go-json.ts";

export type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

/** `&expression`: an argument that is applied to elements. */
export class Reference {
  readonly apply: (value: Json) => Json;
  constructor(apply: (value: Json) => Json) {
    this.apply = apply;
  }
}

/** An expression that can't be evaluated for this document; only this expression is given up. */
export class JmespathError extends Error {
  override readonly name = "JmespathError";
}

type Kind = "number" | "string" | "array" | "object" | "numbers" | "strings" | "arrays" | "reference" | "any";

export interface Builtin {
  /** Kinds per parameter, several separated by `|`; `?` after it: optional; `*`: any number more. */
  readonly params: readonly {
    readonly kinds: readonly Kind[];
    readonly optional: boolean;
    readonly variadic: boolean;
  }[];
  // The kinds were checked, so that each function takes what it declares.
  readonly call: (...args: never[]) => Json;
}

const define = (params: string, call: (...args: never[]) => Json): Builtin => ({
  params: params
    .split(" ")
    .filter(param => param !== "")
    .map(param => ({
      kinds: param.replace(/[?*]$/, "").split("|") as Kind[], // written below
      optional: param.endsWith("?"),
      variadic: param.endsWith("*"),
    })),
  call,
});

/** Calls a function after checking number and kinds of its arguments. */
export function callBuiltin(name: string, args: readonly Json[]): Json {
  const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
  if (!builtin) throw new JmespathError(`unknown function: ${name}`);
  const { params } = builtin;
  const least = params.filter(param => !param.optional).length;
  const variadic = params.some(param => param.variadic);
  if (args.length < least || (!variadic && args.length > params.length))
    throw new JmespathError(`${name}() got ${args.length} arguments`);
  args.forEach((arg, i) => {
    const param = params[Math.min(i, params.length - 1)];
    if (!param?.kinds.some(kind => isKind(arg, kind)))
      throw new JmespathError(`argument ${i + 1} of ${name}() has the wrong type`);
  });
  return builtin.call(...(args as never[])); // checked just above
}

function isKind(value: Json, kind: Kind): boolean {
  switch (kind) {
    case "any":
      return true;
    case "number":
    case "string":
      return typeof value === kind;
    case "array":
      return Array.isArray(value);
    case "arrays":
      return Array.isArray(value);
    case "numbers":
      return Array.isArray(value) && value.every(item => typeof item === "number");
    case "strings":
      return Array.isArray(value) && value.every(item => typeof item === "string");
    case "object":
      return isObject(value);
    case "reference":
      return value instanceof Reference;
    default:
      return kind satisfies never;
  }
}

export const isObject = (value: Json): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Reference);

/** False in JMESPath's sense: null, false and whatever is empty; not zero. */
export const isFalse = (value: Json): boolean =>
  value === null ||
  value === false ||
  value === "" ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

export function deepEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && deepEqual(a[key], b[key]));
}

const bytes = (text: string) => Buffer.from(text, "utf8");

function find(last: boolean) {
  return (subject: string, part: string, start?: number, end?: number): Json => {
    if (subject === "" || part === "") return null;
    const all = bytes(subject);
    const from = start === undefined ? 0 : Math.max(0, integer(start));
    const to = end === undefined ? all.length : Math.min(integer(end), all.length);
    if (from > to || to < 0) throw new JmespathError("slice bounds out of range");
    const window = all.subarray(from, to);
    const found = last ? window.lastIndexOf(part) : window.indexOf(part);
    return found < 0 ? null : from + found;
  };
}

function integer(value: number): number {
  if (!Number.isInteger(value)) throw new JmespathError("expected an integer");
  return value;
}

function positive(value: number): number {
  if (integer(value) < 0) throw new JmespathError("expected a positive integer");
  return value;
}

function pad(left: boolean) {
  return (text: string, width: number, filler = " "): Json => {
    const missing = Math.max(0, positive(width) - bytes(text).length);
    if (bytes(filler).length > 1) throw new JmespathError("expected a pad of one character");
    const padding = filler.repeat(missing);
    return left ? padding + text : text + padding;
  };
}

const compare = (a: Json, b: Json): number =>
  typeof a === "string" && typeof b === "string" ? compareBytes(a, b) : Number(a) - Number(b);

/** The element whose key is extreme; keys are all numbers or all strings. */
function extremeBy(sign: 1 | -1) {
  return (list: readonly Json[], by: Reference): Json => {
    if (list.length < 2) return list[0] ?? null;
    const keys = sortKeys(list, by);
    let best = 0;
    for (let i = 1; i < keys.length; i++) if (compare(keys[i], keys[best]) * sign > 0) best = i;
    return list[best];
  };
}

function extreme(sign: 1 | -1) {
  return (list: readonly (number | string)[]): Json => {
    let best = list[0] ?? null;
    for (const item of list) if (compare(item, best) * sign > 0) best = item;
    return best;
  };
}

function sortKeys(list: readonly Json[], by: Reference): readonly Json[] {
  const keys = list.map(by.apply);
  const kind = typeof keys[0];
  if ((kind !== "number" && kind !== "string") || keys.some(key => typeof key !== kind)) {
    throw new JmespathError("invalid type, must be number or string");
  }
  return keys;
}

function sortBy(list: readonly Json[], by: Reference): Json {
  if (list.length < 2) return list;
  const keys = sortKeys(list, by);
  return list
    .map((item, i) => ({ item, key: keys[i] }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ item }) => item);
}

function groupBy(list: readonly Json[], by: Reference): Json {
  if (!list.length) return null;
  const groups = new Map<string, Json[]>();
  for (const item of list) {
    const key = by.apply(item);
    if (typeof key !== "string") throw new JmespathError("invalid type, the expression must evaluate to a string");
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return Object.fromEntries(groups);
}

function fromItems(items: readonly Json[]): Json {
  return Object.fromEntries(
    items.map(item => {
      if (!Array.isArray(item) || item.length !== 2 || typeof item[0] !== "string")
        throw new JmespathError("expected pairs of string and value");
      return [item[0], item[1]] as const;
    }),
  );
}

function replace(text: string, old: string, to: string, count?: number): Json {
  if (count === undefined) return text.replaceAll(old, () => to);
  let left = positive(count);
  return text.replaceAll(old, match => (left-- > 0 ? to : match));
}

function split(text: string, separator: string, count?: number): Json {
  if (text === "") return [];
  if (count !== undefined && positive(count) === 0) return [text];
  const parts = separator === "" ? [...text] : text.split(separator);
  if (count === undefined || parts.length <= count + 1) return parts;
  return [...parts.slice(0, count), parts.slice(count).join(separator)];
}

function trim(start: boolean, end: boolean) {
  return (text: string, cut = ""): Json => {
    const drop = (char: string) => (cut === "" ? /^[\s\u0085]$/.test(char) && char !== "\ufeff" : cut.includes(char));
    const chars = [...text];
    let from = 0;
    let to = chars.length;
    if (start) while (from < to && drop(chars[from] as string)) from++; // inside
    if (end) while (to > from && drop(chars[to - 1] as string)) to--; // inside
    return chars.slice(from, to).join("");
  };
}

function toNumber(value: Json): Json {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

function typeName(value: Json): Json {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof Reference) throw new JmespathError("unknown type");
  return typeof value;
}

function zip(...lists: (readonly Json[])[]): Json {
  const length = Math.min(...lists.map(list => list.length));
  return Array.from({ length }, (_, i) => lists.map(list => list[i]));
}

function contains(subject: string | readonly Json[], part: Json): Json {
  if (typeof subject === "string") return typeof part === "string" && subject.includes(part);
  return subject.includes(part);
}

const builtins: Readonly<Record<string, Builtin>> = {
  abs: define("number", Math.abs),
  avg: define("numbers", (list: number[]) => (list.length ? list.reduce((a, b) => a + b, 0) / list.length : null)),
  ceil: define("number", Math.ceil),
  contains: define("array|string any", contains),
  ends_with: define("string string", (text: string, end: string) => text.endsWith(end)),
  find_first: define("string string number? number?", find(false)),
  find_last: define("string string number? number?", find(true)),
  floor: define("number", Math.floor),
  from_items: define("arrays", fromItems),
  group_by: define("array reference", groupBy),
  items: define("object", (value: JsonObject) => Object.entries(value)),
  join: define("string strings", (separator: string, list: string[]) => list.join(separator)),
  keys: define("object", (value: JsonObject) => Object.keys(value)),
  length: define("string|array|object", (value: string | Json[] | JsonObject) =>
    typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : Object.keys(value).length,
  ),
  lower: define("string", (text: string) => text.toLowerCase()),
  map: define("reference array", (body: Reference, list: Json[]) => list.map(body.apply)),
  max: define("numbers|strings", extreme(1)),
  max_by: define("array reference", extremeBy(1)),
  merge: define("object*", (...values: JsonObject[]) => Object.assign({}, ...values)),
  min: define("numbers|strings", extreme(-1)),
  min_by: define("array reference", extremeBy(-1)),
  not_null: define("any*", (...values: Json[]) => values.find(value => value !== null) ?? null),
  pad_left: define("string number string?", pad(true)),
  pad_right: define("string number string?", pad(false)),
  replace: define("string string string number?", replace),
  reverse: define("array|string", (value: string | Json[]) =>
    typeof value === "string" ? [...value].reverse().join("") : value.toReversed(),
  ),
  sort: define("strings|numbers", (list: (number | string)[]) => list.toSorted(compare)),
  sort_by: define("array reference", sortBy),
  split: define("string string number?", split),
  starts_with: define("string string", (text: string, start: string) => text.startsWith(start)),
  sum: define("numbers", (list: number[]) => list.reduce((a, b) => a + b, 0)),
  to_array: define("any", (value: Json) => (Array.isArray(value) ? value : [value])),
  to_number: define("any", toNumber),
  to_string: define("any", (value: Json) =>
    typeof value === "string" ? value : marshalJson(value, { sortKeys: true }),
  ),
  trim: define("string string?", trim(true, true)),
  trim_left: define("string string?", trim(true, false)),
  trim_right: define("string string?", trim(false, true)),
  type: define("any", typeName),
  upper: define("string", (text: string) => text.toUpperCase()),
  values: define("object", (value: JsonObject) => Object.values(value)),
  zip: define("array array*", zip),
};
