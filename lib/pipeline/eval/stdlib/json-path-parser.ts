/** Reads JSONPath as Go's ojg does; positions in messages count from one. */
import type { Value } from "../value.ts";

export type Fragment =
  | { readonly kind: "root" | "current" | "wildcard" | "descent" }
  | { readonly kind: "key"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "union"; readonly members: readonly (string | number)[] }
  | { readonly kind: "slice"; readonly bounds: readonly (number | undefined)[] }
  | { readonly kind: "filter"; readonly equation: Equation };

export type Equation =
  | { readonly kind: "constant"; readonly value: Value }
  | { readonly kind: "nothing" }
  | { readonly kind: "regex"; readonly regex: RegExp }
  | { readonly kind: "path"; readonly path: readonly Fragment[]; readonly exists: boolean }
  | { readonly kind: "not"; readonly operand: Equation }
  | { readonly kind: "function"; readonly name: string; readonly args: readonly Equation[] }
  | { readonly kind: "operation"; readonly op: string; readonly left: Equation; readonly right: Equation };

/** Parses a path; throws an Error that tells the place. */
export function parsePath(text: string): readonly Fragment[] {
  return new PathParser(text).parse();
}

/** Characters that end a bare key. */
const bareEnd = /[\s"'().[\]^!*,:$@\x00-\x1f]/;
const binding: Readonly<Record<string, number>> = {
  "||": 1,
  "&&": 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  ">": 3,
  "<=": 3,
  ">=": 3,
  in: 3,
  empty: 3,
  has: 3,
  exists: 3,
  "=~": 3,
  "~=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
};
const operator = /^(?:\|\||&&|==|!=|<=|>=|=~|~=|<|>|\+|-|\*|\/|in\b|empty\b|has\b|exists\b)/;
const maxDepth = 100;

class PathParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): readonly Fragment[] {
    const path = this.#path();
    if (this.#at < this.#text.length) this.#fail("parse error");
    return path;
  }

