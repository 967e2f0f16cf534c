/** The grammar of the Alloy language: one method per rule. Mistakes are collected, and parsing goes on after each. */
import type {
  ArrayExpr,
  Attribute,
  BinaryOp,
  Block,
  Comment,
  Expr,
  File,
  LiteralExpr,
  Name,
  ObjectExpr,
  ObjectField,
  Statement,
} from "./ast.ts";
import { type Diagnostic, errorAt, type Source } from "./diagnostic.ts";
import { cleanComment, isIdentifier, Lexer, type TokenKind } from "./lexer.ts";
import { lineOf } from "./position.ts";
import { goQuote } from "./quote.ts";
import { unquote } from "./unquote.ts";

export { decodeSource } from "./source.ts";

/** What parsing a file gives; with any diagnostic the tree is for editors only. */
export interface ParsedFile {
  readonly file: File;
  readonly diagnostics: Diagnostic[];
}

/** What parsing an expression gives; there is none when there is a diagnostic. */
export interface ParsedExpression {
  readonly expr: Expr | undefined;
  readonly diagnostics: Diagnostic[];
}

/** Parses a whole configuration file; it never throws. */
export function parseFile(source: Source): ParsedFile {
  return new Parser(source).parseFile();
}

/** Parses a text that is one expression; it never throws. */
export function parseExpression(source: Source): ParsedExpression {
  return new Parser(source).parseSingleExpression();
}

/** How deep blocks and expressions may nest: far above any real file, and far below what the stack takes. */
export const maxNesting = 500;

/** A file with so many mistakes is no configuration. */
const maxDiagnostics = 10_000;

/** Statements, expressions and comments of a file: more than fit 50 MB that people or programs write, and no more than memory takes. */
const maxNodes = 10_000_000;

function precedenceOf(kind: TokenKind): number {
  switch (kind) {
    case "||":
      return 1;
    case "&&":
      return 2;
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
      return 3;
    case "+":
    case "-":
      return 4;
    case "*":
    case "/":
    case "%":
      return 5;
    default:
      return 0;
  }
}

/** Where a broken expression may end. */
const expressionEnds: ReadonlySet<TokenKind> = new Set(["TERMINATOR", ")", "}", "]", ","]);

interface BlockName extends Name {
  readonly dotted: boolean;
  /** May be empty. */
  readonly label: Name | undefined;
}

class Parser {
  readonly #source: Source;
  readonly #lexer: Lexer;
  readonly #diagnostics: Diagnostic[] = [];
  readonly #comments: Comment[] = [];
  #lastErrorLine = 0;
  #depth = 0;
  /** Levels below the expression that was parsed last: a long chain like `a + b + c` nests, too. */
  #height = 0;
  #stopped = false;
  #nodes = 0;
  /** Integers that were read before: most of them come again. */
  readonly #integers = new Map<string, bigint | number>();

  constructor(source: Source) {
    this.#source = source;
    this.#lexer = new Lexer(source, (message, start, end) => this.#add(message, start, end));
    this.next();
  }

