/** What is done to attributes, in the order of the `action` blocks. */
import { createHash } from "node:crypto";
import { type Infer, object, optional, required } from "../../../../eval/schema.ts";
import { any, string } from "../../../../eval/types.ts";
import { type Problem, ProblemError } from "../../../../graph/component.ts";
import { EvaluationFailure } from "../../../../ottl/error.ts";
import { parseFloatText, parseIntText, truncated } from "../../../../ottl/params.ts";
import { compileRegex, type Regex, RegexError } from "../../../../regex/regex.ts";
import {
  type AttributeKey,
  attributeKey,
  attributePair,
  type Value,
  type ValueInput,
  type ValueMap,
} from "../../../../telemetry/otlp/value.ts";
import { valueText } from "../../../../telemetry/otlp/value-text.ts";
import type { OtelContext } from "../../processor.ts";
import { inputOfConfig } from "./config-value.ts";

export const action = object({
  key: optional(string, "", "Key of the attribute."),
  value: optional(any, undefined, "Value to write, of any kind."),
  pattern: optional(string, "", "Expression: of keys for delete and hash, with named groups for extract."),
  from_attribute: optional(string, "", "Attribute to take the value from."),
  from_context: optional(
    string,
    "",
    "What to take the value from: `metadata.` and the name of a request header, or `auth.` and an attribute of the authentication.",
  ),
  converted_type: optional(string, "", "Kind to convert to: `int`, `double` or `string`."),
  action: required(string, "What to do: `insert`, `update`, `upsert`, `delete`, `hash`, `extract` or `convert`."),
});
export type ActionArgs = Infer<typeof action>;

const kinds = ["insert", "update", "upsert", "delete", "hash", "extract", "convert"];

/** What can't be, as the Collector checks it. */
export function* actionProblems(actions: readonly ActionArgs[]): Iterable<Problem> {
  for (const [i, args] of actions.entries()) {
    const message = problemOf(args);
    if (message !== undefined) yield { path: ["action", i], message };
  }
}

function problemOf(args: ActionArgs): string | undefined {
  const kind = args.action.toLowerCase();
  const sources = [args.value != null, args.from_attribute !== "", args.from_context !== ""].filter(Boolean).length;
  if (!kinds.includes(kind)) return `unsupported action ${JSON.stringify(args.action)}, expected ${kinds.join(", ")}`;
  if (args.key === "" && !(["delete", "hash"].includes(kind) && args.pattern !== ""))
    return kind === "delete" || kind === "hash"
      ? 'missing required field: at least one of "key" and "pattern" has to be used'
      : 'missing required field "key"';
  if (args.converted_type !== "" && kind !== "convert") return `action "${kind}" does not use "converted_type"`;
  switch (kind) {
    case "insert":
    case "update":
    case "upsert":
      if (sources === 0) return `action "${kind}" needs "value", "from_attribute" or "from_context"`;
      if (sources > 1) return `action "${kind}" should have one source of the value, got ${sources}`;
      return args.pattern === "" ? undefined : `action "${kind}" does not use "pattern"`;
    case "delete":
    case "hash":
      return args.value != null || args.from_attribute !== ""
        ? `action "${kind}" does not use "value" or "from_attribute"`
        : undefined;
    case "extract":
      if (sources > 0) return `action "extract" does not use a source of a value`;
      return args.pattern === "" ? 'action "extract" needs "pattern"' : undefined;
    default:
      if (sources > 0 || args.pattern !== "") return `action "convert" does not use sources of a value or "pattern"`;
      if (args.converted_type === "") return 'action "convert" needs "converted_type"';
      return ["int", "double", "string"].includes(args.converted_type)
        ? undefined
        : `converted_type should be int, double or string, got ${JSON.stringify(args.converted_type)}`;
  }
}

/** Changes attributes. */
export type Apply = (attributes: ValueMap, context: OtelContext) => void;

/** Compiles actions that were checked. */
export function compileActions(actions: readonly ActionArgs[]): Apply {
  const steps = actions.map((args, i) => compileAction(args, ["action", i]));
  return (attributes, context) => {
    for (const step of steps) step(attributes, context);
  };
}

function compileAction(args: ActionArgs, path: readonly (string | number)[]): Apply {
  const key = attributeKey(args.key);
  switch (args.action.toLowerCase()) {
    case "insert":
      return insert(key, args, path);
    case "update":
      return update(key, args, path);
    case "upsert":
      return upsert(key, args, path);
    case "delete":
      return remove(args, patternOf(args, path));
    case "hash":
      return hash(args, patternOf(args, path));
    case "extract":
      return extract(key, args, path);
    default:
      return convert(key, args.converted_type);
  }
}

/** Finds the value to write that is not in the configuration; `missing` where there is none. */
type Source = (attributes: ValueMap, context: OtelContext) => ValueInput | typeof missing;
const missing = Symbol("missing");

function sourceOf(args: ActionArgs): Source {
  if (args.from_context !== "") return contextSource(args.from_context);
  const from = attributeKey(args.from_attribute);
  return attributes => {
    const value = attributes.get(from);
    return value === undefined && !attributes.has(from) ? missing : value;
  };
}

