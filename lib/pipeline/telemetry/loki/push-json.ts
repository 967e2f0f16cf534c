/**
 * JSON bodies of Loki's push API, with exactly the tolerance of Loki's two JSON readers: the first walks over the whole body and checks
 * its syntax, the second picks `stream` and `values` out of each stream. So what follows the body's closing brace does not matter, values of
 * labels may be numbers, a repeated key replaces what it said before, while a time has to be a string.
 */

import { type Labels, labelsFromMap, noLabels } from "../labels.ts";
import { asBuffer } from "../wire.ts";
import { parseLabels, printLabels, sharedLabels } from "./labels.ts";
import type { LogEntry, LogStream } from "./model.ts";
import { quickPush } from "./push-json-quick.ts";

/** A body that is no push request. */
export class PushError extends Error {
  override readonly name = "PushError";
}

const maxDepth = 10_000;
const quote = 34;
const backslash = 92;

/** The time of an entry that has none, year 1 as Go's zero time. */
export const zeroTime = -62_135_596_800_000_000_000n;

/** Reads a push request; streams keep their order, also those without entries. */
export function decodePushJson(body: Uint8Array): LogStream[] {
  const buffer = asBuffer(body);
  return quickPush(buffer) ?? new JsonReader(buffer).request();
}

class JsonReader {
  readonly #body: Buffer;
  #at = 0;
  /** Whether the string that was read last has a backslash, or a byte that is no ASCII. */
  #escaped = false;
  #ascii = true;

  constructor(body: Buffer) {
    this.#body = body;
  }

