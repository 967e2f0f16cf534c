/** What statements are made of. `start` counts characters from the beginning of the statement. */
import type { CompareOperator } from "./compare.ts";

export type MathOperator = "+" | "-" | "*" | "/";

export type Expr =
  | { readonly kind: "nil"; readonly start: number }
  | {
      readonly kind: "literal";
      readonly value: string | bigint | number | boolean | Uint8Array;
      readonly start: number;
    }
  | { readonly kind: "enum"; readonly name: string; readonly start: number }
  /** The name of a function without a call, as an argument. */
  | { readonly kind: "function"; readonly name: string; readonly start: number }
  | PathExpr
  | CallExpr
  | { readonly kind: "list"; readonly items: readonly Expr[]; readonly start: number }
  | { readonly kind: "map"; readonly fields: readonly (readonly [string, Expr])[]; readonly start: number }
  | { readonly kind: "negate"; readonly operand: Expr; readonly start: number }
  | {
      readonly kind: "math";
      readonly operator: MathOperator;
      readonly left: Expr;
      readonly right: Expr;
      readonly start: number;
    };

export interface PathExpr {
  readonly kind: "path";
  readonly segments: readonly Segment[];
  readonly start: number;
}

/** A name with the keys behind it: `attributes["a"][0]`. */
export interface Segment {
  readonly name: string;
  readonly keys: readonly Expr[];
  readonly start: number;
}

export interface CallExpr {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Argument[];
  readonly keys: readonly Expr[];
  readonly start: number;
}

export interface Argument {
  readonly name: string | undefined;
  readonly value: Expr;
  readonly start: number;
}

export type Condition =
  | { readonly kind: "and" | "or"; readonly items: readonly Condition[] }
  | { readonly kind: "not"; readonly condition: Condition }
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "test"; readonly call: CallExpr }
  | {
      readonly kind: "compare";
      readonly operator: CompareOperator;
      readonly left: Expr;
      readonly right: Expr;
      readonly start: number;
    };

/** `set(name, "x") where kind == 1` */
export interface Statement {
  readonly editor: CallExpr;
  readonly where: Condition | undefined;
}
