/** The value of a string literal. */
import { decodeEscapes } from "./escapes.ts";

const backquote = 96;

/** Decodes a string literal, quoted or raw; a malformed escape, which the lexer tells of, stays as written. */
export function unquote(raw: string): string {
  const inner = raw.slice(1, -1);
  if (raw.charCodeAt(0) === backquote) return inner.includes("\r") ? inner.replaceAll("\r", "") : inner;
  return inner.includes("\\") ? decodeEscapes(inner, asWritten) : inner;
}

const asWritten = { bad: (written: string) => written };
