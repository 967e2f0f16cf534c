/**
 * Go's `fmt.Sprintf` over plain data: every flag, width, precision and argument index, and the same text where a verb does
 * not fit, because Go never fails here.
 */

import { goQuote, goQuoteRune, isPrintable } from "../syntax/quote.ts";
import { boundText, countCharacters, mapText } from "./bounds.ts";
import { type FloatVerb, formatFloat } from "./gofloat.ts";

/** Data as Go would hold it in an `interface{}`: bigints are ints, numbers are float64s, lists and maps hold any. */
export type GoValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly GoValue[]
  | ReadonlyMap<string, GoValue>
  | GoStruct
  | GoNamed;

/** A struct: its type's name and its exported fields in order; `text` is what its `String` method says, where it has one. */
export class GoStruct {
  readonly type: string;
  readonly fields: readonly (readonly [string, GoValue])[];
  readonly text: string | undefined;
  constructor(type: string, fields: readonly (readonly [string, GoValue])[], text?: string) {
    this.type = type;
    this.fields = fields;
    this.text = text;
  }
}

/** A value of a named type, as `type Secret string`. */
export class GoNamed {
  readonly type: string;
  readonly value: GoValue;
  constructor(type: string, value: GoValue) {
    this.type = type;
    this.value = value;
  }
}

/** Formats as `fmt.Sprintf(format, args...)`. */
export function goFormat(format: string, args: readonly GoValue[]): string {
  return new Printer(format, args).run();
}

/** The name of a value's Go type, as `%T` writes it. */
export function goType(value: GoValue): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return value > 9223372036854775807n ? "uint64" : "int";
    case "number":
      return "float64";
    case "string":
      return "string";
  }
  if (value === null) return "<nil>";
  if (value instanceof GoStruct || value instanceof GoNamed) return value.type;
  return value instanceof Map ? "map[string]interface {}" : "[]interface {}";
}

/** Flags of one directive; `undefined` where width or precision isn't given. */
interface Flags {
  minus: boolean;
  plus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  plusV: boolean;
  sharpV: boolean;
  width: number | undefined;
  precision: number | undefined;
}

const noFlags = (): Flags => ({
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  plusV: false,
  sharpV: false,
  width: undefined,
  precision: undefined,
});

const maxWidth = 1_000_000;

class Printer {
  readonly #format: string;
  readonly #args: readonly GoValue[];
  #at = 0;
  #argument = 0;
  #reordered = false;
  #goodIndex = true;
  #flags = noFlags();
  #out = "";
  /** Characters that values were printed as, before they are put together. */
  #printed = 0;

  constructor(format: string, args: readonly GoValue[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    const format = this.#format;
    while (this.#at < format.length) {
      const percent = format.indexOf("%", this.#at);
      const end = percent < 0 ? format.length : percent;
      this.#out += format.slice(this.#at, end);
      this.#at = end + 1;
      if (percent >= 0) this.#directive();
      boundText(this.#out.length);
    }
    if (!this.#reordered && this.#argument < this.#args.length) this.#extra();
    return this.#out;
  }

  #extra(): void {
    this.#flags = noFlags();
    const rest = this.#args.slice(this.#argument);
    const shown = rest.map(each => (each === null ? "<nil>" : `${goType(each)}=${this.#print(each, "v")}`));
    this.#out += `%!(EXTRA ${shown.join(", ")})`;
  }

  /** What follows a percent sign: flags, index, width, precision, index, verb. */
  #directive(): void {
    this.#flags = noFlags();
    this.#goodIndex = true;
    this.#readFlags();
    let afterIndex = this.#readIndex();
    afterIndex = this.#readWidth(afterIndex);
    // a point at the very end is the verb
    if (this.#format[this.#at] === "." && this.#at + 1 < this.#format.length) {
      this.#at++;
      if (afterIndex) this.#goodIndex = false;
      afterIndex = this.#readPrecision();
    }
    if (!afterIndex) this.#readIndex();
    const codePoint = this.#format.codePointAt(this.#at);
    if (codePoint === undefined) {
      this.#out += "%!(NOVERB)";
      return;
    }
    const verb = String.fromCodePoint(codePoint);
    this.#at += verb.length;
    this.#verb(verb);
  }

  #verb(verb: string): void {
    const flags = this.#flags;
    if (verb === "%") {
      this.#out += "%";
    } else if (!this.#goodIndex) {
      this.#out += `%!${verb}(BADINDEX)`;
    } else if (this.#argument >= this.#args.length) {
      this.#out += `%!${verb}(MISSING)`;
    } else {
      if (verb === "v" || verb === "w") {
        [flags.sharpV, flags.sharp] = [flags.sharp, false];
        [flags.plusV, flags.plus] = [flags.plus, false];
      }
      this.#out += this.#print(this.#args[this.#argument++] ?? null, verb);
    }
  }

  #readFlags(): void {
    for (; ; this.#at++) {
      switch (this.#format[this.#at]) {
        case "#":
          this.#flags.sharp = true;
          break;
        case "0":
          this.#flags.zero = true;
          break;
        case "+":
          this.#flags.plus = true;
          break;
        case "-":
          this.#flags.minus = true;
          break;
        case " ":
          this.#flags.space = true;
          break;
        default:
          return;
      }
    }
  }