  #fail(message: string): never {
    throw new Error(`${message} at ${this.#at + 1} in ${this.#text}`);
  }

  get #next(): string {
    return this.#text[this.#at] ?? "";
  }

  #space(): void {
    while (this.#next === " ") this.#at++;
  }

  #expect(character: string, message: string): void {
    this.#space();
    if (this.#next !== character) this.#fail(message);
    this.#at++;
  }

  // Path = [ "$" | "@" | Key ] { "." Key | ".*" | ".." | "*" | "[" … "]" }
  #path(): Fragment[] {
    const path: Fragment[] = [];
    for (;;) {
      const fragment = this.#fragment(path.length === 0, path.at(-1)?.kind === "descent");
      if (!fragment) return path;
      path.push(fragment);
    }
  }

  #fragment(first: boolean, afterDescent: boolean): Fragment | undefined {
    const character = this.#next;
    switch (character) {
      case "":
      case "]":
        return undefined;
      case "$":
      case "@":
        if (!first) return undefined;
        this.#at++;
        return { kind: character === "$" ? "root" : "current" };
      case ".":
        this.#at++;
        return this.#afterDot();
      case "*":
        this.#at++;
        return { kind: "wildcard" };
      case "[":
        this.#at++;
        return this.#bracket();
      default:
        return (first || afterDescent) && !bareEnd.test(character) ? this.#key() : undefined;
    }
  }

  #afterDot(): Fragment {
    if (this.#next === "") this.#fail("not terminated");
    if (this.#next === "*" || this.#next === ".") {
      return { kind: this.#text[this.#at++] === "*" ? "wildcard" : "descent" };
    }
    if (bareEnd.test(this.#next)) {
      const character = this.#next;
      this.#at++;
      this.#fail(`an expression fragment can not start with a '${character}'`);
    }
    return this.#key();
  }

  #key(): Fragment {
    const start = this.#at;
    // inside a filter an operator ends a key as well
    while (this.#next !== "" && !bareEnd.test(this.#next) && !(this.#depth > 0 && /[=<>&|+/~]/.test(this.#next)))
      this.#at++;
    return { kind: "key", name: this.#text.slice(start, this.#at) };
  }

  #bracket(): Fragment {
    this.#space();
    const character = this.#next;
    if (character === "") this.#fail("not terminated");
    if (character === "*") {
      this.#at++;
      this.#expect("]", "not terminated");
      return { kind: "wildcard" };
    }
    if (character === "?") {
      this.#at++;
      return this.#filter();
    }
    if (character === "(") {
      this.#at++;
      this.#fail("scripts not implemented yet");
    }
    if (character === ":") return this.#slice(0);
    if (!/['"\-0-9]/.test(character)) this.#fail("parse error");
    return this.#members();
  }

  // "[" Member { "," Member } "]" | Slice
  #members(): Fragment {
    const members = [this.#member()];
    this.#space();
    const [first] = members;
    if (this.#next === ":" && typeof first === "number") return this.#slice(first);
    while (this.#next === ",") {
      this.#at++;
      this.#space();
      members.push(this.#member());
      this.#space();
    }
    if (this.#next !== "]") {
      this.#at++;
      this.#fail(members.length > 1 ? "invalid union syntax" : "invalid bracket fragment");
    }
    this.#at++;
    if (members.length > 1) return { kind: "union", members };
    return typeof first === "number" ? { kind: "index", index: first } : { kind: "key", name: first ?? "" };
  }

  #member(): string | number {
    if (this.#next === "'" || this.#next === '"') return this.#quoted();
    if (/[-0-9]/.test(this.#next)) return this.#integer();
    this.#at++;
    return this.#fail("invalid union syntax");
  }

  #integer(): number {
    const digits = /^-?[0-9]+/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) return this.#fail("expected a number");
    this.#at += digits.length;
    return Number(digits);
  }

  // Slice = [ Start ] ":" [ End ] [ ":" [ Step ] ] "]"
  #slice(start: number): Fragment {
    const bounds: (number | undefined)[] = [start];
    while (this.#next === ":" && bounds.length < 3) {
      this.#at++;
      this.#space();
      bounds.push(/[-0-9]/.test(this.#next) ? this.#integer() : undefined);
      this.#space();
    }
    if (this.#next === "") this.#fail("not terminated");
    if (this.#next !== "]") this.#fail("invalid slice syntax");
    this.#at++;
    return { kind: "slice", bounds };
  }

  #filter(): Fragment {
    const depth = this.#depth++;
    const equation = asCondition(this.#equation(0));
    this.#depth = depth;
    this.#expect("]", "not terminated");
    return { kind: "filter", equation };
  }

  /** Operators that bind tighter than `power` go into the right side. */
  #equation(power: number): Equation {
    if (++this.#depth > maxDepth) this.#fail("nested too deep");
    let left = this.#operand();
    for (;;) {
      this.#space();
      const op = operator.exec(this.#text.slice(this.#at))?.[0];
      const strength = op === undefined ? 0 : (binding[op] ?? 0);
      if (op === undefined || strength <= power) break;
      this.#at += op.length;
      const right = this.#equation(strength);
      const logical = op === "&&" || op === "||";
      left = {
        kind: "operation",
        op,
        left: logical ? asCondition(left) : left,
        right: logical ? asCondition(right) : right,
      };
    }
    this.#depth--;
    return left;
  }

  #operand(): Equation {
    this.#space();
    const character = this.#next;
    if (character === "!") {
      this.#at++;
      return { kind: "not", operand: asCondition(this.#operand()) };
    }
    if (character === "(") {
      this.#at++;
      const inner = this.#equation(0);
      this.#expect(")", "not terminated");
      return inner.kind === "path" ? asCondition(inner) : inner;
    }
    if (character === "@" || character === "$") return { kind: "path", path: this.#path(), exists: false };
    if (character === "'" || character === '"') return { kind: "constant", value: this.#quoted() };
    if (character === "[") return { kind: "constant", value: this.#list() };
    if (character === "/") return this.#regex();
    if (/[-0-9]/.test(character)) return { kind: "constant", value: this.#number() };
    return this.#word();
  }

  #word(): Equation {
    const word = /^[A-Za-z]+/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    const constants: Readonly<Record<string, Value>> = { null: null, true: true, false: false };
    if (Object.hasOwn(constants, word)) {
      this.#at += word.length;
      return { kind: "constant", value: constants[word] ?? null };
    }
    if (word === "Nothing") {
      this.#at += word.length;
      return { kind: "nothing" };
    }
    if (!["length", "count", "match", "search"].includes(word)) this.#fail("expected a value");
    this.#at += word.length;
    this.#expect("(", `expected a ${word} function`);
    const args = [this.#equation(0)];
    this.#space();
    if (this.#next === ",") {
      this.#at++;
      args.push(this.#equation(0));
    }
    this.#expect(")", "not terminated");
    return { kind: "function", name: word, args };
  }

  #number(): Value {
    const digits = /^-?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?/.exec(this.#text.slice(this.#at))?.[0];
    if (digits === undefined) return this.#fail("expected a number");
    this.#at += digits.length;
    return /[.eE]/.test(digits) ? Number(digits) : BigInt(digits);
  }

  #list(): Value {
    this.#at++;
    const items: Value[] = [];
    for (;;) {
      this.#space();
      const item = this.#operand();
      items.push(item.kind === "constant" ? item.value : null);
      this.#space();
      const character = this.#next;
      this.#at++;
      if (character === "]") return items;
      if (character !== ",") this.#fail("expected a comma or an array close");
    }
  }

  #regex(): Equation {
    const body = /^\/((?:[^\\/]|\\.)*)\//.exec(this.#text.slice(this.#at));
    if (!body) return this.#fail("not terminated");
    this.#at += body[0].length;
    try {
      return { kind: "regex", regex: new RegExp(body[1] ?? "", "u") };
    } catch (error) {
      return this.#fail((error as Error).message); // RegExp throws SyntaxErrors only
    }
  }

  #quoted(): string {
    const quote = this.#next;
    let out = "";
    for (this.#at++; this.#next !== quote; this.#at++) {
      if (this.#next === "") return out;
      out += this.#next === "\\" ? this.#escaped() : this.#next;
    }
    this.#at++;
    return out;
  }

  /** Leaves the position at the last character of the escape. */
  #escaped(): string {
    const character = this.#text[++this.#at] ?? "";
    const plain: Readonly<Record<string, string>> = {
      b: "\b",
      t: "\t",
      n: "\n",
      f: "\f",
      r: "\r",
      '"': '"',
      "'": "'",
      "\\": "\\",
    };
    const known = plain[character];
    if (known !== undefined) return known;
    const length = { x: 2, u: 4, U: 4 }[character];
    const digits = this.#text.slice(this.#at + 1, this.#at + 1 + (length ?? 0));
    if (length === undefined || !/^[0-9a-fA-F]+$/.test(digits) || digits.length < length) {
      const code = (character.codePointAt(0) ?? 0).toString(16).padStart(2, "0");
      throw new Error(`0x${code} (${character}) is not a valid escaped character`);
    }
    this.#at += length;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }
}

/** A path alone asks whether something is there. */
const asCondition = (equation: Equation): Equation =>
  equation.kind === "path" ? { ...equation, exists: true } : equation;
