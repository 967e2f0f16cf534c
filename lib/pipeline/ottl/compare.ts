/** Comparison: numbers by value, other kinds only with their own kind; two nils are equal, nil and anything else are not. */

import { ValueList, ValueMap } from "../telemetry/otlp/value.ts";
import { sameList, sameMap } from "./same.ts";
import { Duration, Id, isList, type OttlValue, Part, Time, Unsigned } from "./value.ts";

export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** Whether the comparison holds. */
export function compare(a: OttlValue, b: OttlValue, operator: CompareOperator): boolean {
  if (a === undefined && b === undefined) return operator === "==" || operator === "<=" || operator === ">=";
  switch (typeof a) {
    case "string":
      return typeof b === "string" ? ordered(compareText(a, b), operator) : operator === "!=";
    case "bigint":
      if (typeof b === "bigint") return compareNumbers(a, b, operator);
      return typeof b === "number" ? compareNumbers(Number(a), b, operator) : operator === "!=";
    case "number":
      if (typeof b === "bigint") return compareNumbers(a, Number(b), operator);
      return typeof b === "number" ? compareNumbers(a, b, operator) : operator === "!=";
    case "boolean":
      return typeof b === "boolean" ? compareNumbers(Number(a), Number(b), operator) : operator === "!=";
    case "undefined":
      return operator === "!=";
    default:
      return compareObjects(a, b, operator);
  }
}

function compareObjects(a: Exclude<OttlValue, string>, b: OttlValue, operator: CompareOperator): boolean {
  if (a instanceof Uint8Array) {
    return b instanceof Uint8Array ? ordered(Buffer.compare(a, b), operator) : operator === "!=";
  }
  if (a instanceof Time) {
    return b instanceof Time ? compareNumbers(a.nanoseconds, b.nanoseconds, operator) : operator === "!=";
  }
  if (a instanceof Duration) {
    return b instanceof Duration ? compareNumbers(a.nanoseconds, b.nanoseconds, operator) : operator === "!=";
  }
  if (operator === "==") return same(a, b);
  return operator === "!=" && !same(a, b);
}

function same(a: OttlValue, b: OttlValue): boolean {
  if (a instanceof ValueMap) return b instanceof ValueMap && sameMap(a, b);
  if (a instanceof ValueList || isList(a)) return (b instanceof ValueList || isList(b)) && sameList(a, b);
  if (a instanceof Id) return b instanceof Id && a.kind === b.kind && a.hex === b.hex;
  if (a instanceof Unsigned) return false; // Go can't compare them
  return a instanceof Part && b instanceof Part && a.view === b.view;
}

/** Go compares the bytes of the texts; where neither has surrogates, that is JavaScript's order. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (a.isWellFormed() && !hasSurrogates(a) && !hasSurrogates(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const hasSurrogates = (text: string): boolean => /[\ud800-\udfff]/.test(text);

function ordered(order: number, operator: CompareOperator): boolean {
  return compareNumbers(order, 0, operator);
}

function compareNumbers<T extends number | bigint>(a: T, b: T, operator: CompareOperator): boolean {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    default:
      return operator satisfies never;
  }
}
