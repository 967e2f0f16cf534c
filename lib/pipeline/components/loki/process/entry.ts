/**
 * One log entry on its way through the stages. Labels are immutable and shared: a change takes another label set, cached by
 * the change (label-sets.ts), so that entries with equal labels meet again in one stream without building keys.
 */
import { formatFloat } from "../../../eval/gofloat.ts";
import type { Labels } from "../../../telemetry/labels.ts";
import type { LogEntry } from "../../../telemetry/loki/model.ts";
import { toValidText as valid } from "../../../template/bytes.ts";
import type { Passage } from "./limits.ts";

/** What a stage may keep under a name. Objects and lists are kept as JSON text. */
export type Extracted = string | number | boolean | null;

/** What stages may know of their surroundings. */
export interface Run {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly dropped: (reason: string, items: number) => void;
  /** Notes what limits have to do with the batch. */
  readonly passage?: Passage;
}

/** Whether an entry goes on (`false`: it is dropped), or the entries that go on in its place. */
export type Outcome = boolean | readonly Entry[];

/** One compiled stage: changes the entry. */
export type Stage = (entry: Entry, run: Run) => Outcome;

export class Entry {
  labels: Labels;
  timestamp: bigint;
  line: string;
  /** Name, value pairs; replaced, never changed in place. */
  metadata: readonly string[];
  readonly #original: LogEntry;
  /** The labels it came with, which are extracted values from the start. */
  readonly #seed: Labels;
  /** `undefined` under a name: deleted, though a label of the seed may have the name. */
  #extracted: Map<string, Extracted | undefined> | undefined;

  constructor(labels: Labels, original: LogEntry) {
    this.labels = labels;
    this.#seed = labels;
    this.#original = original;
    this.timestamp = original.timestamp;
    this.line = original.line;
    this.metadata = original.metadata;
  }

  /** An extracted value, `undefined` where there is none. */
  get(name: string): Extracted | undefined {
    const value = this.#extracted?.get(name);
    if (value !== undefined || this.#extracted?.has(name)) return value;
    return findLabel(this.#seed, name);
  }

  /** An extracted value as text; `undefined` where there is none or it is null. */
  text(name: string): string | undefined {
    const value = this.get(name);
    return typeof value === "string" ? value : value === undefined ? undefined : printed(value);
  }

  set(name: string, value: Extracted): void {
    this.#extracted ??= new Map();
    this.#extracted.set(name, value);
  }

  delete(name: string): void {
    this.#extracted ??= new Map();
    this.#extracted.set(name, undefined);
  }

  /** All extracted values: those that were labels first. */
  extracted(): Map<string, Extracted> {
    const all = new Map<string, Extracted>();
    for (let i = 0; i < this.#seed.length; i += 2) all.set(this.#seed[i] as string, this.#seed[i + 1] as string); // pairs
    if (this.#extracted) {
      for (const [name, value] of this.#extracted) {
        if (value === undefined) all.delete(name);
        else all.set(name, value);
      }
    }
    return all;
  }

  /** Makes the labels extracted values, as a pipeline does with what enters it. */
  seedLabels(): void {
    if (this.labels === this.#seed && !this.#extracted) return;
    for (let i = 0; i < this.labels.length; i += 2) {
      const name = this.labels[i] as string; // pairs
      const value = this.labels[i + 1] as string;
      if (this.get(name) !== value) this.set(name, value);
    }
  }

  /** Another entry with a line of its own that goes on from here. */
  withLine(line: string): Entry {
    const copy = new Entry(this.#seed, this.#original);
    copy.labels = this.labels;
    copy.timestamp = this.timestamp;
    copy.line = line;
    copy.metadata = this.metadata;
    if (this.#extracted) copy.#extracted = new Map(this.#extracted);
    return copy;
  }

  /** The entry to forward; the very one that came where nothing of it changed. */
  result(): LogEntry {
    const { timestamp, metadata } = this;
    const line = valid(this.line);
    const original = this.#original;
    if (timestamp === original.timestamp && line === original.line && metadata === original.metadata) return original;
    return { timestamp, line, metadata: metadata.every(text => text.isWellFormed()) ? metadata : metadata.map(valid) };
  }
}

/** A label's value, the empty one of a label that is set to it included. */
export function findLabel(labels: Labels, name: string): string | undefined {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === name) return labels[i + 1];
  return undefined;
}

/** As stages print a value: numbers in full, without exponent; null not at all. */
export function printed(value: Extracted): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return String(value);
    case "number":
      return printedNumber(value);
    default:
      return undefined;
  }
}

function printedNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21 && value !== 0) return String(value);
  return formatFloat(value, "f", -1);
}
