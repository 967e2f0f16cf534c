/** Statements as tokens. */
import { OttlError } from "./error.ts";

export type TokenKind = "name" | "string" | "int" | "float" | "bytes" | "operator" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written; of a string its value. */
  readonly text: string;
  readonly start: number;
}

// in this order: a number begins like bytes do
const patterns: readonly (readonly [TokenKind | "space", RegExp])[] = [
  ["space", /\s+/y],
  ["bytes", /0x[a-fA-F0-9]+/y],
  ["float", /(?:\d+\.\d*|\d*\.\d+)(?:[eE][-+]?\d+)?/y],
  ["int", /\d+/y],
  ["string", /"(?:\\.|[^\\"])*"/y],
  ["operator", /==|!=|>=|<=|[<>=+\-*/(){}[\]:,.]/y],
  ["name", /[A-Za-z][A-Za-z0-9_]*/y],
];

/** The tokens of a statement, closed by one of kind `end`. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const [kind, length] = match(text, at);
    const part = text.slice(at, at + length);
    if (kind === "string") tokens.push({ kind, text: unquote(part, at), start: at });
    else if (kind !== "space") tokens.push({ kind, text: part, start: at });
    at += length;
  }
  tokens.push({ kind: "end", text: "", start: text.length });
  return tokens;
}

function match(text: string, at: number): readonly [TokenKind | "space", number] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return [kind, found[0].length];
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === '"') throw new OttlError("string should end with a double quote", at);
  throw new OttlError(`unexpected character ${JSON.stringify(character)}`, at);
}

const simple: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

const escapes =
  /((?:\\x[0-9a-fA-F]{2}|\\[0-7]{3})+)|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\([abfnrtv\\"])|(\\[\s\S]?)|(\n)/g;

/** The value of a literal, by the rules of Go's strings. */
function unquote(raw: string, start: number): string {
  const inner = raw.slice(1, -1);
  if (!/[\\\n]/.test(inner)) return inner;
  return inner.replace(escapes, (whole, bytes, four, eight, letter, bad, newline, offset: number) => {
    if (newline) throw new OttlError("string should not contain a line break", start + 1 + offset);
    if (bad) throw new OttlError(`unknown escape ${bad} in a string (write \\\\ for \\)`, start + 1 + offset);
    if (bytes) return bytesOf(bytes);
    if (letter) return simple[letter] ?? whole;
    const code = Number.parseInt(four ?? eight, 16);
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new OttlError(`${whole} is no character`, start + 1 + offset);
    return String.fromCodePoint(code);
  });
}

/** A run of `\x41` and `\101` is UTF-8. */
function bytesOf(run: string): string {
  const codes = Array.from(run.matchAll(/\\x(..)|\\(...)/g), ([, hex, octal]) =>
    hex === undefined ? Number.parseInt(octal ?? "", 8) & 0xff : Number.parseInt(hex, 16),
  );
  return Buffer.from(codes).toString("utf8");
}
