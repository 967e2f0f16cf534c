/** Reads JSON as Go's encoding/json does, with its messages. */
import { goQuoteRune } from "../syntax/quote.ts";
import type { Value } from "./value.ts";

const maxDepth = 1_000;

/** The value of a JSON text; all numbers have fractions. Throws an Error with Go's words. */
export function parseGoJson(text: string): Value {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    new Checker(text).check();
    throw error;
  }
  try {
    return fromJson(parsed, 0);
  } catch (error) {
    const tooLarge =
      error === overflow && tokens(text).find(token => Math.abs(Number(token)) === Number.POSITIVE_INFINITY);
    throw tooLarge ? new Error(`json: cannot unmarshal number ${tooLarge} into Go value of type float64`) : error;
  }
}

const overflow = new Error("json: cannot unmarshal number into Go value of type float64");

/** Strings and numbers as written. */
const tokens = (text: string): readonly string[] => text.match(/"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*/g) ?? [];

/** JSON data as a value; strings lose the half characters that Go would not read either. */
export function fromJson(data: unknown, depth: number): Value {
  if (depth > maxDepth) throw new Error("exceeded max depth");
  switch (typeof data) {
    case "string":
      return data.toWellFormed();
    case "number":
      if (!Number.isFinite(data)) throw overflow;
      return data;
    case "boolean":
      return data;
  }
  if (data === null || data === undefined) return null;
  if (Array.isArray(data)) return data.map(item => fromJson(item, depth + 1));
  return new Map(Object.entries(data).map(([key, field]) => [key.toWellFormed(), fromJson(field, depth + 1)]));
}

/** Walks a text that JSON.parse refused and names the first wrong character. */
class Checker {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  check(): void {
    this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) this.#fail("after top-level value");
  }

  /** Go adds a space to the end: where none may stand, that is what is wrong. */
  #fail(where: string): never {
    if (this.#at >= this.#text.length) {
      const spaceFits = /^(?:looking|after (?!decimal)|in string literal)/.test(where);
      throw new Error(spaceFits ? "unexpected end of JSON input" : `invalid character ' ' ${where}`);
    }
    const [byte = 0] = new TextEncoder().encode(String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0));
    throw new Error(`invalid character ${goQuoteRune(byte)} ${where}`);
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #value(depth: number): void {
    if (depth > maxDepth) throw new Error("exceeded max depth");
    this.#space();
    const character = this.#text[this.#at] ?? "";
    if (character === "{") this.#object(depth);
    else if (character === "[") this.#array(depth);
    else if (character === '"') this.#string();
    else if (/[-0-9]/.test(character)) this.#number();
    else if (character === "t") this.#word("true");
    else if (character === "f") this.#word("false");
    else if (character === "n") this.#word("null");
    else this.#fail("looking for beginning of value");
  }

  #object(depth: number): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return;
    }
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') this.#fail("looking for beginning of object key string");
      this.#string();
      this.#space();
      if (this.#text[this.#at] !== ":") this.#fail("after object key");
      this.#at++;
      this.#value(depth + 1);
      this.#space();
      const character = this.#text[this.#at];
      if (character !== "," && character !== "}") this.#fail("after object key:value pair");
      this.#at++;
      if (character === "}") return;
    }
  }

  #array(depth: number): void {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return;
    }
    for (;;) {
      this.#value(depth + 1);
      this.#space();
      const character = this.#text[this.#at];
      if (character !== "," && character !== "]") this.#fail("after array element");
      this.#at++;
      if (character === "]") return;
    }
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const character = this.#text[this.#at];
      if (character === undefined || character < " ") this.#fail("in string literal");
      this.#at++;
      if (character === '"') return;
      if (character === "\\") this.#escape();
    }
  }

  #escape(): void {
    const character = this.#text[this.#at] ?? "";
    if (!/^["\\/bfnrtu]$/.test(character)) this.#fail("in string escape code");
    this.#at++;
    for (let i = 0; character === "u" && i < 4; i++) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? "")) this.#fail("in \\u hexadecimal character escape");
      this.#at++;
    }
  }

  #digits(where: string): void {
    if (!/^[0-9]$/.test(this.#text[this.#at] ?? "")) this.#fail(where);
    while (/^[0-9]$/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #number(): void {
    if (this.#text[this.#at] === "-") this.#at++;
    if (this.#text[this.#at] === "0") this.#at++;
    else this.#digits("in numeric literal");
    if (this.#text[this.#at] === ".") {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (/^[eE]$/.test(this.#text[this.#at] ?? "")) {
      this.#at++;
      if (/^[-+]$/.test(this.#text[this.#at] ?? "")) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
  }

  #word(word: string): void {
    for (const character of word) {
      if (this.#text[this.#at] !== character) this.#fail(`in literal ${word} (expecting '${character}')`);
      this.#at++;
    }
  }
}
