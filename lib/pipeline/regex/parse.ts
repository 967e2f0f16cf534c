/** Reads RE2's syntax by the rules of Go's regexp/syntax in its Perl mode, with the same messages for what it refuses. */
import { anyButNewline, anyChar, type Charset, charset, fold, negate, union } from "./charset.ts";
import { perlClasses, posixClasses, unicodeClass } from "./classes.ts";
import { type Assertion, hasGroup, type Node, type Pattern, RegexError, type Repeat } from "./syntax.ts";

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly swapGreed: boolean;
}

const noFlags: Flags = { ignoreCase: false, multiLine: false, dotAll: false, swapGreed: false };
const flagNames: Readonly<Record<string, keyof Flags>> = {
  i: "ignoreCase",
  m: "multiLine",
  s: "dotAll",
  U: "swapGreed",
};
const maxRepeat = 1000;
const maxDepth = 1000;
const maxSize = 3_355_443; // as Go: 128 MB of its instructions

export function parsePattern(text: string): Pattern {
  const parser = new Parser(text);
  const root = parser.parseAlternation(0);
  if (!parser.done()) throw new RegexError("unexpected )", text);
  if (sizeOf(root) > maxSize) throw new RegexError("expression too large", text);
  return { root: simplify(root), names: parser.names };
}

class Parser {
  readonly names: string[] = [""];
  readonly #text: string;
  #at = 0;
  #flags = noFlags;

  constructor(text: string) {
    this.#text = text;
  }

  done(): boolean {
    return this.#at >= this.#text.length;
  }

