/** OpenMetrics text, all versions alike, with the strictness of Prometheus' parser: single spaces, no comments, `# EOF` at the end. */
import { isUtf8 } from "node:buffer";
import { labelsFrom } from "../labels.ts";
import { type LabelRules, replaceEscapes } from "./lexer.ts";
import { LineParser } from "./line-parser.ts";
import type { Exemplar, MetricType } from "./model.ts";
import { decimalEnd, parseDecimal } from "./numbers.ts";
import { ExpositionError, lineKinds, type MetaLine, type SeriesEntry } from "./series-cache.ts";

const rules: LabelRules = { blanks: false, commas: true, breaks: false, metricName: true };
const exemplarRules: LabelRules = { ...rules, metricName: false };

const types: ReadonlySet<string> = new Set<MetricType>([
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
  "unknown",
]);

const missingEnd = "page should end with # EOF";

/** Reads a page up to its `# EOF`. */
export class OpenMetricsParser<T> extends LineParser<T> {
  protected readLines(): void {
    const { body } = this;
    for (let at = 0; ; ) {
      this.start = at;
      const recalled = this.recalled(at);
      if (recalled >= 0) {
        if (this.store.kinds[this.expected] === lineKinds.meta) {
          this.apply(this.store.refs[this.expected] as MetaLine); // lines of this kind refer to these
          this.keep(at, recalled);
          at = recalled;
          continue;
        }
        if (body[recalled] === 32) {
          const entry = this.store.refs[this.expected] as SeriesEntry<T>; // lines of this kind refer to these
          this.keep(at, recalled);
          at = this.#values(entry, recalled);
          continue;
        }
      }
      at = this.#unexpected(at);
      if (at < 0) return;
    }
  }

