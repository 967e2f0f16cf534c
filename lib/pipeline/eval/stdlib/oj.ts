/**
 * Reads JSON as Go's ojg does: whole numbers stay integers, those that are too long become text, `1.` is a number, and the two
 * halves of an escaped character outside the basic plane are none. Its messages tell line and column, in bytes.
 */
import type { Value } from "../value.ts";

const maxDepth = 1_000;

/** The value of a JSON text; an empty text is null. */
export function parseOj(text: string): Value {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= 3 || bytes[0] !== 0xef) return new Reader(bytes).read();
  if (bytes[1] !== 0xbb || bytes[2] !== 0xbf) throw new Error("expected BOM at 1:3");
  return new Reader(bytes.subarray(3)).read();
}

/** What the next byte may be part of. */
type Mode =
  | "value"
  | "item"
  | "after"
  | "firstKey"
  | "key"
  | "colon"
  | "minus"
  | "zero"
  | "digits"
  | "point"
  | "fraction"
  | "exponent"
  | "signedExponent"
  | "exponentDigits"
  | "string"
  | "escape"
  | "unicode"
  | "null"
  | "true"
  | "false"
  | "end";

const inNumber: ReadonlySet<Mode> = new Set(["zero", "digits", "fraction", "exponentDigits"]);
/** Where a text may end. */
const finished: ReadonlySet<Mode> = new Set([...inNumber, "value", "item", "after", "end"]);

const messages: Partial<Record<Mode, (character: string, byte: number) => string>> = {
  null: () => "expected null",
  true: () => "expected true",
  false: () => "expected false",
  after: character => `expected a comma or close, not '${character}'`,
  firstKey: character => `expected a string start or object close, not '${character}'`,
  key: character => `expected a string start, not '${character}'`,
  colon: character => `expected a colon, not '${character}'`,
  string: (_, byte) => `invalid JSON character 0x${byte.toString(16).padStart(2, "0")}`,
  escape: character => `invalid JSON escape character '\\${character}'`,
  unicode: character => `invalid JSON unicode character '${character}'`,
  end: character => `extra characters after close, '${character}'`,
  value: character => `unexpected character '${character}'`,
  item: character => `unexpected character '${character}'`,
};

const code = (character: string) => character.charCodeAt(0);
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isBlank = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0d;
/** Bytes that need no look inside a string. */
const isPlain = (byte: number) => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c;
const escapes = new Map(
  [...'"\\/bfnrt'].map((character, i) => [code(character), code('"\\/\b\f\n\r\t'[i] ?? "")] as const),
);
const words = { n: ["null", null], t: ["true", true], f: ["false", false] } as const;

