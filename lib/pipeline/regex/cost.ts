/**
 * How far a backtracking engine may be trusted with a pattern. RE2 promises linear time; V8 does not, so a pattern goes to V8
 * only for inputs on which even the worst case is bounded, about a tenth of a second.
 *
 * The walk from right to left knows which characters may follow each choice. A choice (another round or not, this or that
 * alternative) is harmless where the next character decides it, or where what follows cannot fail. Otherwise
 * - inside a loop it may be made anew each round: exponential, never for V8;
 * - outside, an unbounded one multiplies the work by the length of the input, a bounded one by a constant.
 * A search that starts anywhere multiplies by the length once more if a loop can run into a failure over and over.
 */
import { anyButNewline, type Charset, noChar, overlaps, union } from "./charset.ts";
import { type Node, nullable, type Repeat } from "./syntax.ts";

const budget = 2 ** 26;
/** Bounds the stack that V8 keeps for the rounds of loops. */
const longest = 2 ** 20;
const shortest = 32;
/** A counted repetition of so many rounds is treated as one without limit. */
const manyRounds = 32;

/** A round of a loop over more than one character costs V8 so many times a character. */
const slowRound = 8;

interface Follow {
  /** What may follow without leaving the loops around. */
  readonly near: Charset;
  /** What may follow after them. */
  readonly far: Charset;
  /** The pattern may end here, so nothing can fail. */
  readonly accept: boolean;
  /** Just the end of the text is asked for. */
  readonly atEnd: boolean;
}

interface Totals {
  exponential: boolean;
  powers: number;
  factor: number;
  /** Characters of loops that may fail after some rounds. */
  failing: Charset;
}

interface Context {
  readonly totals: Totals;
  readonly singleLine: boolean;
  /** The outermost loop around. */
  readonly loop: { ambiguous: boolean } | undefined;
}

export interface CostOptions {
  /** Supposes an input without newlines. */
  readonly singleLine: boolean;
  /** Supposes that a match is sought at one place only. */
  readonly sticky: boolean;
}

/** The longest input for V8: 0 where it must not have the pattern at all. */
export function maxNativeLength(root: Node, options: CostOptions): number {
  const totals: Totals = { exponential: false, powers: 0, factor: 1, failing: noChar };
  const end: Follow = { near: noChar, far: noChar, accept: true, atEnd: false };
  walk(root, end, { totals, singleLine: options.singleLine, loop: undefined });
  if (totals.exponential) return 0;
  const searches =
    !options.sticky &&
    !startsAtBegin(root) &&
    totals.failing.length > 0 &&
    (totals.powers > 0 || overlaps(first(root), totals.failing));
  const exponent = 1 + totals.powers + (searches ? 1 : 0);
  const length = Math.floor((budget / totals.factor) ** (1 / exponent));
  return length < shortest ? 0 : Math.min(length, longest);
}

function walk(node: Node, follow: Follow, context: Context): void {
  switch (node.kind) {
    case "empty":
    case "set":
    case "assert":
      return;
    case "group":
      walk(node.body, follow, context);
      return;
    case "concat": {
      let next = follow;
      for (const item of node.items.toReversed()) {
        walk(item, next, context);
        next = before(item, next, context);
      }
      return;
    }
    case "alternate":
      weighAlternatives(node.items, follow, context);
      for (const item of node.items) walk(item, follow, context);
      return;
    case "repeat":
      weighRepeat(node, follow, context);
      return;
    default:
      node satisfies never;
  }
}

/** What follows the part before a node, given what follows the node. */
function before(node: Node, follow: Follow, { loop }: Context): Follow {
  const chars = first(node);
  const passes = nullable(node) && !(node.kind === "assert" && node.at === "end");
  const near = passes ? follow.near : noChar;
  const far = passes ? follow.far : noChar;
  return {
    near: loop ? union(near, chars) : near,
    far: loop ? far : union(far, chars),
    accept: follow.accept && surelyEmpty(node),
    atEnd: follow.accept && node.kind === "assert" && node.at === "end",
  };
}

function choice(ambiguity: { near: boolean; far: boolean; rounds: number }, { totals, loop }: Context): void {
  if (loop) {
    if (ambiguity.near) totals.exponential = true;
    if (ambiguity.far) loop.ambiguous = true;
  } else if (ambiguity.near || ambiguity.far) {
    if (ambiguity.rounds === Infinity) totals.powers++;
    else totals.factor *= ambiguity.rounds;
  }
}

function weighRepeat(node: Repeat, follow: Follow, context: Context): void {
  const { min, max } = node;
  if (max === 0) return;
  const body = withoutGroups(node.body);
  const chars = first(body);
  const coversAll = body.kind === "set" && max === Infinity && covers(body.set, context.singleLine);
  const safe = follow.accept || (follow.atEnd && coversAll);
  if (min !== max && !safe) {
    const rounds = max === Infinity ? Infinity : max - min + 1;
    choice({ near: overlaps(chars, follow.near), far: overlaps(chars, follow.far), rounds }, context);
  }
  if (!safe && max >= manyRounds) context.totals.failing = union(context.totals.failing, allChars(body));
  if (!safe && max >= manyRounds && body.kind !== "set") context.totals.factor *= slowRound;
  if (max === 1) walk(body, follow, context);
  else if (body.kind !== "set") weighRounds(node, body, chars, follow, context);
}

