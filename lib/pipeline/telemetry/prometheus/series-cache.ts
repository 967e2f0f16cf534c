/**
 * What a target's last page leaves behind for its next: the lines in their order as raw bytes, the series that each of them stands for, and
 * the columns that a parse fills. A warm page mostly repeats the series of the last one, so its lines are recognised by comparing bytes.
 */
import type { Labels } from "../labels.ts";
import type { Exemplar, Metadata, NativeHistogram } from "./model.ts";
import { isPartOfFamily } from "./names.ts";

/** A series of a page. The object stays the same from page to page, so `data` may hold what was worked out for it. */
export interface ParsedSeries<T> {
  /**
   * As the page gives them: sorted, with `__name__`, `le` and `quantile` rewritten. Names are not validated yet, and unlike in other
   * label sets empty values are kept, for `honor_labels`.
   */
  readonly labels: Labels;
  readonly name: string;
  /** Of the family that was announced last, where the series belongs to it. */
  metadata: Metadata | undefined;
  /** The user's own: final labels, what was last sent, … */
  data: T | undefined;
}

/** A series with what only the parsers know. */
export interface SeriesEntry<T> extends ParsedSeries<T> {
  /** The metadata that `metadata` was decided with. */
  checked: Metadata | undefined;
  /** The page that it was last seen in. */
  page: number;
  /** Its line in the store that it was last put into. */
  line: number;
  /** For the conversion to custom buckets: the parts that it works out once. */
  classic: ClassicRole<T> | undefined;
}

/** What a series is to a classic histogram. */
export interface ClassicRole<T> {
  readonly part: "bucket" | "sum" | "count" | "none";
  /** The family's name. */
  readonly base: string;
  readonly bound: number;
  /** The same for all series of one histogram. */
  readonly key: string;
  /** Of the converted histogram. */
  readonly target: SeriesEntry<T> | undefined;
}

/** A HELP, TYPE, UNIT or comment line. */
export interface MetaLine {
  readonly kind: "help" | "type" | "unit" | "comment";
  readonly family: string;
  readonly text: string;
}

/** A metric family as its lines described it so far; `metadata` is replaced, not changed. */
export interface Family {
  readonly name: string;
  metadata: Metadata;
}

/** How a stored line ends: a series of which only a non-name byte may follow, one that its brace closes, a whole line. */
export const lineKinds = { bareSeries: 0, closedSeries: 1, meta: 2 } as const;

/** Lines of a page: their bytes one after the other, and what each stands for. */
export class LineStore {
  bytes: Buffer;
  ends: Int32Array;
  kinds: Uint8Array;
  readonly refs: unknown[];
  count: number;

  constructor(from?: LineStore, count = 0) {
    this.count = count;
    const used = count === 0 ? 0 : ((from as LineStore).ends[count - 1] as number); // a count comes with its store
    this.bytes = Buffer.allocUnsafeSlow(Math.max(4096, from?.bytes.length ?? 0));
    this.ends = new Int32Array(Math.max(64, from?.ends.length ?? 0));
    this.kinds = new Uint8Array(this.ends.length);
    this.refs = from === undefined ? [] : from.refs.slice(0, count);
    if (from === undefined) return;
    from.bytes.copy(this.bytes, 0, 0, used);
    this.ends.set(from.ends.subarray(0, count));
    this.kinds.set(from.kinds.subarray(0, count));
  }

  push(body: Buffer, from: number, to: number, kind: number, ref: unknown): void {
    const { count } = this;
    const start = count === 0 ? 0 : (this.ends[count - 1] as number); // count is above 0
    const end = start + to - from;
    if (end > this.bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, end));
      this.bytes.copy(grown, 0, 0, start);
      this.bytes = grown;
    }
    if (count === this.ends.length) {
      const ends = new Int32Array(count * 2);
      ends.set(this.ends);
      this.ends = ends;
      const kinds = new Uint8Array(count * 2);
      kinds.set(this.kinds);
      this.kinds = kinds;
    }
    body.copy(this.bytes, start, from, to);
    this.ends[count] = end;
    this.kinds[count] = kind;
    this.refs[count] = ref;
    this.count = count + 1;
  }
}

