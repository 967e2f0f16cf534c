/**
 * Reads YAML as Go's yaml.v3 does: scalars of YAML 1.2 with the old octal numbers and underscores, merge keys, timestamps as
 * text. The package behind it is loaded at the first call, so that a configuration without YAML doesn't pay for it.
 */
import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import { goQuote } from "../../syntax/quote.ts";
import { goFormat } from "../gofmt.ts";
import { toGoPlain } from "../goplain.ts";
import { Capsule, type Value } from "../value.ts";
import { goYamlMessage } from "./yaml-error.ts";
import { resolvePlain, resolveTagged } from "./yaml-scalar.ts";

let loaded: typeof Yaml | undefined;

/**
 * A bundler sees the call of `require` and wraps the package, which then runs at the first call. In an ES module there is
 * no `require`, neither for this call nor for those inside the package: they get one for the time of the load.
 */
function yaml(): typeof Yaml {
  if (loaded) return loaded;
  const scope: { require?: unknown } = globalThis;
  const missing = import.meta.url !== undefined && scope.require === undefined;
  if (missing) scope.require = createRequire(import.meta.url);
  try {
    loaded = require("yaml") as typeof Yaml; // require has no types of its own
    return loaded;
  } finally {
    if (missing) delete scope.require;
  }
}

/** The value of the first document of a text. Throws an Error with Go's words. */
export function parseYaml(text: string): Value {
  const { LineCounter, parseAllDocuments } = yaml();
  const lineCounter = new LineCounter();
  const documents = parse(() =>
    parseAllDocuments(text.replace(/^\ufeff/, ""), {
      schema: "failsafe",
      resolveKnownTags: false,
      uniqueKeys: false,
      lineCounter,
      version: "1.2",
      prettyErrors: false,
    }),
  );
  if (!Array.isArray(documents)) return null;
  const [document] = documents;
  if (!document) return null;
  const errors = document.errors.filter(
    error => error.code !== "TAG_RESOLVE_FAILED" && !isBehindTheDocument(error, document),
  );
  if (errors.length) throw new Error(`yaml: ${goYamlMessage(text, errors)}`);
  return new Reader(document, lineCounter).read();
}

/** The package recurses; a text that fills its stack is refused as Go refuses it. */
function parse<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof RangeError ? new Error(`yaml: exceeded max depth of ${maxDepth}`) : error;
  }
}

/** Go stops behind the first document, and a flow collection or scalar at the top ends it. */
function isBehindTheDocument(error: Yaml.YAMLParseError, { contents }: Yaml.Document.Parsed): boolean {
  const { isCollection } = yaml();
  return error.message.includes("in YAML stream") && !(isCollection(contents) && contents.flow !== true);
}

/** How many nodes aliases may repeat. */
const maxRepeated = 200_000;
const maxDepth = 1_000;
/** Go has no such bound. */
const maxErrors = 1_000;

class Reader {
  readonly #document: Yaml.Document.Parsed;
  readonly #lines: Yaml.LineCounter;
  readonly #yaml = yaml();
  readonly #anchors = new Map<string, unknown>();
  readonly #open = new Set<unknown>();
  /** Keys that stand twice; Go reads on and names all of them. */
  readonly #errors: string[] = [];
  #repeated = 0;

