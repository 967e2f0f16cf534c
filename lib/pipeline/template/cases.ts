/** Words run together and apart, as github.com/huandu/xstrings does it. */
import { lower, upper } from "./sprig-strings.ts";

const isConnector = (char: string) => char === "-" || char === "_" || /^\p{White_Space}$/u.test(char);
const isUpper = (char: string) => /^\p{Lu}$/u.test(char);
const isNumber = (char: string) => /^\p{N}$/u.test(char);
const isPunctuation = (char: string) => /^\p{P}$/u.test(char);
/** Letters of scripts that know words. */
const isAlphabet = (char: string) =>
  /^\p{L}$/u.test(char) && !/^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]$/u.test(char);

/** `some_words` becomes `SomeWords`; connectors at the start and double ones stay. */
export function camelCase(text: string): string {
  const chars = [...text];
  let result = "";
  let i = 0;
  while (i < chars.length && isConnector(chars[i] as string)) result += chars[i++]; // inside
  if (i >= chars.length) return result;
  let current = upper(chars[i++] as string); // inside
  for (; i < chars.length; i++) {
    const before = current;
    current = chars[i] as string; // inside
    if (isConnector(current) && isConnector(before)) {
      result += before;
      continue;
    }
    if (isConnector(before)) current = upper(current);
    else {
      current = lower(current);
      result += before;
    }
  }
  return result + current;
}

type WordKind = "none" | "number" | "upper" | "letters" | "connector" | "punctuation" | "other";

interface Word {
  readonly kind: WordKind;
  readonly text: string;
}

const noWord: Word = { kind: "none", text: "" };

/** `FirstName` becomes `first_name`, `HTTP2xx` `http_2xx`, `Bld4Floor` `bld4_floor`. */
export function separatedCase(text: string, connector: string): string {
  const words = splitWords([...text]);
  let at = 0;
  let out = "";
  const next = (): Word => words[++at] ?? noWord;
  const last = () => at >= words.length - 1;
  const separate = (word: Word) => word.kind !== "connector" && word.kind !== "punctuation" && word.kind !== "none";
  const lettersAndNumbers = (start: Word): Word => {
    let word = start;
    for (; word.kind === "letters" || word.kind === "number"; word = next()) out += lowered(word, connector);
    return word;
  };
  let word = words[0] ?? noWord;
  while (!last()) {
    if (word.kind !== "connector") out += lowered(word, connector);
    const before = word;
    word = next();
    if (before.kind === "number") {
      word = lettersAndNumbers(word);
      if (separate(word)) out += connector;
    } else if (before.kind === "connector") out += lowered(before, connector);
    else if (before.kind !== "punctuation") {
      if (word.kind !== "number") {
        if (separate(word)) out += connector;
      } else if (!last()) {
        const number = word;
        word = next();
        if (word.kind !== "letters") {
          out += number.text;
          if (separate(word)) out += connector;
        } else {
          out += connector + number.text;
          word = lettersAndNumbers(word);
          if (separate(word)) out += connector;
        }
      }
    }
  }
  return out + lowered(word, connector);
}

const lowered = ({ kind, text }: Word, connector: string): string => {
  if (kind !== "upper" && kind !== "connector") return text;
  return [...text].map(char => (isConnector(char) ? connector : lower(char))).join("");
};

function splitWords(chars: readonly string[]): readonly Word[] {
  const words: Word[] = [];
  for (let at = 0; at < chars.length; ) {
    const word = wordAt(chars, at);
    words.push(word);
    at += [...word.text].length;
  }
  return words;
}

function wordAt(chars: readonly string[], start: number): Word {
  const first = chars[start] as string; // the caller is inside
  const run = (fits: (char: string) => boolean, from = start): number => {
    let end = from;
    while (end < chars.length && fits(chars[end] as string)) end++; // inside
    return end;
  };
  const word = (kind: WordKind, end: number): Word => ({ kind, text: chars.slice(start, end).join("") });
  const isSmall = (char: string) => isAlphabet(char) && !isUpper(char);
  if (isConnector(first)) return word("connector", run(isConnector));
  if (isPunctuation(first)) return word("punctuation", run(isPunctuation));
  if (isUpper(first)) {
    const capitals = run(isUpper);
    if (capitals - start === 1) return word("upper", run(isSmall, capitals));
    // The last capital of `HTTPStatus` begins the next word.
    return word("upper", capitals < chars.length && isAlphabet(chars[capitals] as string) ? capitals - 1 : capitals);
  }
  if (isAlphabet(first)) return word("letters", run(isSmall));
  if (isNumber(first)) return word("number", run(isNumber));
  const isOther = (char: string) => !isConnector(char) && !isAlphabet(char) && !isNumber(char) && !isPunctuation(char);
  return word("other", run(isOther));
}
