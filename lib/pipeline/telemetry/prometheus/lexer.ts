/** Finds the name and the labels of a series in the bytes of a line; shared by the text format and OpenMetrics. */
import { isUtf8 } from "node:buffer";
import { compareBytes, type Labels } from "../labels.ts";
import type { MetricType } from "./model.ts";
import { formatOpenMetricsFloat, parseFloatText } from "./numbers.ts";
import { ExpositionError } from "./series-cache.ts";

/** Where the formats differ. */
export interface LabelRules {
  /** Blanks and tabs may stand between tokens. */
  readonly blanks: boolean;
  /** A comma must stand between labels. */
  readonly commas: boolean;
  /** A line break may stand in a value. */
  readonly breaks: boolean;
  /** A quoted name alone is the metric's name; false for exemplars. */
  readonly metricName: boolean;
}

const space = 32;
const tab = 9;
const newline = 10;
const quote = 34;
const backslash = 92;

/** Bytes of names: 1 may begin a label's name, 2 may only follow, 4 (a colon) is for metric names only. */
const nameBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  if ((byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95) return 1;
  if (byte >= 48 && byte <= 57) return 2;
  return byte === 58 ? 4 : 0;
});

/** Whether a byte may be in a metric's name. */
export const isNameByte = (byte: number): boolean => nameBytes[byte] !== 0 && byte <= 255;

/** The parts of the series that was read last, as offsets into the body. */
export class SeriesLexer {
  body: Buffer;
  nameStart = -1;
  nameEnd = -1;
  /** Per label: name start and end, value start and end. */
  readonly offsets: number[] = [];
  /** Where the series' text ends. */
  end = 0;
  /** Labels and values are ASCII without escapes. */
  plain = true;

  constructor(body: Buffer) {
    this.body = body;
  }

  /** Skips blanks and tabs. */
  blanks(at: number): number {
    const { body } = this;
    let position = at;
    while (body[position] === space || body[position] === tab) position++;
    return position;
  }

  /** Where the unquoted metric name that begins here ends; `at` itself when none does. */
  metricName(at: number): number {
    const { body } = this;
    const first = nameBytes[body[at] ?? 0];
    if (first !== 1 && first !== 4) return at;
    let position = at + 1;
    while (position < body.length && nameBytes[body[position] as number] !== 0) position++; // inside the body
    return position;
  }

  /** Reads labels from behind the opening brace to the closing one, and sets `end` behind it. */
  labels(start: number, rules: LabelRules): void {
    const { body, offsets } = this;
    offsets.length = 0;
    this.plain = true;
    let at = rules.blanks ? this.blanks(start) : start;
    while (body[at] !== 125) {
      const quoted = body[at] === quote;
      const from = at;
      at = quoted ? this.#quoted(at, "label name", true) : this.#labelName(at);
      const to = at;
      if (rules.blanks) at = this.blanks(at);
      if (quoted && (body[at] === 44 || body[at] === 125)) {
        if (!rules.metricName) throw this.expected("equal sign", at);
        if (this.nameStart >= 0) throw new ExpositionError("metric name is already set");
        this.nameStart = from + 1;
        this.nameEnd = to - 1;
        if (body[at] === 44) at = rules.blanks ? this.blanks(at + 1) : at + 1;
        continue;
      }
      if (body[at] !== 61) throw this.expected("equal sign", at);
      at = rules.blanks ? this.blanks(at + 1) : at + 1;
      const valueEnd = this.#quoted(at, "label value", rules.breaks);
      if (quoted) offsets.push(from + 1, to - 1, at + 1, valueEnd - 1);
      else offsets.push(from, to, at + 1, valueEnd - 1);
      at = rules.blanks ? this.blanks(valueEnd) : valueEnd;
      if (body[at] === 44) at = rules.blanks ? this.blanks(at + 1) : at + 1;
      else if (rules.commas && body[at] !== 125) throw this.expected("comma or closing brace", at);
    }
    this.end = at + 1;
  }

