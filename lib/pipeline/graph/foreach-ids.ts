/** The names under which the items of a `foreach` run: the same item keeps its name when the list changes around it. */
import { createHash } from "node:crypto";
import { kindOf, type Value } from "../eval/value.ts";

interface Naming {
  /** Field of the items that tells them apart. */
  readonly id: string | undefined;
  readonly hash_string_id: boolean;
}

/** Each item with its name; equal ones are numbered. */
export function itemIds(items: readonly Value[], naming: Naming): [string, Value][] {
  const counts = new Map<string, number>();
  return items.map(item => {
    const base = `foreach_${fingerprint(identityOf(item, naming.id), naming.hash_string_id)}`;
    const count = (counts.get(base) ?? 0) + 1;
    counts.set(base, count);
    return [`${base}_${count}`, item];
  });
}

function identityOf(item: Value, field: string | undefined): Value {
  if (!field || !(item instanceof Map)) return item;
  const found = item.get(field) as Value | undefined; // a map of the language
  return found === undefined ? item : found;
}

function fingerprint(value: Value, hashTexts: boolean): string {
  switch (typeof value) {
    case "string":
      return hashTexts ? hash(value) : value.replace(/[^\p{L}\p{Nd}]/gu, "_");
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return value.toFixed(6).replace(".", "_");
    default:
      return hash(described(value));
  }
}

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Equal values have equal texts. Secrets only go into a hash. */
function described(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(described).join(",")}]`;
  if (value instanceof Map) {
    const fields = [...(value as ReadonlyMap<string, Value>)].sort(([a], [b]) => (a < b ? -1 : 1)); // a map of the language
    return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${described(each)}`).join(",")}}`;
  }
  if (typeof value === "object" && value !== null && "labels" in value)
    return described(new Map([...value.labels].map(([key, each]) => [key, each])));
  if (typeof value === "object" && value !== null && "reveal" in value) return JSON.stringify(value.reveal());
  return `${kindOf(value)}:${String(value)}`;
}
