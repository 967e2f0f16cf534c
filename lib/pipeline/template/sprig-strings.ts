/** Sprig's functions over text. Where they work on bytes, as many of them do, these do, too. */
import { createHash } from "node:crypto";
import { formatDuration } from "../eval/duration.ts";
import { compareBytes } from "../telemetry/labels.ts";
import { byteLength, goBytes, goString, sliceBytes } from "./bytes.ts";
import { camelCase, separatedCase } from "./cases.ts";
import { type Context, type Fn, fn, fnIn } from "./functions.ts";
import { type Dict, integerOf, sprintf, TemplateError } from "./values.ts";

/** As Sprig prints a value where it needs text. */
export const strval = (value: unknown): string => (typeof value === "string" ? value : sprintf("%v", [value]));

/** The items of a list as text, nil ones left out; anything else as a list of one. */
export function strings(value: unknown): string[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return [strval(value)];
  return value.filter(item => item !== null && item !== undefined).map(strval);
}

/** One character a byte. */
const latin = (text: string): string => goBytes(text).toString("latin1");
const fromLatin = (text: string): string => goString(Buffer.from(text, "latin1"));

const space = /^\p{White_Space}$/u;
const isSpace = (char: string) => space.test(char);

/** As `strings.Trim`: the characters of a set at both ends, or at one. */
export function trimSet(text: string, set: string, start = true, end = true): string {
  const chars = [...text];
  const members = new Set(set);
  let from = 0;
  let to = chars.length;
  if (start) while (from < to && members.has(chars[from] as string)) from++; // inside
  if (end) while (to > from && members.has(chars[to - 1] as string)) to--; // inside
  return chars.slice(from, to).join("");
}

export const trimSpace = (text: string): string => text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
export const trimPrefix = (text: string, prefix: string): string =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text;
export const trimSuffix = (text: string, suffix: string): string =>
  suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;

/** As `strings.Replace`: at most `count` times, always if it is negative; an empty text is found between characters. */
export function replaceText(text: string, old: string, to: string, count: number): string {
  let left = count < 0 ? Number.POSITIVE_INFINITY : count;
  if (old === "") {
    const parts = [...text];
    let result = left-- > 0 ? to : "";
    for (const char of parts) result += char + (left-- > 0 ? to : "");
    return result;
  }
  return text.replaceAll(old, match => (left-- > 0 ? to : match));
}

/** Case by case, as Go maps characters one to one. */
const mapCase = (convert: (char: string) => string) => (text: string) =>
  /^[\x00-\x7f]*$/.test(text)
    ? convert(text)
    : [...text]
        .map(char => {
          const changed = convert(char);
          return [...changed].length === 1 ? changed : char;
        })
        .join("");
export const upper = mapCase(text => text.toUpperCase());
export const lower = mapCase(text => text.toLowerCase());

/** As `strings.Title`: what follows a separator becomes upper case. */
function title(text: string): string {
  let before = " ";
  let result = "";
  for (const char of text) {
    result += isSeparator(before) ? upper(char) : char;
    before = char;
  }
  return result;
}

const isSeparator = (char: string) =>
  char <= "\x7f" ? !/[A-Za-z0-9_]/.test(char) : !/[\p{L}\p{Nd}]/u.test(char) && isSpace(char);

function untitle(text: string): string {
  const chars = [...text];
  return chars.map((char, i) => (i === 0 || isSpace(chars[i - 1] as string) ? lower(char) : char)).join(""); // i - 1 is inside
}

function swapCase(text: string): string {
  let atStart = true;
  return [...text]
    .map(char => {
      let swapped = char;
      if (/\p{Lu}|\p{Lt}/u.test(char)) swapped = lower(char);
      else if (/\p{Ll}/u.test(char)) swapped = atStart ? upper(char) : upper(char);
      atStart = isSpace(char);
      return swapped;
    })
    .join("");
}

function substring(start: number, end: number, text: string): string {
  const length = byteLength(text);
  if (start < 0) return cut(text, 0, end, length);
  if (end < 0 || end > length) return cut(text, start, length, length);
  return cut(text, start, end, length);
}

