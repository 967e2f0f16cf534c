/** How the tables of paths are written: what can be read and written at a place, and whether keys may follow. */
import { ValueMap } from "../../telemetry/otlp/value.ts";
import type { View, ViewList } from "../../telemetry/otlp/view.ts";
import type { Context } from "../context.ts";
import { fail } from "../error.ts";
import { getInMap, type Key, setInMap } from "../keys.ts";
import { Id, int64, isList, type OttlValue, Part, Time, typeName } from "../value.ts";

export interface Path {
  readonly get: (context: Context) => OttlValue;
  readonly set: (context: Context, value: OttlValue) => void;
  /** Absent where the place can't be indexed. */
  readonly keyed?: Keyed;
}

export interface Keyed {
  readonly get: (context: Context, keys: readonly Key[]) => OttlValue;
  readonly set: (context: Context, keys: readonly Key[], value: OttlValue) => void;
  /** The map that the first key is looked up in, where that is all there is to it. */
  readonly map?: (context: Context) => ValueMap;
  /** More keys than this are a mistake. */
  readonly most?: number;
}

/** Paths by their dotted names. */
export type Paths = Readonly<Record<string, Path>>;

const expected = (type: string, value: OttlValue): never => fail(`expects ${type} but got ${typeName(value)}`);

export const expectText = (value: OttlValue): string => (typeof value === "string" ? value : expected("string", value));
export const expectInt = (value: OttlValue): bigint => (typeof value === "bigint" ? value : expected("int64", value));
export const expectDouble = (value: OttlValue): number =>
  typeof value === "number" ? value : expected("float64", value);
export const expectBool = (value: OttlValue): boolean => (typeof value === "boolean" ? value : expected("bool", value));

export const text = (get: (context: Context) => string, set: (context: Context, value: string) => void): Path => ({
  get,
  set: (context, value) => set(context, expectText(value)),
});

/** A small number: counts, flags, enums. */
export const int = (get: (context: Context) => number, set: (context: Context, value: number) => void): Path => ({
  get: context => BigInt(get(context)),
  set: (context, value) => set(context, Number(BigInt.asIntN(32, expectInt(value)))),
});

/** A time, as nanoseconds and as a time: two paths. */
export function time(
  name: string,
  get: (context: Context) => bigint,
  set: (context: Context, value: bigint) => void,
): Paths {
  return {
    [`${name}_unix_nano`]: {
      get: context => int64(get(context)),
      set: (context, value) => set(context, BigInt.asUintN(64, expectInt(value))),
    },
    [name]: {
      get: context => new Time(int64(get(context))),
      set(context, value) {
        if (!(value instanceof Time)) expected("time.Time", value);
        else set(context, BigInt.asUintN(64, value.nanoseconds));
      },
    },
  };
}

/** Attributes and the like. */
export function map(get: (context: Context) => ValueMap): Path {
  return {
    get,
    set: (context, value) => setMap(get(context), value),
    keyed: {
      get: (context, keys) => getInMap(get(context), keys, context),
      set: (context, keys, value) => setInMap(get(context), keys, value, context),
      map: get,
    },
  };
}

function setMap(target: ValueMap, value: OttlValue): void {
  if (value instanceof ValueMap) target.replaceAll(value);
}

/** An id, as such and as hex text: two paths. */
export function id(
  kind: "TraceID" | "SpanID",
  name: string,
  get: (context: Context) => string,
  set: (context: Context, hex: string) => void,
): Paths {
  const size = kind === "TraceID" ? 32 : 16;
  const zeros = "0".repeat(size);
  return {
    [name]: {
      get: context => new Id(kind, get(context) || zeros),
      set(context, value) {
        if (value instanceof Id && value.kind === kind) set(context, value.hex);
        else expected(`pcommon.${kind}`, value);
      },
    },
    [`${name}.string`]: {
      get: context => get(context) || zeros,
      set(context, value) {
        const hex = expectText(value);
        if (hex.length !== size || !/^[0-9a-fA-F]*$/.test(hex))
          fail(`${kind} should be ${size} hex digits, got "${hex}"`);
        set(context, hex);
      },
    },
  };
}

/** A list of messages, which can be copied from another record of the same kind. */
export const parts = <T extends View>(type: string, get: (context: Context) => ViewList<T> | undefined): Path => ({
  get(context) {
    const list = get(context);
    return list && new Part(type, list as unknown as ViewList<View>); // only counted and copied
  },
  set(context, value) {
    const list = get(context);
    if (!list) return;
    if (!(value instanceof Part) || value.type !== type || !("append" in value.view)) return void expected(type, value);
    const copies = [...value.view].map(view => view.node.encode());
    list.clear();
    for (const bytes of copies) list.append({ node: { encode: () => bytes } } as unknown as T); // append reads only its bytes
  },
});

/** The integers of a list. */
export function expectInts(value: OttlValue): readonly bigint[] {
  const items = listItems(value);
  return items.map(expectInt);
}

/** The doubles of a list. */
export function expectDoubles(value: OttlValue): readonly number[] {
  return listItems(value).map(expectDouble);
}

function listItems(value: OttlValue): readonly OttlValue[] {
  if (isList(value)) return value;
  if (typeof value === "object" && "push" in value) return [...value];
  return expected("a list", value);
}
