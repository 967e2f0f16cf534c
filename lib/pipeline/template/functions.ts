/** How functions of templates are declared: Go's parameter types, checked before each call. */

import { GoTime } from "./time.ts";
import { TemplateError, typeName } from "./values.ts";

/** Types of parameters. `value` takes what `any` takes and the invalid value besides, as `reflect.Value` does. */
export type Param =
  | "string"
  | "int"
  | "int64"
  | "float64"
  | "bool"
  | "any"
  | "value"
  | "dict"
  | "list"
  | "strings"
  | "time";

/** What functions may know of their surroundings. */
export interface Context {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Fn {
  readonly params: readonly Param[];
  readonly variadic: Param | undefined;
  readonly call: (args: readonly unknown[], context: Context) => unknown;
}

function signature(params: string): Pick<Fn, "params" | "variadic"> {
  const words = params.split(" ").filter(word => word !== "");
  const last = words.at(-1);
  const variadic = last?.endsWith("...") ? (last.slice(0, -3) as Param) : undefined; // written as such below
  return { params: (variadic ? words.slice(0, -1) : words) as Param[], variadic }; // as above
}

/**
 * A function with parameters such as `"string int any..."`. Its arguments come as JavaScript has them: `int` and `float64` as
 * numbers, `any` as the template has it.
 */
export function fn(params: string, call: (...args: never[]) => unknown): Fn {
  return { ...signature(params), call: args => call(...(args as never[])) }; // checked against the signature
}

/** As `fn`, for what needs the clock or randomness. */
export function fnIn(params: string, call: (context: Context, ...args: never[]) => unknown): Fn {
  return { ...signature(params), call: (args, context) => call(context, ...(args as never[])) }; // as above
}

const goNames: Partial<Record<Param, string>> = {
  dict: "map[string]interface {}",
  list: "[]interface {}",
  strings: "[]string",
  time: "time.Time",
};

/** The argument as the function takes it; throws where Go would. */
export function checkArgument(value: unknown, param: Param): unknown {
  if (value === undefined || value === null) {
    if (param === "any" || param === "value") return value === undefined && param === "any" ? null : value;
    if (param === "dict") return new Map();
    if (param === "list" || param === "strings") return [];
    throw new TemplateError(`invalid value; expected ${goNames[param] ?? param}`);
  }
  if (!fits(value, param))
    throw new TemplateError(`wrong type for value; expected ${goNames[param] ?? param}; got ${typeName(value)}`);
  return param === "int" ? Number(value) : value;
}

function fits(value: unknown, param: Param): boolean {
  switch (param) {
    case "any":
    case "value":
      return true;
    case "string":
      return typeof value === "string";
    case "int":
      return typeof value === "bigint";
    case "int64":
      return typeName(value) === "int64";
    case "float64":
      return typeof value === "number";
    case "bool":
      return typeof value === "boolean";
    case "dict":
      return value instanceof Map;
    case "list":
    case "strings":
      return Array.isArray(value);
    case "time":
      return value instanceof GoTime;
    default:
      return param satisfies never;
  }
}