function cut(text: string, start: number, end: number, length: number): string {
  if (start < 0 || end > length || start > end) throw new TemplateError(`slice bounds out of range [${start}:${end}]`);
  return sliceBytes(text, start, end);
}

function trunc(count: number, text: string): string {
  const length = byteLength(text);
  if (count < 0 && length + count > 0) return sliceBytes(text, length + count);
  return count >= 0 && length > count ? sliceBytes(text, 0, count) : text;
}

/** Shortens to a width with dots in place of the rest, and of what lies before `offset`. */
function abbreviate(text: string, offset: number, width: number): string {
  const bytes = latin(text);
  if (bytes.length <= width) return text;
  let from = Math.min(offset, bytes.length);
  if (bytes.length - from < width - 3) from = bytes.length - (width - 3);
  if (from <= 4) return fromLatin(`${bytes.slice(0, width - 3)}...`);
  if (from + width - 3 < bytes.length) return `...${abbreviate(fromLatin(bytes.slice(from)), 0, width - 3)}`;
  return fromLatin(`...${bytes.slice(bytes.length - (width - 3))}`);
}

const abbrev = (width: number, text: string): string => (width < 4 ? text : abbreviate(text, 0, width));
const abbrevBoth = (left: number, right: number, text: string): string =>
  right < 4 || (left > 0 && right < 7) ? text : abbreviate(text, left, right);

function wrapText(text: string, width: number, newline: string, breakWords: boolean): string {
  const bytes = latin(text);
  const lineEnd = latin(newline === "" ? "\n" : newline);
  const limit = Math.max(1, width);
  let offset = 0;
  let wrapped = "";
  while (bytes.length - offset > limit) {
    if (bytes[offset] === " ") {
      offset++;
      continue;
    }
    let at = bytes.slice(offset, limit + offset + 1).lastIndexOf(" ") + offset;
    if (at < offset && breakWords) {
      wrapped += bytes.slice(offset, offset + limit) + lineEnd;
      offset += limit;
      continue;
    }
    if (at < offset) at = bytes.indexOf(" ", offset + limit);
    if (at < 0) {
      wrapped += bytes.slice(offset);
      offset = bytes.length;
    } else {
      wrapped += bytes.slice(offset, at) + lineEnd;
      offset = at + 1;
    }
  }
  return fromLatin(wrapped + bytes.slice(offset));
}

/** First bytes of the words, each taken for a character. */
function initials(text: string): string {
  let result = "";
  let gap = true;
  for (const char of latin(text)) {
    if (isSpace(char)) gap = true;
    else {
      if (gap) result += char;
      gap = false;
    }
  }
  return result;
}

const withoutSpace = (text: string): string => [...latin(text)].filter(char => !isSpace(char)).join("");

function cat(...values: unknown[]): string {
  const given = values.filter(value => value !== null && value !== undefined);
  return sprintf(trimSpace("%v ".repeat(given.length)), given);
}

const indent = (spaces: number, text: string): string => {
  const padding = " ".repeat(checkCount(spaces));
  return padding + text.replaceAll("\n", `\n${padding}`);
};

function repeat(count: number, text: string): string {
  if (checkCount(count) * text.length > 64 * 1024 * 1024)
    throw new TemplateError("strings: Repeat output length overflow");
  return text.repeat(count);
}

function checkCount(count: number): number {
  if (count < 0) throw new TemplateError("strings: negative Repeat count");
  return count;
}

const quoteAll =
  (format: string) =>
  (...values: unknown[]) =>
    values
      .filter(value => value !== null && value !== undefined)
      .map(value => sprintf(format, [format === "%q" ? strval(value) : value]))
      .join(" ");

const numbered = (parts: readonly string[]): Dict => new Map(parts.map((part, i) => [`_${i}`, part]));

export function splitText(separator: string, text: string, limit = -1): string[] {
  if (limit === 0) return [];
  const parts = separator === "" ? [...text] : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

const hash = (algorithm: string) => (text: string) => createHash(algorithm).update(goBytes(text)).digest("hex");

function adler32(text: string): string {
  let a = 1;
  let b = 0;
  for (const byte of goBytes(text)) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return String(b * 65536 + a);
}

const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const asciiPrintable = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => i + 32));

