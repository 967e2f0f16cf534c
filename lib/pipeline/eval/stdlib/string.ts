/** `string.*`: what Go's strings and fmt packages do. */
import { boundParts, boundText, countCharacters, countOccurrences, mapText } from "../bounds.ts";
import { toList, toText } from "../convert.ts";
import { goFormat } from "../gofmt.ts";
import { toGoPlain } from "../goplain.ts";
import { FunctionValue } from "../value.ts";
import { argument, expectCount, namespace, textFunction } from "./define.ts";

export const format = new FunctionValue("format", args => {
  if (args.length < 1) throw new Error("expected at least 1 args, got 0");
  return goFormat(argument(args, 0, toText), args.slice(1).map(toGoPlain));
});

export const join = new FunctionValue("join", args => {
  expectCount(args, 2);
  const parts = argument(args, 0, list => toList(list, toText, "*[]string"));
  const separator = argument(args, 1, toText);
  boundText(parts.reduce((sum, part) => sum + part.length, separator.length * Math.max(0, parts.length - 1)));
  return parts.join(separator);
});

export const replace = textFunction("replace", 3, (text, from, to) => {
  if (from === "") {
    boundText(text.length + (countCharacters(text) + 1) * to.length);
    return to + mapText(text, piece => piece.replace(/./gsu, character => character + to));
  }
  boundText(text.length + countOccurrences(text, from) * (to.length - from.length));
  // a pattern that is only text is replaced in one go, without a string for each part
  return text.replace(new RegExp(from.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "g"), to.replaceAll("$", "$$$$"));
});

export const split = textFunction("split", 2, (text, separator) => {
  boundParts(separator === "" ? countCharacters(text) : countOccurrences(text, separator) + 1);
  return separator === "" ? [...text] : text.split(separator);
});
export const toLower = textFunction("to_lower", 1, text =>
  mapCharacters(text, lowerCase, piece => piece.toLowerCase()),
);
export const toUpper = textFunction("to_upper", 1, text =>
  mapCharacters(text, upperCase, piece => piece.toUpperCase()),
);
export const trimPrefix = textFunction("trim_prefix", 2, (text, prefix) =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text,
);
export const trimSuffix = textFunction("trim_suffix", 2, (text, suffix) =>
  suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
);

export const trim = textFunction("trim", 2, (text, cutset) => {
  const cut = new Set(cutset);
  return trimmed(text, character => cut.has(character));
});

const space = /^[\t-\r \u0085\u00a0\p{Z}]$/u;
export const trimSpace = textFunction("trim_space", 1, text => trimmed(text, character => space.test(character)));

/** From both ends inwards: a pattern would look at each run of blanks inside, too. */
function trimmed(text: string, cuts: (character: string) => boolean): string {
  let [start, end] = [0, text.length];
  while (start < end) {
    const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
    if (!cuts(character)) break;
    start += character.length;
  }
  while (end > start) {
    const isPair = end - start > 1 && (text.codePointAt(end - 2) ?? 0) > 0xffff;
    const character = text.slice(end - (isPair ? 2 : 1), end);
    if (!cuts(character)) break;
    end -= character.length;
  }
  return text.slice(start, end);
}

export const string = namespace({
  format,
  join,
  replace,
  split,
  to_lower: toLower,
  to_upper: toUpper,
  trim,
  trim_prefix: trimPrefix,
  trim_suffix: trimSuffix,
  trim_space: trimSpace,
});

const ascii = /^[\x00-\x7f]*$/;

/** Go maps character by character, so that a text never gets longer. */
const mapCharacters = (text: string, map: (character: string) => string, inAscii: (piece: string) => string): string =>
  mapText(text, piece => (ascii.test(piece) ? inAscii(piece) : Array.from(piece, map).join("")));

function lowerCase(character: string): string {
  const lower = character.toLowerCase();
  return lower.length > character.length ? lower.slice(0, character.length) : lower;
}

function upperCase(character: string): string {
  const upper = character.toUpperCase();
  if ([...upper].length === 1) return upper;
  const codePoint = character.codePointAt(0) ?? 0;
  // Greek letters with an iota below: their capital is a character, which JavaScript would take apart
  if (codePoint >= 0x1f80 && codePoint <= 0x1faf) return String.fromCodePoint(codePoint | 8);
  if (codePoint === 0x1fb3 || codePoint === 0x1fc3 || codePoint === 0x1ff3) return String.fromCodePoint(codePoint + 9);
  return character;
}