  /** `[n]` chooses the next argument. Returns whether there was one. */
  #readIndex(): boolean {
    if (this.#format[this.#at] !== "[") return false;
    this.#reordered = true;
    const close = this.#format.indexOf("]", this.#at);
    if (close < 0) {
      this.#goodIndex = false;
      this.#at++;
      return false;
    }
    const text = this.#format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const index = /^\d+$/.test(text) && Number(text) <= maxWidth ? Number(text) - 1 : undefined;
    if (index === undefined || index < 0 || index >= this.#args.length) this.#goodIndex = false;
    else this.#argument = index;
    return index !== undefined;
  }

  #readWidth(afterIndex: boolean): boolean {
    if (this.#format[this.#at] === "*") {
      this.#at++;
      const width = this.#integerArgument();
      if (width === undefined) this.#out += "%!(BADWIDTH)";
      else if (width < 0) this.#flags.minus = true;
      this.#flags.width = width === undefined ? undefined : Math.abs(width);
      return false;
    }
    this.#flags.width = this.#readNumber();
    if (afterIndex && this.#flags.width !== undefined) this.#goodIndex = false;
    return afterIndex;
  }

  #readPrecision(): boolean {
    const afterIndex = this.#readIndex();
    if (this.#format[this.#at] !== "*") {
      this.#flags.precision = this.#readNumber() ?? 0;
      return afterIndex;
    }
    this.#at++;
    const precision = this.#integerArgument();
    if (precision === undefined || precision < 0) this.#out += "%!(BADPREC)";
    else this.#flags.precision = precision;
    return false;
  }