  get #kind(): TokenKind {
    return this.#lexer.kind;
  }

  // File = Body .
  parseFile(): ParsedFile {
    const body = this.parseBody("EOF");
    const { text } = this.#source;
    const file: File = {
      kind: "file",
      source: this.#source,
      body,
      comments: this.#comments,
      start: 0,
      end: text.length,
    };
    return { file, diagnostics: this.#diagnostics };
  }

  // Expression terminator .
  parseSingleExpression(): ParsedExpression {
    const expr = this.parseExpr();
    this.expect("TERMINATOR");
    const diagnostics = this.#diagnostics;
    return { expr: diagnostics.length === 0 ? expr : undefined, diagnostics };
  }

  // Body = [ Statement { terminator Statement } ] .
  parseBody(until: "EOF" | "}"): Statement[] {
    const body: Statement[] = [];
    while (!this.at(until) && !this.at("EOF")) {
      const statement = this.parseStatement();
      if (statement) body.push(statement);
      if (this.at(until)) break;
      if (!this.at("TERMINATOR")) {
        this.fail(`expected TERMINATOR, got ${this.#kind}`);
        this.skipStatement();
      }
      this.next();
    }
    return body;
  }

  // Statement = Attribute | Block .
  parseStatement(): Statement | undefined {
    this.#count();
    const name = this.parseBlockName();
    if (name && this.at("=")) return this.parseAttribute(name);
    if (name && this.at("{")) return this.parseBlock(name);
    if (name) {
      const wanted = name.dotted || name.label?.name ? "block body" : "attribute assignment or block body";
      this.fail(`expected ${wanted}, got ${this.#kind}`);
    }
    while (!this.at("IDENT") && !this.at("EOF")) this.next(); // the next statement may start here
    return undefined;
  }

  // Attribute = identifier "=" Expression .
  parseAttribute({ name, start, end, dotted, label }: BlockName): Attribute {
    this.next();
    if (dotted) {
      this.#add('attribute names may only consist of a single identifier with no "."', start, start + name.length);
    } else if (label) this.#add("attribute names may not have labels", label.start, label.end);
    const value = this.parseExpr();
    return { kind: "attribute", name: { name, start, end }, value, start, end: value.end };
  }

  // Block = BlockName "{" Body "}" .
  parseBlock({ name, start, end, label: written }: BlockName): Block {
    const label = written?.name ? written : undefined;
    const open = this.#lexer.start;
    this.next();
    const body = this.#nested(() => this.parseBody("}")) ?? [];
    const close = this.expect("}");
    return { kind: "block", name: { name, start, end }, label, body, open, close, start, end: close + 1 };
  }

  // BlockName = identifier { "." identifier } [ string ] .
  parseBlockName(): BlockName | undefined {
    if (!this.at("IDENT")) {
      this.fail(`expected identifier, got ${this.#kind}`);
      return undefined;
    }
    let { text: name, start, end } = this.#lexer;
    this.next();
    const dotted = this.at(".");
    const parts = dotted ? [name] : [];
    while (this.accept(".")) {
      this.#count();
      if (!this.at("IDENT")) this.fail(`expected identifier, got ${this.#kind}`);
      parts.push(this.#lexer.text);
      end = this.#lexer.end;
      this.next();
    }
    if (dotted) name = parts.join(".");
    const label = this.at("=") || this.at("{") ? undefined : this.parseLabel();
    return { name, dotted, label, start, end };
  }

  parseLabel(): Name | undefined {
    const { text, start, end } = this.#lexer;
    if (!this.at("STRING")) {
      this.fail(`expected block label, got ${this.#kind}`);
      this.next();
      return undefined;
    }
    const name = text.slice(1, -1);
    if (!text.startsWith('"')) {
      this.fail(`expected block label to be a double quoted string, but got ${goQuote(text)}`);
    } else if (name !== "" && !isIdentifier(name)) {
      this.fail(`expected block label to be a valid identifier, but got ${goQuote(name)}`);
    }
    this.next();
    return { name, start, end };
  }

  // Expression = BinaryExpr .
  parseExpr(): Expr {
    // as #nested, but without a closure for each expression
    if (++this.#depth > maxNesting) this.#tooDeep();
    const expr = this.#stopped ? this.#missing() : this.parseBinary(1);
    this.#depth--;
    return expr;
  }

  // BinaryExpr = PowExpr { binary_op PowExpr } , by precedence, left to right .
  parseBinary(lowest: number): Expr {
    let left = this.parsePow();
    for (;;) {
      const op = this.#kind;
      const precedence = precedenceOf(op);
      if (precedence < lowest) return left;
      const height = this.#height;
      const opStart = this.#lexer.start;
      this.next();
      const right = this.parseBinary(precedence + 1);
      // Only binary operators have a precedence.
      left = { kind: "binary", op: op as BinaryOp, left, right, opStart, start: left.start, end: right.end };
      this.#rise(height);
    }
  }

  // PowExpr = UnaryExpr [ "^" PowExpr ] , right to left .
  parsePow(): Expr {
    const left = this.parseUnary();
    if (!this.at("^")) return left;
    const height = this.#height;
    const opStart = this.#lexer.start;
    this.next();
    const right = this.#nested(() => this.parsePow()) ?? this.#missing();
    this.#rise(height);
    return { kind: "binary", op: "^", left, right, opStart, start: left.start, end: right.end };
  }

  // UnaryExpr = OperandExpr | ( "!" | "-" ) UnaryExpr .
  parseUnary(): Expr {
    const op = this.#kind;
    if (op !== "!" && op !== "-") return this.parseOperand();
    const { start } = this.#lexer;
    this.next();
    const operand = this.#nested(() => this.parseUnary()) ?? this.#missing();
    this.#rise();
    return { kind: "unary", op, operand, start, end: operand.end };
  }

  // OperandExpr = PrimaryExpr { "." identifier | "[" Expression "]" | "(" [ ExpressionList ] ")" } .
  parseOperand(): Expr {
    let expr = this.parsePrimary();
    for (;;) {
      switch (this.#kind) {
        case ".":
          expr = this.parseAccess(expr);
          break;
        case "[":
          expr = this.parseIndex(expr);
          break;
        case "(":
          expr = this.parseCall(expr);
          break;
        case "STRING":
        case "{":
          if (!this.parseMisplacedBlock(expr)) return expr;
          break;
        default:
          return expr;
      }
    }
  }

  parseAccess(target: Expr): Expr {
    const height = this.#height;
    this.next();
    const { text: name, start, end } = this.#lexer;
    this.expect("IDENT");
    this.#rise(height);
    return { kind: "access", target, field: { name, start, end }, start: target.start, end };
  }

  parseIndex(target: Expr): Expr {
    const height = this.#height;
    const open = this.#lexer.start;
    this.next();
    const index = this.parseExpr();
    const close = this.expect("]");
    this.#rise(height);
    return { kind: "index", target, index, open, start: target.start, end: close + 1 };
  }

  parseCall(callee: Expr): Expr {
    const height = this.#height;
    const open = this.#lexer.start;
    this.next();
    const args = this.parseExprList(")");
    const close = this.expect(")");
    this.#rise(height);
    return { kind: "call", callee, args, open, start: callee.start, end: close + 1 };
  }

  /** `a = b { … }`: reads the block to say what is wrong; false when it is not even a block. */
  parseMisplacedBlock(before: Expr): boolean {
    this.accept("STRING");
    if (!this.at("{")) {
      this.expect("{");
      this.skipStatement();
      return false;
    }
    this.next();
    this.#nested(() => this.parseBody("}"));
    if (!this.at("}")) {
      this.expect("}");
      this.skipStatement();
      return false;
    }
    const { end } = this.#lexer;
    this.next();
    this.#add("cannot use a block as an expression", before.start, end);
    return true;
  }

  // PrimaryExpr = identifier | literal | "(" Expression ")" | ArrayExpr | ObjectExpr .
  parsePrimary(): Expr {
    this.#height = 0;
    this.#count();
    const { start, end } = this.#lexer;
    switch (this.#kind) {
      case "IDENT": {
        const name = this.#lexer.text;
        this.next();
        return { kind: "identifier", name, start, end };
      }
      case "STRING":
      case "NUMBER":
      case "FLOAT":
      case "BOOL":
      case "NULL":
        return this.parseLiteral(this.#kind);
      case "(": {
        this.next();
        const inner = this.parseExpr();
        const close = this.expect(")");
        this.#rise();
        return { kind: "paren", inner, start, end: close + 1 };
      }
      case "[":
        return this.parseArray();
      case "{":
        return this.parseObject();
    }
    this.fail(`expected expression, got ${this.#kind}`);
    while (!expressionEnds.has(this.#kind) && !this.at("EOF")) this.next();
    return { ...this.#missing(), start, end: start };
  }

  parseLiteral(token: "STRING" | "NUMBER" | "FLOAT" | "BOOL" | "NULL"): LiteralExpr {
    const { text: raw, start, end } = this.#lexer;
    this.next();
    switch (token) {
      case "STRING":
        return { kind: "literal", type: "string", raw, value: unquote(raw), start, end };
      case "NUMBER":
        return { kind: "literal", type: "number", raw, value: this.#integer(raw), start, end };
      case "FLOAT":
        return { kind: "literal", type: "number", raw, value: Number.parseFloat(raw), start, end };
      case "BOOL":
        return { kind: "literal", type: "bool", raw, value: raw === "true", start, end };
      default:
        return { kind: "literal", type: "null", raw, value: null, start, end };
    }
  }

  // ArrayExpr = "[" [ ExpressionList ] "]" .
  parseArray(): ArrayExpr {
    const { start } = this.#lexer;
    this.next();
    const items = this.parseExprList("]");
    const close = this.expect("]");
    return { kind: "array", items, start, end: close + 1 };
  }

  // ExpressionList = Expression { "," Expression } [ "," ] .
  parseExprList(until: "]" | ")"): Expr[] {
    const items: Expr[] = [];
    let height = 0;
    while (!this.at(until) && !this.at("EOF")) {
      items.push(this.parseExpr());
      height = Math.max(height, this.#height);
      if (this.at(until)) break;
      if (!this.at(",")) this.fail("missing ',' in expression list");
      this.next();
    }
    this.#rise(height);
    return items;
  }

  // ObjectExpr = "{" [ FieldList ] "}" .
  parseObject(): ObjectExpr {
    const { start } = this.#lexer;
    this.next();
    const fields = this.at("]") ? [] : this.parseFieldList();
    const close = this.expect("}");
    return { kind: "object", fields, start, end: close + 1 };
  }

  // FieldList = Field { "," Field } [ "," ] .
  parseFieldList(): ObjectField[] {
    const fields: ObjectField[] = [];
    let height = 0;
    while (!this.at("}") && !this.at("EOF")) {
      fields.push(this.parseField());
      height = Math.max(height, this.#height);
      if (this.at("}")) break;
      if (!this.at(",")) this.fail("missing ',' in field list");
      this.next();
    }
    this.#rise(height);
    return fields;
  }

  // Field = ( string | identifier ) "=" Expression .
  parseField(): ObjectField {
    const { text, start, end } = this.#lexer;
    // Alloy does not decode the key, it only takes the quotes away, and not even those of an empty one.
    const quoted = this.at("STRING") && text.length > 2;
    const key = { name: quoted ? text.slice(1, -1) : text, start, end };
    if (this.at("STRING") || this.at("IDENT")) this.next();
    else {
      this.fail(`expected field name (string or identifier), got ${this.#kind}`);
      while (!this.at("=") && !this.at("EOF")) this.next();
    }
    this.expect("=");
    const value = this.parseExpr();
    return { key, quoted, value, start, end: value.end };
  }

  /** Moves to the next token that is no comment, and keeps the comments. */
  next(): void {
    if (this.#stopped) return;
    this.#lexer.next();
    while (this.#lexer.kind === "COMMENT") {
      const { text, start, end } = this.#lexer;
      this.#count();
      this.#comments.push({ kind: "comment", text: cleanComment(text), start, end });
      this.#lexer.next();
    }
  }

  at(kind: TokenKind): boolean {
    return this.#kind === kind;
  }

  accept(kind: TokenKind): boolean {
    if (!this.at(kind)) return false;
    this.next();
    return true;
  }

  /** Consumes a token, whatever it is, and gives its offset. */
  expect(kind: TokenKind): number {
    const { start } = this.#lexer;
    if (!this.at(kind)) this.fail(`expected ${kind}, got ${this.#kind}`);
    this.next();
    return start;
  }

  /** Reports a mistake at the current token, but only the first of each line: the others tend to follow from it. */
  fail(message: string): void {
    if (this.#stopped) return;
    const line = lineOf(this.#source, this.#lexer.start);
    if (line === this.#lastErrorLine) return;
    this.#lastErrorLine = line;
    this.#add(message, this.#lexer.start);
  }

  /** Skips to the end of the statement, over line breaks within brackets that open in it. */
  skipStatement(): void {
    let [curly, square, round] = [0, 0, 0];
    for (; !this.at("EOF"); this.next()) {
      const kind = this.#kind;
      if (kind === "{") curly++;
      else if (kind === "}") curly--;
      else if (kind === "[") square++;
      else if (kind === "]") square--;
      else if (kind === "(") round++;
      else if (kind === ")") round--;
      else if (kind === "TERMINATOR" && curly <= 0 && square <= 0 && round <= 0) return;
    }
  }

  #integer(raw: string): bigint | number {
    const known = this.#integers.get(raw);
    if (known !== undefined) return known;
    const value = integerValue(raw);
    if (this.#integers.size < 1000) this.#integers.set(raw, value);
    return value;
  }

  #count(): void {
    if (++this.#nodes !== maxNodes) return;
    this.#add(`a file should have at most ${maxNodes} statements, expressions and comments`, this.#lexer.start);
    this.#stop();
  }

  #nested<T>(parse: () => T): T | undefined {
    if (++this.#depth > maxNesting) this.#tooDeep();
    const result = this.#stopped ? undefined : parse();
    this.#depth--;
    return result;
  }

  #rise(other = 0): void {
    this.#height = Math.max(this.#height, other) + 1;
    if (this.#height > maxNesting) this.#tooDeep();
  }

  #tooDeep(): void {
    this.#add(`nesting should be at most ${maxNesting} levels deep`, this.#lexer.start);
    this.#stop();
  }

  /** Stands where an expression is missing. */
  #missing(): LiteralExpr {
    const { start } = this.#lexer;
    return { kind: "literal", type: "null", raw: "null", value: null, start, end: start };
  }

  #add(message: string, start: number, end = start + 1): void {
    if (this.#stopped) return;
    this.#diagnostics.push(errorAt(this.#source, { start, end }, message));
    if (this.#diagnostics.length >= maxDiagnostics) this.#stop();
  }

  #stop(): void {
    this.#stopped = true;
    this.#lexer?.stop(); // not there yet while it is made
  }
}

/** A leading zero means octal; what is not octal then, or does not fit 64 bits, is a float, as in Go. */
function integerValue(raw: string): bigint | number {
  if (raw.length > 1 && raw.startsWith("0")) {
    if (/[89]/.test(raw)) return Number.parseFloat(raw);
    return fitted(BigInt(`0o${raw}`), raw);
  }
  return raw.length > 20 ? Number.parseFloat(raw) : fitted(BigInt(raw), raw);
}

function fitted(value: bigint, raw: string): bigint | number {
  return value < 1n << 64n ? value : Number.parseFloat(raw);
}
