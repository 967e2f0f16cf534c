/**
 * Compiles conditions and statements into closures, once; evaluating them parses and looks up nothing.
 *
 *     const drop = compileCondition('attributes["http.route"] == "/health"', { context: "span", functions: converters });
 *     context.span = span;
 *     if (drop(context)) …
 */
import { suggest } from "../eval/hints.ts";
import { attributeKey, attributeText, ValueMap } from "../telemetry/otlp/value.ts";
import type { CallExpr, Condition, Expr, PathExpr } from "./ast.ts";
import { type CompareOperator, compare } from "./compare.ts";
import { type Accessor, type Context, type ContextName, constant, type Getter, nowhere } from "./context.ts";
import { contextNames, contexts, ownPaths } from "./contexts.ts";
import { enums } from "./enums.ts";
import { EvaluationFailure, fail, OttlError } from "./error.ts";
import type { FunctionDefinition, FunctionTable } from "./functions/define.ts";
import { getInResult, inputOf, type Key, keyOf } from "./keys.ts";
import { calculate, negate } from "./math.ts";
import type { Binder } from "./params.ts";
import { parseCondition, parseStatement } from "./parser.ts";
import type { Keyed, Path } from "./paths/path.ts";
import { typeName } from "./value.ts";

export interface CompileOptions {
  readonly context: ContextName;
  readonly functions: FunctionTable;
}

/** Whether a condition holds; throws an `EvaluationFailure`. */
export type Predicate = (context: Context) => boolean;

/** Compiles a condition; throws an `OttlError` for one that can't be. */
export const compileCondition = (text: string, options: CompileOptions): Predicate =>
  new Compiler(options).condition(parseCondition(text));

/** Compiles a statement. What it gives says whether its condition held. */
export function compileStatement(text: string, options: CompileOptions): Predicate {
  const { editor, where } = parseStatement(text);
  const compiler = new Compiler(options);
  const run = compiler.call(editor);
  if (!where) {
    return context => {
      run(context);
      return true;
    };
  }
  const condition = compiler.condition(where);
  return context => {
    if (!condition(context)) return false;
    run(context);
    return true;
  };
}

class Compiler implements Binder {
  readonly #context: ContextName;
  readonly #functions: FunctionTable;

  constructor({ context, functions }: CompileOptions) {
    this.#context = context;
    this.#functions = functions;
  }

  condition(condition: Condition): Predicate {
    switch (condition.kind) {
      case "constant":
        return () => condition.value;
      case "not": {
        const inner = this.condition(condition.condition);
        return context => !inner(context);
      }
      case "and":
        return all(condition.items.map(item => this.condition(item)));
      case "or":
        return some(condition.items.map(item => this.condition(item)));
      case "test":
        return truth(this.value(condition.call));
      case "compare":
        return comparison(this.value(condition.left), condition.operator, this.value(condition.right));
      default:
        return condition satisfies never;
    }
  }

  value(expr: Expr): Getter {
    switch (expr.kind) {
      case "nil":
        return constant(undefined, true);
      case "literal":
        return constant(expr.value, true);
      case "enum":
        return constant(this.enum(expr.name, expr.start), true);
      case "function":
        throw new OttlError(`expected a value, got the name of a function "${expr.name}"`, expr.start);
      case "path":
        return this.path(expr).get;
      case "call":
        return this.#indexed(expr);
      case "list":
        return this.#list(expr.items);
      case "map":
        return this.#map(expr.fields);
      case "negate": {
        const operand = this.value(expr.operand);
        return context => negate(operand(context));
      }
      case "math": {
        const { operator } = expr;
        const left = this.value(expr.left);
        const right = this.value(expr.right);
        return context => calculate(left(context), operator, right(context));
      }
      default:
        return expr satisfies never;
    }
  }

