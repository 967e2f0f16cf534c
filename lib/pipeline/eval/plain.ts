/** Between plain JavaScript data and values of the language. */
import type { Value } from "./value.ts";

/** Data as a default or a test writes it. */
export type Plain = null | boolean | number | bigint | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Whole numbers become integers; instances (secrets, capsules, targets, maps) stay as they are. */
export function fromPlain(plain: Plain): Value {
  if (typeof plain === "number") return Number.isSafeInteger(plain) && !Object.is(plain, -0) ? BigInt(plain) : plain;
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain === "object" && plain !== null && Object.getPrototypeOf(plain) === Object.prototype) {
    return new Map(Object.entries(plain).map(([key, value]) => [key, fromPlain(value as Plain)])); // entries of a Plain object
  }
  return plain as Value; // null, boolean, bigint, string, or an instance of a class of the language
}