  #readNumber(): number | undefined {
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 32))?.[0];
    if (digits === undefined) return undefined;
    if (Number(digits) > maxWidth) {
      this.#at = this.#format.length;
      return undefined;
    }
    this.#at += digits.length;
    return Number(digits);
  }

  #integerArgument(): number | undefined {
    if (this.#argument >= this.#args.length) return undefined;
    const argument = this.#args[this.#argument++];
    if (typeof argument !== "bigint" || argument > maxWidth || argument < -maxWidth) return undefined;
    return Number(argument);
  }

  #print(value: GoValue, verb: string): string {
    if (value === null) return verb === "T" || verb === "v" ? this.#pad("<nil>") : `%!${verb}(<nil>)`;
    const type = goType(value);
    if (verb === "T") return this.#text(type, "s", type);
    // only Errorf knows this verb; what has parts is refused as a whole
    if (verb === "w") return this.#bad(value, verb, type);
    return this.#printValue(value, verb, type);
  }

  /** Called before the text of a value is made. */
  #charge(characters: number): void {
    this.#printed += characters;
    boundText(this.#printed);
  }

  #printValue(value: GoValue, verb: string, type: string): string {
    if (value === null || (typeof value !== "object" && typeof value !== "string"))
      this.#charge(Math.max(4, this.#flags.width ?? 0, this.#flags.precision ?? 0));
    switch (typeof value) {
      case "boolean":
        return verb === "t" || verb === "v" ? this.#pad(String(value)) : this.#bad(value, verb, type);
      case "bigint":
        return this.#integer(value, verb, type);
      case "number":
        return this.#float(value, verb, type);
      case "string":
        return this.#text(value, verb, type);
    }
    if (value === null) return this.#flags.sharpV ? "interface {}(nil)" : "<nil>";
    if (value instanceof GoNamed) return this.#printValue(value.value, verb, type);
    if (value instanceof GoStruct) return this.#struct(value, verb);
    return value instanceof Map ? this.#map(value, verb) : this.#list(value as readonly GoValue[], verb); // all else is handled
  }

  #inner(value: GoValue, verb: string): string {
    return this.#printValue(value, verb, goType(value));
  }

  /** What Go writes for a verb that the value doesn't have; flags stay in force. */
  #bad(value: GoValue, verb: string, type: string): string {
    return `%!${verb}(${type}=${this.#printValue(value, "v", type)})`;
  }

  #list(items: readonly GoValue[], verb: string): string {
    const shown = items.map(each => this.#inner(each, verb));
    return this.#flags.sharpV ? `[]interface {}{${shown.join(", ")}}` : `[${shown.join(" ")}]`;
  }

  #map(map: ReadonlyMap<string, GoValue>, verb: string): string {
    const shown = sortedKeys(map).map(key => `${this.#inner(key, verb)}:${this.#inner(map.get(key) ?? null, verb)}`);
    return this.#flags.sharpV ? `map[string]interface {}{${shown.join(", ")}}` : `map[${shown.join(" ")}]`;
  }

  #struct({ type, fields, text }: GoStruct, verb: string): string {
    const { sharpV, plusV } = this.#flags;
    if (text !== undefined && !sharpV && "vsxXq".includes(verb)) return this.#text(text, verb, type);
    const shown = fields.map(([name, field]) => `${sharpV || plusV ? `${name}:` : ""}${this.#inner(field, verb)}`);
    return sharpV ? `${type}{${shown.join(", ")}}` : `{${shown.join(" ")}}`;
  }

  #integer(value: bigint, verb: string, type: string): string {
    switch (verb) {
      case "v":
        return this.#flags.sharpV && type === "uint64" ? this.#based(value, 16, "0x") : this.#based(value, 10, "");
      case "d":
        return this.#based(value, 10, "");
      case "b":
        return this.#based(value, 2, this.#flags.sharp ? "0b" : "");
      case "o":
        return this.#based(value, 8, this.#flags.sharp ? "0" : "");
      case "O":
        return this.#based(value, 8, this.#flags.sharp ? "0o0" : "0o");
      case "x":
        return this.#based(value, 16, this.#flags.sharp ? "0x" : "");
      case "X":
        return this.#based(value, 16, this.#flags.sharp ? "0X" : "").toUpperCase();
      case "c":
        return this.#pad(runeText(value));
      case "q":
        return this.#pad(goQuoteRune(runeOf(value), this.#flags.plus));
      case "U":
        return this.#unicode(value);
      default:
        return this.#bad(value, verb, type);
    }
  }

  #based(value: bigint, base: number, prefix: string): string {
    const { precision, width, zero, minus, plus, space } = this.#flags;
    const sign = value < 0n ? "-" : plus ? "+" : space ? " " : "";
    let digits = (value < 0n ? -value : value).toString(base);
    if (precision === 0 && value === 0n) return " ".repeat(width ?? 0);
    if (precision !== undefined) digits = digits.padStart(precision, "0");
    else if (zero && !minus && width !== undefined) digits = digits.padStart(width - sign.length, "0");
    // the zero that marks octal digits may be there already
    const marked =
      (prefix === "0" || prefix === "0o0") && digits.startsWith("0") ? prefix.slice(0, -1) + digits : prefix + digits;
    return this.#pad(sign + marked, false);
  }

  #unicode(value: bigint): string {
    const unsigned = BigInt.asUintN(64, value);
    const digits = unsigned
      .toString(16)
      .toUpperCase()
      .padStart(Math.max(4, this.#flags.precision ?? 0), "0");
    const character = unsigned <= 0x10ffffn ? runeText(unsigned) : "";
    const shown = this.#flags.sharp && character && isPrintable(character) ? ` '${character}'` : "";
    return this.#pad(`U+${digits}${shown}`, false);
  }

  #float(value: number, verb: string, type: string): string {
    switch (verb) {
      case "v":
        return this.#floating(value, "g", -1);
      case "b":
      case "g":
      case "G":
      case "x":
      case "X":
        return this.#floating(value, verb, -1);
      case "e":
      case "E":
      case "f":
      case "F":
        return this.#floating(value, verb, 6);
      default:
        return this.#bad(value, verb, type);
    }
  }

  #floating(value: number, verb: FloatVerb, usual: number): string {
    const { precision, width, plus, space, zero, minus } = this.#flags;
    const finite = Number.isFinite(value);
    let text = formatFloat(value, verb, precision ?? usual);
    if (finite && this.#flags.sharp && verb !== "b") text = sharpFloat(text, verb, precision);
    const signed = /^[-+]/.test(text);
    let sign = signed ? text.slice(0, 1) : "+";
    const digits = signed ? text.slice(1) : text;
    if (sign === "+" && space && !plus) sign = " ";
    const shown = sign !== "+" || plus || digits === "Inf";
    if (!finite) return this.#pad((digits === "NaN" && !space && !plus ? "" : sign) + digits, false);
    if (zero && !minus && width !== undefined) {
      return (shown ? sign : "") + digits.padStart(width - (shown ? 1 : 0), "0");
    }
    return this.#pad((shown ? sign : "") + digits, false);
  }

  #text(value: string, verb: string, type: string): string {
    const { precision, sharpV } = this.#flags;
    const cut = precision === undefined ? value : firstCharacters(value, precision);
    if (verb !== "x" && verb !== "X") this.#charge(Math.max(cut.length, this.#flags.width ?? 0));
    switch (verb) {
      case "v":
        return this.#pad(sharpV ? this.#quoted(cut) : cut);
      case "s":
        return this.#pad(cut);
      case "q":
        return this.#pad(this.#quoted(cut));
      case "x":
      case "X":
        return this.#pad(this.#hex(value, verb));
      default:
        return this.#bad(value, verb, type);
    }
  }

  #hex(value: string, verb: "x" | "X"): string {
    const { precision, sharp, space, width } = this.#flags;
    const bytes = Math.min(Buffer.byteLength(value), precision ?? Number.POSITIVE_INFINITY);
    const prefix = sharp ? "0x" : "";
    this.#charge(Math.max(bytes * (2 + (space ? prefix.length + 1 : 0)), width ?? 0));
    const digits = Buffer.from(value).subarray(0, precision).toString("hex");
    const spaced = () => mapText(digits, piece => piece.replace(/../g, `${prefix}$& `)).slice(0, -1);
    const text = space ? spaced() : digits ? prefix + digits : "";
    return verb === "X" ? text.toUpperCase() : text;
  }

  /** Quotes make a text up to ten times as long. */
  #quoted(text: string): string {
    const { sharp, plus } = this.#flags;
    if (sharp && !/[\x00-\x08\x0a-\x1f\x7f`\ufeff]/.test(text)) return `\`${text}\``;
    const inner = mapText(text, piece => goQuote(piece, plus).slice(1, -1));
    this.#charge(inner.length - text.length);
    return `"${inner}"`;
  }

  /** Widths count characters. Zeros pad text as well, as in Go. */
  #pad(text: string, zeros = true): string {
    const { width, minus, zero } = this.#flags;
    if (width === undefined) return text;
    const length = countCharacters(text);
    if (length >= width) return text;
    if (minus) return text + " ".repeat(width - length);
    return (zeros && zero ? "0" : " ").repeat(width - length) + text;
  }
}

