/** Compiles a pattern to instructions for the linear engine, arranged so that priorities come out as in Go's compiler. */
import { type Charset, contains } from "./charset.ts";
import { type Assertion, type Node, nullable, type Repeat } from "./syntax.ts";

export const opSet = 0; // x: which set, y: where to go on
export const opSplit = 1; // x: tried first, y: tried next
export const opSave = 2; // x: slot, y: where to go on
export const opAssert = 3; // x: which assertion, y: where to go on
export const opMatch = 4;

export const assertionCodes: readonly Assertion[] = [
  "begin",
  "end",
  "lineBegin",
  "lineEnd",
  "wordBoundary",
  "notWordBoundary",
];

export interface Program {
  readonly ops: Uint8Array;
  readonly xs: Int32Array;
  readonly ys: Int32Array;
  readonly sets: readonly CharTest[];
  readonly start: number;
  /** Two for each group and the whole match. */
  readonly slots: number;
}

/** A set with a table for ASCII. */
export interface CharTest {
  readonly ascii: Uint8Array;
  readonly set: Charset;
}

export const charTest = (set: Charset): CharTest => ({
  ascii: Uint8Array.from({ length: 128 }, (_, code) => (contains(set, code) ? 1 : 0)),
  set,
});

export function compileProgram(root: Node, groups: number): Program {
  const builder = new Builder();
  const match = builder.add(opMatch, 0, 0);
  const closed = builder.add(opSave, 1, match);
  const start = builder.add(opSave, 0, builder.node(root, closed));
  return { ...builder.finish(), start, slots: 2 * (groups + 1) };
}

/** Builds from the end of the pattern to its beginning: each part is given where to go on. */
class Builder {
  readonly #ops: number[] = [];
  readonly #xs: number[] = [];
  readonly #ys: number[] = [];
  readonly #sets: CharTest[] = [];
  readonly #known = new Map<string, number>();

  add(op: number, x: number, y: number): number {
    this.#xs.push(x);
    this.#ys.push(y);
    return this.#ops.push(op) - 1;
  }

  finish(): Pick<Program, "ops" | "xs" | "ys" | "sets"> {
    return {
      ops: Uint8Array.from(this.#ops),
      xs: Int32Array.from(this.#xs),
      ys: Int32Array.from(this.#ys),
      sets: this.#sets,
    };
  }

  node(node: Node, next: number): number {
    switch (node.kind) {
      case "empty":
        return next;
      case "set":
        return this.add(opSet, this.#setIndex(node.set), next);
      case "assert":
        return this.add(opAssert, assertionCodes.indexOf(node.at), next);
      case "group": {
        const body = this.node(node.body, this.add(opSave, 2 * node.index + 1, next));
        return this.add(opSave, 2 * node.index, body);
      }
      case "concat":
        return node.items.reduceRight((after, item) => this.node(item, after), next);
      case "alternate":
        return node.items
          .map(item => this.node(item, next))
          .reduceRight((second, first) => this.add(opSplit, first, second));
      case "repeat":
        return this.#repeat(node, next);
      default:
        return node satisfies never;
    }
  }

  #repeat({ body, min, max, greedy }: Repeat, next: number): number {
    let entry = next;
    if (max === Infinity) {
      if (min === 0 && !nullable(body)) return this.#loop(body, next, greedy).split;
      entry = this.#loop(body, next, greedy).body;
      if (min === 0) return this.#split(entry, next, greedy); // (x+)? keeps the priorities where x can be empty
      return this.#copies(body, min - 1, entry);
    }
    for (let i = min; i < max; i++) entry = this.#split(this.node(body, entry), next, greedy);
    return this.#copies(body, min, entry);
  }

  #loop(body: Node, next: number, greedy: boolean): { split: number; body: number } {
    const split = this.add(opSplit, next, next);
    const start = this.node(body, split);
    if (greedy) this.#xs[split] = start;
    else this.#ys[split] = start;
    return { split, body: start };
  }

  #split = (taken: number, skipped: number, greedy: boolean): number =>
    greedy ? this.add(opSplit, taken, skipped) : this.add(opSplit, skipped, taken);

  #copies(body: Node, count: number, next: number): number {
    let entry = next;
    for (let i = 0; i < count; i++) entry = this.node(body, entry);
    return entry;
  }

  #setIndex(set: Charset): number {
    const key = set.join();
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#sets.push(charTest(set)) - 1;
      this.#known.set(key, index);
    }
    return index;
  }
}
