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
 * `undefined` where the attribute is missing or null; with another default, null is the type's zero value. Types are in types.ts.
 */
import type { Attribute, Block, Expr, Statement } from "../syntax/ast.ts";
import type { Range } from "../syntax/diagnostic.ts";
import { hintFor } from "./hints.ts";
import { fromPlain, type Plain } from "./plain.ts";
import type { Value } from "./value.ts";

/** How one value decodes. Throws `Mismatch`. */
export interface Type<T> {
  /** As the reference prints it: `list(string)`, `duration`, `capsule(alloytypes.Secret)`. */
  readonly name: string;
  /** What items of a list and fields of a map are. */
  readonly item?: Type<unknown>;
  readonly field?: Type<unknown>;
  /** What a literal has to be where nothing is evaluated: Alloy looks at the rest when it builds the component. */
  readonly literal?: Type<unknown>;
  decode(value: Value): T;
}

/** A value that does not fit; `path` leads to the part of it that is wrong. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
  readonly path: readonly (string | number)[];
  /** What the user may have meant, where that isn't part of Alloy's message. */
  readonly hint: string | undefined;
  constructor(message: string, path: readonly (string | number)[] = [], hint?: string) {
    super(message);
    this.path = path;
    this.hint = hint;
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
  /** `hint` says what the user may have meant, where that isn't part of Alloy's message. */
  report(range: Range, message: string, hint?: string): void;
  /** Where set, nothing is evaluated: it looks at an expression, and arguments decode to their defaults. */
  readonly inspect?: (expr: Expr, type: Type<unknown>) => void;
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

/** A body that is being decoded. */
interface Decoding {
  readonly result: Record<string, unknown>;
  /** How often each field is given. */
  readonly counts: ReadonlyMap<string, number>;
  readonly context: DecodeContext;
}

/** Decodes in the order of the text, then reports what is missing, as Alloy does. */
function decodeBody(fields: Fields, body: readonly Statement[], owner: Range, context: DecodeContext): unknown {
  const result: Record<string, unknown> = {};
  const counts = new Map<string, number>();
  const index = indexOf(fields);
  for (const statement of body) {
    const place = placeOf(index, statement);
    if (place) counts.set(place.name, (counts.get(place.name) ?? 0) + 1);
  }
  const decoding = { result, counts, context };
  for (const statement of body) {
    const place = placeOf(index, statement);
    if (place) decodeStatement(place, statement, decoding);
    else reportUnknown(fields, statement, context);
  }
  for (const [name, field] of index.entries) {
    if (Object.hasOwn(result, name)) continue;
    if (field.kind !== "choice" && field.required) context.report(owner, `missing required ${field.kind} "${name}"`);
    result[name] = absent(field);
  }
  return result;
}

/** The field that a statement belongs to. */
interface Place {
  readonly name: string;
  readonly field: Field;
  /** The kind of block, for a choice. */
  readonly variant: string;
}

/** Fields by the names that statements have, made once a schema. */
interface FieldIndex {
  readonly entries: readonly (readonly [string, Field])[];
  readonly places: Map<string, Place>;
}

const indexes = new WeakMap<Fields, FieldIndex>();

function indexOf(fields: Fields): FieldIndex {
  let index = indexes.get(fields);
  if (!index) {
    const entries = Object.entries(fields);
    index = { entries, places: new Map() };
    for (const [name, field] of entries) {
      if (field.kind !== "choice") index.places.set(name, { name, field, variant: "" });
      else
        for (const variant of Object.keys(field.variants()))
          index.places.set(`${name}.${variant}`, { name, field, variant });
    }
    indexes.set(fields, index);
  }
  return index;
}

function placeOf({ places }: FieldIndex, { name: { name }, kind }: Statement): Place | undefined {
  const place = places.get(name);
  return place?.field.kind === "choice" && kind !== "block" ? undefined : place;
}

function reportUnknown(fields: Fields, statement: Statement, context: DecodeContext): void {
  const { name } = statement.name;
  const known = Object.entries(fields).flatMap(([each, field]) =>
    field.kind === "choice" ? Object.keys(field.variants()).map(variant => `${each}.${variant}`) : [each],
  );
  context.report(statement, `unrecognized ${statement.kind} name "${name}"`, hintFor(name, known));
}

function decodeStatement(place: Place, statement: Statement, { result, counts, context }: Decoding): void {
  const { name, field } = place;
  const { kind } = statement;
  if ((field.kind === "attribute") !== (kind === "attribute")) {
    const [is, should] = kind === "block" ? ["a block", "an attribute"] : ["an attribute", "a block"];
    context.report(statement, `"${name}" must be ${should}, but is used as ${is}`);
    return;
  }
  if (field.kind !== "choice" && field.refused !== undefined) context.report(statement, `"${name}" ${field.refused}`);
  if (field.kind === "attribute") {
    if (Object.hasOwn(result, name)) context.report(statement, `attribute "${name}" may only be provided once`);
    else result[name] = decodeAttribute(field, (statement as Attribute).value, context); // as its field
    return;
  }
  const many = field.kind === "choice" || field.many;
  if (!many && (counts.get(name) ?? 0) > 1) {
    result[name] = undefined;
    context.report(statement, `block "${name}" may only be specified once`);
    return;
  }
  const args = decodeBlock(place, statement as Block, context); // as its field
  result[name] = many ? [...((result[name] ?? []) as unknown[]), args] : args; // only made here
}

function decodeBlock({ field, variant }: Place, block: Block, context: DecodeContext): unknown {
  if (field.kind === "block") return field.schema().decodeBody(block.body, block, context);
  const schema = field.kind === "choice" ? field.variants()[variant] : undefined;
  return { kind: variant, args: schema?.decodeBody(block.body, block, context) };
}

/** What a field is that is not given. */
function absent(field: Field): unknown {
  if (field.kind === "attribute") return defaultOf(field);
  if (field.kind === "choice" || field.many) return [];
  return "withDefaults" in field ? madeDefault(field) : undefined;
}

const defaultBlocks = new WeakMap<BlockField<unknown>, unknown>();

/** What a block is that is not given but has defaults; made once, since arguments are only read. */
function madeDefault(field: BlockField<unknown>): unknown {
  let made = defaultBlocks.get(field);
  if (made === undefined) {
    made = field.schema().decode({});
    defaultBlocks.set(field, made);
  }
  return made;
}

function decodeAttribute(field: AttributeField<unknown>, expr: Expr, context: DecodeContext): unknown {
  if (context.inspect) {
    context.inspect(expr, field.type);
    return defaultOf(field);
  }
  const value = context.evaluate(expr);
  if (value === undefined) return defaultOf(field);
  // `null` is Go's zero value, whatever the default; where there is no default, nothing stands for it
  if (value === null && !field.required && field.default === undefined) return undefined;
  try {
    return field.type.decode(value);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    context.reportMismatch(expr, value, error);
    return undefined;
  }
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
