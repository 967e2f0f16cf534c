/** `coalesce`: the first argument that is not empty. */
import { FunctionValue, OptionalSecret, Secret, Target, type Value } from "../value.ts";

export const coalesce = new FunctionValue("coalesce", args => {
  for (const arg of args) if (!isEmpty(arg)) return arg;
  return args.at(-1) ?? null;
});

/** Go's zero values, and containers without parts. */
function isEmpty(value: Value): boolean {
  if (value === null || value === "" || value === false || value === 0n || Object.is(value, 0)) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Map) return value.size === 0;
  if (value instanceof Target) return value.labels.size === 0;
  if (value instanceof Secret) return value.reveal() === "";
  return value instanceof OptionalSecret && !value.isSecret && value.reveal() === "";
}
