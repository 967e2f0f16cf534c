/**
 * JMESPath, compiled once into functions. What a document lacks is null; what can't be evaluated (a function over the wrong
 * kind) throws `JmespathError`.
 */
import { callBuiltin, deepEqual, isFalse, isObject, JmespathError, Reference } from "./functions.ts";
import { type Comparator, type Node, type Operator, parseJmespath } from "./parse.ts";

export { JmespathError } from "./functions.ts";
export { JmespathSyntaxError } from "./lex.ts";

interface Scope {
  readonly root: unknown;
  readonly variables: ReadonlyMap<string, unknown>;
}

type Evaluate = (value: unknown, scope: Scope) => unknown;

const noVariables: ReadonlyMap<string, unknown> = new Map();

/** Compiles an expression; throws `JmespathSyntaxError`. */
export function compileJmespath(text: string): (document: unknown) => unknown {
  const node = parseJmespath(text);
  const path = plainPath(node);
  if (path) return lookup(path);
  const evaluate = compile(node);
  return document => evaluate(document, { root: document, variables: noVariables });
}

/** `a.b.c`, the usual expression, without scopes. */
function plainPath(node: Node): readonly string[] | undefined {
  if (node.kind === "field") return [node.name];
  if (node.kind !== "sub" || node.right.kind !== "field") return undefined;
  const left = plainPath(node.left);
  return left && [...left, node.right.name];
}

function lookup(path: readonly string[]): (document: unknown) => unknown {
  const [only] = path;
  if (path.length === 1 && only !== undefined) return document => field(document, only);
  return document => {
    let value = document;
    for (const name of path) value = field(value, name);
    return value;
  };
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null; // an object of JSON
}

function compile(node: Node): Evaluate {
  switch (node.kind) {
    case "field":
      return value => field(value, node.name);
    case "variable":
      return (_, { variables }) => {
        if (!variables.has(node.name)) throw new JmespathError(`variable not defined: $${node.name}`);
        return variables.get(node.name);
      };
    case "literal":
      return () => node.value;
    case "current":
      return value => value;
    case "root":
      return (_, { root }) => root;
    case "index":
      return value => (Array.isArray(value) ? (value.at(node.index) ?? null) : null);
    case "slice":
      return value => slice(value, node.parts);
    case "sub":
      return sub(compile(node.left), compile(node.right));
    case "projection":
      return projection(node);
    case "values":
      return values(compile(node.left), compile(node.right));
    case "filter":
      return filter(node);
    case "flatten":
      return flatten(compile(node.left));
    case "list": {
      const items = node.items.map(compile);
      return (value, scope) => items.map(item => item(value, scope));
    }
    case "hash": {
      const fields = node.fields.map(({ name, value }) => [name, compile(value)] as const);
      return (value, scope) =>
        value === null ? null : Object.fromEntries(fields.map(([name, item]) => [name, item(value, scope)]));
    }
    case "or":
    case "and":
    case "pipe":
      return connected(node.kind, compile(node.left), compile(node.right));
    case "not": {
      const operand = compile(node.operand);
      return (value, scope) => isFalse(operand(value, scope));
    }
    case "compare":
      return comparison(node.operator, compile(node.left), compile(node.right));
    case "arithmetic":
      return arithmetic(node.operator, compile(node.left), compile(node.right));
    case "sign": {
      const operand = compile(node.operand);
      return (value, scope) => {
        const number = operand(value, scope);
        return typeof number !== "number" ? null : node.operator === "-" ? -number : number;
      };
    }
    case "call": {
      const args = node.args.map(compile);
      return (value, scope) =>
        callBuiltin(
          node.name,
          args.map(arg => arg(value, scope)),
        );
    }
    case "reference": {
      const body = compile(node.body);
      return (_, scope) => new Reference(value => body(value, scope));
    }
    case "let":
      return binding(
        node.bindings.map(({ name, value }) => [name, compile(value)] as const),
        compile(node.body),
      );
    default:
      return node satisfies never;
  }
}

const sub =
  (left: Evaluate, right: Evaluate): Evaluate =>
  (value, scope) => {
    const found = left(value, scope);
    return found === null ? null : right(found, scope);
  };

