/** How Go code sees a value that it takes as `interface{}`. */

import { goQuote } from "../syntax/quote.ts";
import { boundInput } from "./bounds.ts";
import { GoNamed, GoStruct, type GoValue } from "./gofmt.ts";
import { Capsule, FunctionValue, OptionalSecret, Secret, Target, type Value } from "./value.ts";

/** The value as plain data. Secrets show their text, as they do in Alloy: only what prints it for people may hide it. */
export function toGoPlain(value: Value): GoValue {
  return plain(value, { nodes: 0 }, 0);
}

const maxDepth = 1_010;

/** Shared parts are copied at each place, so the count of what is copied has a limit. */
function plain(value: Value, seen: { nodes: number }, depth: number): GoValue {
  if (value === null || typeof value !== "object") return value;
  boundInput(++seen.nodes);
  if (depth > maxDepth) throw new Error(`a value is nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    seen.nodes += value.length;
    boundInput(seen.nodes);
    return value.map(item => plain(item, seen, depth + 1));
  }
  if (value instanceof Map) {
    seen.nodes += value.size;
    boundInput(seen.nodes);
    return new Map(Array.from(value, ([key, field]) => [key, plain(field, seen, depth + 1)]));
  }
  if (value instanceof Secret) return new GoNamed("alloytypes.Secret", value.reveal());
  if (value instanceof OptionalSecret) {
    return new GoStruct("alloytypes.OptionalSecret", [
      ["IsSecret", value.isSecret],
      ["Value", value.reveal()],
    ]);
  }
  if (value instanceof Target) return new GoStruct("discovery.Target", [], targetText(value));
  if (value instanceof FunctionValue) return new GoStruct("func", []);
  return new GoStruct(value instanceof Capsule ? value.type : "capsule", []);
}

/** `{a="x", b="y"}`. */
function targetText({ labels }: Target): string {
  const shown = [...labels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => `${name}=${goQuote(text)}`);
  return `{${shown.join(", ")}}`;
}
