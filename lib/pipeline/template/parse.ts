/** Parses Go's text/template. Functions and variables that don't exist are mistakes found here. */
import { goQuote } from "../syntax/quote.ts";
import { unquoteGo } from "./constants.ts";
import { TemplateSyntaxError, type Token, type TokenKind, tokenize } from "./lex.ts";

export type Statement =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "template"; readonly template: string; readonly pipe: Pipe | undefined }
  | { readonly kind: "break" | "continue" };

export interface Pipe {
  readonly kind: "pipe";
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
}

export type Operand =
  | Pipe
  | { readonly kind: "function"; readonly function: string }
  | { readonly kind: "field"; readonly path: readonly string[] }
  | { readonly kind: "variable"; readonly variable: string; readonly path: readonly string[] }
  | { readonly kind: "chain"; readonly of: Operand; readonly path: readonly string[] }
  | { readonly kind: "dot" | "nil" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | NumberConstant;

export interface NumberConstant {
  readonly kind: "number";
  readonly text: string;
  /** `undefined` where the constant is no such number. */
  readonly int: bigint | undefined;
  readonly float: number | undefined;
}

/** The templates of a source by name: its own and those that it defines. */
export function parseTemplate(
  name: string,
  source: string,
  isFunction: (name: string) => boolean,
): ReadonlyMap<string, readonly Statement[]> {
  return new Parser(name, source, isFunction).run();
}

type Ended = { readonly body: Statement[]; readonly by: "end" | "else" };

class Parser {
  readonly #name: string;
  readonly #tokens: readonly Token[];
  readonly #isFunction: (name: string) => boolean;
  readonly #templates = new Map<string, readonly Statement[]>();
  #at = 0;
  #variables: string[] = ["$"];
  #loops = 0;

  constructor(name: string, source: string, isFunction: (name: string) => boolean) {
    this.#name = name;
    this.#tokens = tokenize(name, source);
    this.#isFunction = isFunction;
  }

  run(): ReadonlyMap<string, readonly Statement[]> {
    const body: Statement[] = [];
    while (this.#token.kind !== "end of template") {
      if (this.#isKeyword("define")) this.#define();
      else {
        const statement = this.#statement();
        if (typeof statement === "string") this.#fail(`unexpected {{${statement}}}`);
        body.push(statement);
      }
    }
    this.#templates.set(this.#name, body);
    return this.#templates;
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token; // the last token ends the template and is never passed
  }

  /** Whether an action begins here with this word. */
  #isKeyword(keyword: string): boolean {
    if (this.#token.kind !== "left") return false;
    const skip = this.#tokens[this.#at + 1]?.kind === "space" ? 2 : 1;
    return this.#tokens[this.#at + skip]?.text === keyword && this.#tokens[this.#at + skip]?.kind === "keyword";
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== "end of template") this.#at++;
    return token;
  }

  #blanks(): void {
    while (this.#token.kind === "space") this.#at++;
  }

  #expect(kind: TokenKind, context: string): Token {
    this.#blanks();
    const token = this.#next();
    return token.kind === kind ? token : this.#unexpected(token, context);
  }

  #fail(message: string, line = this.#token.line): never {
    throw new TemplateSyntaxError(`template: ${this.#name}:${line}: ${message}`);
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind === "end of template") this.#fail("unexpected EOF", token.line);
    const shown = token.kind === "keyword" ? `<${token.text}>` : goQuote(token.text);
    return this.#fail(`unexpected ${shown} in ${context}`, token.line);
  }

  #define(): void {
    this.#at += this.#tokens[this.#at + 1]?.kind === "space" ? 3 : 2;
    const name = this.#stringConstant("define clause");
    this.#expect("right", "define clause");
    const { body, by } = this.#scoped(() => this.#list(), ["$"]);
    if (by !== "end") this.#fail("unexpected {{else}} in define clause");
    this.#templates.set(name, body);
  }

  #stringConstant(context: string): string {
    const { text } = this.#expect("string", context);
    return unquoteGo(text) ?? this.#fail(`invalid syntax: ${text}`);
  }

  /** Runs with variables of its own. */
  #scoped<T>(run: () => T, variables: readonly string[] = this.#variables): T {
    const outer = this.#variables;
    this.#variables = [...variables];
    const result = run();
    this.#variables = outer;
    return result;
  }

  #list(): Ended {
    const body: Statement[] = [];
    for (;;) {
      if (this.#token.kind === "end of template") this.#fail("unexpected EOF");
      const statement = this.#statement();
      if (typeof statement === "string") return { body, by: statement };
      body.push(statement);
    }
  }

  /** A statement, or the word that ends a list of them; after `else` the position is behind that word. */
  #statement(): Statement | "end" | "else" {
    const token = this.#next();
    if (token.kind === "text") return { kind: "text", text: token.text };
    this.#blanks();
    const { kind, text: keyword, line } = this.#token;
    if (kind !== "keyword") return { kind: "action", pipe: this.#pipe("right", "command") };
    this.#at++;
    switch (keyword) {
      case "if":
      case "with":
      case "range":
        return this.#scoped(() => this.#control(keyword));
      case "end":
        this.#expect("right", "end");
        return "end";
      case "else":
        return "else";
      case "break":
      case "continue":
        this.#expect("right", keyword);
        if (!this.#loops) this.#fail(`{{${keyword}}} outside {{range}}`, line);
        return { kind: keyword };
      case "template":
        return this.#template();
      case "block":
        return this.#block();
      case "nil":
        return this.#fail("nil is not a command", line);
      default:
        return this.#fail(`unexpected <${keyword}> in command`, line);
    }
  }

  #control(kind: "if" | "with" | "range"): Statement {
    const pipe = this.#pipe("right", kind);
    if (kind === "range") this.#loops++;
    const { body, by } = this.#list();
    if (kind === "range") this.#loops--;
    if (by === "end") return { kind, pipe, body, otherwise: [] };
    return { kind, pipe, body, otherwise: this.#otherwise(kind) };
  }

  #otherwise(kind: "if" | "with" | "range"): readonly Statement[] {
    this.#blanks();
    const { kind: token, text } = this.#token;
    if (token === "keyword" && text === kind && kind !== "range") {
      this.#at++;
      return [this.#control(kind)];
    }
    this.#expect("right", "else");
    const { body, by } = this.#list();
    if (by !== "end") this.#fail("expected end; found {{else}}");
    return body;
  }

  #template(): Statement {
    const template = this.#stringConstant("template clause");
    return { kind: "template", template, pipe: this.#optionalPipe("template clause") };
  }

  #optionalPipe(context: string): Pipe | undefined {
    this.#blanks();
    if (this.#token.kind !== "right") return this.#pipe("right", context);
    this.#at++;
    return undefined;
  }

  #block(): Statement {
    const template = this.#stringConstant("block clause");
    const pipe = this.#pipe("right", "block clause");
    const { body, by } = this.#scoped(() => this.#list(), ["$"]);
    if (by !== "end") this.#fail("unexpected {{else}} in block clause");
    if (!this.#templates.has(template)) this.#templates.set(template, body);
    return { kind: "template", template, pipe };
  }

  // [ variable [ "," variable ] ( ":=" | "=" ) ] command { "|" command }
  #pipe(end: "right" | ")", context: string): Pipe {
    const { variables, assigns } = this.#declaration(context);
    const commands: (readonly Operand[])[] = [];
    for (;;) {
      this.#blanks();
      const token = this.#token;
      if (token.kind === end) {
        this.#at++;
        if (!commands.length) this.#fail(`missing value for ${context}`, token.line);
        this.#checkPiped(commands);
        if (!assigns) this.#variables.push(...variables);
        return { kind: "pipe", variables, assigns, commands };
      }
      if (token.kind === "pipe") this.#unexpected(token, context);
      commands.push(this.#command(context));
    }
  }

  /** Only functions, fields and the like can take what comes through a pipe. */
  #checkPiped(commands: readonly (readonly Operand[])[]): void {
    commands.slice(1).forEach((command, i) => {
      const kind = command[0]?.kind;
      if (kind === "bool" || kind === "dot" || kind === "nil" || kind === "number" || kind === "string") {
        this.#fail(`non executable command in pipeline stage ${i + 2}`);
      }
    });
  }

  #declaration(context: string): { variables: readonly string[]; assigns: boolean } {
    this.#blanks();
    const start = this.#at;
    const variables: string[] = [];
    for (;;) {
      this.#blanks();
      const token = this.#next();
      if (token.kind !== "variable") break;
      variables.push(token.text);
      this.#blanks();
      const next = this.#next();
      if (next.kind === "declare" || next.kind === "assign") {
        if (next.kind === "assign") for (const variable of variables) this.#checkVariable(variable, token.line);
        if (variables.length > 1 && context !== "range") this.#fail(`too many declarations in ${context}`, token.line);
        return { variables, assigns: next.kind === "assign" };
      }
      if (next.kind !== "comma" || context !== "range" || variables.length > 1) break;
    }
    this.#at = start;
    return { variables: [], assigns: false };
  }

  #checkVariable(variable: string, line: number): void {
    if (!this.#variables.includes(variable)) this.#fail(`undefined variable ${goQuote(variable)}`, line);
  }

  #command(context: string): readonly Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      this.#blanks();
      const operand = this.#operand();
      if (operand) operands.push(operand);
      const { kind } = this.#token;
      if (kind === "space") continue;
      if (kind === "pipe") {
        this.#at++;
        this.#blanks();
        const after = this.#token;
        if (after.kind === "right" || after.kind === ")") this.#fail(`missing value for ${context}`, after.line);
      } else if (kind !== "right" && kind !== ")") this.#unexpected(this.#token, "operand");
      if (!operands.length) this.#fail("empty command");
      return operands;
    }
  }

  /** A term with the fields that hang on it: `(f 1).x.y`. */
  #operand(): Operand | undefined {
    const term = this.#term();
    if (!term || this.#token.kind !== "field") return term;
    const path: string[] = [];
    while (this.#token.kind === "field") path.push(this.#next().text.slice(1));
    switch (term.kind) {
      case "field":
        return { kind: "field", path: [...term.path, ...path] };
      case "variable":
        return { ...term, path: [...term.path, ...path] };
      case "bool":
      case "string":
      case "number":
      case "nil":
      case "dot":
        return this.#fail(`unexpected . after term ${goQuote(`.${path[0]}`)}`);
      default:
        return { kind: "chain", of: term, path };
    }
  }

  #term(): Operand | undefined {
    const token = this.#token;
    switch (token.kind) {
      case "identifier":
        if (!this.#isFunction(token.text)) this.#fail(`function ${goQuote(token.text)} not defined`, token.line);
        this.#at++;
        return { kind: "function", function: token.text };
      case "dot":
        this.#at++;
        return { kind: "dot" };
      case "field":
        this.#at++;
        return { kind: "field", path: [token.text.slice(1)] };
      case "variable":
        this.#checkVariable(token.text, token.line);
        this.#at++;
        return { kind: "variable", variable: token.text, path: [] };
      case "bool":
        this.#at++;
        return { kind: "bool", value: token.text === "true" };
      case "number":
      case "char":
        this.#at++;
        return this.#number(token);
      case "string":
        this.#at++;
        return {
          kind: "string",
          value: unquoteGo(token.text) ?? this.#fail(`invalid syntax: ${token.text}`, token.line),
        };
      case "(":
        this.#at++;
        return this.#pipe(")", "parenthesized pipeline");
      case "keyword":
        if (token.text !== "nil") this.#unexpected(token, "operand");
        this.#at++;
        return { kind: "nil" };
      default:
        return undefined;
    }
  }

  #number({ kind, text, line }: Token): NumberConstant {
    if (kind === "char") {
      const value = unquoteGo(`"${text.slice(1, -1).replace(/^"$/, '\\"').replace(/^\\'$/, "'")}"`);
      if (value === undefined || [...value].length !== 1) this.#fail(`malformed character constant: ${text}`, line);
      const code = value.codePointAt(0) ?? 0;
      return { kind: "number", text: String(code), int: BigInt(code), float: code };
    }
    const digits = text.replaceAll("_", "");
    const int = integer(digits);
    if (int !== undefined) return { kind: "number", text, int, float: Number(int) };
    const float = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN;
    if (Number.isNaN(float)) this.#fail(`illegal number syntax: ${goQuote(text)}`, line);
    if (!/[.eEpP]/.test(text)) this.#fail(`integer overflow: ${goQuote(text)}`, line);
    const whole = Number.isInteger(float) && Math.abs(float) < 2 ** 63;
    return { kind: "number", text, int: whole ? BigInt(float) : undefined, float };
  }
}

/** As `strconv.ParseInt(text, 0, 64)`. */
function integer(text: string): bigint | undefined {
  const [, sign = "", digits = ""] =
    /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/.exec(text) ?? [];
  if (digits === "") return undefined;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
  const signed = sign === "-" ? -value : value;
  return BigInt.asIntN(64, signed) === signed ? signed : undefined;
}