  constructor(document: Yaml.Document.Parsed, lines: Yaml.LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(): Value {
    const value = this.#value(this.#document.contents, 0);
    if (this.#errors.length) throw new Error(`yaml: unmarshal errors:\n  ${this.#errors.join("\n  ")}`);
    return value;
  }

  #value(node: unknown, depth: number): Value {
    if (this.#open.size > 0 && ++this.#repeated > maxRepeated)
      throw new Error("yaml: document contains excessive aliasing");
    if (depth > maxDepth) throw new Error(`yaml: exceeded max depth of ${maxDepth}`);
    const { isAlias, isMap, isNode, isScalar, isSeq } = this.#yaml;
    if (isAlias(node)) return this.#alias(node, depth);
    if (isNode(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) return node.items.map(item => this.#value(item, depth + 1));
    return isMap(node) ? this.#map(node, depth) : null;
  }

  #alias(node: Yaml.Alias, depth: number): Value {
    const target = this.#anchors.get(node.source);
    if (target === undefined) throw new Error(`yaml: unknown anchor '${node.source}' referenced`);
    if (this.#open.has(target)) throw new Error(`yaml: anchor '${node.source}' value contains itself`);
    this.#open.add(target);
    const value = this.#value(target, depth + 1);
    this.#open.delete(target);
    return value;
  }

  #scalar(node: Yaml.Scalar): Value {
    const text = node.source ?? String(node.value ?? "");
    const quoted = node.type !== "PLAIN" && node.type !== undefined;
    const tag = node.tag === "!" ? undefined : node.tag?.replace("tag:yaml.org,2002:", "!!");
    return tag === undefined ? (quoted ? text : resolvePlain(text)) : resolveTagged(tag, text);
  }

  #map(node: Yaml.YAMLMap, depth: number): Value {
    const fields = new Map<Value, Value>();
    if (this.#hasRepeatedKeys(node)) return fields as Map<string, Value>; // empty
    const merged: unknown[] = [];
    for (const { key, value } of node.items) {
      if (this.#isMerge(key)) {
        merged.push(value);
        continue;
      }
      const name = this.#value(key, depth + 1);
      if (Array.isArray(name) || name instanceof Map)
        throw new Error(`yaml: invalid map key: ${goFormat("%#v", [toGoPlain(name)])}`);
      fields.set(name, this.#value(value, depth + 1));
    }
    for (const each of merged) this.#merge(each, fields, depth);
    // Go takes a map with other keys than texts for a capsule
    for (const name of fields.keys())
      if (typeof name !== "string") return new Capsule("map[interface {}]interface {}", fields);
    return fields as Map<string, Value>; // all keys are strings
  }

  /** Keys are compared as they are written, before they get a meaning. */
  #hasRepeatedKeys({ items }: Yaml.YAMLMap): boolean {
    const { isAlias, isMap, isScalar } = this.#yaml;
    const places = new Map<string, { text: string; lines: number[] }>();
    for (const { key } of items) {
      const kind = isAlias(key) ? "alias" : isMap(key) ? "map" : isScalar(key) || key === null ? "scalar" : "sequence";
      const text = isAlias(key) ? key.source : isScalar(key) ? (key.source ?? "") : "";
      const place = places.get(`${kind} ${text}`) ?? { text, lines: [] };
      place.lines.push(this.#lineOf(key));
      places.set(`${kind} ${text}`, place);
    }
    const before = this.#errors.length;
    for (const { text, lines } of places.values())
      for (const [at, first] of lines.entries())
        for (const line of lines.slice(at + 1)) {
          if (this.#errors.length >= maxErrors) return true;
          this.#errors.push(`line ${line}: mapping key ${goQuote(text)} already defined at line ${first}`);
        }
    return this.#errors.length > before;
  }

  #isMerge(key: unknown): boolean {
    return this.#yaml.isScalar(key) && key.value === "<<" && (key.type === "PLAIN" || key.type === undefined);
  }

  /** What the map itself has wins, then the first that is merged. */
  #merge(node: unknown, fields: Map<Value, Value>, depth: number): void {
    const value = this.#value(node, depth + 1);
    for (const each of Array.isArray(value) ? value : [value]) {
      if (!(each instanceof Map)) throw new Error("yaml: map merge requires map or sequence of maps as the value");
      for (const [key, field] of each) if (!fields.has(key)) fields.set(key, field);
    }
  }

  #lineOf(node: unknown): number {
    const range = this.#yaml.isNode(node) ? node.range : undefined;
    return this.#lines.linePos(range?.[0] ?? 0).line;
  }
}
