/**
 * What the two text formats share: recognising lines of the last page by their bytes, storing those that are new, looking up their series,
 * and handing samples on.
 */
import { type LabelContext, SeriesLexer, seriesLabels } from "./lexer.ts";
import type { Exemplar, MetricType } from "./model.ts";
import { ClassicCollector } from "./nhcb.ts";
import { parseFloatText } from "./numbers.ts";
import {
  ExpositionError,
  LineStore,
  lineKinds,
  type MetaLine,
  newEntry,
  type PageBuilder,
  type SeriesEntry,
} from "./series-cache.ts";

/** What the text parsers need to know of the configuration. */
export interface TextOptions {
  readonly enable_type_and_unit_labels: boolean;
  readonly convert_classic_histograms_to_nhcb: boolean;
  readonly scrape_classic_histograms: boolean;
}

/** Reads a page into its builder. Errors are thrown as `ExpositionError`; `start` is then in the line that has it. */
export abstract class LineParser<T> implements LabelContext {
  /** Of the last TYPE line. */
  type: MetricType = "unknown";
  /** Of the last UNIT line, of whatever family. */
  unit = "";
  readonly enable_type_and_unit_labels: boolean;
  /** Where the line that is being read begins. */
  start = 0;
  protected readonly body: Buffer;
  protected readonly page: PageBuilder<T>;
  protected readonly lexer: SeriesLexer;
  protected readonly collector: ClassicCollector<T> | undefined;
  protected readonly keepClassic: boolean;
  /** The lines of the last page. */
  protected readonly store: LineStore;
  /** The line of the last page that is expected next. */
  protected expected = 0;
  /** The lines of this page, from the first on that differs from the last page's. */
  #fresh: LineStore | undefined;

  constructor(body: Buffer, page: PageBuilder<T>, options: TextOptions) {
    this.body = body;
    this.page = page;
    this.lexer = new SeriesLexer(body);
    this.collector = options.convert_classic_histograms_to_nhcb ? new ClassicCollector(page) : undefined;
    this.keepClassic = options.scrape_classic_histograms;
    this.enable_type_and_unit_labels = options.enable_type_and_unit_labels;
    this.store = page.cache.lines;
  }

  /** Reads the whole page. */
  parse(): void {
    try {
      this.readLines();
      this.collector?.flush();
    } finally {
      const { cache } = this.page;
      if (this.#fresh !== undefined) cache.lines = this.#fresh;
      else if (this.expected < this.store.count) cache.lines = new LineStore(this.store, this.expected);
    }
  }

  protected abstract readLines(): void;

  /** Where the expected line's bytes end here; -1 when other bytes stand here. */
  protected recalled(at: number): number {
    const { body, expected, store } = this;
    if (expected >= store.count) return -1;
    const { bytes } = store;
    let stored = expected === 0 ? 0 : (store.ends[expected - 1] as number); // expected is below the count
    const end = store.ends[expected] as number; // as above
    let position = at;
    while (stored < end && body[position] === bytes[stored]) {
      position++;
      stored++;
    }
    return stored === end ? position : -1;
  }

  /** Takes the expected line, whose bytes stand here. */
  protected keep(from: number, to: number): void {
    const line = this.expected++;
    const fresh = this.#fresh;
    if (fresh === undefined) return;
    const ref = this.store.refs[line];
    const kind = this.store.kinds[line] as number; // the line is in the store
    if (kind !== lineKinds.meta) (ref as SeriesEntry<T>).line = fresh.count; // lines of the other kinds refer to entries
    fresh.push(this.body, from, to, kind, ref);
  }

  /** Stores a line that was not expected. */
  #add(from: number, to: number, kind: number, ref: MetaLine | SeriesEntry<T>): number {
    this.#fresh ??= new LineStore(this.store, this.expected);
    this.#fresh.push(this.body, from, to, kind, ref);
    return this.#fresh.count - 1;
  }

  /** The series that the lexer has read but nobody expected here. The line that followed it in the last page is expected next. */
  protected entry(): SeriesEntry<T> {
    const { body, lexer, page, start } = this;
    if (lexer.nameStart < 0) throw new ExpositionError("metric name is not set");
    const { entries } = page.cache;
    const key = body.toString("latin1", start, lexer.end);
    let entry = entries.get(key);
    if (entry === undefined) {
      const { nameStart, nameEnd } = lexer;
      const name = lexer.plain ? key.slice(nameStart - start, nameEnd - start) : lexer.text(nameStart, nameEnd);
      entry = newEntry<T>(seriesLabels(lexer, key, name, this), name);
      entries.set(key, entry);
    }
    const { line } = entry;
    const kind = body[lexer.end - 1] === 125 ? lineKinds.closedSeries : lineKinds.bareSeries;
    entry.line = this.#add(start, lexer.end, kind, entry);
    if (this.store.refs[line] === entry) this.expected = line + 1;
    return entry;
  }

  /** Stores a HELP, TYPE, UNIT or comment line and follows it. */
  protected meta(from: number, to: number, line: MetaLine): void {
    this.#add(from, to, lineKinds.meta, line);
    this.apply(line);
  }

  /** Follows what a line says of the series after it. */
  protected apply(line: MetaLine): void {
    const { kind, family, text } = line;
    if (kind === "type") {
      this.type = text as MetricType; // of a TYPE line: checked when it was read
      if (this.collector !== undefined) {
        this.collector.type = this.type;
        this.collector.family = family;
      }
    } else if (kind === "unit") this.unit = text;
    this.collector?.flush();
    if (kind !== "comment") this.page.describe(family, kind, text);
  }

  /** Hands a sample on. */
  protected sample(entry: SeriesEntry<T>, value: number, timestamp: number, exemplar: Exemplar | undefined): void {
    const { collector } = this;
    if (collector?.take(entry, value, timestamp)) {
      if (exemplar !== undefined) collector.exemplar(exemplar);
      if (this.keepClassic) this.page.push(entry, value, timestamp);
      return;
    }
    const index = this.page.push(entry, value, timestamp);
    if (exemplar !== undefined) this.page.exemplars.set(index, [exemplar]);
  }

  /** The number in a word that the fast path could not read. */
  protected float(from: number, to: number, what: string): number {
    if (to === from) throw this.lexer.expected(what, from);
    const value = parseFloatText(this.body.toString("latin1", from, to));
    if (value !== undefined) return value;
    throw new ExpositionError(
      `expected a number as ${what}, got ${JSON.stringify(this.body.toString("utf8", from, to))}`,
    );
  }
}
