/**
 * Schemas as values: what a component or block takes. The decoder, the defaults, the static types, the reference pages and
 * the editor hints all read the same value.
 *
 *     const args = object({
 *       forward_to: required(list(receiver(logs)), "Where to send entries."),
 *       max_cache_size: optional(int, 10_000, "Label sets to remember."),
 *       rule: blocks(relabelRule, "Rules, applied in order."),
 *     });
 *     type Args = Infer<typeof args>;
 *
 * Defaults are written as a user would write them (`"30s"`, `"1MiB"`, `10`). `optional(type, undefined, …)` decodes to
 * `undefined` where the attribute is missing or null. Types are in types.ts.
 */
import type { Attribute, Block, Expr, Statement } from "../syntax/ast.ts";
import type { Range } from "../syntax/diagnostic.ts";
import { fromPlain, type Plain } from "./plain.ts";
import type { Value } from "./value.ts";

/** How one value decodes. Throws `Mismatch`. */
export interface Type<T> {
  /** As the reference prints it: `list(string)`, `duration`, `capsule(alloytypes.Secret)`. */
  readonly name: string;
  decode(value: Value): T;
}

/** A value that does not fit; `path` leads to the part of it that is wrong. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
  readonly path: readonly (string | number)[];
  /** `expected` and `got` are set where the message is only about the kinds. */
  constructor(message: string, path: readonly (string | number)[] = []) {
    super(message);
    this.path = path;
  }
}

export type Field<T = unknown> = AttributeField<T> | BlockField<T> | ChoiceField<T>;

export interface AttributeField<T> {
  readonly kind: "attribute";
  readonly type: Type<T>;
  readonly required: boolean;
  readonly default: Plain | undefined;
  readonly description: string;
  /** Why this argument can't be used here; using it is a diagnostic. */
  readonly refused?: string;
}

export interface BlockField<T> {
  readonly kind: "block";
  /** A function where a schema holds itself. */
  readonly schema: () => ObjectSchema<unknown>;
  readonly required: boolean;
  readonly many: boolean;
  readonly description: string;
  readonly refused?: string;
  /** Carries the type only. */
  readonly infer?: T;
}

/** Blocks of several kinds whose order counts: `stage.json { }`, `stage.drop { }`. Decodes to `{ kind, args }` in file order. */
export interface ChoiceField<T> {
  readonly kind: "choice";
  readonly variants: () => Readonly<Record<string, ObjectSchema<unknown>>>;
  readonly description: string;
  readonly infer?: T;
}

type Fields = Readonly<Record<string, Field>>;
type FieldType<F> = F extends Field<infer T> ? T : never;
export type Infer<S> = S extends ObjectSchema<infer T> ? T : never;

/** What decoding a body needs to know of its surroundings. */
export interface DecodeContext {
  /** The value of an expression; `undefined` where it can't be known (checking without evaluating) or was reported already. */
  evaluate(expr: Expr): Value | undefined;
  report(range: Range, message: string): void;
  /** A value that an expression gave and that its argument can't take. */
  reportMismatch(expr: Expr, value: Value, mismatch: Mismatch): void;
}

export interface ObjectSchema<T> {
  readonly fields: Fields;
  /** Decodes a body; what is wrong goes to `context.report`, and the result is then of no use. `owner` is blamed for what is missing. */
  decodeBody(body: readonly Statement[], owner: Range, context: DecodeContext): T;
  /** Decodes plain data (blocks as objects or lists of objects), as tests and other code give it. Throws an error that lists all problems. */
  decode(plain: Readonly<Record<string, unknown>>): T;
  readonly infer?: T;
}

export const required = <T>(type: Type<T>, description: string): AttributeField<T> => ({
  kind: "attribute",
  type,
  required: true,
  default: undefined,
  description,
});

