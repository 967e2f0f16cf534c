/**
 * A component's arguments and exports as JSON, in the form of Alloy's API: attributes and blocks, each value with its type.
 * A value is secret if it is one, or if the argument that it is given to takes a secret.
 */
import type { Field, ObjectSchema } from "../lib/pipeline/eval/schema.ts";
import { printValue } from "../lib/pipeline/eval/stringify.ts";
import { OptionalSecret, redacted, Secret, Target, type Value } from "../lib/pipeline/eval/value.ts";
import type { Block, Expr, Statement } from "../lib/pipeline/syntax/ast.ts";
import { printExpr } from "../lib/pipeline/syntax/print.ts";

export type BodyJson = readonly (AttributeJson | BlockJson)[];

export interface AttributeJson {
  readonly name: string;
  readonly type: "attr";
  readonly value: ValueJson;
  /** The expression as written, where it is not the value itself. */
  readonly expression?: string;
}

export interface BlockJson {
  readonly name: string;
  readonly type: "block";
  readonly label?: string;
  readonly body: BodyJson;
}

export type ValueJson =
  | { readonly type: "null" }
  | { readonly type: "number"; readonly value: number | string }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "array"; readonly value: readonly ValueJson[] }
  | { readonly type: "object"; readonly value: readonly { readonly key: string; readonly value: ValueJson }[] }
  | { readonly type: "function" | "capsule"; readonly value: string };

/** What is written in a block, evaluated. */
export function argumentsJson(
  body: readonly Statement[],
  schema: ObjectSchema<unknown> | undefined,
  values: ReadonlyMap<Expr, Value>,
): BodyJson {
  return body.map(statement => {
    const { name } = statement.name;
    if (statement.kind === "block") return blockJson(statement, schema, values);
    const hidden = isSecret(name, fieldOf(schema, name));
    const value = values.get(statement.value);
    const expression = refers(statement.value) && !hidden ? { expression: printExpr(statement.value) } : {};
    return { name, type: "attr", value: valueJson(value ?? null, hidden), ...expression };
  });
}

function blockJson(
  { name: { name }, label, body }: Block,
  schema: ObjectSchema<unknown> | undefined,
  values: ReadonlyMap<Expr, Value>,
): BlockJson {
  const below = argumentsJson(body, blockSchema(schema, name), values);
  return { name, type: "block", ...(label && { label: label.name }), body: below };
}

/** What a component exports. */
export const exportsJson = (exports: ReadonlyMap<string, Value>): BodyJson =>
  [...exports].map(([name, value]) => ({ name, type: "attr", value: valueJson(value) }));

/** A value with its type. `hidden` ones show their shape only. */
export function valueJson(value: Value, hidden = false): ValueJson {
  if (value === null) return { type: "null" };
  if (value instanceof Secret) return secretJson;
  if (value instanceof OptionalSecret)
    return value.isSecret || hidden ? secretJson : { type: "string", value: withoutPassword(value.reveal()) };
  if (Array.isArray(value)) return { type: "array", value: value.map(each => valueJson(each, hidden)) };
  if (value instanceof Map || value instanceof Target) return objectJson(value, hidden);
  if (hidden) return secretJson;
  return scalarJson(value);
}

/** The same for data that a configuration's author wrote: what the names of fields say is secret is hidden too. */
export const dataJson = (value: Value): ValueJson => withoutSecretFields(valueJson(value));

/** The same for a whole body that no schema describes. */
export const dataBody = (body: BodyJson): BodyJson =>
  body.map(each => {
    if (each.type === "block") return { ...each, body: dataBody(each.body) };
    return { ...each, value: isSecret(each.name, undefined) ? hidden(each.value) : withoutSecretFields(each.value) };
  });

const hidden = (json: ValueJson): ValueJson => (json.type === "null" ? json : secretJson);

