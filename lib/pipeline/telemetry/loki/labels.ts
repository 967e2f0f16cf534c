/**
 * Label sets as Loki's push API writes them: `{app="web", env="prod"}`.
 *
 *   printLabels(["env", "prod", "app", "web"]) → `{app="web", env="prod"}`
 *   parseLabels(`{b="2", a="1"}`) → ["a", "1", "b", "2"]
 */
import { decodeEscapes } from "../../syntax/escapes.ts";
import { goQuote } from "../../syntax/quote.ts";
import { compareBytes, type Labels, labelsFrom, labelsKey } from "../labels.ts";

/** A label string that cannot be read. */
export class LabelSyntaxError extends Error {
  override readonly name = "LabelSyntaxError";
}

const plain = /^[ !#-[\]-~]*$/;

/** Prints name, value pairs sorted by name in byte order, values as Go's `%q`. Empty values are printed too. */
export function printLabels(pairs: readonly string[]): string {
  const order: number[] = [];
  for (let i = 0; i < pairs.length; i += 2) order.push(i);
  order.sort((a, b) => compareBytes(pairs[a] as string, pairs[b] as string)); // indices of names
  let out = "{";
  for (const [position, i] of order.entries()) {
    const value = pairs[i + 1] as string; // pairs
    out += `${position === 0 ? "" : ", "}${pairs[i]}=${plain.test(value) ? `"${value}"` : goQuote(value)}`;
  }
  return `${out}}`;
}

const blank = /(?:[ \t\r\n]|#[^\n]*)*/y;
const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/y;

/**
 * Reads a label string as PromQL reads a metric: names, or quoted names of any text, with values between double or single quotes or
 * backticks; a metric name before the braces, or quoted alone within them, becomes `__name__`. Empty values vanish, of equal names the last counts.
 */
export function parseLabels(text: string): Labels {
  const scanner = new Scanner(text);
  const pairs: [string, string][] = [];
  const name = scanner.match(metricName);
  if (scanner.accept("{")) {
    while (!scanner.accept("}")) {
      pairs.push(scanner.label());
      if (scanner.accept(",")) continue;
      scanner.expect("}");
      break;
    }
  }
  scanner.end();
  if (name !== undefined) pairs.push(["__name__", name]);
  return labelsFrom(pairs);
}

const byText = new Map<string, Labels>();
const byKey = new Map<string, Labels>();
const maxShared = 20_000;

/** As `parseLabels`, but gives the same object for the same text as long as it remembers it. */
export function parseLabelsShared(text: string): Labels {
  let labels = byText.get(text);
  if (labels === undefined) {
    labels = sharedLabels(parseLabels(text));
    if (byText.size >= maxShared) byText.clear();
    byText.set(text, labels);
  }
  return labels;
}

/** The object that stands for all equal label sets, so that work on labels can be cached by identity. */
export function sharedLabels(labels: Labels): Labels {
  const key = labelsKey(labels);
  const known = byKey.get(key);
  if (known !== undefined) return known;
  if (byKey.size >= maxShared) byKey.clear();
  byKey.set(key, labels);
  return labels;
}

class Scanner {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    if (text.includes("\ufffd"))
      throw new LabelSyntaxError(`label string should be valid UTF-8, got ${JSON.stringify(text)}`);
    this.text = text;
    this.#blanks();
  }

  label(): [string, string] {
    const quoted = this.#string();
    const name = quoted ?? this.match(labelName);
    if (name === undefined) throw this.#expected("a label name");
    if (quoted !== undefined && !this.#at("=")) return ["__name__", quoted];
    this.expect("=");
    const value = this.#string();
    if (value === undefined) throw this.#expected("a quoted label value");
    return [name, value];
  }

  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return undefined;
    this.position += found.length;
    this.#blanks();
    return found;
  }

  accept(character: string): boolean {
    if (!this.#at(character)) return false;
    this.position++;
    this.#blanks();
    return true;
  }

  expect(character: string): void {
    if (!this.accept(character)) throw this.#expected(JSON.stringify(character));
  }

  end(): void {
    if (this.position < this.text.length) throw this.#expected("the end");
  }

  #at(character: string): boolean {
    return this.text[this.position] === character;
  }

  #blanks(): void {
    blank.lastIndex = this.position;
    this.position += blank.exec(this.text)?.[0].length ?? 0;
  }

  #expected(what: string): LabelSyntaxError {
    const got =
      this.position < this.text.length ? JSON.stringify(this.text.slice(this.position, this.position + 20)) : "the end";
    return new LabelSyntaxError(
      `label string should have ${what} at position ${this.position}, got ${got}: ${JSON.stringify(this.text)}`,
    );
  }

  #string(): string | undefined {
    const open = this.text[this.position];
    if (open !== '"' && open !== "'" && open !== "`") return undefined;
    const start = this.position + 1;
    let end = start;
    let escaped = false;
    for (; ; end++) {
      const character = this.text[end];
      if (character === open) break;
      if (character === undefined || (character === "\n" && open !== "`")) throw this.#expected("a closing quote");
      if (character !== "\\" || open === "`") continue;
      escaped = true;
      end++;
    }
    const value = this.text.slice(start, end);
    const result = escaped ? this.#unescape(value, open) : value;
    this.position = end + 1;
    this.#blanks();
    return result;
  }

  #unescape(text: string, quote: string): string {
    const bad = (written: string): never => {
      throw this.#expected(`a valid escape instead of ${JSON.stringify(written)}`);
    };
    return decodeEscapes(text, { quote, bad });
  }
}