const runeOf = (value: bigint): number => (value >= 0n && value <= 0x10ffffn ? Number(value) : 0xfffd);

function runeText(value: bigint): string {
  const codePoint = runeOf(value);
  return String.fromCodePoint(codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xfffd : codePoint);
}

/** The first characters of a text; a pair of surrogates is one. */
function firstCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  let at = 0;
  for (let i = 0; i < count && at < text.length; i++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return text.slice(0, at);
}

/** With `#` a point is always there, and `%g` and `%x` keep their trailing zeros; Go counts the `x` of `0x` as a digit. */
function sharpFloat(text: string, verb: FloatVerb, precision: number | undefined): string {
  const [mantissa = "", exponent = ""] = text.split(/(?=[eE][-+]|[pP])/);
  const digits = mantissa.replace(/^[-+]/, "").replace(".", "");
  let missing = verb === "g" || verb === "G" || verb === "x" ? (precision ?? 6) : 0;
  missing -= digits.replace(/^0+/, "").length;
  if (mantissa.includes(".")) return mantissa + "0".repeat(Math.max(0, missing)) + exponent;
  if (digits === "0") missing--;
  return `${mantissa}.${"0".repeat(Math.max(0, missing))}${exponent}`;
}

/** Keys in the order of their bytes, which for well-formed text is the order of code points. */
export function sortedKeys(map: ReadonlyMap<string, unknown>): string[] {
  return [...map.keys()].sort(compareText);
}

/** Compares as Go compares strings: by bytes. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left === right) continue;
    const [leftHigh, rightHigh] = [left >= 0xd800 && left <= 0xdfff, right >= 0xd800 && right <= 0xdfff];
    // characters outside the basic plane sort behind all others, though their halves have small numbers
    if (leftHigh !== rightHigh) return leftHigh ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}
