/** How Go code sees a value that it takes as `interface{}`. */
import { GoNamed, GoStruct, type GoValue } from "./gofmt.ts";
import { Capsule, FunctionValue, OptionalSecret, Secret, Target, type Value } from "./value.ts";

/** The value as plain data. Secrets show their text, as they do in Alloy: only what prints it for people may hide it. */
export function toGoPlain(value: Value): GoValue {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(toGoPlain);
  if (value instanceof Map) return new Map(Array.from(value, ([key, field]) => [key, toGoPlain(field)]));
  if (value instanceof Secret) return new GoNamed("alloytypes.Secret", value.reveal());
  if (value instanceof OptionalSecret) {
    return new GoStruct("alloytypes.OptionalSecret", [
      ["IsSecret", value.isSecret],
      ["Value", value.reveal()],
    ]);
  }
  if (value instanceof Target) return new GoNamed("discovery.Target", targetText(value));
  if (value instanceof FunctionValue) return new GoStruct("func", []);
  return new GoStruct(value instanceof Capsule ? value.type : "capsule", []);
}

/** `{a="x", b="y"}`. */
function targetText({ labels }: Target): string {
  const shown = [...labels]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name}=${JSON.stringify(text)}`);
  return `{${shown.join(", ")}}`;
}
