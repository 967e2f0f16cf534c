/** Reads JSON as Go's ojg does: whole numbers stay integers, and its messages tell line and column. */
import type { Value } from "../value.ts";

const maxDepth = 1_000;

/** The value of a JSON text; an empty text is null. */
export function parseOj(text: string): Value {
  let parsed: unknown;
  try {
    // the source of a number tells 10 from 1e1
    parsed = JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === "number" ? numberOf(context?.source ?? String(value)) : value,
    );
  } catch (error) {
    if (error instanceof RangeError) throw new Error("exceeded max depth"); // the stack is full
    const rest = new Scanner(text).scan();
    return rest === undefined ? null : parseOj(rest);
  }
  return toValue(parsed, 0);
}

function numberOf(source: string): bigint | number | string {
  const [digits = "", exponent] = source.split(/[eE]/);
  if (exponent !== undefined || /\.0*[1-9]/.test(digits)) return Number(source);
  const whole = BigInt(digits.split(".")[0] ?? "0");
  return whole > 9223372036854775807n || whole < -9223372036854775808n ? source : whole;
}

function toValue(data: unknown, depth: number): Value {
  if (depth > maxDepth) throw new Error("exceeded max depth");
  if (Array.isArray(data)) return data.map(item => toValue(item, depth + 1));
  if (typeof data !== "object" || data === null) return data as Value; // JSON's scalars, with bigints from numberOf
  return new Map(Object.entries(data).map(([key, field]) => [key, toValue(field, depth + 1)]));
}

type Mode = "value" | "after" | "key" | "colon" | "done";

/** Walks a text that JSON.parse refused. Returns it without comments if those were all that was wrong. */
class Scanner {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #mode: Mode = "value";
  readonly #open: ("{" | "[")[] = [];
  #kept = "";
  #comments = false;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): string | undefined {
    for (; this.#at < this.#text.length; this.#at++) this.#character(this.#text[this.#at] ?? "");
    if (this.#open.length || this.#mode === "key" || this.#mode === "colon") this.#fail("incomplete JSON");
    if (!this.#kept.trim()) return undefined;
    if (this.#comments) return this.#kept;
    return this.#fail("invalid JSON");
  }

  #fail(message: string): never {
    throw new Error(`${message} at ${this.#line}:${this.#at - this.#lineStart + 1}`);
  }

  #character(character: string): void {
    if (character === "/" && this.#text[this.#at + 1] === "/") {
      const end = this.#text.indexOf("\n", this.#at);
      this.#at = (end < 0 ? this.#text.length : end) - 1;
      this.#comments = true;
      return;
    }
    const start = this.#at;
    if (character === "\n") {
      this.#line++;
      this.#lineStart = this.#at + 1;
    } else if (!/[ \t\r]/.test(character)) this.#token(character);
    this.#kept += this.#text.slice(start, this.#at + 1);
  }

  #token(character: string): void {
    switch (this.#mode) {
      case "value":
        this.#value(character);
        return;
      case "after":
        if (character === ",") this.#mode = this.#open.at(-1) === "{" ? "key" : "value";
        else if (character === "]" || character === "}") this.#close(character);
        else this.#fail(`expected a comma or close, not '${character}'`);
        return;
      case "key":
        if (character === '"') this.#string("colon");
        else if (character === "}") this.#close(character);
        else this.#fail(`expected a string start or object close, not '${character}'`);
        return;
      case "colon":
        if (character !== ":") this.#fail(`expected a colon, not '${character}'`);
        this.#mode = "value";
        return;
      case "done":
        this.#fail(`extra characters after close, '${character}'`);
    }
  }

  #value(character: string): void {
    if (character === "{" || character === "[") {
      this.#open.push(character);
      this.#mode = character === "{" ? "key" : "value";
    } else if (character === "]" || character === "}") this.#close(character);
    else if (character === '"') this.#string(this.#open.length ? "after" : "done");
    else if (/[-0-9]/.test(character)) this.#number();
    else if (/[tfn]/.test(character)) this.#word({ t: "true", f: "false", n: "null" }[character] ?? "");
    else this.#fail(`unexpected character '${character}'`);
  }

  #close(character: "]" | "}"): void {
    const open = this.#open.pop();
    if (open === undefined) this.#fail("too many closes");
    if (open === "{" && character === "]") this.#fail("unexpected array close");
    if (open === "[" && character === "}") this.#fail("unexpected object close");
    this.#mode = this.#open.length ? "after" : "done";
  }

  #word(word: string): void {
    for (let i = 1; i < word.length; i++) {
      this.#at++;
      if (this.#at >= this.#text.length) this.#fail("incomplete JSON");
      if (this.#text[this.#at] !== word[i]) this.#fail(`expected ${word}`);
    }
    this.#mode = this.#open.length ? "after" : "done";
  }

  #number(): void {
    const rest = this.#text.slice(this.#at);
    const digits = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE](?:[-+][0-9]+|[1-9][0-9]*))?/.exec(rest)?.[0] ?? "";
    this.#at += digits.length;
    const next = this.#text[this.#at];
    if (next === undefined && (digits === "" || digits === "-")) this.#fail("incomplete JSON");
    if (next !== undefined && !/[ \t\r\n,\]}]/.test(next)) this.#fail("invalid number");
    this.#at--;
    this.#mode = this.#open.length ? "after" : "done";
  }

  #string(then: Mode): void {
    for (this.#at++; ; this.#at++) {
      const character = this.#text[this.#at];
      if (character === undefined) this.#fail("incomplete JSON");
      if (character === '"') break;
      if (character < " ")
        this.#fail(`invalid JSON character 0x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
      if (character === "\\") this.#escape();
    }
    this.#mode = then;
  }

  #escape(): void {
    const character = this.#text[++this.#at];
    if (character === undefined) this.#fail("incomplete JSON");
    if (!/["\\/bfnrtu]/.test(character ?? "")) this.#fail(`invalid JSON escape character '\\${character}'`);
    for (let i = 0; character === "u" && i < 4; i++) {
      const digit = this.#text[++this.#at];
      if (digit === undefined) this.#fail("incomplete JSON");
      if (!/[0-9a-fA-F]/.test(digit ?? "")) this.#fail(`invalid JSON unicode character '${digit}'`);
    }
  }
}