  #labelName(start: number): number {
    const { body } = this;
    if (nameBytes[body[start] ?? 0] !== 1) throw this.expected("label name", start);
    let at = start + 1;
    while (at < body.length && ((nameBytes[body[at] as number] as number) & 3) !== 0) at++; // inside the body, a table of all bytes
    return at;
  }

  /** The end of the quoted text that begins here. */
  #quoted(start: number, what: string, breaks: boolean): number {
    const { body } = this;
    if (body[start] !== quote) throw this.expected(what, start);
    let seen = 0;
    for (let at = start + 1; at < body.length; at++) {
      const byte = body[at] as number; // inside the body
      if (byte === quote) {
        if (seen >= 0x80) {
          this.plain = false;
          if (what === "label value" && !isUtf8(body.subarray(start, at)))
            throw new ExpositionError("label value is not valid UTF-8");
        }
        return at + 1;
      }
      if (byte === backslash) {
        this.plain = false;
        if (body[++at] === newline) break;
      }
      if (byte === newline && !breaks) break;
      seen |= byte;
    }
    throw this.expected(`closing quote of the ${what}`, body.length);
  }

  /** The end of a quoted metric name in a HELP, TYPE or UNIT line; `at` itself when none begins here. */
  quotedName(at: number): number {
    return this.body[at] === quote ? this.#quoted(at, "metric name", true) : at;
  }

  /** An error that names what was expected and shows what stands there. */
  expected(what: string, at: number): ExpositionError {
    const byte = this.body[at];
    const got =
      byte === undefined
        ? "the end of the page"
        : byte === newline
          ? "the end of the line"
          : JSON.stringify(this.body.toString("utf8", at, at + 1));
    return new ExpositionError(`expected ${what}, got ${got}`);
  }

  /** A piece of the body as text, with `\"`, `\\` and `\n` replaced. */
  text(from: number, to: number): string {
    return replaceEscapes(this.body.toString("utf8", from, to));
  }
}

/** Replaces the three escapes that label values know; others stay as they are. */
export function replaceEscapes(text: string): string {
  return text.includes("\\")
    ? text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))
    : text;
}

/** What the lines before a series said of it. */
export interface LabelContext {
  readonly type: MetricType;
  readonly unit: string;
  readonly enable_type_and_unit_labels: boolean;
}

/** The label set of the series that the lexer has read, whose text is `raw`, with `le` and `quantile` rewritten as Prometheus does. */
export function seriesLabels(lexer: SeriesLexer, raw: string, name: string, context: LabelContext): Labels {
  const { offsets, plain } = lexer;
  const start = lexer.end - raw.length;
  const flat = ["__name__", name];
  for (let i = 0; i < offsets.length; i += 4) {
    const from = offsets[i] as number; // four offsets a label, here and below
    const to = offsets[i + 1] as number;
    const valueFrom = offsets[i + 2] as number;
    const valueTo = offsets[i + 3] as number;
    const label = plain ? raw.slice(from - start, to - start) : lexer.text(from, to);
    const value = plain ? raw.slice(valueFrom - start, valueTo - start) : lexer.text(valueFrom, valueTo);
    if (!isOverridden(label, context)) flat.push(label, normalized(context.type, label, value));
  }
  return sortedLabels(context.enable_type_and_unit_labels ? [...flat, ...typeAndUnit(context)] : flat);
}

/**
 * Sorts name, value pairs as `labelsFrom` does, but keeps empty values: with `honor_labels` they take the target's label away.
 * There are few labels and they are often in order, so an insertion does best.
 */
export function sortedLabels(flat: readonly string[]): Labels {
  const sorted: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] as string; // pairs, here and below
    const value = flat[i + 1] as string;
    let at = sorted.length;
    while (at > 0 && compareBytes(name, sorted[at - 2] as string) < 0) at -= 2;
    if (at > 0 && sorted[at - 2] === name) sorted[at - 1] = value;
    else if (at === sorted.length) sorted.push(name, value);
    else sorted.splice(at, 0, name, value);
  }
  return sorted;
}

/** The `__type__` and `__unit__` labels that are known. */
export function typeAndUnit({ type, unit }: LabelContext): string[] {
  const flat: string[] = [];
  if (type !== "unknown") flat.push("__type__", type);
  if (unit !== "") flat.push("__unit__", unit);
  return flat;
}

/** Whether a label that the page gives is replaced by what is known from its family. */
export function isOverridden(label: string, { type, unit, enable_type_and_unit_labels }: LabelContext): boolean {
  if (!enable_type_and_unit_labels) return false;
  return label === "__name__" || (label === "__type__" && type !== "unknown") || (label === "__unit__" && unit !== "");
}

function normalized(type: MetricType, label: string, value: string): string {
  if ((type !== "histogram" || label !== "le") && (type !== "summary" || label !== "quantile")) return value;
  const number = parseFloatText(value);
  return number === undefined ? value : formatOpenMetricsFloat(number);
}
