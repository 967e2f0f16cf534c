/** Splits a source into tokens. A line break ends a statement where the token before it could end one. */
import type { Source } from "./diagnostic.ts";
import { describeChar } from "./quote.ts";

/** Token names are those that messages use; operators name themselves. */
export type TokenKind =
  | "ILLEGAL"
  | "EOF"
  | "COMMENT"
  | "TERMINATOR"
  | "IDENT"
  | "NUMBER"
  | "FLOAT"
  | "STRING"
  | "BOOL"
  | "NULL"
  | Operator;

type Operator = BinaryToken | "!" | "=" | "{" | "}" | "(" | ")" | "[" | "]" | "," | ".";
type BinaryToken = "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "^";

/** Receives a mistake at an offset; without `end` it covers one character. */
export type Report = (message: string, start: number, end?: number) => void;

const letter = /^\p{L}$/u;
const digit = /^\p{Nd}$/u;
const suspicious = /[\0\uFEFF\uD800-\uDFFF]/gu; // with the flag u only lone surrogates match
const endOfInput = -1;

// The character codes that decide.
const [tab, newline, carriage, space] = [9, 10, 13, 32];
const [doubleQuote, singleQuote, backquote, backslash] = [34, 39, 96, 92];
const [slash, star, dot, plus, minus] = [47, 42, 46, 43, 45];

const isDecimal = (code: number) => code >= 48 && code <= 57;
const isAsciiLetter = (code: number) => ((code | 32) >= 97 && (code | 32) <= 122 && code < 128) || code === 95;
const isHighSurrogate = (code: number) => code >= 0xd800 && code <= 0xdbff;

const operators: Readonly<Record<string, Operator>> = Object.fromEntries(
  (["+", "-", "*", "/", "%", "^", "{", "}", "(", ")", "[", "]", ",", "."] as const).map(kind => [kind, kind]),
);

/** Reads one token after another; the current one is in `kind`, `start` and `end`. */
export class Lexer {
  kind: TokenKind = "EOF";
  start = 0;
  end = 0;

  readonly #text: string;
  readonly #report: Report;
  /** Offset of the next character that no file may hold and that has not been reported; the end where there is none. */
  #illegal = -1;
  #at = 0;
  #stopped = false;
  /** Whether a line break, here, ends a statement. */
  #endsStatement = false;

  constructor(source: Source, report: Report) {
    this.#text = source.text;
    this.#report = report;
    // A byte order mark at the very start is fine.
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1;
    this.#illegal = this.#illegalFrom(this.#at);
    this.#reportIllegal();
  }

  /** From now on there is only the end of the file. */
  stop(): void {
    this.#stopped = true;
    this.kind = "EOF";
  }

  /** The current token as written. */
  get text(): string {
    return this.#text.slice(this.start, this.end);
  }

