/** Texts: tests, cutting, joining, case. Lengths and positions count bytes of UTF-8. */
import { compileRegex, type Regex } from "../../regex/regex.ts";
import { toLower, toUpper } from "../../relabel/case.ts";
import { ValueList, ValueMap } from "../../telemetry/otlp/value.ts";
import { type Getter, nowhere } from "../context.ts";
import { fail } from "../error.ts";
import { any, bool, int, listOf, optional, text, textLike } from "../params.ts";
import { isList, type OttlValue, Part, typeName, Unsigned } from "../value.ts";
import { define, type FunctionTable } from "./define.ts";

/** A pattern that is compiled once where it never changes, and kept while it stays the same elsewhere. */
export function patternOf(pattern: Getter<string>): (context: Parameters<Getter>[0]) => Regex {
  if (pattern.constant) {
    const regex = compileRegex(pattern(nowhere));
    return () => regex;
  }
  let last: Regex | undefined;
  return context => {
    const current = pattern(context);
    if (last?.pattern !== current) {
      try {
        last = compileRegex(current);
      } catch (error) {
        return fail(error instanceof Error ? error.message : String(error));
      }
    }
    return last;
  };
}

const ascii = /^[\0-\x7f]*$/;

function byteLength(value: OttlValue): bigint {
  if (typeof value === "string") return BigInt(Buffer.byteLength(value));
  if (value instanceof ValueMap) return BigInt(value.size);
  if (value instanceof ValueList || isList(value) || value instanceof Uint8Array) return BigInt(value.length);
  if (value instanceof Unsigned) return BigInt(value.values.length);
  if (value instanceof Part && value.length !== undefined) return BigInt(value.length);
  return fail(`target arg must be of type string, []any, or pcommon.Map, got ${typeName(value)}`);
}

function substring(value: string, start: bigint, length: bigint, wholeCharacters: boolean): string {
  if (start < 0n) return fail(`invalid start for substring function, ${start} cannot be negative`);
  if (length <= 0n) return fail(`invalid length for substring function, ${length} cannot be negative or zero`);
  const bytes = ascii.test(value) ? undefined : Buffer.from(value);
  const size = bytes?.length ?? value.length;
  if (start + length > BigInt(size))
    return fail(
      `invalid range for substring function, ${start} + ${length} cannot be greater than the length of target string(${size})`,
    );
  const from = Number(start);
  const to = from + Number(length);
  if (!bytes) return value.slice(from, to);
  if (!wholeCharacters) return bytes.toString("utf8", from, to);
  const inside = (at: number) => ((bytes[at] ?? 0) & 0xc0) === 0x80;
  let first = from;
  while (first > 0 && inside(first)) first--;
  let last = to;
  while (last > first && inside(last)) last--;
  return bytes.toString("utf8", first, last);
}

/** Without leading and trailing characters of a set. */
function trim(value: string, set: string): string {
  const characters = new Set(set);
  const all = [...value];
  let from = 0;
  let to = all.length;
  while (from < to && characters.has(all[from] as string)) from++; // within
  while (to > from && characters.has(all[to - 1] as string)) to--; // within
  return all.slice(from, to).join("");
}

export const strings: FunctionTable = {
  IsMatch: define({
    params: { target: textLike, pattern: text },
    build({ target, pattern }) {
      const regex = patternOf(pattern);
      return context => {
        const value = target(context);
        return value !== undefined && regex(context).test(value);
      };
    },
  }),
  Concat: define({
    params: { vals: listOf(textLike), delimiter: text },
    pure: true,
    build:
      ({ vals, delimiter }) =>
      context =>
        vals.map(val => val(context) ?? "<nil>").join(delimiter(context)),
  }),
  Len: define({
    params: { target: any },
    build:
      ({ target }) =>
      context =>
        byteLength(target(context)),
  }),
  Substring: define({
    params: { target: text, start: int, length: int, utf8_safe: optional(bool) },
    build:
      ({ target, start, length, utf8_safe }) =>
      context =>
        substring(target(context), start(context), length(context), utf8_safe?.(context) ?? false),
  }),
  Split: define({
    params: { target: text, delimiter: text },
    pure: true,
    build:
      ({ target, delimiter }) =>
      context => {
        const separator = delimiter(context);
        const value = target(context);
        return separator === "" ? [...value] : value.split(separator);
      },
  }),
  HasPrefix: define({
    params: { target: text, prefix: text },
    build:
      ({ target, prefix }) =>
      context =>
        target(context).startsWith(prefix(context)),
  }),
  HasSuffix: define({
    params: { target: text, suffix: text },
    build:
      ({ target, suffix }) =>
      context =>
        target(context).endsWith(suffix(context)),
  }),
  ToUpperCase: define({
    params: { target: text },
    build:
      ({ target }) =>
      context =>
        toUpper(target(context)),
  }),
  ToLowerCase: define({
    params: { target: text },
    build:
      ({ target }) =>
      context =>
        toLower(target(context)),
  }),
  Trim: define({
    params: { target: text, replacement: optional(text) },
    build:
      ({ target, replacement }) =>
      context =>
        trim(target(context), replacement?.(context) ?? " "),
  }),
  TrimPrefix: define({
    params: { target: text, prefix: text },
    build:
      ({ target, prefix }) =>
      context => {
        const value = target(context);
        const start = prefix(context);
        return value.startsWith(start) ? value.slice(start.length) : value;
      },
  }),
  TrimSuffix: define({
    params: { target: text, suffix: text },
    build:
      ({ target, suffix }) =>
      context => {
        const value = target(context);
        const end = suffix(context);
        return value.endsWith(end) ? value.slice(0, value.length - end.length) : value;
      },
  }),
};
