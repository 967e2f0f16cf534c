/** Requests as batches: how many items they hold, several as one, one as several. Items are spans, log records, data points. */
import type { Node } from "./node.ts";
import type { Signal } from "./schema.ts";
import { cursor, readVarint, skipValue } from "./wire.ts";
import { Writer } from "./writer.ts";

const oldScopes = (1000 << 3) | 2;

/** The fields that lead down to the items. Of a metric, it is whichever kind of data it has. */
const spansAndRecords: readonly (readonly number[])[] = [[0x0a], [0x12, oldScopes], [0x12]];
export const levelsOf: Readonly<Record<Signal, readonly (readonly number[])[]>> = {
  traces: spansAndRecords,
  logs: spansAndRecords,
  metrics: [...spansAndRecords, [0x2a, 0x3a, 0x4a, 0x52, 0x5a], [0x0a]],
};

/** How many spans, log records or data points a request holds; nothing else of it is read. */
export function countItems(signal: Signal, bytes: Uint8Array): number {
  return countRange(levelsOf[signal], 0, bytes, 0, bytes.length);
}

/** As `countItems`, with what was written to the request's views. */
export function countBelow(signal: Signal, node: Node): number {
  return countNode(levelsOf[signal], 0, node);
}

function countNode(levels: readonly (readonly number[])[], level: number, node: Node): number {
  if (node.first < 0) return countRange(levels, level, node.bytes, node.start, node.end);
  const [list, ...others] = levels[level] as readonly number[]; // not deeper than the levels
  const isLast = level === levels.length - 1;
  const { entries, last } = node;
  let count = 0;
  for (let entry = node.first; entry < last; entry += 4) {
    const tag = entries[entry] as number; // entries have four
    if (tag !== list && (others.length === 0 || !others.includes(tag))) continue;
    count += isLast ? 1 : countNode(levels, level + 1, node.child(entry));
  }
  return count;
}

function countRange(
  levels: readonly (readonly number[])[],
  level: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const lists = levels[level] ?? [];
  let count = 0;
  while (at < end) {
    const tag = readVarint(bytes, at, end);
    const value = cursor;
    at = skipValue(bytes, value, end, tag);
    if (!lists.includes(tag)) continue;
    if (level === levels.length - 1) count++;
    else {
      readVarint(bytes, value, end);
      count += countRange(levels, level + 1, bytes, cursor, at);
    }
  }
  return count;
}

/** Several requests as one, in their order. What they have in common is not brought together, as Alloy does not either. */
export function mergeRequests(requests: readonly Uint8Array[]): Uint8Array {
  const [only] = requests;
  if (only !== undefined && requests.length === 1) return only;
  return new Uint8Array(Buffer.concat(requests));
}

/** One request as several of at most `most` items; each has the resources, scopes and metrics of its items. */
export function splitRequest(signal: Signal, bytes: Uint8Array, most: number): Uint8Array[] {
  if (most < 1) throw new RangeError(`items of a request should be at least 1, got ${most}`);
  if (countItems(signal, bytes) <= most) return [bytes];
  const splitter = new Splitter(levelsOf[signal], bytes, most);
  splitter.walk(0, 0, bytes.length);
  return splitter.finish();
}

/** A request as two halves, or as it is when it holds one item or none: what a backend finds too large. */
export function halveRequest(signal: Signal, bytes: Uint8Array): Uint8Array[] {
  return splitRequest(signal, bytes, Math.max(1, Math.ceil(countItems(signal, bytes) / 2)));
}

/** A group that items stand in: its fields but the items are repeated in each request that has some of them. */
interface Group {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
  readonly level: number;
  /** Where its content begins in the request that is being written; -1 if it is not in it. */
  open: number;
  /** Whether it is in any of the requests. */
  written: boolean;
}

class Splitter {
  readonly #levels: readonly (readonly number[])[];
  readonly #bytes: Uint8Array;
  readonly #most: number;
  readonly #parts: Uint8Array[] = [];
  readonly #groups: Group[] = [];
  #out: Writer;
  #count = 0;
  // Items that lie side by side are copied as one range.
  #from = 0;
  #to = 0;

  constructor(levels: readonly (readonly number[])[], bytes: Uint8Array, most: number) {
    this.#levels = levels;
    this.#bytes = bytes;
    this.#most = most;
    this.#out = new Writer(bytes.length + 1024);
  }

  /** Goes through the groups in bytes[at, end). */
  walk(level: number, at: number, end: number): void {
    const bytes = this.#bytes;
    const lists = this.#levels[level] ?? [];
    while (at < end) {
      const start = at;
      const tag = readVarint(bytes, at, end);
      const value = cursor;
      at = skipValue(bytes, value, end, tag);
      if (!lists.includes(tag)) continue;
      if (level === this.#levels.length - 1) {
        this.#item(start, at);
        continue;
      }
      readVarint(bytes, value, end);
      const group = { tag, start: cursor, end: at, level: level + 1, open: -1, written: false };
      this.#groups.push(group);
      this.walk(level + 1, group.start, at);
      if (!group.written) this.#openGroups();
      this.#flush();
      this.#groups.pop();
      if (group.open >= 0) this.#out.close(group.open);
    }
  }

  #item(start: number, end: number): void {
    if (this.#count === this.#most) this.#next();
    if (this.#groups.at(-1)?.open === -1) this.#openGroups();
    if (start !== this.#to) {
      this.#flush();
      this.#from = start;
    }
    this.#to = end;
    this.#count++;
  }

  #flush(): void {
    this.#out.raw(this.#bytes, this.#from, this.#to);
    this.#from = this.#to;
  }

  #openGroups(): void {
    this.#flush();
    for (const group of this.#groups) {
      if (group.open >= 0) continue;
      group.open = this.#out.open(group.tag);
      group.written = true;
      this.#copyFields(group);
    }
  }

  /** Copies the fields of a group that do not lead to the items. */
  #copyFields({ start, end, level }: Group): void {
    const lists = this.#levels[level] ?? [];
    for (let at = start; at < end; ) {
      const from = at;
      const tag = readVarint(this.#bytes, at, end);
      at = skipValue(this.#bytes, cursor, end, tag);
      if (!lists.includes(tag)) this.#out.raw(this.#bytes, from, at);
    }
  }

  /** Ends the request that is being written and begins another. */
  #next(): void {
    this.#flush();
    for (const group of this.#groups.toReversed()) {
      if (group.open >= 0) this.#out.close(group.open);
      group.open = -1;
    }
    this.#parts.push(this.#out.finish());
    this.#out.position = 0;
    this.#count = 0;
  }

  finish(): Uint8Array[] {
    this.#flush();
    this.#parts.push(this.#out.finish());
    return this.#parts;
  }
}
