/**
 * Go's regular expressions at V8's speed: RE2's syntax and meaning, linear time whatever the pattern and the input.
 *
 * A pattern is parsed by Go's rules (parse.ts). Where V8 is sure to find the same (native.ts) and can't be made to backtrack
 * without bounds (cost.ts), V8 runs it; else an engine of linear time does (linear.ts). What is just a comparison of strings
 * is one (shape.ts).
 *
 *     const regex = compileRegex("level=(?P<level>\\w+)");
 *     regex.exec("a level=info b")?.[1]; // "info"
 *     regex.replaceAll("level=warn", "<${level}>"); // "<warn>"
 *
 * Positions are those of JavaScript strings.
 */
import { first, literalPrefix, startsAtBegin } from "./cost.ts";
import { type LinearRegex, linearRegex } from "./linear.ts";
import { parsePattern } from "./parse.ts";
import { charTest, compileProgram } from "./program.ts";
import { forTest, plainTest } from "./shape.ts";
import { type Node, nullable } from "./syntax.ts";
import { compileTemplate, type Expander } from "./template.ts";
import { V8Regex } from "./v8.ts";

export { RegexError } from "./syntax.ts";
export type { Expander } from "./template.ts";

/** The texts of a match and its groups, `undefined` for a group that took no part; `index` is where the match begins. */
export interface RegexMatch extends ReadonlyArray<string | undefined> {
  readonly 0: string;
  readonly index: number;
}

export interface RegexOptions {
  /** Match the whole text with `.` matching newlines, as Prometheus wraps a pattern: `^(?s:…)$`. */
  readonly anchored?: boolean;
}

export interface Regex {
  readonly pattern: string;
  /** By group number; the first is the whole match, unnamed groups are empty. Go's SubexpNames. */
  readonly groupNames: readonly string[];
  /** Without the whole match. */
  readonly groupCount: number;
  test(text: string): boolean;
  /** The leftmost match that begins at `from` or after it; the text before `from` still counts for `^` and `\b`. */
  exec(text: string, from?: number): RegexMatch | null;
  /** As `exec`, but positions: `[start, end]` of the match and of each group, -1 for a group that took no part. */
  indices(text: string, from?: number): ArrayLike<number> | null;
  /** All matches that do not overlap, empty ones as Go's FindAll takes them. */
  matchAll(text: string, limit?: number): RegexMatch[];
  /** As `matchAll`, but positions. */
  matchAllIndices(text: string, limit?: number): ArrayLike<number>[];
  /** Replaces each match by a template (`$1`, `${name}`, `$$`) or by what a function makes of it. */
  replaceAll(text: string, replacement: string | Expander): string;
  /** Compiles a template of this pattern. */
  template(template: string): Expander;
  expand(template: string, match: RegexMatch): string;
  /** The texts between the matches, at most `limit`, as Go's Split. */
  split(text: string, limit?: number): string[];
  /** The longest text that V8 runs; longer ones run in linear time. 0: never V8. */
  readonly nativeLength: number;
}

const compiled = new Map<string, Regex>();
const maxCompiled = 1000;

/** Compiles a pattern in Go's syntax; one that Go refuses throws a RegexError with Go's message. The same pattern is compiled once. */
export function compileRegex(pattern: string, options: RegexOptions = {}): Regex {
  const text = options.anchored ? `^(?s:${pattern})$` : pattern;
  const key = `${options.anchored ? "^" : " "}${pattern}`;
  let regex = compiled.get(key);
  if (!regex) {
    regex = new CompiledRegex(pattern, text);
    if (compiled.size >= maxCompiled) compiled.clear();
    compiled.set(key, regex);
  }
  return regex;
}

class CompiledRegex implements Regex {
  readonly pattern: string;
  readonly groupNames: readonly string[];
  readonly groupCount: number;
  readonly nativeLength: number;
  readonly test: (text: string) => boolean;
  readonly #root: Node;
  readonly #native: V8Regex | undefined;
  #linear: LinearRegex | undefined;
  readonly #templates = new Map<string, Expander>();

  constructor(pattern: string, text: string) {
    const { root, names } = parsePattern(text);
    this.pattern = pattern;
    this.groupNames = names;
    this.groupCount = names.length - 1;
    this.#root = root;
    this.#native = V8Regex.from(root);
    this.nativeLength = this.#native?.maxLength ?? 0;
    this.test = this.#compileTest();
  }

