/** Executes parsed templates: walks the statements, calls functions with Go's checks of number and types of arguments. */
import { builtins } from "./builtins.ts";
import { goBytes } from "./bytes.ts";
import { type Context, checkArgument, type Fn, type Param } from "./functions.ts";
import type { NumberConstant, Operand, Pipe, Statement } from "./parse.ts";
import { callMethod, GoTime } from "./time.ts";
import { type Dict, integerOf, isTrue, show, TemplateError, typeName } from "./values.ts";

export interface Program {
  readonly name: string;
  readonly templates: ReadonlyMap<string, readonly Statement[]>;
  readonly functions: Readonly<Record<string, Fn>>;
  readonly context: Context;
}

/** What comes through no pipe; distinct from the invalid value. */
const missing = Symbol("missing");
type Final = unknown;

const maxDepth = 1000;
const maxOutput = 64 * 1024 * 1024;

type Loop = Extract<Statement, { readonly pipe: Pipe; readonly body: unknown }>;
type Flow = "break" | "continue" | undefined;

/** One run of a template over data; gives the text or throws `TemplateError`. */
export function execute(program: Program, data: unknown): string {
  const run = new Run(program, data);
  const main = program.templates.get(program.name) ?? [];
  run.walkAll(data, main);
  return run.output;
}

class Run {
  output = "";
  readonly #program: Program;
  #variables: { name: string; value: unknown }[];
  #depth = 0;

  constructor(program: Program, data: unknown) {
    this.#program = program;
    this.#variables = [{ name: "$", value: data }];
  }

  walkAll(dot: unknown, statements: readonly Statement[]): Flow {
    for (const statement of statements) {
      const flow = this.#walk(dot, statement);
      if (flow) return flow;
    }
    return undefined;
  }

  #walk(dot: unknown, statement: Statement): Flow {
    switch (statement.kind) {
      case "text":
        this.#print(statement.text);
        return undefined;
      case "action": {
        const value = this.#pipe(dot, statement.pipe);
        if (!statement.pipe.variables.length) this.#print(show(value));
        return undefined;
      }
      case "if":
      case "with":
        return this.#scoped(() => {
          const value = this.#pipe(dot, statement.pipe);
          if (!isTrue(value)) return this.walkAll(dot, statement.otherwise);
          return this.walkAll(statement.kind === "with" ? value : dot, statement.body);
        });
      case "range":
        return this.#scoped(() => this.#range(dot, statement));
      case "template":
        this.#template(dot, statement);
        return undefined;
      case "break":
      case "continue":
        return statement.kind;
      default:
        return statement satisfies never;
    }
  }

  #print(text: string): void {
    this.output += text;
    if (this.output.length > maxOutput) throw new TemplateError("the output is too long");
  }

  #scoped<T>(run: () => T): T {
    const mark = this.#variables.length;
    const result = run();
    this.#variables.length = mark;
    return result;
  }

  #template(dot: unknown, { template, pipe }: Statement & { kind: "template" }): void {
    const body = this.#program.templates.get(template);
    if (!body) throw new TemplateError(`template "${template}" not defined`);
    if (this.#depth >= maxDepth) throw new TemplateError(`exceeded maximum template depth (${maxDepth})`);
    const inner = pipe ? this.#pipe(dot, pipe) : undefined;
    const outer = this.#variables;
    this.#variables = [{ name: "$", value: inner }];
    this.#depth++;
    this.walkAll(inner, body);
    this.#depth--;
    this.#variables = outer;
  }

  #range(dot: unknown, { pipe, body, otherwise }: Loop): Flow {
    const mark = this.#variables.length;
    const value = this.#pipe(dot, pipe, true);
    let any = false;
    for (const [key, item] of items(value)) {
      any = true;
      this.#variables.length = mark;
      this.#bindItem(pipe, key, item);
      if (this.walkAll(item, body) === "break") break;
    }
    return any ? undefined : this.walkAll(dot, otherwise);
  }

  #bindItem({ variables, assigns }: Pipe, key: unknown, item: unknown): void {
    const values = variables.length > 1 ? [key, item] : [item];
    variables.forEach((name, i) => {
      this.#bind(name, values[i], assigns);
    });
  }

  #bind(name: string, value: unknown, assigns: boolean): void {
    if (!assigns) {
      this.#variables.push({ name, value });
      return;
    }
    const known = this.#variables.findLast(variable => variable.name === name);
    if (known) known.value = value;
  }

  /** The value of a pipeline; `forRange` leaves the variables to the loop. */
  #pipe(dot: unknown, pipe: Pipe, forRange = false): unknown {
    let value: Final = missing;
    for (const command of pipe.commands) {
      value = this.#command(dot, command, value);
      if (value === null) value = undefined; // an interface is unwrapped, and a nil one is no value
    }
    if (!forRange) for (const name of pipe.variables) this.#bind(name, value, pipe.assigns);
    return value;
  }

  #command(dot: unknown, args: readonly Operand[], final: Final): unknown {
    const first = args[0] as Operand; // the parser gives no empty command
    switch (first.kind) {
      case "field":
        return this.#fields(dot, dot, first.path, args, final);
      case "chain":
        return this.#fields(dot, this.#operand(dot, first.of), first.path, args, final);
      case "variable":
        if (first.path.length) return this.#fields(dot, this.#variable(first.variable), first.path, args, final);
        notFunction(args, final);
        return this.#variable(first.variable);
      case "function":
        return this.#call(dot, first.function, args, final);
      case "nil":
        throw new TemplateError("nil is not a command");
      default:
        notFunction(args, final);
        return this.#operand(dot, first);
    }
  }

  /** An operand that takes no arguments. */
  #operand(dot: unknown, operand: Operand): unknown {
    switch (operand.kind) {
      case "pipe":
        return this.#scoped(() => this.#pipe(dot, operand));
      case "dot":
        return dot;
      case "nil":
        return null;
      case "bool":
      case "string":
        return operand.value;
      case "number":
        return idealConstant(operand);
      default:
        return this.#command(dot, [operand], missing);
    }
  }

  #variable(name: string): unknown {
    const found = this.#variables.findLast(variable => variable.name === name);
    if (!found) throw new TemplateError(`undefined variable: ${name}`);
    return found.value;
  }

  #fields(dot: unknown, start: unknown, path: readonly string[], args: readonly Operand[], final: Final): unknown {
    let value = start;
    path.forEach((name, i) => {
      const last = i === path.length - 1;
      value = this.#field(dot, value, name, last ? args : [], last ? final : missing);
    });
    return value;
  }

  #field(dot: unknown, receiver: unknown, name: string, args: readonly Operand[], final: Final): unknown {
    if (receiver === undefined) return undefined;
    if (receiver === null) throw new TemplateError(`nil pointer evaluating interface {}.${name}`);
    if (receiver instanceof GoTime) {
      const given = args.slice(1).map(arg => this.#operand(dot, arg));
      return callMethod(receiver, name, final === missing ? given : [...given, final]);
    }
    if (!(receiver instanceof Map))
      throw new TemplateError(`can't evaluate field ${name} in type ${typeName(receiver)}`);
    if (args.length > 1 || final !== missing) throw new TemplateError(`${name} is not a method but has arguments`);
    return (receiver as Dict).get(name); // all maps have string keys
  }

  #call(dot: unknown, name: string, args: readonly Operand[], final: Final): unknown {
    if (name === "and" || name === "or") return this.#shortCircuit(dot, name, args, final);
    const fn = this.#program.functions[name] ?? builtins[name];
    if (!fn) throw new TemplateError(`function "${name}" not defined`);
    const given = args.length - 1 + (final === missing ? 0 : 1);
    checkCount(name, fn, given);
    const values: unknown[] = [];
    for (let i = 1; i < args.length; i++) values.push(this.#argument(dot, args[i] as Operand, paramAt(fn, i - 1))); // inside
    if (final !== missing) values.push(checkArgument(final, paramAt(fn, given - 1)));
    return fn.call(values, this.#program.context);
  }

  #argument(dot: unknown, operand: Operand, param: Param): unknown {
    if (operand.kind === "number") return numberArgument(operand, param);
    if (operand.kind === "nil" && !canBeNil(param)) throw new TemplateError(`cannot assign nil to ${param}`);
    return checkArgument(this.#operand(dot, operand), param);
  }

  #shortCircuit(dot: unknown, name: "and" | "or", args: readonly Operand[], final: Final): unknown {
    if (args.length < 2 && final === missing)
      throw new TemplateError(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (const arg of args.slice(1)) {
      value = this.#operand(dot, arg);
      if (isTrue(value) === (name === "or")) return value;
    }
    return final === missing ? value : final;
  }
}

