/** Translates a pattern for V8's engine where both are sure to find the same match and the same groups. */
import { anyChar, type Charset, negate } from "./charset.ts";
import { type Assertion, hasGroup, type Node, nullable, type Repeat } from "./syntax.ts";

export interface Translation {
  readonly source: string;
  /** `u` where characters outside the basic plane count; without it V8 compares code units, which is faster. */
  readonly flags: "" | "u";
}

/**
 * The pattern for V8, or `undefined` where its meaning differs:
 * - a loop around what can be empty: JavaScript refuses empty iterations, Go takes one;
 * - a loop around a group that not every iteration sets: JavaScript forgets the group at each iteration, Go keeps the last.
 * - `\B` in what can be empty: V8 finds it between the halves of a surrogate pair.
 * All else comes out the same because classes, case and anchors are written out as plain sets and look-arounds.
 */
export function translate(root: Node): Translation | undefined {
  if (!translatable(root) || (nullable(root) && has(root, "notWordBoundary"))) return undefined;
  const unicode = needsUnicode(root);
  return { source: print(root, unicode), flags: unicode ? "u" : "" };
}

function translatable(node: Node): boolean {
  switch (node.kind) {
    case "group":
      return translatable(node.body);
    case "concat":
    case "alternate":
      return node.items.every(translatable);
    case "repeat":
      if (node.max > 1 && node.max !== node.min && nullable(node.body)) return false;
      if (node.max > 1 && !setsAllGroups(node.body)) return false;
      return translatable(node.body);
    default:
      return true;
  }
}

/** Whether each match of a node passes all its groups. */
function setsAllGroups(node: Node): boolean {
  switch (node.kind) {
    case "group":
      return setsAllGroups(node.body);
    case "concat":
      return node.items.every(setsAllGroups);
    case "alternate":
      return !hasGroup(node);
    case "repeat":
      return node.min > 0 ? setsAllGroups(node.body) : !hasGroup(node);
    default:
      return true;
  }
}

function has(node: Node, at: Assertion): boolean {
  switch (node.kind) {
    case "assert":
      return node.at === at;
    case "group":
    case "repeat":
      return has(node.body, at);
    case "concat":
    case "alternate":
      return node.items.some(item => has(item, at));
    default:
      return false;
  }
}

function needsUnicode(node: Node): boolean {
  switch (node.kind) {
    case "set":
      return !(node.set.length === 0 || (node.set.at(-1) as number) < 0xd800); // not empty
    case "group":
    case "repeat":
      return needsUnicode(node.body);
    case "concat":
    case "alternate":
      return node.items.some(needsUnicode);
    default:
      return false;
  }
}

function print(node: Node, unicode: boolean): string {
  switch (node.kind) {
    case "empty":
      return "(?:)";
    case "set":
      return printSet(node.set);
    case "assert":
      return assertions[node.at];
    case "group":
      return `(${print(node.body, unicode)})`;
    case "concat":
      return node.items
        .map(item => (item.kind === "alternate" ? `(?:${print(item, unicode)})` : print(item, unicode)))
        .join("");
    case "alternate":
      return node.items.map(item => print(item, unicode)).join("|");
    case "repeat":
      return printRepeat(node, unicode);
    default:
      return node satisfies never;
  }
}

const assertions = {
  begin: "^",
  end: "$",
  lineBegin: "(?<=^|\\n)",
  lineEnd: "(?=\\n|$)",
  wordBoundary: "\\b",
  notWordBoundary: "\\B",
} as const;

function printRepeat({ body, min, max, greedy }: Repeat, unicode: boolean): string {
  const inner = print(body, unicode);
  // An alternative with nothing, as an optional part that is empty counts as taken in Go.
  if (min === 0 && max === 1 && nullable(body)) return greedy ? `(?:(?:${inner})|)` : `(?:|(?:${inner}))`;
  const atom = body.kind === "set" || body.kind === "group" ? inner : `(?:${inner})`;
  return atom + quantifier(min, max) + (greedy ? "" : "?");
}

function quantifier(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`;
  if (min === max) return `{${min}}`;
  return min === 0 && max === 1 ? "?" : `{${min},${max}}`;
}

function printSet(set: Charset): string {
  if (set.length === 0) return "[]";
  if (set === anyChar || (set.length === 2 && set[0] === 0 && set[1] === 0x10ffff)) return "[^]";
  if (set.length === 2 && set[0] === set[1]) return printChar(set[0] as number); // length is 2
  const rest = negate(set);
  return rest.length < set.length ? `[^${printRanges(rest)}]` : `[${printRanges(set)}]`;
}

function printRanges(set: Charset): string {
  let text = "";
  for (let i = 0; i < set.length; i += 2) {
    const lo = set[i] as number; // pairs
    const hi = set[i + 1] as number;
    text += printChar(lo);
    if (hi > lo) text += `${hi > lo + 1 ? "-" : ""}${printChar(hi)}`;
  }
  return text;
}

function printChar(code: number): string {
  const char = String.fromCodePoint(code);
  if (/^[A-Za-z0-9_ ]$/.test(char)) return char;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