  #list(items: readonly Expr[]): Getter {
    const getters = items.map(item => this.value(item));
    const get: Getter = context => getters.map(getter => getter(context));
    return getters.length > 0 && getters.every(getter => getter.literal) ? constant(get(nowhere), true) : get;
  }

  #map(fields: readonly (readonly [string, Expr])[]): Getter {
    const getters = new Map(fields.map(([key, value]) => [key, this.value(value)]));
    const get: Getter = context => {
      const map = new ValueMap();
      for (const [key, getter] of getters) map.add(key, inputOf(getter(context)));
      return map;
    };
    const literal = getters.size > 0 && [...getters.values()].every(getter => getter.literal);
    return literal ? constant(get(nowhere), true) : get;
  }

  #keys(exprs: readonly Expr[]): readonly Key[] {
    return exprs.map(expr => {
      const getter = this.value(expr);
      return keyOf(getter, getter.literal ? getter(nowhere) : undefined);
    });
  }

  path(expr: Expr): Accessor {
    if (expr.kind !== "path") throw new OttlError("must be a path", expr.start);
    const { found, name, keyExprs, position } = this.#find(expr);
    const keys = this.#keys(keyExprs);
    if (!keys.length) return { get: found.get, set: found.set };
    const { keyed } = found;
    if (!keyed) throw new OttlError(`"${name}" can't be indexed`, position);
    if (keyed.most !== undefined && keys.length > keyed.most)
      throw new OttlError(`must provide exactly ${keyed.most} key when accessing ${name}`, position);
    return { get: keyedGetter(keyed, keys), set: (context, value) => keyed.set(context, keys, value) };
  }

  #find({ segments, start }: PathExpr): { found: Path; name: string; keyExprs: readonly Expr[]; position: number } {
    let own: ContextName = this.#context;
    let rest = segments;
    const [first] = segments;
    const prefix = segments.length > 1 && first && !first.keys.length ? contextNames.get(first.name) : undefined;
    if (prefix && (prefix === own || contexts[own].above.includes(prefix))) {
      own = prefix;
      rest = segments.slice(1);
    }
    const paths = { ...contexts[own].paths, ...(own === this.#context && ownPaths) };
    const name = rest.map(segment => segment.name).join(".");
    const found = Object.hasOwn(paths, name) ? paths[name] : undefined;
    if (!found) {
      const full = segments.map(segment => segment.name).join(".");
      throw new OttlError(
        `unknown path "${full}" in the ${this.#context} context${suggest(name, Object.keys(paths))}`,
        start,
      );
    }
    const last = rest.at(-1);
    const keyedTooEarly = rest.slice(0, -1).find(segment => segment.keys.length > 0);
    if (keyedTooEarly) throw new OttlError(`"${keyedTooEarly.name}" can't be indexed here`, keyedTooEarly.start);
    return { found, name, keyExprs: last?.keys ?? [], position: last?.start ?? start };
  }

  enum(name: string, position: number): bigint {
    const table = enums[this.#context];
    const value = Object.hasOwn(table, name) ? table[name] : undefined;
    if (value !== undefined) return value;
    throw new OttlError(
      `unknown enum "${name}" in the ${this.#context} context${suggest(name, Object.keys(table))}`,
      position,
    );
  }

  #indexed(expr: CallExpr): Getter {
    const call = this.call(expr);
    if (!expr.keys.length) return call;
    const keys = this.#keys(expr.keys);
    return context => getInResult(call(context), keys, context);
  }

  /** A call without the keys behind it. */
  call({ name, args, start }: CallExpr): Getter {
    const definition = this.#definition(name, start);
    const bound = this.#bind(definition, { name, args, start });
    const getter = this.#build(name, definition, bound.values, start);
    return definition.pure && bound.literal ? folded(getter, definition.pure === "strict", start) : getter;
  }

  converter(name: string, position: number): (argument: Getter) => Getter {
    const definition = this.#definition(name, position);
    const [first, ...others] = Object.entries(definition.params);
    if (!first || others.some(([, type]) => !type.optional))
      throw new OttlError(`${name} should take one argument to be used here`, position);
    const [param, type] = first;
    return argument => {
      // the argument is a getter already; the type converts what it gives
      const binder: Binder = {
        value: () => argument,
        path: expr => this.path(expr),
        enum: (symbol, at) => this.enum(symbol, at),
        converter: (other, at) => this.converter(other, at),
      };
      const value = type.bind({ kind: "nil", start: position }, binder);
      return this.#build(name, definition, { [param]: value }, position);
    };
  }

  #definition(name: string, position: number): FunctionDefinition {
    const definition = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (!definition)
      throw new OttlError(`undefined function "${name}"${suggest(name, Object.keys(this.#functions))}`, position);
    const { contexts: own } = definition;
    if (own && !own.includes(this.#context))
      throw new OttlError(
        `function "${name}" can't be used in the ${this.#context} context, only in ${own.join(", ")}`,
        position,
      );
    return definition;
  }

  #build(
    name: string,
    definition: FunctionDefinition,
    values: Readonly<Record<string, unknown>>,
    position: number,
  ): Getter {
    try {
      return definition.build(values);
    } catch (error) {
      if (error instanceof OttlError || !(error instanceof Error)) throw error;
      throw new OttlError(`couldn't create function "${name}": ${error.message}`, position);
    }
  }

  #bind(
    { params }: FunctionDefinition,
    { name, args, start }: Pick<CallExpr, "name" | "args" | "start">,
  ): { values: Readonly<Record<string, unknown>>; literal: boolean } {
    const entries = Object.entries(params);
    const needed = entries.filter(([, type]) => !type.optional).length;
    if (args.length < needed || args.length > entries.length) {
      const count = needed === entries.length ? String(needed) : `${needed} to ${entries.length}`;
      throw new OttlError(`incorrect number of arguments of "${name}": expected ${count}, got ${args.length}`, start);
    }
    const values: Record<string, unknown> = {};
    let named = false;
    for (const [i, arg] of args.entries()) {
      if (arg.name === undefined && named) throw new OttlError("unnamed argument used after named argument", arg.start);
      named ||= arg.name !== undefined;
      const entry = arg.name === undefined ? entries[i] : entries.find(([param]) => sameName(param, arg.name ?? ""));
      if (!entry)
        throw new OttlError(`no such parameter: ${arg.name}${suggest(arg.name ?? "", Object.keys(params))}`, arg.start);
      const [param, type] = entry;
      try {
        values[param] = type.bind(arg.value, this);
      } catch (error) {
        if (!(error instanceof OttlError)) throw error;
        throw new OttlError(`invalid argument "${param}" of "${name}": ${error.message}`, error.position);
      }
    }
    const missing = entries.find(([param, type]) => !type.optional && !Object.hasOwn(values, param));
    if (missing) throw new OttlError(`missing argument "${missing[0]}" of "${name}"`, start);
    return { values, literal: args.every(({ value }) => isLiteral(value)) };
  }
}

