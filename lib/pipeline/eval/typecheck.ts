/**
 * Looks at the value of an attribute without evaluating anything, as `alloy validate` does: literals must decode to what is
 * wanted, also those in lists, objects, and operations of two. References, calls, indexing and parentheses are not looked at.
 */
import type { BinaryExpr, Expr, LiteralExpr, UnaryExpr } from "../syntax/ast.ts";
import type { Range } from "../syntax/diagnostic.ts";
import { binary } from "./operators.ts";
import { Mismatch, type Type } from "./schema.ts";
import { kindOf } from "./value.ts";

type Report = (range: Range, message: string, hint?: string) => void;

/** Reports what is wrong with an expression for a type. */
export function typeCheck(expr: Expr, wanted: Type<unknown>, report: Report): void {
  const type = wanted.literal ?? wanted;
  if (isInterface(type)) return;
  switch (expr.kind) {
    case "literal":
      checkLiteral(expr, type, report);
      break;
    case "array":
      if (!type.item) report(expr, `expected ${kindName(type)}, got array`);
      else for (const item of expr.items) typeCheck(item, type.item, report);
      break;
    case "object":
      // what becomes of the fields is up to the capsule
      if (type.name === "capsule(discovery.Target)") break;
      if (!type.field) report(expr, `expected ${kindName(type)}, got object`);
      else for (const { value } of expr.fields) typeCheck(value, type.field, report);
      break;
    case "unary":
      checkUnary(expr, type, report);
      break;
    case "binary":
      checkBinary(expr, type, report);
      break;
  }
}

/** Go's interfaces take anything here: values of any kind, receivers. */
const isInterface = ({ name }: Type<unknown>): boolean => name === "any" || name.startsWith("any(");

/** The kind of value that a type is made from. */
function kindName({ name }: Type<unknown>): string {
  const [kind = ""] = name.split("(");
  if (kind === "list") return "array";
  if (kind === "map") return "object";
  return kind === "duration" ? "string" : kind;
}

/** Null is the zero value of everything. Returns whether all is well. */
function checkLiteral(expr: LiteralExpr, type: Type<unknown>, report: Report): boolean {
  if (expr.value === null || expr.value === Number.POSITIVE_INFINITY) return true;
  try {
    type.decode(expr.value);
    return true;
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    report(expr, asExpectation(error.message), error.hint);
    return false;
  }
}

const asExpectation = (message: string) => message.replace(/^should be (\w+), got/, "expected $1, got");

function checkUnary({ op, operand }: UnaryExpr, type: Type<unknown>, report: Report): void {
  if (operand.kind !== "literal") return;
  const [wanted, got] = [op === "!" ? "bool" : "number", kindOf(operand.value)];
  if (wanted !== got) report(operand, `expected ${wanted}, got ${got}`);
  else checkLiteral(operand, type, report);
}

/** Both sides must fit by themselves, which comparisons seldom do. */
function checkBinary(expr: BinaryExpr, type: Type<unknown>, report: Report): void {
  const { left, op, right } = expr;
  if (left.kind === "literal" && !checkLiteral(left, type, report)) return;
  if (right.kind === "literal" && !checkLiteral(right, type, report)) return;
  if (left.kind !== "literal" || right.kind !== "literal") return;
  try {
    binary(left.value, op, right.value, (_, message) => new Mismatch(message));
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    report(expr, asExpectation(error.message));
  }
}