export function optional<T>(type: Type<T>, fallback: undefined, description: string): AttributeField<T | undefined>;
export function optional<T>(type: Type<T>, fallback: Plain, description: string): AttributeField<T>;
export function optional<T>(
  type: Type<T>,
  fallback: Plain | undefined,
  description: string,
): AttributeField<T | undefined> {
  return { kind: "attribute", type, required: false, default: fallback, description };
}

/** An argument of Alloy's that means nothing or can't work here: setting it is a diagnostic that says why. */
export const refused = <T>(type: Type<T>, reason: string, description: string): AttributeField<T | undefined> => ({
  kind: "attribute",
  type,
  required: false,
  default: undefined,
  description,
  refused: reason,
});

type Lazy<T> = T | (() => T);
const resolve = <T extends object>(lazy: Lazy<T>): (() => T) => (typeof lazy === "function" ? lazy : () => lazy);

/** At most one block; `undefined` where it is missing. */
export const block = <T>(schema: Lazy<ObjectSchema<T>>, description: string): BlockField<T | undefined> => ({
  kind: "block",
  schema: resolve(schema),
  required: false,
  many: false,
  description,
});

/** At most one block, decoded with its defaults where it is missing. */
export const defaultBlock = <T>(
  schema: Lazy<ObjectSchema<T>>,
  description: string,
): BlockField<T> & { withDefaults: true } => ({
  kind: "block",
  schema: resolve(schema),
  required: false,
  many: false,
  description,
  withDefaults: true,
});

export const requiredBlock = <T>(schema: Lazy<ObjectSchema<T>>, description: string): BlockField<T> => ({
  kind: "block",
  schema: resolve(schema),
  required: true,
  many: false,
  description,
});

/** Any number of blocks, in file order. */
export const blocks = <T>(schema: Lazy<ObjectSchema<T>>, description: string): BlockField<readonly T[]> => ({
  kind: "block",
  schema: resolve(schema),
  required: false,
  many: true,
  description,
});

export const requiredBlocks = <T>(schema: Lazy<ObjectSchema<T>>, description: string): BlockField<readonly T[]> => ({
  ...blocks(schema, description),
  required: true,
});

/** A block of Alloy's that can't work here. */
export const refusedBlock = <T>(
  schema: Lazy<ObjectSchema<T>>,
  reason: string,
  description: string,
): BlockField<T | undefined> => ({ ...block(schema, description), refused: reason });

export type Choice<V extends Readonly<Record<string, ObjectSchema<unknown>>>> = {
  [K in keyof V & string]: { readonly kind: K; readonly args: Infer<V[K]> };
}[keyof V & string];

export const choice = <V extends Readonly<Record<string, ObjectSchema<unknown>>>>(
  variants: Lazy<V>,
  description: string,
): ChoiceField<readonly Choice<V>[]> => ({ kind: "choice", variants: resolve(variants), description });

/** A schema from its fields, in the order that the reference shows them. */
export function object<F extends Fields>(fields: F): ObjectSchema<{ readonly [K in keyof F]: FieldType<F[K]> }> {
  type T = { readonly [K in keyof F]: FieldType<F[K]> };
  return {
    fields,
    decodeBody: (body, owner, context) => decodeBody(fields, body, owner, context) as T, // built from these very fields
    decode: plain => decodePlain(fields, plain) as T, // as above
  };
}

function decodeBody(fields: Fields, body: readonly Statement[], owner: Range, context: DecodeContext): unknown {
  const result: Record<string, unknown> = {};
  const seen = new Map<string, Statement[]>();
  for (const statement of body) place(fields, statement, seen, context);
  for (const [name, field] of Object.entries(fields)) {
    const statements = seen.get(name) ?? [];
    if (field.kind === "attribute") result[name] = decodeAttribute(name, field, statements, owner, context);
    else if (field.kind === "block") result[name] = decodeBlocks(name, field, statements, owner, context);
    else result[name] = decodeChoices(name, field, statements, context);
  }
  return result;
}