const sameName = (param: string, given: string): boolean =>
  param.replaceAll("_", "").toLowerCase() === given.replaceAll("_", "").toLowerCase();

function isLiteral(expr: Expr): boolean {
  if (expr.kind === "list") return expr.items.every(isLiteral);
  return expr.kind === "literal" || expr.kind === "nil" || expr.kind === "enum";
}

/** What a function gives for literals, computed once. */
function folded(getter: Getter, strict: boolean, position: number): Getter {
  try {
    return constant(getter(nowhere), false);
  } catch (error) {
    if (!(error instanceof EvaluationFailure)) throw error;
    if (strict) throw new OttlError(error.message, position);
    return getter; // fails whenever it is evaluated
  }
}

/** One text key in a map is nearly all that conditions ask for. */
function keyedGetter(keyed: Keyed, keys: readonly Key[]): Getter {
  const [first] = keys;
  const { map } = keyed;
  const text = first?.text;
  if (map && text && keys.length === 1) {
    const key = attributeKey(text.name);
    return Object.assign((context: Context) => map(context).get(key), { entry: { map, key } });
  }
  return context => keyed.get(context, keys);
}

function all(items: readonly Predicate[]): Predicate {
  const [first, second, third] = items;
  if (first && second && !third) return context => first(context) && second(context);
  return context => {
    for (const item of items) if (!item(context)) return false;
    return true;
  };
}

function some(items: readonly Predicate[]): Predicate {
  const [first, second, third] = items;
  if (first && second && !third) return context => first(context) || second(context);
  return context => {
    for (const item of items) if (item(context)) return true;
    return false;
  };
}

function truth(getter: Getter): Predicate {
  return context => {
    const value = getter(context);
    return typeof value === "boolean"
      ? value
      : fail(`value returned from a converter should be bool, got ${typeName(value)}`);
  };
}

/** `attributes["key"] == "text"` compares bytes: a quarter of the time that making the text takes. */
function hasText({ map, key }: NonNullable<Getter["entry"]>, value: string): Predicate {
  const text = attributeText(value);
  return context => map(context).isText(key, text);
}

/** Comparing with a text or nil, the most frequent by far, needs no look at kinds. */
function comparison(left: Getter, operator: CompareOperator, right: Getter): Predicate {
  if (right.constant) {
    const value = right(nowhere);
    if (typeof value === "string" && left.entry) {
      const holds = hasText(left.entry, value);
      if (operator === "==") return holds;
      if (operator === "!=") return context => !holds(context);
    }
    if (typeof value === "string" || typeof value === "boolean" || value === undefined) {
      if (operator === "==") return context => left(context) === value;
      if (operator === "!=") return context => left(context) !== value;
    }
    return context => compare(left(context), value, operator);
  }
  return context => compare(left(context), right(context), operator);
}