function notFunction(args: readonly Operand[], final: Final): void {
  if (args.length > 1 || final !== missing) throw new TemplateError(`can't give argument to non-function`);
}

function checkCount(name: string, fn: Fn, given: number): void {
  const fixed = fn.params.length;
  if (fn.variadic ? given >= fixed : given === fixed) return;
  throw new TemplateError(
    `wrong number of args for ${name}: want ${fn.variadic ? "at least " : ""}${fixed} got ${given}`,
  );
}

const paramAt = (fn: Fn, index: number): Param => fn.params[index] ?? fn.variadic ?? "any";

const canBeNil = (param: Param) => param === "any" || param === "value" || param === "dict" || param === "list";

function idealConstant({ text, int, float }: NumberConstant): unknown {
  if (float !== undefined && int === undefined) return float;
  return /[.eEpP]/.test(text) && !/^[+-]?0[xX]/.test(text) ? float : int;
}

/** A constant takes the parameter's type if it has a value of it. */
function numberArgument(constant: NumberConstant, param: Param): unknown {
  const { int, float, text } = constant;
  if (param === "int" && int !== undefined) return Number(int);
  if (param === "float64" && float !== undefined) return float;
  if (param === "any" || param === "value") return idealConstant(constant);
  throw new TemplateError(`expected ${param}; found ${text}`);
}

/** What a range goes over: keys and items. */
function* items(value: unknown): Iterable<readonly [unknown, unknown]> {
  if (value === undefined) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield [BigInt(i), item];
    return;
  }
  if (value instanceof Map) {
    const entries = [...(value as Dict)].sort(([a], [b]) => Buffer.compare(goBytes(a), goBytes(b))); // keys are strings
    yield* entries;
    return;
  }
  const count = integerOf(value);
  if (count === undefined) throw new TemplateError(`range can't iterate over ${show(value)}`);
  for (let i = 0n; i < count; i++) yield [i, i];
}