/** Applies the right side to each element; what gives null is left out. */
function projection(node: Node & { kind: "projection" | "values" }): Evaluate {
  const left = compile(node.left);
  const right = compile(node.right);
  const ofText = node.left.kind === "sub" && node.left.right.kind === "slice";
  return (value, scope) => {
    const list = left(value, scope);
    if (!Array.isArray(list)) return ofText && typeof list === "string" ? list : null;
    return list.map(item => right(item, scope)).filter(item => item !== null);
  };
}

const values =
  (left: Evaluate, right: Evaluate): Evaluate =>
  (value, scope) => {
    const object = orNull(left, value, scope);
    if (!isObject(object)) return null;
    return Object.values(object)
      .map(item => right(item, scope))
      .filter(item => item !== null);
  };

function filter(node: Node & { kind: "filter" }): Evaluate {
  const left = compile(node.left);
  const right = compile(node.right);
  const condition = compile(node.condition);
  return (value, scope) => {
    const list = orNull(left, value, scope);
    if (!Array.isArray(list)) return null;
    return list
      .filter(item => !isFalse(condition(item, scope)))
      .map(item => right(item, scope))
      .filter(item => item !== null);
  };
}

const flatten =
  (left: Evaluate): Evaluate =>
  (value, scope) => {
    const list = orNull(left, value, scope);
    return Array.isArray(list) ? list.flat() : null;
  };

/** Left of a filter, flatten or value projection an error counts as null. */
function orNull(evaluate: Evaluate, value: unknown, scope: Scope): unknown {
  try {
    return evaluate(value, scope);
  } catch (error) {
    if (error instanceof JmespathError) return null;
    throw error;
  }
}

function connected(kind: "or" | "and" | "pipe", left: Evaluate, right: Evaluate): Evaluate {
  if (kind === "pipe") return (value, scope) => right(left(value, scope), scope);
  return (value, scope) => {
    const first = left(value, scope);
    return isFalse(first) === (kind === "or") ? right(value, scope) : first;
  };
}

function comparison(operator: Comparator, left: Evaluate, right: Evaluate): Evaluate {
  return (value, scope) => {
    const a = left(value, scope);
    const b = right(value, scope);
    if (operator === "==") return deepEqual(a, b);
    if (operator === "!=") return !deepEqual(a, b);
    if (typeof a !== "number" || typeof b !== "number") return null;
    if (operator === "<") return a < b;
    if (operator === "<=") return a <= b;
    return operator === ">" ? a > b : a >= b;
  };
}

function arithmetic(operator: Operator, left: Evaluate, right: Evaluate): Evaluate {
  return (value, scope) => {
    const a = left(value, scope);
    const b = right(value, scope);
    if (typeof a !== "number" || typeof b !== "number") return null;
    switch (operator) {
      case "+":
        return a + b;
      case "-":
        return a - b;
      case "×":
        return a * b;
      case "÷":
        return a / b;
      case "%":
        return a % b;
      case "//":
        return Math.floor(a / b);
      default:
        return operator satisfies never;
    }
  };
}

function binding(bindings: readonly (readonly [string, Evaluate])[], body: Evaluate): Evaluate {
  return (value, scope) => {
    const variables = new Map(scope.variables);
    for (const [name, evaluate] of bindings) variables.set(name, evaluate(value, scope));
    return body(value, { root: scope.root, variables });
  };
}

/** As Python slices; text is sliced by characters. */
function slice(
  value: unknown,
  [from, to, by]: readonly [number | undefined, number | undefined, number | undefined],
): unknown {
  const list = typeof value === "string" ? [...value] : value;
  if (!Array.isArray(list)) return null;
  const step = by ?? 1;
  if (step === 0) {
    if (typeof value === "string") return null;
    throw new JmespathError("invalid slice, step cannot be 0");
  }
  const { length } = list;
  const cap = (at: number) => {
    const actual = at < 0 ? at + length : at;
    if (actual < 0) return step < 0 ? -1 : 0;
    return actual >= length ? (step < 0 ? length - 1 : length) : actual;
  };
  const start = from === undefined ? (step < 0 ? length - 1 : 0) : cap(from);
  const stop = to === undefined ? (step < 0 ? -1 : length) : cap(to);
  const result: unknown[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) result.push(list[i]);
  return typeof value === "string" ? result.join("") : result;
}