function contextSource(name: string): Source {
  if (name.startsWith("auth.")) {
    const attribute = name.slice("auth.".length);
    return (_, { auth }) => auth?.get(attribute) ?? missing;
  }
  const header = (name.startsWith("metadata.") ? name.slice("metadata.".length) : name).toLowerCase();
  return (_, { metadata }) => {
    const values = metadata?.get(header);
    return values?.length ? values.join(";") : missing;
  };
}

/** The pair to write where its value is in the configuration, as it mostly is. */
const pairOf = (key: AttributeKey, { value }: ActionArgs, path: readonly (string | number)[]) =>
  value == null ? undefined : attributePair(key, inputOfConfig(value, [...path, "value"]));

function insert(key: AttributeKey, args: ActionArgs, path: readonly (string | number)[]): Apply {
  const pair = pairOf(key, args, path);
  if (pair)
    return attributes => {
      if (!attributes.has(key)) attributes.addPair(pair);
    };
  const source = sourceOf(args);
  return (attributes, context) => {
    if (attributes.has(key)) return;
    const value = source(attributes, context);
    if (value !== missing) attributes.add(key, value);
  };
}

function update(key: AttributeKey, args: ActionArgs, path: readonly (string | number)[]): Apply {
  const pair = pairOf(key, args, path);
  if (pair)
    return attributes => {
      if (attributes.has(key)) attributes.setPair(pair);
    };
  const source = sourceOf(args);
  return (attributes, context) => {
    if (!attributes.has(key)) return;
    const value = source(attributes, context);
    if (value !== missing) attributes.set(key, value);
  };
}

function upsert(key: AttributeKey, args: ActionArgs, path: readonly (string | number)[]): Apply {
  const pair = pairOf(key, args, path);
  if (pair) return attributes => attributes.setPair(pair);
  const source = sourceOf(args);
  return (attributes, context) => {
    const value = source(attributes, context);
    if (value !== missing) attributes.set(key, value);
  };
}

function patternOf({ pattern }: ActionArgs, path: readonly (string | number)[]): Regex | undefined {
  if (pattern === "") return undefined;
  try {
    return compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexError) throw new ProblemError(error.message, [...path, "pattern"]);
    throw error;
  }
}

function remove(args: ActionArgs, regex: Regex | undefined): Apply {
  const key = attributeKey(args.key);
  if (!regex) return attributes => void attributes.delete(key);
  return attributes => {
    attributes.delete(key);
    attributes.removeIf(name => regex.test(name));
  };
}

function hash(args: ActionArgs, regex: Regex | undefined): Apply {
  const key = attributeKey(args.key);
  const one = (attributes: ValueMap, own: string | AttributeKey) => {
    if (attributes.has(own)) attributes.set(own, hashOf(attributes.get(own)));
  };
  return attributes => {
    one(attributes, key);
    if (regex) for (const name of [...attributes.keys()].filter(name => regex.test(name))) one(attributes, name);
  };
}

/** SHA-256 of texts, of the eight little-endian bytes of numbers, of a byte for truth values; other kinds give "". */
export function hashOf(value: Value): string {
  switch (typeof value) {
    case "string":
      return sha256(value);
    case "boolean":
      return sha256(Uint8Array.of(value ? 1 : 0));
    case "bigint": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, value, true);
      return sha256(bytes);
    }
    case "number": {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, value, true);
      return sha256(bytes);
    }
    default:
      return "";
  }
}

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");

function extract(key: AttributeKey, args: ActionArgs, path: readonly (string | number)[]): Apply {
  const regex = patternOf(args, path) as Regex; // checked: the pattern is not empty
  const names = regex.groupNames.slice(1);
  if (!names.length) throw new ProblemError("pattern contains no named matcher groups", [...path, "pattern"]);
  if (names.includes(""))
    throw new ProblemError("pattern contains at least one unnamed matcher group", [...path, "pattern"]);
  const keys = names.map(attributeKey);
  return attributes => {
    const value = attributes.get(key);
    if (typeof value !== "string") return;
    const match = regex.exec(value);
    if (!match) return;
    for (const [i, name] of keys.entries()) attributes.set(name, match[i + 1] ?? "");
  };
}

function convert(key: AttributeKey, type: string): Apply {
  const conversion = type === "int" ? toInt : type === "double" ? toDouble : valueText;
  return attributes => {
    const value = attributes.get(key);
    if (value === undefined && !attributes.has(key)) return;
    const converted = conversion(value);
    if (converted !== undefined && converted !== value) attributes.set(key, converted);
  };
}

function toInt(value: Value): bigint | undefined {
  switch (typeof value) {
    case "number":
      return truncated(value);
    case "boolean":
      return value ? 1n : 0n;
    case "string":
      return parseIntText(value);
    default:
      return undefined;
  }
}

function toDouble(value: Value): number | undefined {
  switch (typeof value) {
    case "bigint":
    case "boolean":
      return Number(value);
    case "string":
      try {
        return parseFloatText(value);
      } catch (error) {
        if (error instanceof EvaluationFailure) return undefined; // stays as it is
        throw error;
      }
    default:
      return undefined;
  }
}
