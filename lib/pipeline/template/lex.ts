/** Tokens of Go's text/template: text outside the delimiters, and inside them words, operators and significant blanks. */

export type TokenKind =
  | "text" | "left" | "right" | "space" | "dot" | "field" | "variable" | "identifier" | "keyword" | "bool" | "number" | "char"
  | "string" | "assign" | "declare" | "comma" | "pipe" | "(" | ")" | "end of template"; // biome-ignore format: one kind a word

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
}

/** A template that is none; the message begins with the template's name and line as Go's does. */
export class TemplateSyntaxError extends Error {
  override readonly name = "TemplateSyntaxError";
}

const keywords = new Set([
  "block",
  "break",
  "continue",
  "define",
  "else",
  "end",
  "if",
  "nil",
  "range",
  "template",
  "with",
]);

const word = /[\p{L}\p{Nd}_]+/uy;
const number =
  /[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]+)?|0[bB][01_]+|0[oO][0-7_]+|[0-9_]*\.?[0-9_]+(?:[eE][+-]?[0-9_]+)?\.?)/y;
const quoted = /"(?:[^"\\\n]|\\[^\n])*"/y;
const raw = /`[^`]*`/y;
const char = /'(?:[^'\\\n]|\\[^\n])+'/y;
const blanks = /[ \t\r\n]+/y;

export function tokenize(name: string, source: string): readonly Token[] {
  return new Lexer(name, source).run();
}

class Lexer {
  readonly #name: string;
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;

  constructor(name: string, source: string) {
    this.#name = name;
    this.#source = source;
  }

  run(): readonly Token[] {
    let trimNext = false;
    while (this.#at < this.#source.length) {
      const open = this.#source.indexOf("{{", this.#at);
      const end = open < 0 ? this.#source.length : open;
      const trimThis = open >= 0 && /^\{\{-[ \t\r\n]/.test(this.#source.slice(open, open + 4));
      let text = this.#source.slice(this.#at, end);
      const line = this.#line;
      this.#advance(text);
      if (trimNext) text = text.replace(/^[ \t\r\n]+/, "");
      if (trimThis) text = text.replace(/[ \t\r\n]+$/, "");
      if (text !== "") this.#tokens.push({ kind: "text", text, line });
      if (open < 0) break;
      this.#advance(trimThis ? this.#source.slice(open, open + 4) : "{{");
      trimNext = this.#source.startsWith("/*", this.#at) ? this.#comment() : this.#action();
    }
    this.#push("end of template", "");
    return this.#tokens;
  }

  #advance(text: string): void {
    this.#at += text.length;
    for (const each of text) if (each === "\n") this.#line++;
  }

  #push(kind: TokenKind, text: string): void {
    this.#tokens.push({ kind, text, line: this.#line });
    this.#advance(text);
  }

  #fail(message: string): never {
    throw new TemplateSyntaxError(`template: ${this.#name}:${this.#line}: ${message}`);
  }

  /** Gives whether the blanks after it are trimmed. */
  #comment(): boolean {
    const close = this.#source.indexOf("*/", this.#at);
    if (close < 0) this.#fail("unclosed comment");
    this.#advance(this.#source.slice(this.#at, close + 2));
    const [end] = /^(?:[ \t\r\n]-)?\}\}/.exec(this.#source.slice(this.#at, this.#at + 4)) ?? [];
    if (end === undefined) this.#fail("comment ends before closing delimiter");
    this.#advance(end);
    return end.length > 2;
  }

  #action(): boolean {
    this.#push("left", "");
    let depth = 0;
    for (;;) {
      const [end] = /^(?:[ \t\r\n]+-)?\}\}/.exec(this.#source.slice(this.#at)) ?? [];
      if (end !== undefined) {
        if (depth) this.#fail("unclosed left paren");
        this.#tokens.push({ kind: "right", text: "}}", line: this.#line });
        this.#advance(end);
        return end.length > 2;
      }
      if (this.#at >= this.#source.length) this.#fail("unclosed action");
      depth += this.#word();
      if (depth < 0) this.#fail("unexpected right paren");
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0];
  }

  /** Takes one token; gives by how much it nests deeper. */
  #word(): number {
    const next = this.#source[this.#at] as string; // the caller knows there is one
    const space = this.#take(blanks);
    if (space !== undefined) this.#push("space", space);
    else if (next === ":" && this.#source[this.#at + 1] === "=") this.#push("declare", ":=");
    else if (next === "=") this.#push("assign", next);
    else if (next === ",") this.#push("comma", next);
    else if (next === "|") this.#push("pipe", next);
    else if (next === "(" || next === ")") {
      this.#push(next, next);
      return next === "(" ? 1 : -1;
    } else if (next === '"') this.#push("string", this.#take(quoted) ?? this.#fail("unterminated quoted string"));
    else if (next === "`") this.#push("string", this.#take(raw) ?? this.#fail("unterminated raw quoted string"));
    else if (next === "'") this.#push("char", this.#take(char) ?? this.#fail("unterminated character constant"));
    else this.#name_(next);
    return 0;
  }

  #name_(next: string): void {
    const digits = /^[+-]?\.?[0-9]/.test(this.#source.slice(this.#at, this.#at + 3)) ? this.#take(number) : undefined;
    if (digits !== undefined) {
      this.#push("number", digits);
      this.#terminator(digits);
    } else if (next === "." || next === "$") {
      this.#at++;
      const name = this.#take(word) ?? "";
      this.#at--;
      if (next === "." && name === "") this.#push("dot", ".");
      else this.#push(next === "." ? "field" : "variable", next + name);
      if (name !== "" || next === "$") this.#terminator(next + name);
    } else {
      const name = this.#take(word) ?? this.#fail(`unexpected ${unexpected(next)} in command`);
      const kind = keywords.has(name) ? "keyword" : name === "true" || name === "false" ? "bool" : "identifier";
      this.#push(kind, name);
      this.#terminator(name);
    }
  }

  /** Names and numbers must end where a blank or an operator can stand. */
  #terminator(before: string): void {
    const next = this.#source[this.#at];
    if (next === undefined || /[ \t\r\n.,|:=()]/.test(next) || this.#source.startsWith("}}", this.#at)) return;
    if (/^[+-]?[.0-9]/.test(before)) this.#fail(`bad number syntax: ${JSON.stringify(before + next)}`);
    this.#fail(`bad character ${unexpected(next)}`);
  }
}

function unexpected(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")} '${char}'`;
}