  request(): LogStream[] {
    let streams: LogStream[] = [];
    if (this.#body.length === 0) throw new PushError("push request should be JSON, got an empty body");
    if (this.#null()) return streams;
    this.#object("push request", key => {
      if (key.toLowerCase() !== "streams") this.#skip(0);
      else if (this.#null()) streams = [];
      else {
        streams = [];
        this.#array("streams", () => streams.push(this.#stream()));
      }
    });
    return streams;
  }

  #stream(): LogStream {
    let labels = noLabels;
    let entries: LogEntry[] = [];
    this.#object("stream", key => {
      if (key === "stream") labels = this.#emptyInString("{", "}") ? noLabels : this.#labels();
      else if (key !== "values") this.#skip(0);
      else if (!this.#null()) {
        entries = [];
        if (!this.#emptyInString("[", "]")) {
          this.#array("values", () => {
            if (!this.#null()) entries.push(this.#entry());
          });
        }
      }
    });
    return { labels, entries };
  }

  /** Loki looks into a string where it expects an object or a list, so `"{}"` passes for an empty one. */
  #emptyInString(open: string, close: string): boolean {
    if (this.#peek() !== quote) return false;
    const text = this.#string().trimStart();
    if (text.startsWith(open) && text.slice(1).trimStart().startsWith(close)) return true;
    throw new PushError(
      `push request should have ${open === "{" ? "an object of labels" : "a list of values"}, got a string`,
    );
  }

  #labels(): Labels {
    const labels = new Map<string, string>();
    let plain = true;
    this.#object("labels", key => {
      const name = key.includes("\\") ? replaceEscapes(Buffer.from(key), 0, Buffer.byteLength(key)) : key; // Loki replaces escapes twice here
      plain &&= /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
      const value = this.#peek() === quote ? this.#string() : this.#rawValue();
      plain &&= !value.includes("\ufffd");
      labels.set(name, value);
    });
    // Loki prints the labels and reads the text again; that matters only where a name is odd.
    return sharedLabels(plain ? labelsFromMap(labels) : parseLabels(printLabels([...labels].flat())));
  }

  /** Any value but a string, as it is written. */
  #rawValue(): string {
    const start = this.#at;
    this.#skip(0);
    const end = this.#at;
    const bytes = this.#body.subarray(start, end);
    return bytes.includes(backslash) ? replaceEscapes(bytes, 0, bytes.length) : bytes.toString("utf8");
  }

  #entry(): LogEntry {
    let timestamp = zeroTime;
    let line = "";
    let metadata: string[] = [];
    let index = 0;
    if (this.#emptyInString("[", "]")) return { timestamp, line, metadata };
    this.#array("entry", () => {
      if (index === 0) timestamp = this.#timestamp();
      else if (index === 1) line = this.#text("line");
      else if (index === 2) metadata = this.#metadata();
      else this.#skip(0);
      index++;
    });
    return { timestamp, line, metadata };
  }

  #timestamp(): bigint {
    this.#expectString("timestamp");
    const start = this.#at;
    this.#scanString();
    const text = this.#body.toString("latin1", start + 1, this.#at - 1);
    if (text === "-") return 0n;
    const value = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    if (value === undefined || BigInt.asIntN(64, value) !== value) {
      throw new PushError(`timestamp should be nanoseconds since 1970, got ${JSON.stringify(text)}`);
    }
    return value;
  }

  #metadata(): string[] {
    const metadata: string[] = [];
    this.#object("structured metadata", key => metadata.push(key, this.#text("structured metadata")));
    return metadata;
  }

  #text(what: string): string {
    this.#expectString(what);
    return this.#string();
  }

  #expectString(what: string): void {
    if (this.#peek() !== quote) throw new PushError(`${what} should be a string, got ${this.#got()}`);
  }

  #object(what: string, member: (key: string) => void): void {
    if (this.#peek() !== 123) throw new PushError(`${what} should be an object, got ${this.#got()}`);
    this.#at++;
    if (this.#peek() === 125) {
      this.#at++;
      return;
    }
    for (;;) {
      if (this.#peek() !== quote) throw this.#expected("a key");
      const key = this.#string();
      if (this.#peek() !== 58) throw this.#expected("a colon");
      this.#at++;
      this.#peek();
      member(key);
      if (this.#more(125)) return;
    }
  }

  #array(what: string, element: () => void): void {
    if (this.#peek() !== 91) throw new PushError(`${what} should be a list, got ${this.#got()}`);
    this.#at++;
    if (this.#peek() === 93) {
      this.#at++;
      return;
    }
    for (;;) {
      this.#peek();
      element();
      if (this.#more(93)) return;
    }
  }

  /** Goes over a comma (false) or the closing character (true). */
  #more(close: number): boolean {
    const byte = this.#peek();
    if (byte !== 44 && byte !== close) throw this.#expected(`a comma or ${close === 125 ? "brace" : "bracket"}`);
    this.#at++;
    return byte === close;
  }

  #null(): boolean {
    if (this.#peek() !== 110) return false;
    this.#word("null");
    return true;
  }

  #word(word: string): void {
    if (this.#body.toString("latin1", this.#at, this.#at + word.length) !== word) throw this.#expected(word);
    this.#at += word.length;
  }

  #skip(depth: number): void {
    if (depth > maxDepth) throw new PushError(`push request is nested deeper than ${maxDepth} levels`);
    const byte = this.#peek();
    if (byte === quote) this.#scanString();
    else if (byte === 123) this.#object("", () => this.#skip(depth + 1));
    else if (byte === 91) this.#array("", () => this.#skip(depth + 1));
    else if (byte === 116) this.#word("true");
    else if (byte === 102) this.#word("false");
    else if (byte === 110) this.#word("null");
    else {
      number.lastIndex = 0;
      const match = number.exec(this.#body.toString("latin1", this.#at, this.#at + 1000));
      if (match === null) throw this.#expected("a value");
      this.#at += match[0].length;
    }
  }

  /** The next byte that is no blank; 0 at the end. */
  #peek(): number {
    for (;;) {
      const byte = this.#body[this.#at];
      if (byte === 32 || byte === 10 || byte === 13 || byte === 9) this.#at++;
      else return byte ?? 0;
    }
  }

  #string(): string {
    const start = this.#at + 1;
    this.#scanString();
    const end = this.#at - 1;
    if (this.#escaped) return replaceEscapes(this.#body, start, end);
    return this.#body.toString(this.#ascii ? "latin1" : "utf8", start, end);
  }

  /** Goes over a string. A control character is an error only before the first escape, as in Loki's reader. */
  #scanString(): void {
    const body = this.#body;
    let seen = 0;
    this.#escaped = false;
    for (let at = this.#at + 1; at < body.length; at++) {
      const byte = body[at] as number; // inside the body
      if (byte === quote) {
        this.#ascii = seen < 0x80;
        this.#at = at + 1;
        return;
      }
      seen |= byte;
      if (byte === backslash) {
        this.#escaped = true;
        at = this.#escapeEnd(at);
      } else if (byte < 32 && !this.#escaped)
        throw new PushError(`push request has a control character in a string at byte ${at}`);
    }
    throw new PushError("push request ends inside a string");
  }

  /** The last byte of the escape that begins here. */
  #escapeEnd(at: number): number {
    const found = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(this.#body.toString("latin1", at, at + 6));
    if (found === null) throw new PushError(`push request has an invalid escape at byte ${at}`);
    return at + found[0].length - 1;
  }

  #expected(what: string): PushError {
    return new PushError(`push request should have ${what} at byte ${this.#at}, got ${this.#got()}`);
  }

  #got(): string {
    const byte = this.#body[this.#at];
    if (byte === undefined) return "the end";
    const word = this.#body.toString("utf8", this.#at, Math.min(this.#body.length, this.#at + 20));
    return JSON.stringify(word);
  }
}

const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;

const simple: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Replaces JSON's escapes. Of a pair of surrogates both must be there, else the body is refused, as Loki does. */
function replaceEscapes(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  let out = "";
  let from = 0;
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", from)) {
    out += text.slice(from, at);
    const character = simple[text[at + 1] ?? ""];
    if (character !== undefined) {
      out += character;
      from = at + 2;
      continue;
    }
    const { value, length } = unicodeEscape(text, at);
    out += value;
    from = at + length;
  }
  return out + text.slice(from);
}

function unicodeEscape(text: string, at: number): { value: string; length: number } {
  const first = fourDigits(text, at);
  if (first === undefined)
    throw new PushError(`push request has the invalid escape ${JSON.stringify(text.slice(at, at + 6))}`);
  if (first < 0xd800 || first > 0xdfff) return { value: String.fromCharCode(first), length: 6 };
  const second = fourDigits(text, at + 6);
  if (second === undefined || second < 0xdc00)
    throw new PushError(`push request has half a surrogate pair, ${JSON.stringify(text.slice(at, at + 6))}`);
  const code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  return { value: code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code), length: 12 };
}

function fourDigits(text: string, at: number): number | undefined {
  const match = /^\\u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
  return match ? Number.parseInt(match[1] as string, 16) : undefined; // the group took part
}