/** Choices within a loop: they see the next round as well as what follows the loop. */
function weighRounds({ min }: Repeat, body: Node, chars: Charset, follow: Follow, context: Context): void {
  const loop = context.loop ?? { ambiguous: false };
  const inner: Follow = {
    near: union(chars, follow.near),
    far: follow.far,
    accept: follow.accept && min <= 1,
    atEnd: false,
  };
  walk(body, inner, { ...context, loop });
  if (!context.loop && loop.ambiguous) context.totals.powers++;
}

function weighAlternatives(items: readonly Node[], follow: Follow, context: Context): void {
  if (follow.accept) return;
  if (items.length > 200) {
    choice({ near: true, far: true, rounds: items.length }, context);
    return;
  }
  const heads = items.map(item => ({ chars: headOf(item, follow), sequence: leadingSets(item) }));
  let ambiguous = 0;
  for (const [i, a] of heads.entries()) {
    if (heads.some((b, j) => i !== j && overlaps(a.chars, b.chars) && !differ(a.sequence, b.sequence))) ambiguous++;
  }
  if (ambiguous) choice({ near: true, far: true, rounds: ambiguous }, context);
}

const headOf = (item: Node, follow: Follow): Charset =>
  nullable(item) ? union(first(item), union(follow.near, follow.far)) : first(item);

const differ = (a: readonly Charset[], b: readonly Charset[]): boolean =>
  a.some((set, i) => i < b.length && !overlaps(set, b[i] as Charset)); // i is below the length

/** The sets that a node surely begins with, one a character. */
function leadingSets(node: Node): readonly Charset[] {
  if (node.kind === "set") return [node.set];
  if (node.kind === "group") return leadingSets(node.body);
  if (node.kind !== "concat") return [];
  const sets: Charset[] = [];
  for (const item of node.items) {
    if (item.kind !== "set") return [...sets, ...leadingSets(item)];
    sets.push(item.set);
  }
  return sets;
}

/** The text that each match begins with. */
export function literalPrefix(node: Node): string {
  let text = "";
  for (const set of leadingSets(node)) {
    if (set.length !== 2 || set[0] !== set[1]) break;
    text += String.fromCodePoint(set[0] as number); // its length is 2
  }
  return text;
}

const firsts = new WeakMap<Node, Charset>();

/** The characters that a match of a node may begin with. */
export function first(node: Node): Charset {
  let chars = firsts.get(node);
  if (!chars) {
    chars = computeFirst(node);
    firsts.set(node, chars);
  }
  return chars;
}

function computeFirst(node: Node): Charset {
  switch (node.kind) {
    case "empty":
    case "assert":
      return noChar;
    case "set":
      return node.set;
    case "group":
      return first(node.body);
    case "repeat":
      return node.max === 0 ? noChar : first(node.body);
    case "alternate":
      return node.items.map(first).reduce(union, noChar);
    case "concat": {
      let chars: Charset = noChar;
      for (const item of node.items) {
        if (item.kind === "assert" && item.at === "end") break;
        chars = union(chars, first(item));
        if (!nullable(item)) break;
      }
      return chars;
    }
    default:
      return node satisfies never;
  }
}

function allChars(node: Node): Charset {
  switch (node.kind) {
    case "set":
      return node.set;
    case "group":
    case "repeat":
      return allChars(node.body);
    case "alternate":
    case "concat":
      return node.items.map(allChars).reduce(union, noChar);
    default:
      return noChar;
  }
}

/** Whether a node always matches the empty text, wherever it stands. */
function surelyEmpty(node: Node): boolean {
  switch (node.kind) {
    case "empty":
      return true;
    case "set":
    case "assert":
      return false;
    case "group":
      return surelyEmpty(node.body);
    case "concat":
      return node.items.every(surelyEmpty);
    case "alternate":
      return node.items.some(surelyEmpty);
    case "repeat":
      return node.min === 0 || surelyEmpty(node.body);
    default:
      return node satisfies never;
  }
}

/** Whether a match can begin at the start of the text only. */
export function startsAtBegin(node: Node): boolean {
  switch (node.kind) {
    case "assert":
      return node.at === "begin";
    case "group":
      return startsAtBegin(node.body);
    case "concat":
      for (const item of node.items) {
        if (startsAtBegin(item)) return true;
        if (item.kind !== "assert" && item.kind !== "empty") return false;
      }
      return false;
    case "alternate":
      return node.items.every(startsAtBegin);
    case "repeat":
      return node.min > 0 && startsAtBegin(node.body);
    default:
      return false;
  }
}

/**
 * Whether the pattern begins with a loop over all characters (`any`) or all but newlines (`line`). A match then begins where
 * the search begins, or after a newline: one that began later could as well have begun a character earlier.
 */
export function leadingLoop(node: Node): "any" | "line" | undefined {
  switch (node.kind) {
    case "group":
      return leadingLoop(node.body);
    case "concat":
      return leadingLoop(node.items[0] as Node); // never without items
    case "repeat": {
      const body = withoutGroups(node.body);
      if (node.max !== Infinity || body.kind !== "set") return undefined;
      return covers(body.set, false) ? "any" : covers(body.set, true) ? "line" : undefined;
    }
    default:
      return undefined;
  }
}

const withoutGroups = (node: Node): Node => (node.kind === "group" ? withoutGroups(node.body) : node);

const covers = (set: Charset, singleLine: boolean): boolean =>
  set[0] === 0 &&
  set[set.length - 1] === 0x10ffff &&
  (set.length === 2 || (singleLine && set.length === 4 && set.join() === anyButNewline.join()));