  exec(text: string, from = 0): RegexMatch | null {
    const native = this.#native?.forText(text);
    if (native) return native.exec(text, from);
    const slots = this.#runLinear(text, from);
    return slots ? matchOf(text, slots) : null;
  }

  indices(text: string, from = 0): ArrayLike<number> | null {
    const native = this.#native?.forText(text);
    return native ? native.indices(text, from) : (this.#runLinear(text, from) ?? null);
  }

  matchAll(text: string, limit = Infinity): RegexMatch[] {
    return all(text, limit, from => {
      const match = this.exec(text, from);
      return match && { value: match, start: match.index, end: match.index + match[0].length };
    });
  }

  matchAllIndices(text: string, limit = Infinity): ArrayLike<number>[] {
    return all(text, limit, from => {
      const slots = this.indices(text, from);
      return slots && { value: slots, start: slots[0] as number, end: slots[1] as number }; // the match itself
    });
  }

  replaceAll(text: string, replacement: string | Expander): string {
    const expand = typeof replacement === "string" ? this.template(replacement) : replacement;
    let result = "";
    let copied = 0;
    for (let from = 0; from <= text.length; ) {
      const match = this.exec(text, from);
      if (!match) break;
      const end = match.index + match[0].length;
      result += text.slice(copied, match.index);
      if (end > copied || match.index === 0) result += expand(match); // not for an empty match right after another
      copied = end;
      from = end > from ? end : from + widthAt(text, from);
    }
    return copied === 0 && result === "" ? text : result + text.slice(copied);
  }

  template(template: string): Expander {
    let expander = this.#templates.get(template);
    if (!expander) {
      expander = compileTemplate(template, this.groupNames);
      if (this.#templates.size >= 100) this.#templates.clear(); // templates may be made from data
      this.#templates.set(template, expander);
    }
    return expander;
  }

  expand(template: string, match: RegexMatch): string {
    return this.template(template)(match);
  }

  split(text: string, limit = Infinity): string[] {
    if (limit === 0) return [];
    if (this.pattern !== "" && text === "") return [""];
    const parts: string[] = [];
    let begin = 0;
    let end = 0;
    for (const [start = 0, stop = 0] of this.matchAllIndices(text, limit).map(slots => [slots[0], slots[1]])) {
      if (parts.length >= limit - 1) break;
      end = start;
      if (stop !== 0) parts.push(text.slice(begin, end));
      begin = stop;
    }
    if (end !== text.length) parts.push(text.slice(begin));
    return parts;
  }

  #compileTest(): (text: string) => boolean {
    const reduced = forTest(this.#root);
    const plain = plainTest(reduced);
    if (plain) return plain;
    const native = V8Regex.from(reduced);
    const slow = (text: string) => this.#runLinear(text, 0) !== undefined;
    return native ? text => native.forText(text)?.test(text) ?? slow(text) : slow;
  }

  #runLinear(text: string, from: number) {
    this.#linear ??= linearRegex(compileProgram(this.#root, this.groupCount), {
      first: nullable(this.#root) ? undefined : charTest(first(this.#root)),
      prefix: literalPrefix(this.#root),
      anchored: startsAtBegin(this.#root),
    });
    return this.#linear.run(text, from);
  }
}

function matchOf(text: string, slots: ArrayLike<number>): RegexMatch {
  const groups: (string | undefined)[] = [];
  for (let i = 0; i < slots.length; i += 2) {
    const start = slots[i] as number; // pairs
    groups.push(start < 0 ? undefined : text.slice(start, slots[i + 1]));
  }
  return Object.assign(groups, { index: slots[0] as number }) as unknown as RegexMatch; // the whole match is always there
}

/** Go's rule for successive matches: an empty match right after the match before it is passed over. */
function all<T>(
  text: string,
  limit: number,
  find: (from: number) => { value: T; start: number; end: number } | null,
): T[] {
  const found: T[] = [];
  let previousEnd = -1;
  for (let from = 0; from <= text.length && found.length < limit; ) {
    const match = find(from);
    if (!match) break;
    const empty = match.end === from;
    if (!(empty && match.start === previousEnd)) found.push(match.value);
    from = empty ? from + widthAt(text, from) : match.end;
    previousEnd = match.end;
  }
  return found;
}

const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
