/** What the views of all messages have in common: a node, and lists of messages. */
import type { Node } from "./node.ts";
import { lengthTag } from "./wire.ts";

/** A message with named fields. Two views of the same message stand on the same node. */
export abstract class View {
  readonly node: Node;

  constructor(node: Node) {
    this.node = node;
  }
}

/** The view of a message, of which there is one. */
function viewOf<T extends View>(node: Node, type: ViewClass<T>): T {
  node.view ??= new type(node);
  return node.view as T; // a message is always seen by the same class
}

/** A class of views: how to make one, and what a new message of its kind begins with. */
export interface ViewClass<T extends View> {
  new (node: Node): T;
  /** The fields that Alloy's encoder always writes, even if they are empty. */
  readonly blank: Uint8Array;
}

/** A repeated field of messages. Live: removing and appending changes the message that it stands in. */
export class ViewList<T extends View> {
  readonly #node: Node;
  readonly #tag: number;
  readonly #type: ViewClass<T>;

  constructor(node: Node, number: number, type: ViewClass<T>) {
    this.#node = node;
    this.#tag = lengthTag(number);
    this.#type = type;
  }

  get length(): number {
    return this.#node.count(this.#tag);
  }

  /** The message at an index from 0, `undefined` beyond the end. */
  at(index: number): T | undefined {
    const node = this.#node;
    node.look();
    const { entries } = node;
    for (let entry = node.first; entry < node.last; entry += 4) {
      if (entries[entry] === this.#tag && index-- === 0) return viewOf(node.child(entry), this.#type);
    }
    return undefined;
  }

  /** Removes the messages for which the predicate holds; says how many. */
  removeIf(predicate: (view: T) => boolean): number {
    const node = this.#node;
    const tag = this.#tag;
    node.look();
    let removed = 0;
    // Counted from the first entry: the predicate may write, and the entries then move.
    for (let offset = 0; node.first + offset < node.last; offset += 4) {
      if (node.entries[node.first + offset] !== tag) continue;
      if (!predicate(viewOf(node.child(node.first + offset), this.#type))) continue;
      node.cut(node.first + offset);
      removed++;
    }
    return removed;
  }

  clear(): void {
    this.#node.clear(this.#tag);
  }

  /** Appends an empty message, or a copy of one of this or any other document, and gives the view of it. */
  append(from?: T): T {
    const bytes = from === undefined ? this.#type.blank : from.node.encode();
    return viewOf(this.#node.append(this.#tag, bytes, 0, bytes.length), this.#type);
  }

  /** Messages that are appended during the iteration are part of it. */
  [Symbol.iterator](): ViewIterator<T> {
    return new ViewIterator(this.#node, this.#tag, this.#type);
  }
}

/** A class of its own: a generator costs more for each message than the rest of its reading. */
class ViewIterator<T extends View> implements Iterator<T, undefined> {
  readonly #node: Node;
  readonly #tag: number;
  readonly #type: ViewClass<T>;
  #offset = 0;

  constructor(node: Node, tag: number, type: ViewClass<T>) {
    node.look();
    this.#node = node;
    this.#tag = tag;
    this.#type = type;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T, undefined> {
    const node = this.#node;
    const { entries } = node;
    while (node.first + this.#offset < node.last) {
      const entry = node.first + this.#offset;
      this.#offset += 4;
      if (entries[entry] === this.#tag) return { done: false, value: viewOf(node.child(entry), this.#type) };
    }
    return { done: true, value: undefined };
  }
}

/** The bytes of a message with these empty fields. */
export function blankOf(...numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers.flatMap(number => [lengthTag(number), 0]));
}