/** A container that is open; objects remember the key whose value comes next. */
type Open = { readonly list: Value[] } | { readonly fields: Map<string, Value>; key: string };

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #line = 1;
  /** The place of the last line break. */
  #lineBreak = -1;
  #mode: Mode = "value";
  readonly #open: Open[] = [];
  #result: Value = null;
  #number = new LongNumber();
  #text: number[] = [];
  #isKey = false;
  /** How far into a word, or into the digits of an escape. */
  #matched = 0;
  #codeUnit = 0;
  /** Bytes that were skipped at once the last time; where nothing is left to skip, ojg takes this number again, and its columns are off. */
  #skipped = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(): Value {
    for (; this.#at < this.#bytes.length; this.#at++) {
      this.#byte(this.#bytes[this.#at] ?? 0);
      if (this.#open.length === 0 && this.#mode === "after") this.#mode = "end";
    }
    if (this.#open.length > 0 || !finished.has(this.#mode)) this.#fail("incomplete JSON");
    if (inNumber.has(this.#mode)) this.#add(this.#number.value());
    return this.#result;
  }

  #fail(message: string): never {
    throw new Error(`${message} at ${this.#line}:${this.#at - this.#lineBreak}`);
  }

  #refuse(byte: number): never {
    const character = new TextDecoder().decode(this.#bytes.subarray(this.#at, this.#at + 4));
    const message = messages[this.#mode] ?? (() => "invalid number");
    return this.#fail(message(String.fromCodePoint(character.codePointAt(0) ?? 0), byte));
  }

  #byte(byte: number): void {
    switch (this.#mode) {
      case "value":
      case "item":
        this.#value(byte);
        break;
      case "after":
        if (byte === code(",")) this.#comma();
        else if (byte === code("]") || byte === code("}")) this.#close(byte);
        else this.#blank(byte);
        break;
      case "firstKey":
      case "key":
        if (byte === code('"')) this.#startString(true);
        else if (byte === code("}") && this.#mode === "firstKey") this.#close(byte);
        else this.#blank(byte);
        break;
      case "colon":
        if (byte === code(":")) this.#mode = "value";
        else this.#blank(byte);
        break;
      case "string":
      case "escape":
      case "unicode":
        this.#string(byte);
        break;
      case "null":
      case "true":
      case "false":
        this.#word(byte, this.#mode);
        break;
      case "end":
        this.#blank(byte);
        break;
      default:
        this.#digit(byte, this.#mode);
    }
  }

  #blank(byte: number): void {
    if (byte === 0x0a) this.#newline();
    else if (!isBlank(byte)) this.#refuse(byte);
  }

  #newline(): void {
    this.#line++;
    this.#lineBreak = this.#at;
    this.#at += this.#skip(isBlank);
  }

  /** How many bytes behind this one are `of` a kind, but at most all but one. */
  #skip(of: (byte: number) => boolean): number {
    for (let i = this.#at + 1; i < this.#bytes.length; i++) {
      this.#skipped = i - this.#at - 1;
      if (!of(this.#bytes[i] ?? 0)) break;
    }
    return this.#skipped;
  }

  #value(byte: number): void {
    const character = String.fromCharCode(byte);
    if (character === "{" || character === "[") {
      if (this.#open.length >= maxDepth) throw new Error("exceeded max depth");
      this.#open.push(character === "[" ? { list: [] } : { fields: new Map(), key: "" });
      this.#mode = character === "[" ? "value" : "firstKey";
    } else if ((character === "]" || character === "}") && this.#mode === "value") this.#close(byte);
    else if (character === '"') this.#startString(false);
    else if (character === "-" || isDigit(byte)) this.#startNumber(byte);
    else if (character === "n" || character === "t" || character === "f") {
      const [word, value] = words[character];
      this.#mode = word;
      this.#matched = 0;
      const end = this.#at + word.length;
      if (new TextDecoder().decode(this.#bytes.subarray(this.#at, end)) === word) {
        this.#at = end - 1;
        this.#add(value);
      }
    } else this.#blank(byte);
  }

  #comma(): void {
    const open = this.#open.at(-1);
    this.#mode = open && "fields" in open ? "key" : "item";
  }

  #close(byte: number): void {
    const open = this.#open.at(-1);
    if (byte === code("]") && !(open && "list" in open)) this.#fail("unexpected array close");
    if (byte === code("}") && !(open && "fields" in open)) this.#fail("unexpected object close");
    if (inNumber.has(this.#mode)) this.#add(this.#number.value());
    this.#open.pop();
    if (open) this.#add("list" in open ? open.list : open.fields);
  }

  #add(value: Value): void {
    const open = this.#open.at(-1);
    if (!open) this.#result = value;
    else if ("list" in open) open.list.push(value);
    else open.fields.set(open.key, value);
    this.#mode = "after";
  }

  // A comma ends these words early, and nothing is there then.
  #word(byte: number, word: "null" | "true" | "false"): void {
    if (byte === code(",")) {
      this.#comma();
      return;
    }
    if (byte !== code(word[++this.#matched] ?? "")) this.#refuse(byte);
    if (this.#matched === word.length - 1) this.#add(words[word[0] as "n" | "t" | "f"][1]); // the three words begin so
  }

  #startString(isKey: boolean): void {
    this.#isKey = isKey;
    this.#text = [];
    this.#mode = "string";
    if (this.#at + 1 >= this.#bytes.length) return;
    const start = this.#at + 1;
    this.#at += this.#skip(isPlain);
    this.#text = [...this.#bytes.subarray(start, this.#at + 1)];
  }

  #string(byte: number): void {
    if (this.#mode === "escape") this.#escape(byte);
    else if (this.#mode === "unicode") this.#unicode(byte);
    else if (byte === code('"')) this.#endString();
    else if (byte === code("\\")) this.#mode = "escape";
    else if (isPlain(byte)) this.#text.push(byte);
    else this.#refuse(byte);
  }

  #endString(): void {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(this.#text));
    const open = this.#open.at(-1);
    if (!this.#isKey) this.#add(text);
    else if (open && "fields" in open) {
      open.key = text;
      this.#mode = "colon";
    }
  }

  #escape(byte: number): void {
    const escaped = escapes.get(byte);
    if (escaped === undefined && byte !== code("u")) this.#refuse(byte);
    this.#mode = escaped === undefined ? "unicode" : "string";
    this.#matched = 0;
    this.#codeUnit = 0;
    if (escaped !== undefined) this.#text.push(escaped);
  }

  #unicode(byte: number): void {
    const digit = Number.parseInt(String.fromCharCode(byte), 16);
    if (Number.isNaN(digit)) this.#refuse(byte);
    this.#codeUnit = this.#codeUnit * 16 + digit;
    if (++this.#matched < 4) return;
    this.#text.push(...new TextEncoder().encode(String.fromCharCode(this.#codeUnit)));
    this.#mode = "string";
  }

  #startNumber(byte: number): void {
    this.#number = new LongNumber();
    if (byte === code("-")) {
      this.#number.negative = true;
      this.#mode = "minus";
    } else if (byte === code("0")) this.#mode = "zero";
    else {
      this.#mode = "digits";
      this.#number.digit(byte);
      this.#passDigits(wholeLimit);
    }
  }

  /** Digits are read one by one here; ojg skips them, but for those that are too many. */
  #passDigits(limit: bigint): void {
    if (this.#at + 1 >= this.#bytes.length) {
      this.#at += 1 + this.#skipped;
      return;
    }
    const count = this.#skip(isDigit);
    const most = BigInt(
      `0${String.fromCharCode(...this.#bytes.subarray(this.#at, this.#at + 18)).replace(/\D.*/s, "")}`,
    );
    this.#skipped = Math.min(count, most >= limit ? 17 : 18);
  }

  #digit(byte: number, mode: Mode): void {
    const number = this.#number;
    const character = String.fromCharCode(byte);
    if (inNumber.has(mode) && !isDigit(byte)) {
      if (character === "." && (mode === "zero" || mode === "digits")) {
        this.#mode = number.point() ? "point" : "fraction";
        if (this.#at + 1 >= this.#bytes.length) this.#at += this.#skipped;
        else if (this.#mode === "fraction") this.#skipped = Math.min(this.#skip(isDigit), 17);
      } else if (/[eE]/.test(character) && (mode === "digits" || mode === "fraction")) {
        number.startExponent(character);
        this.#mode = "exponent";
      } else this.#endNumber(byte);
      return;
    }
    if (!isDigit(byte) && !(mode === "exponent" && /[-+]/.test(character))) this.#refuse(byte);
    switch (mode) {
      case "minus":
        this.#mode = character === "0" ? "zero" : "digits";
        if (character !== "0") number.digit(byte);
        break;
      case "digits":
        number.digit(byte);
        break;
      case "point":
      case "fraction":
        number.fractionDigit(byte);
        this.#mode = "fraction";
        break;
      case "exponent":
      case "signedExponent":
      case "exponentDigits":
        this.#mode = isDigit(byte) ? "exponentDigits" : "signedExponent";
        if (isDigit(byte)) number.exponentDigit(byte);
        else number.negativeExponent = character === "-";
        break;
      default:
        this.#refuse(byte);
    }
  }

  #endNumber(byte: number): void {
    if (byte === code("]") || byte === code("}")) {
      this.#close(byte);
      return;
    }
    if (byte !== code(",") && byte !== 0x0a && !isBlank(byte)) this.#refuse(byte);
    this.#add(this.#number.value());
    if (byte === 0x0a) this.#newline();
    if (byte !== code(",")) return;
    if (this.#open.length === 0) this.#fail("unexpected comma");
    this.#comma();
  }
}

/** From here on one more digit might be too many, and ojg looks closer at negative numbers only. */
const wholeLimit = 922337203685477580n;
const divisorLimit = 1_000_000_000_000_000_000n;

/** A number as it is read. What doesn't fit 64 bits is kept as text, whose exponent loses its sign. */
class LongNumber {
  negative = false;
  negativeExponent = false;
  #whole = 0n;
  #fraction = 0n;
  #divisor = 1n;
  #exponent = 0;
  #text = "";

  digit(byte: number): void {
    const digit = BigInt(byte - 0x30);
    if (this.#text) this.#text += digit;
    else if (this.#whole < wholeLimit || (this.negative && this.#whole === wholeLimit && digit < 8n))
      this.#whole = this.#whole * 10n + digit;
    else this.#text = `${this.#spelled()}${digit}`;
  }

  /** Returns whether a digit must follow. */
  point(): boolean {
    if (!this.#text) return false;
    this.#text += ".";
    return true;
  }

  fractionDigit(byte: number): void {
    if (this.#text) {
      this.#text += byte - 0x30;
      return;
    }
    this.#fraction = this.#fraction * 10n + BigInt(byte - 0x30);
    this.#divisor *= 10n;
    if (this.#divisor >= divisorLimit) this.#text = this.#spelled();
  }

  startExponent(character: string): void {
    if (this.#text) this.#text += character;
  }

  exponentDigit(byte: number): void {
    if (this.#text) {
      this.#text += byte - 0x30;
      return;
    }
    this.#exponent = this.#exponent * 10 + byte - 0x30;
    if (this.#exponent > 1022) this.#text = this.#spelled();
  }

  value(): Value {
    if (this.#text) return this.#text;
    if (this.#divisor === 1n && this.#exponent === 0) return this.negative ? -this.#whole : this.#whole;
    return Number(this.#spelled());
  }

  #spelled(): string {
    let text = `${this.negative ? "-" : ""}${this.#whole}`;
    if (this.#fraction > 0n || this.#divisor >= divisorLimit)
      text += `.${String(this.#fraction + this.#divisor).slice(1)}`;
    if (this.#exponent > 0) text += `e${this.negativeExponent ? "-" : ""}${this.#exponent}`;
    return text;
  }
}
