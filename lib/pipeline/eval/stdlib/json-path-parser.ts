/**
 * Reads JSONPath as Go's ojg does, down to what it does where a path ends too early; positions in messages count bytes from
 * one. What a filter says is read in json-path-equation-parser.ts.
 */
import type { Equation } from "./json-path-equation.ts";
import { parseEquation } from "./json-path-equation-parser.ts";

export type Fragment =
  | { readonly kind: "root" }
  | { readonly kind: "current" }
  | { readonly kind: "wildcard" }
  | { readonly kind: "descent" }
  | { readonly kind: "key"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "union"; readonly members: readonly (string | number)[] }
  | { readonly kind: "slice"; readonly bounds: readonly (number | undefined)[] }
  | { readonly kind: "filter"; readonly equation: Equation };

/** Parses a path; throws an Error that tells the place. */
export function parsePath(text: string): readonly Fragment[] {
  const reader = new PathReader(text);
  const path = reader.path();
  if (!reader.atEnd) reader.fail("parse error");
  return path;
}

/** What may stand in a key without quotes; all bytes of characters beyond ASCII do. */
const inKey = /[#%0-9;?A-Z^_a-z{|}~\x80-\xff]/;

/** A path as bytes, one character each. */
export class PathReader {
  readonly #bytes: string;
  at = 0;
  depth = 0;

  constructor(text: string) {
    this.#bytes = Buffer.from(text, "utf8").toString("latin1");
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The next byte; empty at the end. */
  get next(): string {
    return this.#bytes[this.at] ?? "";
  }

  /** Consumes the next byte; empty at the end. */
  take(): string {
    return this.#bytes[this.at++] ?? "";
  }

  slice(from: number, to: number): string {
    return Buffer.from(this.#bytes.slice(from, to), "latin1").toString("utf8");
  }

  rest(): string {
    return this.#bytes.slice(this.at);
  }

  fail(message: string): never {
    throw new Error(`${message} at ${this.at + 1} in ${this.slice(0, this.#bytes.length)}`);
  }

  /** Skips blanks and consumes the byte behind them; where nothing is left, it is the last blank, or nothing. */
  takeBehindBlanks(): string {
    let byte = "";
    while (!this.atEnd) {
      byte = this.take();
      if (byte !== " ") break;
    }
    return byte;
  }

  /** Skips blanks; the byte behind them stays. */
  skipBlanks(): string {
    while (this.next === " ") this.at++;
    return this.next;
  }

  // Path = [ "$" | "@" | Key ] { "." Key | ".*" | ".." [ Key ] | "*" | "[" … "]" }
  path(): Fragment[] {
    const path: Fragment[] = [];
    for (;;) {
      const fragment = this.#fragment(path.length === 0, path.at(-1)?.kind === "descent");
      if (!fragment) return path;
      path.push(fragment);
    }
  }

  /** What cannot go on with a path ends it; `$` and `@` are consumed all the same. */
  #fragment(first: boolean, behindDescent: boolean): Fragment | undefined {
    if (this.atEnd) return undefined;
    const byte = this.take();
    switch (byte) {
      case "$":
        return first ? { kind: "root" } : undefined;
      case "@":
        return first ? { kind: "current" } : undefined;
      case ".":
        return this.#behindDot();
      case "*":
        return { kind: "wildcard" };
      case "[":
        return this.#bracket();
    }
    if (byte !== "]" && !inKey.test(byte)) {
      this.at--;
      return undefined;
    }
    this.at--;
    if (byte === "]") return undefined;
    return first ? this.#behindDot() : behindDescent ? this.#key() : undefined;
  }

  #behindDot(): Fragment {
    if (this.atEnd) this.fail("not terminated");
    const byte = this.next;
    if (byte === "*" || byte === ".") {
      this.at++;
      return { kind: byte === "*" ? "wildcard" : "descent" };
    }
    if (inKey.test(byte)) return this.#key();
    this.at++;
    return this.fail(`an expression fragment can not start with a '${byte}'`);
  }

  #key(): Fragment {
    const start = this.at++;
    while (!this.atEnd && inKey.test(this.next)) this.at++;
    return { kind: "key", name: this.slice(start, this.at) };
  }

  #bracket(): Fragment {
    if (this.atEnd) this.fail("not terminated");
    const byte = this.takeBehindBlanks();
    switch (byte) {
      case "*":
        if (this.takeBehindBlanks() !== "]") this.fail("not terminated");
        return { kind: "wildcard" };
      case "'":
      case '"':
        return this.#quotedMember(this.quoted(byte));
      case ":":
        return this.#slice(undefined);
      case "?":
        return { kind: "filter", equation: this.#filter() };
      case "(":
        return this.#script();
    }
    if (/[-0-9]/.test(byte)) return this.#numberMember(byte);
    this.at--;
    return this.fail("parse error");
  }

  #quotedMember(name: string): Fragment {
    const byte = this.takeBehindBlanks();
    if (byte === "]") return { kind: "key", name };
    if (byte === ",") return this.#union(name);
    return this.fail("invalid bracket fragment");
  }

  #numberMember(first: string): Fragment {
    let [index, byte] = this.#integer(first);
    if (byte === " ") byte = this.takeBehindBlanks();
    if (byte === "]") return { kind: "index", index };
    if (byte === ",") return this.#union(index);
    if (byte === ":") return this.#slice(index);
    return this.fail("invalid bracket fragment");
  }

  /** An integer from its first byte on, and the byte behind it, which is the last digit at the end of the path. */
  #integer(first: string): [number, string] {
    let byte = first;
    const negative = byte === "-";
    if (negative) {
      if (this.atEnd) this.fail("expected a number");
      byte = this.take();
    }
    const start = this.at;
    let value = 0;
    while (/[0-9]/.test(byte)) {
      value = value * 10 + Number(byte);
      if (this.atEnd) break;
      byte = this.take();
    }
    if (this.at === start) this.fail("expected a number");
    return [negative ? -value : value, byte];
  }

  // Slice = [ Start ] ":" [ End ] [ ":" [ Step ] ] "]"
  #slice(start: number | undefined): Fragment {
    if (this.atEnd) this.fail("not terminated");
    let end: number | undefined;
    let step: number | undefined;
    if (this.next === "]") {
      this.at++;
      return { kind: "slice", bounds: [start] };
    }
    let byte = this.takeBehindBlanks();
    if (byte !== ":") [end, byte] = this.#integer(byte);
    if (byte === ":") {
      if (this.atEnd) this.fail("not terminated");
      byte = this.take();
      if (byte !== "]") [step, byte] = this.#integer(byte);
    }
    if (byte !== "]") this.fail("invalid slice syntax");
    return { kind: "slice", bounds: [start, end, step] };
  }

  // Union = Member { "," Member } "]"
  #union(first: string | number): Fragment {
    if (this.atEnd) this.fail("not terminated");
    const members = [first];
    for (let byte = ","; byte !== "]"; ) {
      if (byte !== ",") this.fail("invalid union syntax");
      byte = this.takeBehindBlanks();
      if (byte === "'" || byte === '"') {
        members.push(this.quoted(byte));
        byte = this.takeBehindBlanks();
      } else if (/[-0-9]/.test(byte)) {
        const [index, behind] = this.#integer(byte);
        members.push(index);
        byte = behind === " " ? this.takeBehindBlanks() : behind;
      } else this.fail("invalid union syntax");
    }
    return { kind: "union", members };
  }

  #filter(): Equation {
    if (this.atEnd) this.fail("not terminated");
    const equation = parseEquation(this);
    if (this.skipBlanks() !== "]") this.fail("not terminated");
    this.at++;
    return equation;
  }

  /** Scripts need an interpreter, which nobody gave ojg. */
  #script(): never {
    const end = this.#bytes.indexOf(")]");
    if (end < 0) this.fail("not terminated");
    if (this.at - 1 > end + 1) throw new Error(`runtime error: slice bounds out of range [${this.at - 1}:${end + 1}]`);
    throw new Error("jp.CompileScript has not been set");
  }

  /** A string behind its first quote. Where the other is missing, so is the last character. */
  quoted(quote: string): string {
    const start = this.at;
    let out = "";
    while (!this.atEnd) {
      const byte = this.take();
      if (byte === quote) return decode(out);
      out += byte === "\\" ? this.#escaped() : byte;
    }
    return this.#bytes.includes("\\", start) ? decode(out) : this.slice(start, this.at - 1);
  }

  #escaped(): string {
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
    if (this.atEnd) {
      const length = this.#bytes.length;
      throw new Error(`runtime error: index out of range [${length}] with length ${length}`);
    }
    const byte = this.take();
    const known = plain[byte];
    if (known !== undefined) return known;
    const length = { x: 2, u: 4, U: 4 }[byte];
    if (length === undefined) throw invalid(byte, "escaped");
    let value = 0;
    for (let i = 0; i < length; i++) {
      if (this.atEnd) throw invalid(this.#bytes.at(-1) ?? "", "escaped");
      const digit = this.take();
      if (!/[0-9a-fA-F]/.test(digit)) throw invalid(digit, "hexadecimal");
      value = value * 16 + Number.parseInt(digit, 16);
    }
    return length === 2
      ? String.fromCharCode(value)
      : Buffer.from(String.fromCharCode(value), "utf8").toString("latin1");
  }
}

const decode = (bytes: string) => Buffer.from(bytes, "latin1").toString("utf8");

const invalid = (byte: string, what: string) =>
  new Error(`0x${byte.charCodeAt(0).toString(16).padStart(2, "0")} (${byte}) is not a valid ${what} character`);