const randomOf = (characters: string) =>
  fnIn("int", ({ random }: Context, count: number) => {
    if (count < 0) throw new TemplateError("requested random string length is less than 0");
    return Array.from({ length: count }, () => characters[Math.floor(random() * characters.length)]).join("");
  });

function shuffle({ random }: Context, text: string): string {
  const chars = [...text];
  for (let i = chars.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [chars[i], chars[j]] = [chars[j] as string, chars[i] as string]; // both inside
  }
  return chars.join("");
}

function uuid({ random }: Context): string {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => Math.floor(random() * 256)));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export const stringFunctions: Readonly<Record<string, Fn>> = {
  hello: fn("", () => "Hello!"),
  abbrev: fn("int string", abbrev),
  abbrevboth: fn("int int string", abbrevBoth),
  trunc: fn("int string", trunc),
  trim: fn("string", trimSpace),
  upper: fn("string", upper),
  lower: fn("string", lower),
  title: fn("string", title),
  untitle: fn("string", untitle),
  substr: fn("int int string", substring),
  repeat: fn("int string", repeat),
  trimall: fn("string string", (set: string, text: string) => trimSet(text, set)),
  trimAll: fn("string string", (set: string, text: string) => trimSet(text, set)),
  trimSuffix: fn("string string", (suffix: string, text: string) => trimSuffix(text, suffix)),
  trimPrefix: fn("string string", (prefix: string, text: string) => trimPrefix(text, prefix)),
  nospace: fn("string", withoutSpace),
  initials: fn("string", initials),
  randAlphaNum: randomOf(`${alphabet}0123456789`),
  randAlpha: randomOf(alphabet),
  randAscii: randomOf(asciiPrintable),
  randNumeric: randomOf("0123456789"),
  uuidv4: fnIn("", uuid),
  swapcase: fn("string", swapCase),
  shuffle: fnIn("string", shuffle),
  snakecase: fn("string", (text: string) => separatedCase(text, "_")),
  kebabcase: fn("string", (text: string) => separatedCase(text, "-")),
  camelcase: fn("string", camelCase),
  wrap: fn("int string", (width: number, text: string) => wrapText(text, width, "", false)),
  wrapWith: fn("int string string", (width: number, newline: string, text: string) =>
    wrapText(text, width, newline, true),
  ),
  contains: fn("string string", (part: string, text: string) => text.includes(part)),
  hasPrefix: fn("string string", (prefix: string, text: string) => text.startsWith(prefix)),
  hasSuffix: fn("string string", (suffix: string, text: string) => text.endsWith(suffix)),
  quote: fn("any...", quoteAll("%q")),
  squote: fn("any...", quoteAll("'%v'")),
  cat: fn("any...", cat),
  indent: fn("int string", indent),
  nindent: fn("int string", (spaces: number, text: string) => `\n${indent(spaces, text)}`),
  replace: fn("string string string", (old: string, to: string, text: string) => replaceText(text, old, to, -1)),
  plural: fn("string string int", (one: string, many: string, count: number) => (count === 1 ? one : many)),
  sha1sum: fn("string", hash("sha1")),
  sha256sum: fn("string", hash("sha256")),
  sha512sum: fn("string", hash("sha512")),
  adler32sum: fn("string", adler32),
  toString: fn("any", strval),
  split: fn("string string", (separator: string, text: string) => numbered(splitText(separator, text))),
  splitList: fn("string string", (separator: string, text: string) => splitText(separator, text)),
  splitn: fn("string int string", (separator: string, count: number, text: string) =>
    numbered(splitText(separator, text, count)),
  ),
  toStrings: fn("any", strings),
  join: fn("string any", (separator: string, list: unknown) => strings(list).join(separator)),
  sortAlpha: fn("any", (list: unknown) => (Array.isArray(list) ? strings(list).sort(compareBytes) : [strval(list)])),
  duration: fn("any", (value: unknown) => formatDuration(seconds(value) * 1_000_000_000n)),
};

function seconds(value: unknown): bigint {
  if (typeof value === "string") return /^[+-]?\d+$/.test(value) ? BigInt(value) : 0n;
  const integer = value === null || value === undefined ? undefined : integerOf(value);
  return integer ?? 0n;
}
