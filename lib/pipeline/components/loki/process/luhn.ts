/** stage.luhn: replaces numbers whose check digit is right by Luhn's algorithm, as those of payment cards. */

import { type Infer, object, optional } from "../../../eval/schema.ts";
import { int, string } from "../../../eval/types.ts";
import { ProblemError } from "../../../graph/component.ts";
import { byteLength } from "../../../template/bytes.ts";
import type { Stage } from "./entry.ts";
import { compile } from "./regexes.ts";

export const luhnArgs = object({
  replacement: optional(string, "", "What the numbers become; `**REDACTED**` by default."),
  source: optional(string, undefined, "Extracted value to read; by default the line."),
  min_length: optional(int, 0, "Digits that a number has at least; 13 by default."),
  delimiters: optional(string, "", "Characters that may stand between the digits."),
  skip_regex: optional(string, "", "What matches is left as it is."),
});

export function luhnStage(args: Infer<typeof luhnArgs>): Stage {
  const { source, delimiters } = args;
  if (source === "") throw new ProblemError("empty source");
  const options = {
    replacement: args.replacement || "**REDACTED**",
    least: args.min_length < 1 ? 13 : args.min_length,
    delimiters: new Set(delimiters),
  };
  const candidate = delimiters === "" && options.least < 1000 ? new RegExp(`[0-9]{${options.least}}`) : /[0-9]/;
  const skip = args.skip_regex === "" ? undefined : compile(args.skip_regex, "could not compile regular expression");
  return entry => {
    const text = source === undefined ? entry.line : entry.get(source);
    if (typeof text !== "string") return true;
    if (!candidate.test(text)) {
      if (!skip) entry.line = text;
    } else if (!skip) {
      entry.line = redactNumbers(text, options, []);
    } else if (redactNumbers(text, { ...options, replacement: "\0" }, []) !== text) {
      // With skip_regex a text without such a number leaves even the line of another source alone.
      const skipped = skip.matchAll(text).map(match => [match.index, match.index + match[0].length] as const);
      entry.line = redactNumbers(text, options, skipped);
    }
    return true;
  };
}

interface Options {
  readonly replacement: string;
  readonly least: number;
  readonly delimiters: ReadonlySet<string>;
}

/** Digits in any script count towards a number's length, but only ASCII ones make a number. */
function redactNumbers(
  text: string,
  { replacement, least, delimiters }: Options,
  skipped: readonly (readonly [number, number])[],
): string {
  let out = "";
  let digits = "";
  let raw = "";
  let trailing = "";
  const flush = () => {
    out += digits !== "" && byteLength(digits) >= least && isLuhn(digits) ? replacement + trailing : raw;
    digits = raw = trailing = "";
  };
  let at = 0;
  let range = 0;
  for (const char of text) {
    while (range < skipped.length && at >= (skipped[range]?.[1] ?? 0)) range++;
    const skip = range < skipped.length && at >= (skipped[range]?.[0] ?? 0);
    at += char.length;
    if (!skip && isDigit(char)) {
      digits += char;
      raw += char;
      trailing = "";
    } else if (!skip && digits !== "" && delimiters.has(char)) {
      raw += char;
      trailing = char;
    } else {
      flush();
      out += char;
    }
  }
  flush();
  return out;
}

const isDigit = (char: string): boolean => (char >= "0" && char <= "9") || (char > "\x7f" && /^\p{Nd}$/u.test(char));

const maxInt = (1n << 63n) - 1n;

function isLuhn(digits: string): boolean {
  if (!/^[0-9]+$/.test(digits) || (digits.length > 18 && BigInt(digits) > maxInt)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}
