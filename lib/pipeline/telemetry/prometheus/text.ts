/**
 * The text format 0.0.4, with Prometheus' tolerances: blanks nearly everywhere, no comma needed between labels, quoted UTF-8 names.
 * A line that stands where it stood in the last page is recognised by its bytes, so that only its value is read.
 */
import { isUtf8 } from "node:buffer";
import { isNameByte, type LabelRules, SeriesLexer, seriesLabels } from "./lexer.ts";
import type { MetricType } from "./model.ts";
import { ClassicCollector } from "./nhcb.ts";
import { decimalEnd, parseDecimal, parseFloatText } from "./numbers.ts";
import {
  ExpositionError,
  LineStore,
  lineKinds,
  type MetaLine,
  newEntry,
  type PageBuilder,
  type SeriesEntry,
} from "./series-cache.ts";

const rules: LabelRules = { blanks: true, commas: false, breaks: true, metricName: true };

const types: ReadonlyMap<string, MetricType> = new Map([
  ["counter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
  ["summary", "summary"],
  ["untyped", "unknown"],
]);

/** What the text parsers need to know of the configuration. */
export interface TextOptions {
  readonly enable_type_and_unit_labels: boolean;
  readonly convert_classic_histograms_to_nhcb: boolean;
  readonly scrape_classic_histograms: boolean;
}

/** Reads a page that ends with a line break into the builder; returns where an error was found, and throws it as `ExpositionError`. */
export class TextParser<T> {
  readonly body: Buffer;
  readonly page: PageBuilder<T>;
  readonly lexer: SeriesLexer;
  readonly collector: ClassicCollector<T> | undefined;
  readonly keepClassic: boolean;
  /** Of the last TYPE line. */
  type: MetricType = "unknown";
  readonly unit = "";
  readonly enable_type_and_unit_labels: boolean;
  /** Where the line that is being read begins. */
  start = 0;
  #store: LineStore;
  /** The lines of this page, from the first on that differs from the last page's. */
  #fresh: LineStore | undefined;
  /** The line of the last page that is expected next. */
  #expected = 0;

  constructor(body: Buffer, page: PageBuilder<T>, options: TextOptions) {
    this.body = body;
    this.page = page;
    this.lexer = new SeriesLexer(body);
    this.collector = options.convert_classic_histograms_to_nhcb ? new ClassicCollector(page) : undefined;
    this.keepClassic = options.scrape_classic_histograms;
    this.enable_type_and_unit_labels = options.enable_type_and_unit_labels;
    this.#store = page.cache.lines;
  }

  /** Reads the whole page. */
  parse(): void {
    try {
      this.#lines();
      this.collector?.flush();
    } finally {
      const { cache } = this.page;
      if (this.#fresh !== undefined) cache.lines = this.#fresh;
      else if (this.#expected < this.#store.count) cache.lines = new LineStore(this.#store, this.#expected);
    }
  }

  #lines(): void {
    const { body, page, collector } = this;
    const { bytes, ends, kinds, refs, count } = this.#store;
    const size = body.length;
    for (let at = 0; at < size; ) {
      this.start = at;
      if (body[at] === 10) {
        at++;
        continue;
      }
      const line = this.#expected;
      let entry: SeriesEntry<T> | undefined;
      if (line < count) {
        let stored = line === 0 ? 0 : (ends[line - 1] as number); // line is below the count
        const storedEnd = ends[line] as number; // as above
        let position = at;
        while (stored < storedEnd && body[position] === bytes[stored]) {
          position++;
          stored++;
        }
        if (stored === storedEnd) {
          const kind = kinds[line] as number; // as above
          if (kind === lineKinds.meta) {
            this.#apply(refs[line] as MetaLine); // lines of this kind refer to these
            this.#keep(line, at, position);
            at = position;
            continue;
          }
          let next = body[position] as number; // a line break follows at the latest
          if (kind === lineKinds.closedSeries || !isNameByte(next)) {
            let value = position;
            while (next === 32 || next === 9) next = body[++value] as number; // as above
            if (kind === lineKinds.closedSeries || next !== 123) {
              entry = refs[line] as SeriesEntry<T>; // lines of this kind refer to these
              this.#keep(line, at, position);
              at = value;
            }
          }
        }
      }
      if (entry === undefined) {
        const content = this.lexer.blanks(at);
        const first = body[content];
        if (first === 10) {
          at = content + 1;
          continue;
        }
        if (first === 0) return; // Prometheus' lexer takes a zero byte here for the end
        if (first === 35) {
          at = this.#meta(at, content);
          if (at < 0) return;
          continue;
        }
        entry = this.#series(content);
        at = this.lexer.blanks(this.lexer.end);
      }
      let value = parseDecimal(body, at);
      let end = decimalEnd;
      let next = end < 0 ? 0 : body[end];
      if (next !== 10 && next !== 32 && next !== 9) {
        end = valueEnd(body, at);
        value = this.#float(at, end);
        next = body[end];
      }
      let timestamp = Number.NaN;
      if (next !== 10) {
        end = this.lexer.blanks(end);
        if (body[end] !== 10) {
          const from = end;
          end = this.#timestampEnd(end);
          timestamp = this.#timestamp(from, end);
          end = this.lexer.blanks(end);
          if (body[end] !== 10) throw this.lexer.expected("line end after the timestamp", end);
        }
      }
      at = end + 1;
      if (collector === undefined || !collector.take(entry, value, timestamp) || this.keepClassic)
        page.push(entry, value, timestamp);
    }
  }

  /** Notes that a stored line was met again. */
  #keep(line: number, from: number, to: number): void {
    this.#expected = line + 1;
    const fresh = this.#fresh;
    if (fresh === undefined) return;
    const ref = this.#store.refs[line];
    const kind = this.#store.kinds[line] as number; // the line is in the store
    if (kind !== lineKinds.meta) (ref as SeriesEntry<T>).line = fresh.count; // lines of the other kinds refer to entries
    fresh.push(this.body, from, to, kind, ref);
  }

  /** Stores a line that was not expected. */
  #add(from: number, to: number, kind: number, ref: MetaLine | SeriesEntry<T>): void {
    this.#fresh ??= new LineStore(this.#store, this.#expected);
    this.#fresh.push(this.body, from, to, kind, ref);
  }

  /** Reads a series that was not expected at this place, and expects the one that followed it in the last page. */
  #series(content: number): SeriesEntry<T> {
    const { body, lexer, start } = this;
    const { entries } = this.page.cache;
    lexer.offsets.length = 0;
    lexer.nameStart = -1;
    let at = lexer.metricName(content);
    if (at > content) {
      lexer.nameStart = start; // with the blanks before it, which make the name invalid, as in Prometheus
      lexer.nameEnd = at;
      lexer.end = at;
      at = lexer.blanks(at);
    } else if (body[at] !== 123) throw lexer.expected("metric name, comment or brace", content);
    if (body[at] === 123) lexer.labels(at + 1, rules);
    if (lexer.nameStart < 0) throw new ExpositionError("metric name is not set");
    const key = body.toString("latin1", start, lexer.end);
    let entry = entries.get(key);
    if (entry === undefined) {
      const name = lexer.text(lexer.nameStart, lexer.nameEnd);
      entry = newEntry<T>(seriesLabels(lexer, name, this), name);
      entries.set(key, entry);
    }
    const { line } = entry;
    if (this.#store.refs[line] === entry) this.#expectAfter(line);
    this.#add(start, lexer.end, body[lexer.end - 1] === 125 ? lineKinds.closedSeries : lineKinds.bareSeries, entry);
    entry.line = (this.#fresh as LineStore).count - 1; // add made it
    return entry;
  }

  #expectAfter(line: number): void {
    this.#fresh ??= new LineStore(this.#store, this.#expected);
    this.#expected = line + 1;
  }

  /** Reads a HELP, TYPE or comment line and returns where the next begins, -1 when a zero byte ended the page. */
  #meta(start: number, hash: number): number {
    const { body, lexer } = this;
    const lineEnd = body.indexOf(10, hash);
    const word = lexer.blanks(hash + 1);
    const keyword = body.toString("latin1", word, word + 5);
    const isMeta =
      word > hash + 1 && (keyword === "HELP " || keyword === "HELP\t" || keyword === "TYPE " || keyword === "TYPE\t");
    if (!isMeta) {
      const zero = word > hash + 1 ? -1 : body.subarray(hash, lineEnd).indexOf(0);
      if (zero >= 0) return -1;
      this.#addMeta(start, lineEnd + 1, { kind: "comment", family: "", text: "" });
      return lineEnd + 1;
    }
    const nameStart = lexer.blanks(word + 4);
    const quotedEnd = lexer.quotedName(nameStart);
    const quoted = quotedEnd > nameStart;
    const nameEnd = quoted ? quotedEnd : lexer.metricName(nameStart);
    if (nameEnd === nameStart) throw lexer.expected(`metric name after ${keyword.slice(0, 4)}`, nameStart);
    const family = quoted
      ? body.toString("utf8", nameStart + 1, nameEnd - 1)
      : body.toString("latin1", nameStart, nameEnd);
    const textEnd = quoted ? body.indexOf(10, nameEnd) : lineEnd;
    const blank = lexer.blanks(nameEnd) === textEnd;
    const textStart = blank ? textEnd : nameEnd + 1;
    const text = body.toString("utf8", textStart, textEnd);
    if (keyword.startsWith("TYPE")) {
      const type = types.get(text);
      if (type === undefined) throw new ExpositionError(`expected a metric type, got ${JSON.stringify(text)}`);
      this.#addMeta(start, textEnd + 1, { kind: "type", family, text: type });
    } else {
      if (!isUtf8(body.subarray(textStart, textEnd))) throw new ExpositionError("help text is not valid UTF-8");
      this.#addMeta(start, textEnd + 1, { kind: "help", family, text: unescapeHelp(text) });
    }
    return textEnd + 1;
  }

  #addMeta(from: number, to: number, line: MetaLine): void {
    this.#add(from, to, lineKinds.meta, line);
    this.#apply(line);
  }

  #apply(line: MetaLine): void {
    if (line.kind === "type") {
      this.type = line.text as MetricType; // of a TYPE line: checked when it was read
      if (this.collector !== undefined) {
        const { collector } = this;
        collector.type = this.type;
        collector.family = line.family;
      }
    }
    this.collector?.flush();
    if (line.kind !== "comment") this.page.describe(line.family, line.kind, line.text);
  }

  #float(from: number, to: number): number {
    const text = this.body.toString("latin1", from, to);
    const value = parseFloatText(text);
    if (to === from) throw this.lexer.expected("value", from);
    if (value === undefined)
      throw new ExpositionError(
        `expected a number as value, got ${JSON.stringify(this.body.toString("utf8", from, to))}`,
      );
    return value;
  }

  #timestampEnd(from: number): number {
    const { body } = this;
    let at = from;
    while ((body[at] as number) >= 48 && (body[at] as number) <= 57) at++; // a line break follows
    if (at === from) throw this.lexer.expected("timestamp or line end", from);
    return at;
  }

  #timestamp(from: number, to: number): number {
    const text = this.body.toString("latin1", from, to);
    if (text.length > 18 && BigInt(text) > 9223372036854775807n)
      throw new ExpositionError(`expected a timestamp of 64 bits, got ${text}`);
    return Number(text);
  }
}

/** Where the word ends that stands for a value. */
function valueEnd(body: Buffer, from: number): number {
  let at = from;
  for (; at < body.length; at++) {
    const byte = body[at];
    if (byte === 32 || byte === 9 || byte === 10 || byte === 123 || byte === 0) break;
  }
  return at;
}

const unescapeHelp = (text: string) =>
  text.includes("\\") ? text.replace(/\\([\\n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped)) : text;
