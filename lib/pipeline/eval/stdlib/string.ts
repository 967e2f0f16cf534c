/** `string.*`: what Go's strings and fmt packages do. */
import { toList, toText } from "../convert.ts";
import { goFormat, maxTextLength } from "../gofmt.ts";
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
  const length = parts.reduce((sum, part) => sum + part.length, separator.length * Math.max(0, parts.length - 1));
  return bounded(length, () => parts.join(separator));
});

export const replace = textFunction("replace", 3, (text, from, to) => {
  if (from === "") {
    const characters = [...text];
    return bounded(text.length + (characters.length + 1) * to.length, () => to + characters.map(c => c + to).join(""));
  }
  const parts = text.split(from);
  return bounded(text.length + (parts.length - 1) * (to.length - from.length), () => parts.join(to));
});

export const split = textFunction("split", 2, (text, separator) =>
  separator === "" ? [...text] : text.split(separator),
);
export const toLower = textFunction("to_lower", 1, text => mapCharacters(text, lowerCase));
export const toUpper = textFunction("to_upper", 1, text => mapCharacters(text, upperCase));
export const trimPrefix = textFunction("trim_prefix", 2, (text, prefix) =>
  text.startsWith(prefix) ? text.slice(prefix.length) : text,
);
export const trimSuffix = textFunction("trim_suffix", 2, (text, suffix) =>
  suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
);

export const trim = textFunction("trim", 2, (text, cutset) => {
  const cut = new Set(cutset);
  const characters = [...text];
  const start = characters.findIndex(character => !cut.has(character));
  if (start < 0) return "";
  return characters.slice(start, characters.findLastIndex(character => !cut.has(character)) + 1).join("");
});

const outerSpace = /^[\t-\r \u0085\u00a0\p{Z}]+|[\t-\r \u0085\u00a0\p{Z}]+$/gu;
export const trimSpace = textFunction("trim_space", 1, text => text.replace(outerSpace, ""));

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

function bounded(length: number, build: () => string): string {
  if (length > maxTextLength) throw new Error("the text would be longer than 64 MiB");
  return build();
}

/** Go maps character by character, so that a text never gets longer. */
const mapCharacters = (text: string, map: (character: string) => string): string => {
  let out = "";
  for (const character of text) out += map(character);
  return out;
};

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