  /** Reads a line that the last page did not have here; returns where the next begins, -1 at the end. */
  #unexpected(at: number): number {
    const { body, lexer } = this;
    if (at >= body.length) throw new ExpositionError(missingEnd);
    if (body[at] === 35) return this.#hash(at);
    lexer.offsets.length = 0;
    lexer.nameStart = -1;
    const nameEnd = lexer.metricName(at);
    if (nameEnd > at) {
      lexer.nameStart = at;
      lexer.nameEnd = nameEnd;
      lexer.end = nameEnd;
    } else if (body[at] !== 123) throw lexer.expected("metric name or one of # HELP, # TYPE, # UNIT, # EOF", at);
    if (body[nameEnd] === 123) lexer.labels(nameEnd + 1, rules);
    return this.#values(this.entry(), lexer.end);
  }

  /** Reads value, timestamp and exemplar, and returns where the next line begins. */
  #values(entry: SeriesEntry<T>, at: number): number {
    const { body, lexer } = this;
    if (body[at] !== 32) throw lexer.expected("space and value after the series", at);
    let value = parseDecimal(body, at + 1);
    let end = decimalEnd;
    if (end < 0 || (body[end] !== 10 && body[end] !== 32)) {
      end = this.#wordEnd(at + 1);
      value = this.float(at + 1, end, "value");
    }
    if (end >= body.length) throw new ExpositionError(missingEnd);
    let timestamp = Number.NaN;
    if (body[end] === 32 && !this.#atExemplar(end)) {
      const from = end + 1;
      end = this.#wordEnd(from);
      // Prometheus counts a sample that is followed by something unreadable, and fails at the next token.
      if (end === from || (body[from] === 35 && end === from + 1)) {
        this.sample(entry, value, timestamp, undefined);
        throw lexer.expected("timestamp, exemplar or line end", from);
      }
      timestamp = this.#seconds(from, end);
    }
    const exemplar = this.#atExemplar(end) ? this.#exemplar(end + 4) : undefined;
    if (exemplar !== undefined) end = lexer.end;
    if (body[end] !== 10) throw lexer.expected("line end", end);
    this.sample(entry, value, timestamp, exemplar);
    return end + 1;
  }

  #atExemplar(at: number): boolean {
    const { body } = this;
    return body[at] === 32 && body[at + 1] === 35 && body[at + 2] === 32 && body[at + 3] === 123;
  }

  /** Reads an exemplar from behind its opening brace; the lexer's `end` is then behind it. */
  #exemplar(at: number): Exemplar {
    const { body, lexer } = this;
    lexer.labels(at, exemplarRules);
    const { offsets } = lexer;
    const pairs: [string, string][] = [];
    for (let i = 0; i < offsets.length; i += 4) {
      // Escapes stay in an exemplar's labels, as in Prometheus.
      const name = body.toString("utf8", offsets[i], offsets[i + 1]);
      pairs.push([name, body.toString("utf8", offsets[i + 2], offsets[i + 3])]);
    }
    const from = lexer.end + 1;
    if (body[lexer.end] !== 32) throw lexer.expected("space and value after the exemplar's labels", lexer.end);
    let end = this.#wordEnd(from);
    const value = this.float(from, end, "value of the exemplar");
    let timestamp: number | undefined;
    if (body[end] === 32) {
      const start = end + 1;
      end = this.#wordEnd(start);
      timestamp = this.#seconds(start, end);
    }
    lexer.end = end;
    return { labels: labelsFrom(pairs), value, timestamp };
  }

  /** A time in seconds as milliseconds. */
  #seconds(from: number, to: number): number {
    const seconds = this.float(from, to, "timestamp");
    if (!Number.isFinite(seconds)) throw new ExpositionError(`expected a finite timestamp, got ${seconds}`);
    return Math.trunc(seconds * 1000);
  }

  #wordEnd(from: number): number {
    const { body } = this;
    let at = from;
    while (at < body.length && body[at] !== 32 && body[at] !== 10 && body[at] !== 0) at++;
    return at;
  }

  /** Reads a line that begins with a hash: returns where the next begins, -1 after `# EOF`. */
  #hash(start: number): number {
    const { body, lexer } = this;
    const word = body.toString("latin1", start, start + 7);
    if (word.startsWith("# EOF")) {
      const end = body[start + 5] === 10 ? start + 6 : start + 5;
      if (end < body.length) throw new ExpositionError("unexpected data after # EOF");
      return -1;
    }
    const keyword = /^# (HELP|TYPE|UNIT) $/.exec(word)?.[1];
    if (keyword === undefined) throw lexer.expected("one of # HELP, # TYPE, # UNIT, # EOF", start);
    const nameStart = start + 7;
    const quotedEnd = lexer.quotedName(nameStart);
    const quoted = quotedEnd > nameStart;
    const nameEnd = quoted ? quotedEnd : lexer.metricName(nameStart);
    if (nameEnd === nameStart) throw lexer.expected(`metric name after ${keyword}`, nameStart);
    const lineEnd = body.indexOf(10, nameEnd);
    if (body[nameEnd] !== 32 || lineEnd < 0) throw lexer.expected(`space and text in ${keyword}`, nameEnd);
    const family = quoted
      ? body.toString("utf8", nameStart + 1, nameEnd - 1)
      : body.toString("latin1", nameStart, nameEnd);
    if (keyword === "HELP" && !isUtf8(body.subarray(nameEnd, lineEnd)))
      throw new ExpositionError("help text is not valid UTF-8");
    const text = body.toString("utf8", nameEnd + 1, lineEnd);
    this.meta(start, lineEnd + 1, metaLine(keyword, family, text));
    return lineEnd + 1;
  }
}

function metaLine(keyword: string, family: string, text: string): MetaLine {
  if (keyword === "HELP") return { kind: "help", family, text: replaceEscapes(text) };
  if (keyword === "UNIT") {
    if (text !== "" && !family.endsWith(`_${text}`)) {
      throw new ExpositionError(
        `expected a unit that is the suffix of metric ${JSON.stringify(family)}, got ${JSON.stringify(text)}`,
      );
    }
    return { kind: "unit", family, text };
  }
  if (!types.has(text)) throw new ExpositionError(`expected a metric type, got ${JSON.stringify(text)}`);
  return { kind: "type", family, text };
}
