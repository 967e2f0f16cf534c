/** The text format 0.0.4, with Prometheus' tolerances: blanks nearly everywhere, no comma needed between labels, quoted UTF-8 names. */
import { isUtf8 } from "node:buffer";
import { isNameByte, type LabelRules } from "./lexer.ts";
import { LineParser } from "./line-parser.ts";
import type { MetricType } from "./model.ts";
import { decimalEnd, parseDecimal } from "./numbers.ts";
import { ExpositionError, lineKinds, type MetaLine, type SeriesEntry } from "./series-cache.ts";

const rules: LabelRules = { blanks: true, commas: false, breaks: true, metricName: true };

const types: ReadonlyMap<string, MetricType> = new Map([
  ["counter", "counter"],
  ["gauge", "gauge"],
  ["histogram", "histogram"],
  ["summary", "summary"],
  ["untyped", "unknown"],
]);

/** Reads a page whose last byte is a line break, so that one is found behind everything. */
export class TextParser<T> extends LineParser<T> {
  protected readLines(): void {
    const { body } = this;
    const size = body.length;
    for (let at = 0; at < size; ) {
      this.start = at;
      if (body[at] === 10) {
        at++;
        continue;
      }
      const recalled = this.recalled(at);
      if (recalled >= 0) {
        const kind = this.store.kinds[this.expected];
        if (kind === lineKinds.meta) {
          this.apply(this.store.refs[this.expected] as MetaLine); // lines of this kind refer to these
          this.keep(at, recalled);
          at = recalled;
          continue;
        }
        let value = recalled;
        let next = body[value] as number; // a line break follows at the latest, here and below
        const closed = kind === lineKinds.closedSeries;
        if (closed || !isNameByte(next)) {
          while (next === 32 || next === 9) next = body[++value] as number;
          if (closed || next !== 123) {
            const entry = this.store.refs[this.expected] as SeriesEntry<T>; // lines of this kind refer to these
            this.keep(at, recalled);
            at = this.#values(entry, value);
            continue;
          }
        }
      }
      at = this.#unexpected(at);
      if (at < 0) return;
    }
  }

  /** Reads a line that the last page did not have here; returns where the next begins, -1 at the end. */
  #unexpected(start: number): number {
    const { body, lexer } = this;
    const content = lexer.blanks(start);
    const first = body[content];
    if (first === 10) return content + 1;
    if (first === 0) return -1; // Prometheus' lexer takes a zero byte here for the end
    if (first === 35) return this.#comment(start, content);
    return this.#values(this.#series(content), lexer.blanks(lexer.end));
  }

  #series(content: number): SeriesEntry<T> {
    const { body, lexer } = this;
    lexer.offsets.length = 0;
    lexer.nameStart = -1;
    let at = lexer.metricName(content);
    if (at > content) {
      lexer.nameStart = this.start; // with the blanks before it, which make the name invalid, as in Prometheus
      lexer.nameEnd = at;
      lexer.end = at;
      at = lexer.blanks(at);
    } else if (body[at] !== 123) throw lexer.expected("metric name, comment or brace", content);
    if (body[at] === 123) lexer.labels(at + 1, rules);
    return this.entry();
  }

  /** Reads value and timestamp, and returns where the next line begins. */
  #values(entry: SeriesEntry<T>, at: number): number {
    const { body } = this;
    let value = parseDecimal(body, at);
    let end = decimalEnd;
    let next = end < 0 ? 0 : body[end];
    if (next !== 10 && next !== 32 && next !== 9) {
      end = wordEnd(body, at);
      value = this.float(at, end, "value");
      next = body[end];
    }
    let timestamp = Number.NaN;
    if (next !== 10) {
      end = this.lexer.blanks(end);
      if (body[end] !== 10) {
        const from = end;
        end = this.#digitsEnd(from);
        timestamp = integer(body.toString("latin1", from, end));
        end = this.lexer.blanks(end);
        if (body[end] !== 10) throw this.lexer.expected("line end after the timestamp", end);
      }
    }
    this.sample(entry, value, timestamp, undefined);
    return end + 1;
  }

  #digitsEnd(from: number): number {
    const { body } = this;
    let at = from;
    while ((body[at] as number) >= 48 && (body[at] as number) <= 57) at++; // a line break follows
    if (at === from) throw this.lexer.expected("timestamp or line end", from);
    return at;
  }

  /** Reads a HELP, TYPE or comment line and returns where the next begins, -1 when a zero byte ended the page. */
  #comment(start: number, hash: number): number {
    const { body, lexer } = this;
    const word = lexer.blanks(hash + 1);
    const keyword = /^(?:HELP|TYPE)(?=[ \t])/.exec(body.toString("latin1", word, word + 5))?.[0];
    if (word > hash + 1 && keyword !== undefined) return this.#meta(start, keyword, lexer.blanks(word + 4));
    const lineEnd = body.indexOf(10, hash);
    if (word === hash + 1 && body.subarray(hash, lineEnd).includes(0)) return -1;
    this.meta(start, lineEnd + 1, { kind: "comment", family: "", text: "" });
    return lineEnd + 1;
  }

  #meta(start: number, keyword: string, nameStart: number): number {
    const { body, lexer } = this;
    const quotedEnd = lexer.quotedName(nameStart);
    const quoted = quotedEnd > nameStart;
    const nameEnd = quoted ? quotedEnd : lexer.metricName(nameStart);
    if (nameEnd === nameStart) throw lexer.expected(`metric name after ${keyword}`, nameStart);
    const family = quoted
      ? body.toString("utf8", nameStart + 1, nameEnd - 1)
      : body.toString("latin1", nameStart, nameEnd);
    const lineEnd = body.indexOf(10, nameEnd);
    const textStart = lexer.blanks(nameEnd) === lineEnd ? lineEnd : nameEnd + 1;
    const text = body.toString("utf8", textStart, lineEnd);
    if (keyword === "TYPE") {
      const type = types.get(text);
      if (type === undefined) throw new ExpositionError(`expected a metric type, got ${JSON.stringify(text)}`);
      this.meta(start, lineEnd + 1, { kind: "type", family, text: type });
    } else {
      if (!isUtf8(body.subarray(textStart, lineEnd))) throw new ExpositionError("help text is not valid UTF-8");
      this.meta(start, lineEnd + 1, {
        kind: "help",
        family,
        text: text.replace(/\\([\\n])/g, (_, escaped) => (escaped === "n" ? "\n" : "\\")),
      });
    }
    return lineEnd + 1;
  }
}

/** Where the word ends that stands for a value. */
function wordEnd(body: Buffer, from: number): number {
  let at = from;
  for (; at < body.length; at++) {
    const byte = body[at];
    if (byte === 32 || byte === 9 || byte === 10 || byte === 123 || byte === 0) break;
  }
  return at;
}

function integer(digits: string): number {
  if (digits.length > 18 && BigInt(digits) > 9223372036854775807n) {
    throw new ExpositionError(`expected a timestamp of 64 bits, got ${digits}`);
  }
  return Number(digits);
}