/** Files a statement under its field, or reports why it has none. */
function place(fields: Fields, statement: Statement, seen: Map<string, Statement[]>, context: DecodeContext): void {
  const { name } = statement.name;
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const dot = name.indexOf(".");
  const group = dot > 0 ? name.slice(0, dot) : undefined;
  const groupField = group !== undefined && Object.hasOwn(fields, group) ? fields[group] : undefined;
  if (
    statement.kind === "block" &&
    groupField?.kind === "choice" &&
    Object.hasOwn(groupField.variants(), name.slice(dot + 1))
  ) {
    push(seen, group as string, statement); // groupField implies group
    return;
  }
  if (!field || field.kind === "choice") {
    const kind = statement.kind === "block" ? "block" : "attribute";
    const range = kind === "block" ? blockHead(statement as Block) : statement; // kind tells which
    context.report(range, `unrecognized ${kind} name "${name}"${suggest(name, namesOf(fields))}`);
    return;
  }
  if (field.kind !== statement.kind) {
    const [is, should] = statement.kind === "block" ? ["a block", "an attribute"] : ["an attribute", "a block"];
    context.report(statement, `"${name}" must be ${should}, but is used as ${is}`);
    seen.set(name, seen.get(name) ?? []);
    return;
  }
  if (field.refused !== undefined)
    context.report(statement.kind === "block" ? blockHead(statement) : statement, `"${name}" ${field.refused}`);
  push(seen, name, statement);
}

const push = (map: Map<string, Statement[]>, name: string, statement: Statement) => {
  const list = map.get(name);
  if (list) list.push(statement);
  else map.set(name, [statement]);
};

const namesOf = (fields: Fields): string[] =>
  Object.entries(fields).flatMap(([name, field]) =>
    field.kind === "choice" ? Object.keys(field.variants()).map(variant => `${name}.${variant}`) : [name],
  );

/** What a message about a whole block points at: its name and label, and the rest of it only if that stands on the same line. */
const blockHead = (statement: Block): Range => ({ start: statement.start, end: statement.end });

function decodeAttribute(
  name: string,
  field: AttributeField<unknown>,
  statements: readonly Statement[],
  owner: Range,
  context: DecodeContext,
): unknown {
  const [first, ...more] = statements as Attribute[]; // placed by kind
  for (const again of more) context.report(again, `attribute "${name}" may only be provided once`);
  if (!first) {
    if (field.required) context.report(owner, `missing required attribute "${name}"`);
    return defaultOf(field);
  }
  const value = context.evaluate(first.value);
  if (value === undefined || (value === null && !field.required))
    return value === null ? zeroOf(field) : defaultOf(field);
  try {
    return field.type.decode(value);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    context.reportMismatch(first.value, value, error);
    return undefined;
  }
}

function decodeBlocks(
  name: string,
  field: BlockField<unknown>,
  statements: readonly Statement[],
  owner: Range,
  context: DecodeContext,
): unknown {
  const list = statements as readonly Block[]; // placed by kind
  if (!list.length && field.required) context.report(owner, `missing required block "${name}"`);
  if (list.length > 1 && !field.many) {
    for (const each of list) context.report(blockHead(each), `block "${name}" may only be specified once`);
  }
  const schema = field.schema();
  const decoded = list.map(each => schema.decodeBody(each.body, blockHead(each), context));
  if (field.many) return decoded;
  if (!decoded.length && "withDefaults" in field) return schema.decode({});
  return decoded[0];
}

function decodeChoices(
  name: string,
  field: ChoiceField<unknown>,
  statements: readonly Statement[],
  context: DecodeContext,
): unknown {
  const variants = field.variants();
  return (statements as readonly Block[]).map(each => {
    // placed by kind
    const kind = each.name.name.slice(name.length + 1);
    const schema = variants[kind] as ObjectSchema<unknown>; // placed only where the variant exists
    return { kind, args: schema.decodeBody(each.body, blockHead(each), context) };
  });
}

