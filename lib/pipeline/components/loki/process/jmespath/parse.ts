/** Parses JMESPath: a Pratt parser, whose binding powers say how far each operator reaches. */
import { JmespathSyntaxError, type Token, type TokenKind, tokenize } from "./lex.ts";

export type Comparator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type Operator = "+" | "-" | "×" | "÷" | "%" | "//";
type Three<T> = readonly [T, T, T];

export type Node =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "literal"; readonly value: unknown }
  | { readonly kind: "current" | "root" }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "slice"; readonly parts: Three<number | undefined> }
  | { readonly kind: "sub"; readonly left: Node; readonly right: Node }
  | { readonly kind: "projection" | "values"; readonly left: Node; readonly right: Node }
  | { readonly kind: "filter"; readonly left: Node; readonly right: Node; readonly condition: Node }
  | { readonly kind: "flatten"; readonly left: Node }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "hash"; readonly fields: readonly { readonly name: string; readonly value: Node }[] }
  | { readonly kind: "or" | "and" | "pipe"; readonly left: Node; readonly right: Node }
  | { readonly kind: "not"; readonly operand: Node }
  | { readonly kind: "compare"; readonly operator: Comparator; readonly left: Node; readonly right: Node }
  | { readonly kind: "arithmetic"; readonly operator: Operator; readonly left: Node; readonly right: Node }
  | { readonly kind: "sign"; readonly operator: "+" | "-"; readonly operand: Node }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: "reference"; readonly body: Node }
  | {
      readonly kind: "let";
      readonly bindings: readonly { readonly name: string; readonly value: Node }[];
      readonly body: Node;
    };

const powers: Partial<Record<TokenKind, number>> = {
  "|": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5, "+": 6, "-": 6, "//": 7, "÷": 7, "%": 7, "×": 7,
  "[]": 9, "*": 20, "[?": 21, ".": 40, "!": 45, "{": 50, "[": 55, "(": 60,
}; // biome-ignore format: a table

const current: Node = { kind: "current" };