/** Keep one a target (and per set of options): it makes the parse of its next page fast. */
export class SeriesCache<T = unknown> {
  readonly entries = new Map<string, SeriesEntry<T>>();
  readonly families = new Map<string, Family>();
  lines = new LineStore();
  format = "";
  page = 0;
  /** The columns of the last page, which the next one reuses. */
  readonly series: SeriesEntry<T>[] = [];
  values = new Float64Array(64);
  timestamps = new Float64Array(64);
  count = 0;

  /** Forgets everything, so that a page of another format begins anew. */
  reset(): void {
    this.entries.clear();
    this.families.clear();
    this.lines = new LineStore();
    this.series.length = 0;
    this.count = 0;
  }

  /** Forgets the series that are not in the last page when they are many. */
  prune(): void {
    if (this.entries.size <= 2 * this.count + 1000) return;
    for (const [key, entry] of this.entries) if (entry.page !== this.page) this.entries.delete(key);
  }
}

/** A line that cannot be read. */
export class ExpositionError extends Error {
  override readonly name = "ExpositionError";
}

/** Fills the columns of one page. */
export class PageBuilder<T> {
  readonly cache: SeriesCache<T>;
  readonly page: number;
  readonly series: SeriesEntry<T>[];
  values: Float64Array<ArrayBuffer>;
  timestamps: Float64Array<ArrayBuffer>;
  count = 0;
  /** Whether a column differs from the last page's. */
  changed = false;
  readonly duplicates: number[] = [];
  readonly histograms = new Map<number, NativeHistogram>();
  readonly exemplars = new Map<number, readonly Exemplar[]>();
  readonly startTimestamps = new Map<number, number>();
  readonly stale = new Set<number>();
  /** The metadata of the family that the last line announced. */
  metadata: Metadata | undefined = undefined;
  #family = "";

  constructor(cache: SeriesCache<T>) {
    this.cache = cache;
    this.page = ++cache.page;
    this.series = cache.series;
    this.values = cache.values;
    this.timestamps = cache.timestamps;
  }

  /** Adds a sample and returns its index. */
  push(entry: SeriesEntry<T>, value: number, timestamp: number): number {
    const { count } = this;
    if (count === this.values.length) this.#grow();
    if (this.series[count] !== entry) {
      this.series[count] = entry;
      this.changed = true;
    }
    this.values[count] = value;
    this.timestamps[count] = timestamp;
    if (entry.page === this.page) this.duplicates.push(count);
    entry.page = this.page;
    if (entry.checked !== this.metadata) this.#describe(entry);
    this.count = count + 1;
    return count;
  }

  #describe(entry: SeriesEntry<T>): void {
    entry.checked = this.metadata;
    if (this.metadata !== undefined && isPartOfFamily(entry.name, this.#family, this.metadata.type))
      entry.metadata = this.metadata;
  }

  #grow(): void {
    const size = this.values.length * 2;
    const values = new Float64Array(size);
    values.set(this.values);
    this.values = values;
    const timestamps = new Float64Array(size);
    timestamps.set(this.timestamps);
    this.timestamps = timestamps;
  }

  /** Takes a HELP, TYPE or UNIT line: the series that follow may belong to its family. */
  describe(name: string, kind: "help" | "type" | "unit", text: string): void {
    let family = this.cache.families.get(name);
    if (family === undefined) {
      family = { name, metadata: { type: "unknown", help: "", unit: "" } };
      this.cache.families.set(name, family);
    }
    if (family.metadata[kind] !== text) family.metadata = { ...family.metadata, [kind]: text };
    this.#family = name;
    this.metadata = family.metadata;
  }

  /** Hands the columns back to the cache; says whether page and last page have the same series in the same order. */
  finish(): boolean {
    const { cache } = this;
    const unchanged = !this.changed && this.count === cache.count;
    this.series.length = this.count;
    cache.values = this.values;
    cache.timestamps = this.timestamps;
    cache.count = this.count;
    cache.prune();
    return unchanged;
  }
}

/** A new series. */
export function newEntry<T>(labels: Labels, name: string): SeriesEntry<T> {
  return {
    labels,
    name,
    metadata: undefined,
    data: undefined,
    checked: undefined,
    page: 0,
    line: -1,
    classic: undefined,
  };
}
