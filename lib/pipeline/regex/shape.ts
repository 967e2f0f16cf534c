/** Recognizes patterns that need no engine, and takes from a pattern what does not matter to the question whether it matches. */
import { anyChar, type Charset, sizeOf } from "./charset.ts";
import { type Node, nullable } from "./syntax.ts";

const maxTexts = 1000;
const maxSetSize = 16;

/** A test that is a comparison of strings, `undefined` where an engine is needed. */
export function plainTest(root: Node): ((text: string) => boolean) | undefined {
  const items = root.kind === "concat" ? root.items : [root];
  const begins = isAssertion(items[0], "begin");
  const ends = isAssertion(items.at(-1), "end") && (items.length > 1 || !begins);
  const inner = items.slice(begins ? 1 : 0, ends ? -1 : undefined);
  if (begins && ends && inner.length === 1) {
    const whole = wholeTest(inner[0] as Node); // one item
    if (whole) return whole;
  }
  const texts = textsOf({ kind: "concat", items: inner.map(ungroup) });
  if (!texts) return undefined;
  if (begins && ends) return membership(texts);
  const [text, more] = texts;
  if (text === undefined || more !== undefined) return undefined;
  if (begins) return given => given.startsWith(text);
  if (ends) return given => given.endsWith(text);
  return given => given.includes(text);
}

function membership(texts: readonly string[]): (text: string) => boolean {
  const [first, second, third] = texts;
  if (second === undefined) return given => given === first;
  if (third === undefined) return given => given === first || given === second;
  const set = new Set(texts);
  return given => set.has(given);
}

/** `^(?s:.*)$` and `^(?s:.+)$`. */
function wholeTest(node: Node): ((text: string) => boolean) | undefined {
  const item = ungroup(node);
  if (item.kind !== "repeat" || item.max !== Infinity || item.min > 1 || !isAny(ungroup(item.body))) return undefined;
  return item.min === 0 ? () => true : text => text !== "";
}

const isAny = (node: Node): boolean =>
  node.kind === "set" && (node.set === anyChar || node.set.join() === anyChar.join());

const isAssertion = (node: Node | undefined, at: "begin" | "end"): boolean => node?.kind === "assert" && node.at === at;

/** Groups do not matter to a test. */
function ungroup(node: Node): Node {
  switch (node.kind) {
    case "group":
      return ungroup(node.body);
    case "concat": {
      const items = node.items.map(ungroup).flatMap(item => (item.kind === "concat" ? item.items : [item]));
      return { kind: "concat", items };
    }
    case "alternate":
      return { kind: "alternate", items: node.items.map(ungroup) };
    case "repeat":
      return { ...node, body: ungroup(node.body) };
    default:
      return node;
  }
}

/** All texts that a node matches, if they are few. */
function textsOf(node: Node): readonly string[] | undefined {
  switch (node.kind) {
    case "empty":
      return [""];
    case "set":
      return sizeOf(node.set) <= maxSetSize ? members(node.set) : undefined;
    case "group":
      return textsOf(node.body);
    case "alternate": {
      const texts: string[] = [];
      for (const item of node.items) {
        const more = textsOf(item);
        if (!more || texts.push(...more) > maxTexts) return undefined;
      }
      return [...new Set(texts)];
    }
    case "concat": {
      let texts: readonly string[] = [""];
      for (const item of node.items) {
        const more = textsOf(item);
        if (!more || texts.length * more.length > maxTexts) return undefined;
        texts = texts.flatMap(text => more.map(end => text + end));
      }
      return texts;
    }
    default:
      return undefined;
  }
}

function members(set: Charset): string[] {
  const texts: string[] = [];
  for (let i = 0; i < set.length; i += 2) {
    for (let c = set[i] as number; c <= (set[i + 1] as number); c++) texts.push(String.fromCodePoint(c)); // pairs
  }
  return texts;
}

/**
 * A pattern that matches the same texts, without groups and without the loops at its edges that only widen a match:
 * `^(?s:.*foo.*)$` asks whether `foo` occurs, so does `\s*foo\s*`.
 */
export function forTest(root: Node): Node {
  const plain = ungroup(root);
  let items = plain.kind === "concat" ? [...plain.items] : [plain];
  items = trimEnd(trimEnd(items, "begin", 1), "end", -1);
  return items.length === 1 ? (items[0] as Node) : { kind: "concat", items };
}

function trimEnd(given: readonly Node[], edge: "begin" | "end", direction: 1 | -1): Node[] {
  const items = direction === 1 ? [...given] : given.toReversed();
  const anchored = isAssertion(items[0], edge);
  for (;;) {
    const loop = items[anchored ? 1 : 0];
    if (loop?.kind !== "repeat" || loop.max !== Infinity || nullable(loop.body)) break;
    if (anchored && !isAny(loop.body)) break;
    const rest = items.slice(anchored ? 2 : 1);
    items.splice(0, items.length, ...Array.from({ length: loop.min }, () => loop.body), ...rest);
    if (loop.min > 0 || anchored) break;
  }
  return direction === 1 ? items : items.toReversed();
}
