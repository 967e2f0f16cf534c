/**
 * Stream selectors with line filters, the part of LogQL that stages and sources take: `{app="shop", env!~"dev.*"} |= "error"`.
 * Matchers may all match the empty value, and a label that is missing is empty.
 */
import { compileRegex } from "../../regex/regex.ts";
import { decodeEscapes } from "../../syntax/escapes.ts";
import { type Labels, labelValue } from "../../telemetry/labels.ts";

export interface Selector {
  matches(labels: Labels, line: string): boolean;
  matchesLabels(labels: Labels): boolean;
  matchesLine(line: string): boolean;
}

/** A text that is no selector. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

type Operator = "=" | "!=" | "=~" | "!~" | "|=" | "|~";

/** Compiles a selector; throws `SelectorError`. */
export function compileSelector(text: string): Selector {
  const { matchers, filters } = new Parser(text).selector();
  const tests = matchers.map(({ name, operator, value }) => {
    const test = compileTest(operator, value, true);
    return (labels: Labels) => test(labelValue(labels, name));
  });
  const lineTests = filters.map(({ operator, value }) => compileTest(operator, value, false));
  const matchesLabels = (labels: Labels) => tests.every(test => test(labels));
  const matchesLine = (line: string) => lineTests.every(test => test(line));
  return { matchesLabels, matchesLine, matches: (labels, line) => matchesLabels(labels) && matchesLine(line) };
}

/** Matchers compare whole values, filters look for a part of the line. */
function compileTest(operator: Operator, value: string, whole: boolean): (text: string) => boolean {
  const contains = whole ? (text: string) => text === value : (text: string) => text.includes(value);
  switch (operator) {
    case "=":
    case "|=":
      return contains;
    case "!=":
      return text => !contains(text);
    default: {
      const regex = compile(whole ? `^(?s:${value})$` : value);
      return operator === "!~" ? text => !regex.test(text) : text => regex.test(text);
    }
  }
}

function compile(pattern: string) {
  try {
    return compileRegex(pattern);
  } catch (error) {
    throw new SelectorError(error instanceof Error ? error.message : String(error));
  }
}

interface Matcher {
  readonly name: string;
  readonly operator: Operator;
  readonly value: string;
}

type Filter = Omit<Matcher, "name">;

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  // "{" [ matcher { "," matcher } ] "}" { filter }
  selector(): { matchers: readonly Matcher[]; filters: readonly Filter[] } {
    this.#expect("{");
    const matchers: Matcher[] = [];
    if (!this.#accept("}")) {
      do matchers.push(this.#matcher());
      while (this.#accept(","));
      this.#expect("}");
    }
    const filters: Filter[] = [];
    for (this.#blanks(); this.#at < this.#text.length; this.#blanks()) {
      filters.push({ operator: this.#operator(["|=", "|~", "!=", "!~"]), value: this.#string() });
    }
    return { matchers, filters };
  }

  #matcher(): Matcher {
    const name = this.#take(/[\p{L}_][\p{L}\p{Nd}_]*/uy);
    if (name === undefined) this.#fail("a label name");
    return { name, operator: this.#operator(["=~", "!=", "!~", "="]), value: this.#string() };
  }

  #operator<const T extends Operator>(known: readonly T[]): T {
    const found = known.find(operator => this.#accept(operator));
    return found ?? this.#fail(known.map(operator => `"${operator}"`).join(", "));
  }

  #string(): string {
    const literal = this.#take(/"(?:[^"\\\n]|\\[\s\S])*"/y);
    if (literal === undefined) this.#fail("a string in double quotes");
    const inner = literal.slice(1, -1);
    if (!inner.includes("\\")) return inner;
    const bad = (written: string): never => {
      throw new SelectorError(`invalid escape ${written} in ${literal}`);
    };
    return decodeEscapes(inner, { bad });
  }

  #expect(token: string): void {
    if (!this.#accept(token)) this.#fail(`"${token}"`);
  }

  #accept(token: string): boolean {
    this.#blanks();
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    this.#blanks();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #blanks(): void {
    while (/^[ \t\r\n]$/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  #fail(expected: string): never {
    const got = this.#at < this.#text.length ? `"${this.#text.slice(this.#at)}"` : "the end";
    throw new SelectorError(`parse error at column ${this.#at + 1}: expected ${expected}, got ${got}`);
  }
}
