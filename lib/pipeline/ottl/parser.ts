/**
 * Reads conditions and statements. One method per grammar rule, the rule above it. A parenthesis may open a calculation or a
 * condition, which only shows later: a comparison is tried first, and what it failed on is only told if nothing else fits.
 */
import type { Argument, CallExpr, Condition, Expr, MathOperator, PathExpr, Segment, Statement } from "./ast.ts";
import type { CompareOperator } from "./compare.ts";
import { OttlError } from "./error.ts";
import { type Token, tokenize } from "./lexer.ts";

/** Reads a condition. */
export function parseCondition(text: string): Condition {
  const parser = new Parser(text);
  const condition = parser.parseOr();
  parser.end();
  return condition;
}

/** Reads a statement: an editor, and perhaps a condition. */
export function parseStatement(text: string): Statement {
  const parser = new Parser(text);
  const statement = parser.parseStatement();
  parser.end();
  return statement;
}

/** Reads a value alone. */
export function parseValue(text: string): Expr {
  const parser = new Parser(text);
  const value = parser.parseValue();
  parser.end();
  return value;
}

const maxDepth = 100;
const reserved: ReadonlySet<string> = new Set(["and", "or", "not", "true", "false", "nil"]);
const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const lowercase = /^[a-z][a-z0-9_]*$/;
const uppercase = /^[A-Z][A-Z0-9_]*$/;
const maxInt = 9_223_372_036_854_775_807n;

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  /** Of several readings that failed, the one that came furthest is told. */
  #furthest: OttlError | undefined;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token; // the last one is the end, and it is never passed
  }

  #next(): Token {
    const token = this.#token;
    if (token.kind !== "end") this.#at++;
    return token;
  }

  #is(text: string): boolean {
    const { kind, text: own } = this.#token;
    return own === text && (kind === "operator" || kind === "name");
  }

  #accept(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#accept(text)) this.#fail(`expected "${text}"`);
  }

  #fail(expected: string): never {
    const { kind, text, start } = this.#token;
    const found = kind === "end" ? "the end" : kind === "string" ? JSON.stringify(text) : `"${text}"`;
    const error = new OttlError(`${expected}, got ${found}`, start);
    if (!this.#furthest || error.position > this.#furthest.position) this.#furthest = error;
    throw this.#furthest.position > start ? this.#furthest : error;
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw new OttlError(`nesting should be at most ${maxDepth} deep`, this.#token.start);
    const result = read();
    this.#depth--;
    return result;
  }

  /** Reads, or goes back to where it was. */
  #try<T>(read: () => T): T | undefined {
    const at = this.#at;
    const depth = this.#depth;
    try {
      return read();
    } catch (error) {
      if (!(error instanceof OttlError)) throw error;
      if (!this.#furthest || error.position > this.#furthest.position) this.#furthest = error;
      this.#at = at;
      this.#depth = depth;
      return undefined;
    }
  }

  end(): void {
    if (this.#token.kind !== "end") this.#fail("unexpected text");
  }

  // Statement = Call [ "where" Or ] .
  parseStatement(): Statement {
    const { kind, text, start } = this.#token;
    if (kind !== "name") this.#fail("expected an editor");
    if (!/^[a-z]/.test(text))
      throw new OttlError(`editor names must start with a lowercase letter but got '${text}'`, start);
    const editor = this.#parseCall();
    if (editor.keys.length) throw new OttlError(`only paths and converters may be indexed, not editors`, start);
    return { editor, where: this.#accept("where") ? this.parseOr() : undefined };
  }

  // Or = And { "or" And } .
  parseOr(): Condition {
    return this.#nested(() => {
      const items = [this.#parseAnd()];
      while (this.#accept("or")) items.push(this.#parseAnd());
      return items.length === 1 ? (items[0] as Condition) : { kind: "or", items };
    });
  }

  // And = Boolean { "and" Boolean } .
  #parseAnd(): Condition {
    const items = [this.#parseBoolean()];
    while (this.#accept("and")) items.push(this.#parseBoolean());
    return items.length === 1 ? (items[0] as Condition) : { kind: "and", items };
  }

  // Boolean = [ "not" ] ( Comparison | "true" | "false" | Call | "(" Or ")" ) .
  #parseBoolean(): Condition {
    if (this.#accept("not")) return { kind: "not", condition: this.#parsePositive() };
    return this.#parsePositive();
  }

  #parsePositive(): Condition {
    const comparison = this.#try(() => this.#parseComparison());
    if (comparison) return comparison;
    if (this.#accept("true")) return { kind: "constant", value: true };
    if (this.#accept("false")) return { kind: "constant", value: false };
    if (this.#accept("(")) {
      const condition = this.parseOr();
      this.#expect(")");
      return condition;
    }
    const { kind, text, start } = this.#token;
    if (kind === "name" && /^[A-Z]/.test(text)) return { kind: "test", call: this.#parseCall() };
    if (this.#furthest && this.#furthest.position > start) throw this.#furthest;
    return this.#fail("expected a condition");
  }

  // Comparison = Value ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) Value .
  #parseComparison(): Condition {
    const { start } = this.#token;
    const left = this.parseValue();
    if (!comparisons.has(this.#token.text) || this.#token.kind !== "operator") this.#fail("expected a comparison");
    const operator = this.#next().text as CompareOperator; // one of the set
    return { kind: "compare", operator, left, right: this.parseValue(), start };
  }

  // Value = "nil" | Sum | bytes | string | "true" | "false" | enum | Map | List .
  parseValue(): Expr {
    return this.#nested(() => {
      const { kind, text, start } = this.#token;
      if (kind === "string") {
        this.#next();
        return { kind: "literal", value: text, start };
      }
      if (kind === "bytes") return this.#parseBytes();
      if (this.#accept("nil")) return { kind: "nil", start };
      if (this.#accept("true")) return { kind: "literal", value: true, start };
      if (this.#accept("false")) return { kind: "literal", value: false, start };
      if (this.#is("{")) return this.#parseMap();
      if (this.#is("[")) return this.#parseList();
      if (kind === "name" && /^[A-Z]/.test(text) && this.#tokens[this.#at + 1]?.text !== "(") {
        this.#next();
        return { kind: uppercase.test(text) ? "enum" : "function", name: text, start };
      }
      return this.#parseSum();
    });
  }

  #parseBytes(): Expr {
    const { text, start } = this.#next();
    if (text.length % 2 !== 0) throw new OttlError("bytes should have an even number of hex digits", start);
    return { kind: "literal", value: new Uint8Array(Buffer.from(text.slice(2), "hex")), start };
  }

  // List = "[" [ Value { "," Value } ] "]" .
  #parseList(): Expr {
    const { start } = this.#next();
    const items: Expr[] = [];
    if (!this.#is("]")) {
      do items.push(this.parseValue());
      while (this.#accept(","));
    }
    this.#expect("]");
    return { kind: "list", items, start };
  }

  // Map = "{" { string ":" Value [ "," ] } "}" .
  #parseMap(): Expr {
    const { start } = this.#next();
    const fields: [string, Expr][] = [];
    while (!this.#is("}")) {
      if (this.#token.kind !== "string") this.#fail("expected a key in double quotes");
      const { text } = this.#next();
      this.#expect(":");
      fields.push([text, this.parseValue()]);
      this.#accept(",");
    }
    this.#expect("}");
    return { kind: "map", fields, start };
  }

  // Sum = Product { ( "+" | "-" ) Product } .
  #parseSum(): Expr {
    let left = this.#parseProduct();
    while (this.#is("+") || this.#is("-")) {
      const { text, start } = this.#next();
      left = { kind: "math", operator: text as MathOperator, left, right: this.#parseProduct(), start };
    }
    return left;
  }

  // Product = Operand { ( "*" | "/" ) Operand } .
  #parseProduct(): Expr {
    let left = this.#parseOperand();
    while (this.#is("*") || this.#is("/")) {
      const { text, start } = this.#next();
      left = { kind: "math", operator: text as MathOperator, left, right: this.#parseOperand(), start };
    }
    return left;
  }

  // Operand = [ "+" | "-" ] ( int | float | Call | Path | "(" Sum ")" ) .
  #parseOperand(): Expr {
    const { start } = this.#token;
    if (this.#accept("+")) return this.#parsePrimary(false);
    if (!this.#accept("-")) return this.#parsePrimary(false);
    const operand = this.#parsePrimary(true);
    if (operand.kind === "literal" && typeof operand.value === "bigint")
      return { kind: "literal", value: -operand.value, start };
    if (operand.kind === "literal" && typeof operand.value === "number")
      return { kind: "literal", value: -operand.value, start };
    return { kind: "negate", operand, start };
  }

  #parsePrimary(negative: boolean): Expr {
    const { kind, text, start } = this.#token;
    if (kind === "int") {
      this.#next();
      const value = BigInt(text);
      if (value > maxInt && !(negative && value === maxInt + 1n))
        throw new OttlError(`${text} is out of the range of 64-bit integers`, start);
      return { kind: "literal", value, start };
    }
    if (kind === "float") {
      this.#next();
      return { kind: "literal", value: Number(text), start };
    }
    if (this.#accept("(")) {
      const sum = this.#nested(() => this.#parseSum());
      this.#expect(")");
      return sum;
    }
    if (kind !== "name" || reserved.has(text)) this.#fail("expected a value");
    if (this.#tokens[this.#at + 1]?.text === "(" && this.#tokens[this.#at + 1]?.kind === "operator") {
      if (/^[a-z]/.test(text))
        throw new OttlError(`converter names must start with an uppercase letter but got '${text}'`, start);
      return this.#parseCall();
    }
    return this.#parsePath();
  }

  // Path = Segment { "." Segment } .
  #parsePath(): PathExpr {
    const { start } = this.#token;
    const segments = [this.#parseSegment()];
    while (this.#accept(".")) segments.push(this.#parseSegment());
    return { kind: "path", segments, start };
  }

  #parseSegment(): Segment {
    const { kind, text, start } = this.#token;
    if (kind !== "name" || !lowercase.test(text)) this.#fail("expected a path in lower case");
    this.#next();
    return { name: text, keys: this.#parseKeys(), start };
  }

  // Keys = { "[" ( string | Sum ) "]" } .
  #parseKeys(): readonly Expr[] {
    const keys: Expr[] = [];
    while (this.#accept("[")) {
      const { kind, text, start } = this.#token;
      if (kind === "string") {
        this.#next();
        keys.push({ kind: "literal", value: text, start });
      } else keys.push(this.#nested(() => this.#parseSum()));
      this.#expect("]");
    }
    return keys;
  }

  // Call = name "(" [ Argument { "," Argument } ] ")" Keys .
  #parseCall(): CallExpr {
    const { text: name, start } = this.#next();
    this.#expect("(");
    const args: Argument[] = [];
    if (!this.#is(")")) {
      do args.push(this.#parseArgument());
      while (this.#accept(","));
    }
    this.#expect(")");
    return { kind: "call", name, args, keys: this.#parseKeys(), start };
  }

  // Argument = [ name "=" ] Value .
  #parseArgument(): Argument {
    const { kind, text, start } = this.#token;
    if (kind === "name" && /^[a-z]/.test(text) && this.#tokens[this.#at + 1]?.text === "=") {
      this.#at += 2;
      return { name: text, value: this.parseValue(), start };
    }
    return { name: undefined, value: this.parseValue(), start };
  }
}
