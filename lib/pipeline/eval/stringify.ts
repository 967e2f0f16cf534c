/** Values as text of the language, for the status page and the graph. Secrets are never shown. */

import { goQuote } from "../syntax/quote.ts";
import { formatFloat } from "./gofloat.ts";
import { Capsule, FunctionValue, OptionalSecret, redacted, Secret, Target, type Value } from "./value.ts";

const maxLength = 1024 * 1024;

/** The expression that a value would be written as, on one line: `[1, {a = "x"}]`, `(secret)`, `capsule("loki.LogsReceiver")`. */
export function printValue(value: Value): string {
  const budget = { left: maxLength };
  const text = print(value, budget, 0);
  return budget.left < 0 ? `${text.slice(0, maxLength)}…` : text;
}

function print(value: Value, budget: { left: number }, depth: number): string {
  if (budget.left < 0 || depth > 200) return "…";
  const text = scalar(value);
  if (text !== undefined) {
    budget.left -= text.length;
    return text;
  }
  if (Array.isArray(value)) return `[${value.map(item => print(item, budget, depth + 1)).join(", ")}]`;
  if (value instanceof Target) return fields([...value.labels].sort(), budget, depth);
  return fields([...(value as ReadonlyMap<string, Value>)], budget, depth); // all else is handled
}

function fields(entries: readonly (readonly [string, Value])[], budget: { left: number }, depth: number): string {
  const shown = entries.map(([key, field]) => {
    budget.left -= key.length + 5;
    return `${/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : goQuote(key)} = ${print(field, budget, depth + 1)}`;
  });
  return `{${shown.join(", ")}}`;
}

function scalar(value: Value): string | undefined {
  if (value === null) return "null";
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "number") return formatFloat(value, "g", -1);
  if (typeof value === "boolean" || typeof value === "bigint") return value.toString();
  if (value instanceof Secret) return redacted;
  if (value instanceof OptionalSecret) return value.isSecret ? redacted : goQuote(value.reveal());
  if (value instanceof FunctionValue) return `function(${value.name})`;
  return value instanceof Capsule ? `capsule(${goQuote(value.type)})` : undefined;
}