/** The tree of an expression; throws `JmespathSyntaxError`. */
export function parseJmespath(text: string): Node {
  const parser = new Parser(tokenize(text));
  const node = parser.expression(0);
  parser.expect("end");
  return node;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", value: "" };
  }

  get #power(): number {
    return powers[this.#token.kind] ?? 0;
  }

  #next(): Token {
    const token = this.#token;
    this.#at++;
    return token;
  }

  #accept(kind: TokenKind): boolean {
    if (this.#token.kind !== kind) return false;
    this.#at++;
    return true;
  }

  expect(kind: TokenKind): Token {
    if (this.#token.kind === kind) return this.#next();
    return this.#fail(kind === "end" ? "the end of the expression" : `"${kind}"`);
  }

  #fail(expected: string): never {
    const { kind, value } = this.#token;
    const got = kind === "end" ? "the end of the expression" : `"${value}"`;
    throw new JmespathSyntaxError(`expected ${expected}, got ${got}`);
  }

  expression(power: number): Node {
    let left = this.#prefix();
    while (power < this.#power) left = this.#infix(left);
    return left;
  }

  #prefix(): Node {
    const token = this.#next();
    switch (token.kind) {
      case "literal":
        return { kind: "literal", value: json(token.value) };
      case "string":
        return { kind: "literal", value: token.value };
      case "variable":
        return { kind: "variable", name: token.value };
      case "identifier":
        if (token.value === "let" && this.#token.kind === "variable") return this.#let();
        return { kind: "field", name: token.value };
      case "quoted":
        if (this.#token.kind === "(") this.#fail("no arguments after a quoted name");
        return { kind: "field", name: token.value };
      case "+":
      case "-":
        return { kind: "sign", operator: token.kind, operand: this.expression(powers[token.kind] ?? 0) };
      case "*":
        return { kind: "values", left: current, right: this.#token.kind === "]" ? current : this.#projected(20) };
      case "[?":
        return this.#filter(current);
      case "{":
        return this.#hash();
      case "[]":
        return { kind: "projection", left: { kind: "flatten", left: current }, right: this.#projected(9) };
      case "[":
        return this.#bracket();
      case "@":
        return current;
      case "$":
        return { kind: "root" };
      case "&":
        return { kind: "reference", body: this.expression(0) };
      case "!":
        return { kind: "not", operand: this.expression(45) };
      case "(": {
        const inner = this.expression(0);
        this.expect(")");
        return inner;
      }
      default:
        this.#at--;
        return this.#fail("an expression");
    }
  }

  #infix(left: Node): Node {
    const { kind } = this.#next();
    switch (kind) {
      case ".":
        if (this.#accept("*")) return { kind: "values", left, right: this.#projected(40) };
        return { kind: "sub", left, right: this.#afterDot(40) };
      case "|":
        return { kind: "pipe", left, right: this.expression(1) };
      case "||":
        return { kind: "or", left, right: this.expression(2) };
      case "&&":
        return { kind: "and", left, right: this.expression(3) };
      case "(":
        if (left.kind !== "field") return this.#fail("a function's name before the parenthesis");
        return { kind: "call", name: left.name, args: this.#arguments() };
      case "[?":
        return this.#filter(left);
      case "[]":
        return { kind: "projection", left: { kind: "flatten", left }, right: this.#projected(9) };
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
        return { kind: "compare", operator: kind, left, right: this.expression(5) };
      case "+":
      case "-":
        return { kind: "arithmetic", operator: kind, left, right: this.expression(6) };
      case "×":
      case "÷":
      case "%":
      case "//":
        return { kind: "arithmetic", operator: kind, left, right: this.expression(7) };
      case "*":
        return { kind: "arithmetic", operator: "×", left, right: this.expression(20) };
      case "[":
        if (this.#token.kind === "number" || this.#token.kind === ":") return this.#indexed(left);
        this.expect("*");
        this.expect("]");
        return { kind: "projection", left, right: this.#projected(20) };
      default:
        this.#at--;
        return this.#fail("an operator");
    }
  }

  // "let" "$name" "=" expression { "," … } "in" expression
  #let(): Node {
    const bindings: { name: string; value: Node }[] = [];
    do {
      const { value: name } = this.expect("variable");
      this.expect("=");
      bindings.push({ name, value: this.expression(0) });
    } while (this.#accept(","));
    const keyword = this.expect("identifier");
    if (keyword.value !== "in") throw new JmespathSyntaxError(`expected "in", got "${keyword.value}"`);
    return { kind: "let", bindings, body: this.expression(0) };
  }

  #bracket(): Node {
    const { kind } = this.#token;
    if (kind === "number" || kind === ":") return this.#indexed(current);
    if (kind === "*" && this.#tokens[this.#at + 1]?.kind === "]") {
      this.#at += 2;
      return { kind: "projection", left: current, right: this.#projected(20) };
    }
    return this.#list();
  }

  // number "]" | [ number ] ":" [ number ] [ ":" [ number ] ] "]"
  #indexed(left: Node): Node {
    if (this.#token.kind === "number" && this.#tokens[this.#at + 1]?.kind !== ":") {
      const index = Number(this.#next().value);
      this.expect("]");
      return { kind: "sub", left, right: { kind: "index", index } };
    }
    const parts: [number | undefined, number | undefined, number | undefined] = [undefined, undefined, undefined];
    let part = 0;
    while (this.#token.kind !== "]") {
      if (this.#accept(":")) {
        if (++part === 3) this.#fail("at most two colons in a slice");
      } else parts[part as 0 | 1 | 2] = Number(this.expect("number").value); // part stays below 3
    }
    this.expect("]");
    const slice: Node = { kind: "sub", left, right: { kind: "slice", parts } };
    return { kind: "projection", left: slice, right: this.#projected(20) };
  }

  #list(): Node {
    const items: Node[] = [];
    do items.push(this.expression(0));
    while (this.#accept(","));
    this.expect("]");
    return { kind: "list", items };
  }

  #hash(): Node {
    const fields: { name: string; value: Node }[] = [];
    do {
      if (this.#token.kind !== "identifier" && this.#token.kind !== "quoted") this.#fail("a key");
      const name = this.#next().value;
      this.expect(":");
      fields.push({ name, value: this.expression(0) });
    } while (this.#accept(","));
    this.expect("}");
    return { kind: "hash", fields };
  }

  #arguments(): readonly Node[] {
    const args: Node[] = [];
    while (!this.#accept(")")) {
      args.push(this.expression(0));
      if (this.#token.kind !== ")") this.expect(",");
    }
    return args;
  }

  #filter(left: Node): Node {
    const condition = this.expression(0);
    this.expect("]");
    const right = this.#token.kind === "[]" ? current : this.#projected(21);
    return { kind: "filter", left, right, condition };
  }

  #afterDot(power: number): Node {
    const { kind } = this.#token;
    if (kind === "quoted" || kind === "identifier" || kind === "*") return this.expression(power);
    if (this.#accept("[")) return this.#list();
    if (this.#accept("{")) return this.#hash();
    return this.#fail('a name, "[" or "{"');
  }

  /** What is applied to each element of a projection. */
  #projected(power: number): Node {
    if (this.#power < 10) return current;
    const { kind } = this.#token;
    if (kind === "[" || kind === "[?") return this.expression(power);
    if (this.#accept(".")) return this.#afterDot(power);
    return this.#fail('".", "[" or an end');
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JmespathSyntaxError(`expected JSON between backticks, got ${JSON.stringify(text)}`);
  }
}
