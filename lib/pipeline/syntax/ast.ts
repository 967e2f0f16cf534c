/** The syntax tree of the Alloy language: a closed union of readonly objects. Offsets are UTF-16 code units into the source. */
import type { Range, Source } from "./diagnostic.ts";

export interface File extends Range {
  readonly kind: "file";
  readonly source: Source;
  readonly body: readonly Statement[];
  readonly comments: readonly Comment[];
}

export interface Comment extends Range {
  readonly kind: "comment";
  /** With its markers: `// text` or a whole block comment. */
  readonly text: string;
}

export type Statement = Attribute | Block;

export interface Attribute extends Range {
  readonly kind: "attribute";
  readonly name: Name;
  readonly value: Expr;
}

export interface Block extends Range {
  readonly kind: "block";
  /** Dotted, as written: `otelcol.receiver.otlp`, `http`. */
  readonly name: Name;
  /** Without quotes; `undefined` where there is none or it is empty. */
  readonly label: Name | undefined;
  readonly body: readonly Statement[];
  /** Offset of `{`. */
  readonly open: number;
  /** Offset of `}`; the end of the file where it is missing. */
  readonly close: number;
}

export interface Name extends Range {
  readonly name: string;
}

export type Expr =
  | LiteralExpr
  | ArrayExpr
  | ObjectExpr
  | IdentifierExpr
  | AccessExpr
  | IndexExpr
  | CallExpr
  | UnaryExpr
  | BinaryExpr
  | ParenExpr;

/** `raw` is the text as written; `value` is decoded. */
export interface LiteralExpr extends Range {
  readonly kind: "literal";
  readonly type: "number" | "string" | "bool" | "null";
  readonly raw: string;
  /** Integers are bigints (also above 2^63), numbers with a fraction or exponent are numbers. */
  readonly value: bigint | number | string | boolean | null;
}

export interface ArrayExpr extends Range {
  readonly kind: "array";
  readonly items: readonly Expr[];
}

export interface ObjectExpr extends Range {
  readonly kind: "object";
  readonly fields: readonly ObjectField[];
}

export interface ObjectField extends Range {
  readonly key: Name;
  readonly quoted: boolean;
  readonly value: Expr;
}

export interface IdentifierExpr extends Range {
  readonly kind: "identifier";
  readonly name: string;
}

export interface AccessExpr extends Range {
  readonly kind: "access";
  readonly target: Expr;
  readonly field: Name;
}

export interface IndexExpr extends Range {
  readonly kind: "index";
  readonly target: Expr;
  readonly index: Expr;
  /** Offset of `[`, where it was parsed from a source. */
  readonly open?: number;
}

export interface CallExpr extends Range {
  readonly kind: "call";
  readonly callee: Expr;
  readonly args: readonly Expr[];
  /** Offset of `(`, where it was parsed from a source. */
  readonly open?: number;
}

export interface UnaryExpr extends Range {
  readonly kind: "unary";
  readonly op: "!" | "-";
  readonly operand: Expr;
}

export type BinaryOp = "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "^";

export interface BinaryExpr extends Range {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly left: Expr;
  readonly right: Expr;
  readonly opStart: number;
}

export interface ParenExpr extends Range {
  readonly kind: "paren";
  readonly inner: Expr;
}
