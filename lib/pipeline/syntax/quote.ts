/** Strings as Go writes and reads them: `%q`, `%#U`, and the value of a string literal. */

// Letters, marks, numbers, punctuation and symbols are printable, and the plain space.
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const shortEscapes: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Quotes a text as Go's `%q` does: what can be printed stays, the rest becomes escapes. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) out += shortEscapes[char] ?? (printable.test(char) ? char : escaped(char));
  return `${out}"`;
}

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`; // a byte that is no UTF-8
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Names a character as Go's `%#U` does: `U+0040 '@'`, without the character where it cannot be printed. */
export function describeChar(code: number): string {
  const shown = code >= 0xd800 && code <= 0xdfff ? 0xfffd : code;
  const char = String.fromCodePoint(shown);
  const name = `U+${shown.toString(16).toUpperCase().padStart(4, "0")}`;
  return printable.test(char) ? `${name} '${char}'` : name;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  '"': '"',
  "\\": "\\",
};

// Runs of \x41 and \101 give bytes, which together are UTF-8; the others give one character each.
const escapes = /((?:\\x[0-9a-fA-F]{2}|\\[0-7]{3})+)|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\(.)/gu;

/** Decodes a string literal, quoted or raw; a malformed escape stays as written. */
export function unquote(raw: string): string {
  const inner = raw.slice(1, -1);
  if (raw.startsWith("`")) return inner.includes("\r") ? inner.replaceAll("\r", "") : inner;
  if (!inner.includes("\\")) return inner;
  return inner.replace(escapes, (whole, bytes?: string, four?: string, eight?: string, simple?: string) => {
    if (bytes !== undefined) return decodeBytes(bytes);
    const code = four ?? eight;
    if (code === undefined) return simpleEscapes[simple ?? ""] ?? whole;
    const value = Number.parseInt(code, 16);
    return value > 0x10ffff ? whole : String.fromCodePoint(value);
  });
}

function decodeBytes(run: string): string {
  const bytes = Array.from(run.matchAll(/\\x(..)|\\(...)/g), ([, hex, octal]) =>
    hex === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(hex, 16),
  );
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}