function withoutSecretFields(json: ValueJson): ValueJson {
  if (json.type === "array") return { type: "array", value: json.value.map(withoutSecretFields) };
  if (json.type !== "object") return json;
  const fields = json.value.map(({ key, value }) => ({
    key,
    value: isSecret(key, undefined) ? hidden(value) : withoutSecretFields(value),
  }));
  return { type: "object", value: fields };
}

/** A value on one line, of about the given length at most. */
export function shortText(json: ValueJson, most: number): string {
  let text = "";
  const add = (each: ValueJson): void => {
    if (text.length > most) return;
    switch (each.type) {
      case "string":
        text += JSON.stringify(each.value);
        return;
      case "array":
        text += "[";
        for (const [i, item] of each.value.entries()) {
          if (i) text += ", ";
          add(item);
        }
        text += "]";
        return;
      case "object":
        text += "{";
        for (const [i, { key, value }] of each.value.entries()) {
          if (text.length <= most) text += `${i ? ", " : ""}${key} = `;
          add(value);
        }
        text += "}";
        return;
      default:
        text += each.type === "null" ? "null" : String(each.value);
    }
  };
  add(json);
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

function scalarJson(value: Value): ValueJson {
  switch (typeof value) {
    case "string":
      return { type: "string", value: withoutPassword(value) };
    case "boolean":
      return { type: "bool", value };
    case "bigint":
      return { type: "number", value: Number.isSafeInteger(Number(value)) ? Number(value) : String(value) };
    case "number":
      return { type: "number", value: Number.isFinite(value) ? value : printValue(value) };
    default:
      return { type: "capsule", value: printValue(value) };
  }
}

function objectJson(value: ReadonlyMap<string, Value> | Target, hidden: boolean): ValueJson {
  const entries: Iterable<readonly [string, Value]> = value instanceof Target ? [...value.labels].sort() : value;
  const fields = Array.from(entries, ([key, each]) => ({ key, value: valueJson(each, hidden) }));
  return { type: "object", value: fields };
}

const secretJson: ValueJson = { type: "capsule", value: redacted };

/** `user:password@` of URLs. */
export const withoutPassword = (text: string): string =>
  text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s/:@?#]*):[^\s/@?#]*@/gi, `$1:${redacted}@`);

function fieldOf(schema: ObjectSchema<unknown> | undefined, name: string): Field | undefined {
  return schema && Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
}

/** The schema of a block, also of one that is named with its group: `stage.json`. */
function blockSchema(schema: ObjectSchema<unknown> | undefined, name: string): ObjectSchema<unknown> | undefined {
  const field = fieldOf(schema, name);
  if (field?.kind === "block") return field.schema();
  const dot = name.indexOf(".");
  const group = fieldOf(schema, name.slice(0, dot));
  return group?.kind === "choice" ? group.variants()[name.slice(dot + 1)] : undefined;
}

const secretType = /\bSecret\b/;
const secretName = /password|passphrase|secret|token|credentials|api_?key|access_key|private_key|key_pem/i;
const placeName = /_(?:file|path|url|ref|type|style|name|header)$/;

/** By the argument's type; an argument that is unknown, or takes a text, by its name. */
function isSecret(name: string, field: Field | undefined): boolean {
  if (field?.kind === "attribute") {
    if (secretType.test(field.type.name)) return true;
    if (!field.type.name.includes("string")) return false;
  }
  return secretName.test(name) && !placeName.test(name);
}

/** Whether an expression is more than the value written out. */
function refers(expr: Expr): boolean {
  switch (expr.kind) {
    case "literal":
      return false;
    case "unary":
      return refers(expr.operand);
    case "paren":
      return refers(expr.inner);
    case "array":
      return expr.items.some(refers);
    case "object":
      return expr.fields.some(({ value }) => refers(value));
    case "identifier":
    case "access":
    case "index":
    case "call":
    case "binary":
      return true;
    default:
      return expr satisfies never;
  }
}
