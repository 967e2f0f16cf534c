/** The value of a string literal. */

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

/** Decodes a string literal, quoted or raw; a malformed escape stays as written. */
export function unquote(raw: string): string {
  const inner = raw.slice(1, -1);
  if (raw.charCodeAt(0) === backquote) return inner.includes("\r") ? inner.replaceAll("\r", "") : inner;
  const first = inner.indexOf("\\");
  return first === -1 ? inner : decodeEscapes(inner, first);
}

const [backquote, backslash] = [96, 92];

/** In a loop, since a pattern that repeats a group fills the stack on a text of megabytes. */
function decodeEscapes(text: string, first: number): string {
  let out = "";
  let copied = 0;
  for (let at = first; at !== -1; ) {
    out += text.slice(copied, at);
    // runs of \x41 and \101 give bytes, which together are UTF-8; the others give one character each
    const bytes: number[] = [];
    for (let byte = byteAt(text, at); byte !== undefined; byte = byteAt(text, at)) {
      bytes.push(byte);
      at += 4;
    }
    if (bytes.length) out += decoder.decode(Uint8Array.from(bytes));
    else {
      const [character, length] = characterAt(text, at);
      out += character;
      at += length;
    }
    copied = at;
    at = text.indexOf("\\", at);
  }
  return out + text.slice(copied);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The byte that `\x41` or `\101` stands for. */
function byteAt(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== backslash) return undefined;
  const rest = text.slice(at + 1, at + 4);
  if (/^x[0-9a-fA-F]{2}$/.test(rest)) return Number.parseInt(rest.slice(1), 16);
  return /^[0-7]{3}$/.test(rest) ? Number.parseInt(rest, 8) & 255 : undefined;
}

/** The character that any other escape stands for, and the length of the escape. */
function characterAt(text: string, at: number): readonly [string, number] {
  const kind = text[at + 1] ?? "";
  const digits = kind === "u" ? 4 : kind === "U" ? 8 : 0;
  const code = text.slice(at + 2, at + 2 + digits);
  if (digits && code.length === digits && /^[0-9a-fA-F]+$/.test(code)) {
    const value = Number.parseInt(code, 16);
    if (value <= 0x10ffff) return [String.fromCodePoint(value), digits + 2];
  }
  const simple = simpleEscapes[kind];
  return simple === undefined ? ["\\", 1] : [simple, 2];
}
