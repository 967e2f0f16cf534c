/** The escapes of Go's string literals, which many small languages share: `\n`, `\"`, `\x41`, `\101`, `\u00e9`, `\U0001F600`. */

const named: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

export interface EscapeRules {
  /** What the literal stands in, which may be escaped in it. @default a double quote */
  readonly quote?: string;
  /** What stands for an escape that Go refuses, whole where only its number is wrong; `at` is its place. */
  readonly bad: (written: string, at: number) => string;
  /** The text of bytes that `\x41` and `\101` give. @default UTF-8 with U+FFFD for what is none */
  readonly decode?: (bytes: Uint8Array) => string;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Decodes what is inside the quotes. In a loop, since a pattern that repeats a group fills the stack on a text of megabytes. */
export function decodeEscapes(
  text: string,
  { quote = '"', bad, decode = bytes => utf8.decode(bytes) }: EscapeRules,
): string {
  let out = "";
  let copied = 0;
  for (let at = text.indexOf("\\"); at !== -1; at = text.indexOf("\\", copied)) {
    out += text.slice(copied, at);
    // runs of bytes are UTF-8 together; the other escapes give one character each
    const bytes: number[] = [];
    for (let byte = byteAt(text, at); byte !== undefined; byte = byteAt(text, at)) {
      bytes.push(byte);
      at += 4;
    }
    if (bytes.length) out += decode(Uint8Array.from(bytes));
    else {
      const written = escapeAt(text, at);
      out += characterOf(written, quote) ?? bad(written, at);
      at += written.length;
    }
    copied = at;
  }
  return out + text.slice(copied);
}

const backslash = 92;

function byteAt(text: string, at: number): number | undefined {
  if (text.charCodeAt(at) !== backslash) return undefined;
  const rest = text.slice(at + 1, at + 4);
  if (/^x[0-9a-fA-F]{2}$/.test(rest)) return Number.parseInt(rest.slice(1), 16);
  return /^[0-3][0-7]{2}$/.test(rest) ? Number.parseInt(rest, 8) : undefined;
}

const form = /\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|[\s\S]?)/uy;

function escapeAt(text: string, at: number): string {
  form.lastIndex = at;
  return form.exec(text)?.[0] ?? "\\";
}

function characterOf(written: string, quote: string): string | undefined {
  const kind = written[1] ?? "";
  if (written.length < 6) return kind !== "" && kind === quote ? quote : written.length === 2 ? named[kind] : undefined;
  const code = Number.parseInt(written.slice(2), 16);
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code);
}