/** The part of a list or object expression that a path leads to; the whole where the expression isn't written out. */
export function locate(expr: Expr, path: readonly (string | number)[]): Expr {
  let at = expr;
  for (const step of path) {
    if (at.kind === "array" && typeof step === "number") at = at.items[step] ?? at;
    else if (at.kind === "object") at = at.fields.find(({ key }) => key.name === step)?.value ?? at;
    else return at;
  }
  return at;
}

const defaults = new WeakMap<AttributeField<unknown>, unknown>();
function defaultOf(field: AttributeField<unknown>): unknown {
  if (field.default === undefined) return undefined;
  if (!defaults.has(field)) defaults.set(field, field.type.decode(fromPlain(field.default)));
  return defaults.get(field);
}

/** What `null` leaves: Go's zero value, which here is the absence of a value where the type has no better one. */
const zeroOf = (_field: AttributeField<unknown>): undefined => undefined;

function decodePlain(fields: Fields, plain: Readonly<Record<string, unknown>>): unknown {
  const problems: string[] = [];
  const result = plainObject(fields, plain, "", problems);
  if (problems.length) throw new Error(problems.join("\n"));
  return result;
}

function plainObject(
  fields: Fields,
  plain: Readonly<Record<string, unknown>>,
  path: string,
  problems: string[],
): unknown {
  for (const name of Object.keys(plain))
    if (!Object.hasOwn(fields, name)) problems.push(`${path}unrecognized name "${name}"`);
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = plain[name];
    if (field.kind === "attribute") result[name] = plainAttribute(name, field, given, path, problems);
    else if (field.kind === "choice") result[name] = plainChoices(field, given, `${path}${name}.`, problems);
    else result[name] = plainBlocks(name, field, given, path, problems);
  }
  return result;
}

function plainAttribute(
  name: string,
  field: AttributeField<unknown>,
  given: unknown,
  path: string,
  problems: string[],
): unknown {
  if (given === undefined) {
    if (field.required) problems.push(`${path}missing required attribute "${name}"`);
    return defaultOf(field);
  }
  try {
    return field.type.decode(fromPlain(given as Plain)); // fromPlain passes what it does not know, decode judges it
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    problems.push(`${path}${[name, ...error.path].join(".")}: ${error.message}`);
    return undefined;
  }
}

function plainBlocks(
  name: string,
  field: BlockField<unknown>,
  given: unknown,
  path: string,
  problems: string[],
): unknown {
  const schema = field.schema();
  const list = given === undefined ? [] : ((Array.isArray(given) ? given : [given]) as Record<string, unknown>[]); // blocks are objects
  if (!list.length && field.required) problems.push(`${path}missing required block "${name}"`);
  const decoded = list.map(each => plainObject(schema.fields, each, `${path}${name}.`, problems));
  if (field.many) return decoded;
  if (!decoded.length && "withDefaults" in field) return plainObject(schema.fields, {}, `${path}${name}.`, problems);
  return decoded[0];
}

/** Given as `[{ json: {…} }, { drop: {…} }]`. */
function plainChoices(field: ChoiceField<unknown>, given: unknown, path: string, problems: string[]): unknown {
  const variants = field.variants();
  return ((given ?? []) as Record<string, Record<string, unknown>>[]).flatMap(each =>
    Object.entries(each).map(([kind, args]) => {
      const schema = variants[kind];
      if (!schema) problems.push(`${path}unrecognized block name "${kind}"`);
      return { kind, args: schema ? plainObject(schema.fields, args, `${path}${kind}.`, problems) : undefined };
    }),
  );
}

/** `, did you mean "x"?` where a name is near, else nothing. */
export function suggest(name: string, known: Iterable<string>): string {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(name, candidate, bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === undefined ? "" : `, did you mean "${best}"?`;
}

/** Levenshtein's distance with neighbours swapped counted once, given up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let [before, previous]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let distance = Math.min(
        (previous[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (previous[j - 1] as number) + cost,
      ); // filled above
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        distance = Math.min(distance, (before[j - 2] as number) + 1);
      row.push(distance);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length] as number; // the row has b.length + 1 cells
}