  /** Moves on to the next token, comments included. */
  next(): void {
    if (this.#stopped) return;
    this.#skipBlanks();
    this.start = this.#at;
    const endedStatement = this.#endsStatement;
    this.#endsStatement = false;
    const kind = this.#scan(endedStatement);
    this.end = this.#at;
    if (this.#illegal <= this.#at) this.#reportIllegal();
    this.kind = this.#stopped ? "EOF" : kind;
  }

  #code(at = this.#at): number {
    return at < this.#text.length ? this.#text.charCodeAt(at) : endOfInput;
  }

  #skipBlanks(): void {
    for (;;) {
      const code = this.#code();
      if (code !== space && code !== tab && code !== carriage && (code !== newline || this.#endsStatement)) break;
      this.#at++;
    }
    if (this.#illegal <= this.#at) this.#reportIllegal();
  }

  #scan(endedStatement: boolean): TokenKind {
    const code = this.#code();
    if (isAsciiLetter(code) || (code >= 128 && letter.test(this.#character()))) return this.#scanIdentifier();
    if (isDecimal(code) || (code === dot && isDecimal(this.#code(this.#at + 1)))) return this.#scanNumber();
    if (code === endOfInput) return endedStatement ? "TERMINATOR" : "EOF";
    if (code === newline) {
      this.#at++;
      return "TERMINATOR";
    }
    if (code === slash) return this.#scanSlash(endedStatement);
    const char = this.#character();
    this.#at += char.length;
    switch (code) {
      case doubleQuote:
        return this.#scanString(doubleQuote, "STRING");
      case backquote:
        return this.#scanString(backquote, "STRING");
      case singleQuote:
        this.#fail("illegal single-quoted string; use double quotes", this.start);
        return this.#scanString(singleQuote, "ILLEGAL");
      default:
        return this.#scanOperator(char, endedStatement);
    }
  }

  #scanOperator(char: string, endedStatement: boolean): TokenKind {
    switch (char) {
      case "|":
        return this.#double("|", "||");
      case "&":
        return this.#double("&", "&&");
      case "!":
        return this.#accept("=") ? "!=" : "!";
      case "=":
        return this.#accept("=") ? "==" : "=";
      case "<":
        return this.#accept("=") ? "<=" : "<";
      case ">":
        return this.#accept("=") ? ">=" : ">";
    }
    const kind = operators[char];
    if (kind !== undefined) {
      this.#endsStatement = kind === "}" || kind === ")" || kind === "]";
      return kind;
    }
    // A byte order mark in the middle has been reported already.
    if (char !== "\uFEFF") this.#fail(`illegal character ${describeChar(char.codePointAt(0) ?? 0)}`, this.start);
    this.#endsStatement = endedStatement;
    return "ILLEGAL";
  }

  #double(second: string, kind: "||" | "&&"): TokenKind {
    if (!this.#accept(second)) this.#fail(`missing second ${second} in ${kind}`, this.#at);
    return kind;
  }

  #accept(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #scanIdentifier(): TokenKind {
    for (;;) {
      const code = this.#code();
      if (isAsciiLetter(code) || isDecimal(code)) {
        this.#at++;
        continue;
      }
      if (code < 128) break;
      const char = this.#character();
      if (!letter.test(char) && !digit.test(char)) break;
      this.#at += char.length;
    }
    this.#endsStatement = true;
    const length = this.#at - this.start;
    if (length !== 4 && length !== 5) return "IDENT";
    const word = this.#text.slice(this.start, this.#at);
    if (word === "null") return "NULL";
    return word === "true" || word === "false" ? "BOOL" : "IDENT";
  }

  #scanNumber(): TokenKind {
    let kind: TokenKind = "NUMBER";
    this.#skipDigits();
    if (this.#code() === dot) {
      kind = "FLOAT";
      this.#at++;
      this.#skipDigits();
    }
    if ((this.#code() | 32) === 101) {
      kind = "FLOAT";
      this.#at++;
      if (this.#code() === plus || this.#code() === minus) this.#at++;
      if (this.#skipDigits() === 0) this.#fail("exponent has no digits", this.start);
    }
    this.#endsStatement = true;
    return kind;
  }

  #skipDigits(): number {
    const start = this.#at;
    while (isDecimal(this.#code())) this.#at++;
    return this.#at - start;
  }

  #scanString(until: number, kind: TokenKind): TokenKind {
    const raw = until === backquote;
    for (;;) {
      const code = this.#code();
      if (code === endOfInput || (code === newline && !raw)) {
        this.#fail("string literal not terminated", this.start);
        break;
      }
      this.#at++;
      if (code === until) break;
      if (code === backslash && !raw) this.#scanEscape();
    }
    this.#endsStatement = true;
    return kind;
  }

  /** Stops before a character that does not fit, without consuming it. */
  #scanEscape(): void {
    const start = this.#at;
    const char = this.#text[this.#at] ?? "";
    if (char !== "" && 'abfnrtv\\"'.includes(char)) {
      this.#at++;
      return;
    }
    const form = escapeForm(char);
    if (!form) {
      this.#fail(char === "" ? "escape sequence not terminated" : "unknown escape sequence", start);
      return;
    }
    if (form.base === 16) this.#at++;
    let value = 0;
    for (let left = form.digits; left > 0; left--) {
      const next = Number.parseInt(this.#text[this.#at] ?? "", form.base);
      if (Number.isNaN(next)) {
        this.#fail(this.#describeBadDigit(), start);
        return;
      }
      value = value * form.base + next;
      this.#at++;
    }
    if (value > form.max || (value >= 0xd800 && value < 0xe000)) {
      this.#fail("escape sequence is invalid Unicode code point", start);
    }
  }

  #describeBadDigit(): string {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) return "escape sequence not terminated";
    return `illegal character ${describeChar(code)} in escape sequence`;
  }

  #scanSlash(endedStatement: boolean): TokenKind {
    const second = this.#code(this.#at + 1);
    if (second !== slash && second !== star) {
      this.#at++;
      return "/";
    }
    // The statement ends before the comment when nothing but comments follows on its line.
    if (endedStatement && this.#commentsEndLine()) return "TERMINATOR";
    const closed = this.#text.indexOf(second === slash ? "\n" : "*/", this.#at + 2);
    this.#at = closed === -1 ? this.#text.length : second === slash ? closed : closed + 2;
    if (second === star && closed === -1) this.#fail("block comment not terminated", this.start);
    return "COMMENT";
  }

  #commentsEndLine(): boolean {
    let at = this.#at;
    let ends = false;
    for (;;) {
      if (this.#code(at) !== slash) break;
      if (this.#code(at + 1) === slash) {
        ends = true;
        break;
      }
      if (this.#code(++at) !== star) break;
      const closed = this.#closeOnSameLine(at + 1);
      if (closed.newline) {
        at = closed.at;
        ends = true;
        break;
      }
      at = closed.at;
      while (this.#code(at) === space || this.#code(at) === tab || this.#code(at) === carriage) at++;
      if (this.#code(at) === endOfInput || this.#code(at) === newline) {
        ends = true;
        break;
      }
    }
    this.#reportAhead(at);
    return ends;
  }

  #closeOnSameLine(from: number): { at: number; newline: boolean } {
    for (let at = from; at < this.#text.length; at++) {
      const code = this.#code(at);
      if (code === newline) return { at, newline: true };
      if (code === star && this.#code(at + 1) === slash) return { at: at + 2, newline: false };
    }
    return { at: this.#text.length, newline: false };
  }

  /** Looking ahead reports what is illegal there, and reading it for good reports it again, as Alloy does. */
  #reportAhead(until: number): void {
    const last = Math.min(until, this.#text.length - 1);
    for (let at = this.#illegal; at <= last && !this.#stopped; at = this.#illegalFrom(at + 1)) {
      if (at > this.start + 1) this.#report(this.#describeIllegal(at), at);
    }
  }

  #reportIllegal(): void {
    const last = Math.min(this.#at, this.#text.length - 1);
    while (this.#illegal <= last && !this.#stopped) {
      const at = this.#illegal;
      this.#illegal = this.#illegalFrom(at + 1);
      this.#report(this.#describeIllegal(at), at);
    }
  }

  #illegalFrom(at: number): number {
    suspicious.lastIndex = at;
    return suspicious.exec(this.#text)?.index ?? this.#text.length;
  }

  #describeIllegal(at: number): string {
    const code = this.#code(at);
    if (code === 0) return "illegal character NUL";
    return code === 0xfeff ? "illegal byte order mark" : "illegal UTF-8 encoding";
  }

  /** Reports after what is illegal up to here, so that mistakes keep the order of the file. */
  #fail(message: string, start: number): void {
    this.#reportIllegal();
    this.#report(message, start);
  }

  #character(): string {
    const length = isHighSurrogate(this.#code()) ? 2 : 1;
    return this.#text.slice(this.#at, this.#at + length);
  }
}

function escapeForm(char: string): { digits: number; base: 8 | 16; max: number } | undefined {
  if (char >= "0" && char <= "7") return { digits: 3, base: 8, max: 255 };
  if (char === "x") return { digits: 2, base: 16, max: 255 };
  if (char === "u") return { digits: 4, base: 16, max: 0x10ffff };
  return char === "U" ? { digits: 8, base: 16, max: 0x10ffff } : undefined;
}

/** Tells whether a text is one identifier: a letter or `_`, then letters, digits, `_`, and no keyword. */
export function isIdentifier(text: string): boolean {
  if (text === "" || isDecimal(text.charCodeAt(0))) return false;
  let first = true;
  // in a loop, since a pattern fills its stack on a text of megabytes
  for (const char of text) {
    const code = char.charCodeAt(0);
    if (code < 128 ? !isAsciiLetter(code) && !isDecimal(code) : !letter.test(char) && (first || !digit.test(char)))
      return false;
    first = false;
  }
  return text !== "null" && text !== "true" && text !== "false";
}

/** Removes carriage returns from a comment, as Alloy does; one between a star and a slash stays, or the comment would end there. */
export function cleanComment(text: string): string {
  if (!text.includes("\r")) return text;
  if (text.startsWith("//")) return text.replaceAll("\r", "");
  return text.replace(/(\*)\r+(?=\/)|\r/g, (_, kept: string | undefined, at: number) => {
    if (kept === undefined) return "";
    return at > 1 ? "*\r" : "*";
  });
}
