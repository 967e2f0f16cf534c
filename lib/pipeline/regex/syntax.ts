/** What a pattern means, as a tree. Both engines are made from it, so a pattern is read once and by Go's rules. */
import type { Charset } from "./charset.ts";

export type Assertion = "begin" | "end" | "lineBegin" | "lineEnd" | "wordBoundary" | "notWordBoundary";

export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: Charset }
  | { readonly kind: "assert"; readonly at: Assertion }
  | { readonly kind: "group"; readonly index: number; readonly body: Node }
  | { readonly kind: "concat"; readonly items: readonly Node[] }
  | { readonly kind: "alternate"; readonly items: readonly Node[] }
  | Repeat;

export interface Repeat {
  readonly kind: "repeat";
  readonly body: Node;
  readonly min: number;
  /** `Infinity` where there is no limit. */
  readonly max: number;
  readonly greedy: boolean;
}

export interface Pattern {
  readonly root: Node;
  /** By group number, as Go's SubexpNames: the first is the whole match, unnamed ones are empty. */
  readonly names: readonly string[];
}

/** A pattern that Go's regexp package refuses, with its message. */
export class RegexError extends Error {
  override readonly name = "RegexError";
  constructor(problem: string, part: string) {
    super(`error parsing regexp: ${problem}: \`${part}\``);
  }
}

/** Whether a node can match without taking a character. */
export function nullable(node: Node): boolean {
  switch (node.kind) {
    case "empty":
    case "assert":
      return true;
    case "set":
      return false;
    case "group":
      return nullable(node.body);
    case "concat":
      return node.items.every(nullable);
    case "alternate":
      return node.items.some(nullable);
    case "repeat":
      return node.min === 0 || nullable(node.body);
    default:
      return node satisfies never;
  }
}

/** Whether a part of the pattern is captured. */
export function hasGroup(node: Node): boolean {
  switch (node.kind) {
    case "group":
      return true;
    case "concat":
    case "alternate":
      return node.items.some(hasGroup);
    case "repeat":
      return hasGroup(node.body);
    default:
      return false;
  }
}
