/** Statements as tokens. */
import { decodeEscapes } from "../syntax/escapes.ts";
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

/** The value of a literal, by the rules of Go's strings. */
function unquote(raw: string, start: number): string {
  const inner = raw.slice(1, -1);
  const lineBreak = inner.indexOf("\n");
  if (lineBreak >= 0) throw new OttlError("string should not contain a line break", start + 1 + lineBreak);
  if (!inner.includes("\\")) return inner;
  const bad = (written: string, at: number): never => {
    const message = /^\\[uU\d]./.test(written)
      ? `${written} is no character`
      : `unknown escape ${written} in a string (write \\\\ for \\)`;
    throw new OttlError(message, start + 1 + at);
  };
  return decodeEscapes(inner, { bad });
}