  // Alternation = Concatenation { "|" Concatenation } .
  parseAlternation(depth: number): Node {
    if (depth >= maxDepth) throw new RegexError("expression nests too deeply", this.#text);
    const items = [this.parseConcatenation(depth)];
    while (this.#text[this.#at] === "|") {
      this.#at++;
      items.push(this.parseConcatenation(depth));
    }
    return items.length === 1 ? (items[0] as Node) : { kind: "alternate", items };
  }

  // Concatenation = { Atom [ Repetition ] | Flags } .
  parseConcatenation(depth: number): Node {
    const items: Node[] = [];
    let lastRepeat = -1; // where the repetition operator just before begins: two in a row are refused
    while (!this.done()) {
      const char = this.#text[this.#at];
      if (char === "|" || char === ")") break;
      const start = this.#at;
      if (this.#repetition(items, lastRepeat)) {
        lastRepeat = start;
        continue;
      }
      lastRepeat = -1;
      this.#atom(items, depth);
    }
    return items.length === 1 ? (items[0] as Node) : items.length ? { kind: "concat", items } : { kind: "empty" };
  }

  /** Applies `*`, `+`, `?` or `{n,m}` to the last item; false where none stands here. */
  #repetition(items: Node[], lastRepeat: number): boolean {
    const start = this.#at;
    const counts = this.#counts();
    if (!counts) return false;
    let greedy = !this.#flags.swapGreed;
    if (counts.invalid) throw new RegexError("invalid repeat count", this.#text.slice(start, this.#at));
    if (this.#text[this.#at] === "?") {
      this.#at++;
      greedy = !greedy;
    }
    if (lastRepeat >= 0) {
      throw new RegexError("invalid nested repetition operator", this.#text.slice(lastRepeat, this.#at));
    }
    const body = items.pop();
    const operator = this.#text.slice(start, this.#at);
    if (!body) throw new RegexError("missing argument to repetition operator", operator);
    const repeat: Repeat = { kind: "repeat", body, min: counts.min, max: counts.max, greedy };
    if (
      counts.counted &&
      (counts.min >= 2 || (counts.max >= 2 && counts.max !== Infinity)) &&
      !copiesFit(repeat, maxRepeat)
    ) {
      throw new RegexError("invalid repeat count", operator);
    }
    items.push(repeat);
    return true;
  }

  /** The bounds of the repetition operator that stands here; what looks like `{n,m}` but is not is an ordinary brace. */
  #counts(): { min: number; max: number; counted: boolean; invalid: boolean } | undefined {
    const char = this.#text[this.#at];
    if (char === "*" || char === "+" || char === "?") {
      this.#at++;
      return { min: char === "+" ? 1 : 0, max: char === "?" ? 1 : Infinity, counted: false, invalid: false };
    }
    if (char !== "{") return undefined;
    const pattern = /\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}/y;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3]);
    const invalid = min > maxRepeat || (max !== Infinity && max > maxRepeat) || min > max;
    return { min, max, counted: true, invalid };
  }

  #atom(items: Node[], depth: number): void {
    const char = this.#text[this.#at];
    switch (char) {
      case "(":
        this.#parenthesis(items, depth);
        return;
      case "^":
        this.#at++;
        items.push(assertion(this.#flags.multiLine ? "lineBegin" : "begin"));
        return;
      case "$":
        this.#at++;
        items.push(assertion(this.#flags.multiLine ? "lineEnd" : "end"));
        return;
      case ".":
        this.#at++;
        items.push({ kind: "set", set: this.#flags.dotAll ? anyChar : anyButNewline });
        return;
      case "[":
        items.push({ kind: "set", set: this.#bracket() });
        return;
      case "\\":
        this.#backslash(items);
        return;
      default:
        items.push(this.#literal(this.#next()));
    }
  }

  #parenthesis(items: Node[], depth: number): void {
    const before = this.#flags;
    let index = 0;
    if (this.#text[this.#at + 1] === "?") {
      const opened = this.#perlGroup();
      if (opened === "flags") return;
      if (opened !== "group") index = this.names.push(opened.name) - 1;
    } else {
      this.#at++;
      index = this.names.push("") - 1;
    }
    const body = this.parseAlternation(depth + 1);
    if (this.#text[this.#at] !== ")") throw new RegexError("missing closing )", this.#text);
    this.#at++;
    this.#flags = before;
    items.push(index ? { kind: "group", index, body } : body);
  }

  /** Reads `(?P<name>`, `(?<name>`, `(?flags:` or `(?flags)`. */
  #perlGroup(): { name: string } | "group" | "flags" {
    const start = this.#at;
    const rest = this.#text.slice(start);
    const named = (rest.length > 4 && rest.startsWith("(?P<")) || (rest.length > 3 && rest.startsWith("(?<"));
    if (named) {
      const end = rest.indexOf(">");
      if (end < 0) throw new RegexError("invalid named capture", rest);
      const name = rest.slice(rest.indexOf("<") + 1, end);
      if (!/^[A-Za-z0-9_]+$/.test(name)) throw new RegexError("invalid named capture", rest.slice(0, end + 1));
      this.#at += end + 1;
      return { name };
    }
    this.#at += 2;
    let flags = this.#flags;
    let set = true;
    let seen = false;
    while (!this.done()) {
      const char = this.#nextChar();
      const flag = Object.hasOwn(flagNames, char) ? flagNames[char] : undefined;
      if (flag) {
        flags = { ...flags, [flag]: set };
        seen = true;
      } else if (char === "-" && set) {
        set = false;
        seen = false;
      } else if ((char === ":" || char === ")") && (set || seen)) {
        this.#flags = flags; // to the end of the group around, or of its own, which restores them too
        return char === ":" ? "group" : "flags";
      } else break;
    }
    throw new RegexError("invalid or unsupported Perl syntax", this.#text.slice(start, this.#at));
  }

  #backslash(items: Node[]): void {
    const char = this.#text[this.#at + 1];
    switch (char) {
      case "A":
      case "b":
      case "B":
      case "z":
        this.#at += 2;
        items.push(
          assertion(char === "A" ? "begin" : char === "z" ? "end" : char === "b" ? "wordBoundary" : "notWordBoundary"),
        );
        return;
      case "C":
        throw new RegexError("invalid escape sequence", "\\C");
      case "Q": {
        const end = this.#text.indexOf("\\E", this.#at + 2);
        const literal = this.#text.slice(this.#at + 2, end < 0 ? undefined : end);
        this.#at = end < 0 ? this.#text.length : end + 2;
        for (const each of literal) items.push(this.#literal(each.codePointAt(0) as number)); // never empty
        return;
      }
      default: {
        const set = this.#classEscape();
        items.push(set ? { kind: "set", set } : this.#literal(this.#escape()));
      }
    }
  }

  #literal(codePoint: number): Node {
    const set: Charset = [codePoint, codePoint];
    return { kind: "set", set: this.#flags.ignoreCase ? fold(set) : set };
  }

  /** `\d`, `\pL` and the like; `undefined` where another escape stands. */
  #classEscape(): Charset | undefined {
    if (this.#text[this.#at] !== "\\") return undefined;
    const letter = this.#text[this.#at + 1];
    if (letter === undefined) return undefined;
    if (letter === "p" || letter === "P") return this.#unicodeEscape(letter === "P");
    const set = perlClasses.get(letter.toLowerCase());
    if (!set) return undefined;
    this.#at += 2;
    return this.#cased(set, letter !== letter.toLowerCase());
  }

  #cased(set: Charset, negated: boolean): Charset {
    const cased = this.#flags.ignoreCase ? fold(set) : set;
    return negated ? negate(cased) : cased;
  }

  #unicodeEscape(negated: boolean): Charset {
    const start = this.#at;
    this.#at += 2;
    let name = "";
    if (!this.done()) {
      name = String.fromCodePoint(this.#next());
      if (name === "{") {
        const end = this.#text.indexOf("}", start);
        if (end < 0) throw new RegexError("invalid character class range", this.#text.slice(start));
        name = this.#text.slice(this.#at, end);
        this.#at = end + 1;
      }
    }
    const inverted = name.startsWith("^");
    const set = unicodeClass(inverted ? name.slice(1) : name);
    if (!set) throw new RegexError("invalid character class range", this.#text.slice(start, this.#at));
    return this.#cased(set, negated !== inverted);
  }

  // Bracket = "[" [ "^" ] Item { Item } "]" .
  #bracket(): Charset {
    const start = this.#at;
    this.#at++;
    const negated = this.#text[this.#at] === "^";
    if (negated) this.#at++;
    let set: Charset = [];
    const ranges: number[] = [];
    for (let first = true; first || this.#text[this.#at] !== "]"; first = false) {
      const named = this.#posixClass() ?? this.#classEscape();
      if (named) {
        set = union(set, named);
        continue;
      }
      const rangeStart = this.#at;
      const lo = this.#classChar(start);
      let hi = lo;
      if (this.#text[this.#at] === "-" && this.#at + 1 < this.#text.length && this.#text[this.#at + 1] !== "]") {
        this.#at++;
        hi = this.#classChar(start);
        if (hi < lo) throw new RegexError("invalid character class range", this.#text.slice(rangeStart, this.#at));
      }
      ranges.push(lo, hi);
    }
    this.#at++;
    const plain = charset(ranges);
    const whole = union(set, this.#flags.ignoreCase ? fold(plain) : plain);
    return negated ? negate(whole) : whole;
  }

  #posixClass(): Charset | undefined {
    if (!this.#text.startsWith("[:", this.#at)) return undefined;
    const end = this.#text.indexOf(":]", this.#at + 2);
    if (end < 0) return undefined;
    const whole = this.#text.slice(this.#at, end + 2);
    const name = whole.slice(2, -2);
    const negated = name.startsWith("^");
    const set = posixClasses.get(negated ? name.slice(1) : name);
    if (!set) throw new RegexError("invalid character class range", whole);
    this.#at = end + 2;
    return this.#cased(set, negated);
  }

  #classChar(bracketStart: number): number {
    if (this.done()) throw new RegexError("missing closing ]", this.#text.slice(bracketStart));
    return this.#text[this.#at] === "\\" ? this.#escape() : this.#next();
  }

  /** A single character written with a backslash. */
  #escape(): number {
    const start = this.#at;
    this.#at++;
    if (this.done()) throw new RegexError("trailing backslash at end of expression", "");
    const char = this.#nextChar();
    const invalid = () => new RegexError("invalid escape sequence", this.#text.slice(start, this.#at));
    const simple = simpleEscapes.get(char);
    if (simple !== undefined) return simple;
    if (char === "x") return this.#hexadecimal(invalid);
    if (char >= "0" && char <= "7") {
      const digits = /[0-7]{0,2}/y;
      digits.lastIndex = this.#at;
      const more = digits.exec(this.#text)?.[0] ?? "";
      if (char !== "0" && more === "") throw invalid(); // a back reference
      this.#at += more.length;
      return Number.parseInt(char + more, 8);
    }
    if (char < "\u0080" && !/[A-Za-z0-9]/.test(char)) return char.charCodeAt(0);
    throw invalid();
  }

  #hexadecimal(invalid: () => RegexError): number {
    if (this.done()) throw invalid();
    const first = this.#nextChar();
    if (first !== "{") {
      const second = this.done() ? "" : this.#nextChar();
      if (!/^[0-9A-Fa-f]{2}$/.test(first + second)) throw invalid();
      return Number.parseInt(first + second, 16);
    }
    let value = 0;
    for (let count = 0; !this.done(); count++) {
      const digit = this.#nextChar();
      if (digit === "}" && count > 0) return value;
      if (!/^[0-9A-Fa-f]$/.test(digit)) throw invalid();
      value = value * 16 + Number.parseInt(digit, 16);
      if (value > 0x10ffff) throw invalid();
    }
    throw invalid();
  }

  #next(): number {
    const code = this.#text.codePointAt(this.#at) as number; // callers look for the end first
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  #nextChar(): string {
    return String.fromCodePoint(this.#next());
  }
}

const simpleEscapes: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ["v", 11],
]);

const assertion = (at: Assertion): Node => ({ kind: "assert", at });

/** Whether repetitions inside one another stay below a number of copies of the innermost part. */
function copiesFit(node: Node, copies: number): boolean {
  switch (node.kind) {
    case "repeat": {
      const counted = node.max !== Infinity ? node.max : node.min;
      if (node.max === 0) return true;
      const star = node.max === Infinity && node.min <= 1;
      const optional = node.max === 1;
      if (!star && !optional && counted > copies) return false;
      return copiesFit(node.body, counted > 0 && !star ? Math.trunc(copies / counted) : copies);
    }
    case "group":
      return copiesFit(node.body, copies);
    case "concat":
    case "alternate":
      return node.items.every(item => copiesFit(item, copies));
    default:
      return true;
  }
}

/** The instructions that Go would need. */
function sizeOf(node: Node): number {
  switch (node.kind) {
    case "group":
      return 2 + sizeOf(node.body);
    case "concat":
    case "alternate":
      return node.items.reduce(
        (sum, item) => sum + sizeOf(item),
        node.kind === "alternate" ? node.items.length - 1 : 0,
      );
    case "repeat": {
      const body = sizeOf(node.body);
      const optional = node.max === Infinity ? (node.min === 0 ? 2 + body : 1) : (node.max - node.min) * (body + 1);
      return Math.max(1, node.min * body + optional);
    }
    default:
      return 1;
  }
}

/** Leaves out what has no effect, as Go does before it compiles, and joins alternatives of single characters. */
function simplify(node: Node): Node {
  switch (node.kind) {
    case "group":
      return { ...node, body: simplify(node.body) };
    case "concat": {
      const items = node.items
        .map(simplify)
        .flatMap(item => (item.kind === "concat" ? item.items : item.kind === "empty" ? [] : [item]));
      return items.length === 1 ? (items[0] as Node) : items.length ? { kind: "concat", items } : { kind: "empty" };
    }
    case "alternate":
      return alternate(node.items.map(simplify));
    case "repeat":
      return simplifyRepeat(node, simplify(node.body));
    default:
      return node;
  }
}

function simplifyRepeat({ min, max, greedy }: Repeat, body: Node): Node {
  if (body.kind === "empty" || (max === 0 && !hasGroup(body))) return { kind: "empty" }; // groups that never match still count
  if (min === 1 && max === 1) return body;
  const plain = (min === 0 && (max === 1 || max === Infinity)) || (min === 1 && max === Infinity);
  if (plain && body.kind === "repeat" && body.min === min && body.max === max && body.greedy === greedy) return body;
  return { kind: "repeat", body, min, max, greedy };
}

function alternate(given: readonly Node[]): Node {
  const items: Node[] = [];
  for (const item of given.flatMap(each => (each.kind === "alternate" ? each.items : [each]))) {
    const last = items.at(-1);
    if (last?.kind === "set" && item.kind === "set")
      items[items.length - 1] = { kind: "set", set: union(last.set, item.set) };
    else items.push(item);
  }
  return items.length === 1 ? (items[0] as Node) : { kind: "alternate", items };
}
