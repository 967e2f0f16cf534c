/** Text in quotes as Go's strconv and fmt write it. */

const named = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ["\\", "\\\\"],
]);

/** What may need an escape. */
const special = /[^ !#-[\]-~]/gu;

// Letters, marks, numbers, punctuation and symbols are printable, and the plain space.
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Text between double quotes as `%q` gives it: what can be printed stays; `asciiOnly` escapes all else, as `%+q`. */
export function goQuote(text: string, asciiOnly = false): string {
  return `"${text.replace(special, character => escaped(character, '"', asciiOnly))}"`;
}

/** One character between single quotes. */
export function goQuoteRune(codePoint: number, asciiOnly = false): string {
  return `'${escaped(String.fromCodePoint(validRune(codePoint)), "'", asciiOnly)}'`;
}

/** Text as the messages of Go's time package quote it: bytes that are not printable ASCII as `\xNN`. */
export function goQuoteBytes(text: string): string {
  let quoted = "";
  for (const char of text) {
    if (char === '"' || char === "\\") quoted += `\\${char}`;
    else if (char >= " " && char < "\u0080") quoted += char;
    else for (const byte of encoder.encode(char)) quoted += `\\x${hex(byte, 2)}`;
  }
  return `"${quoted}"`;
}

const encoder = new TextEncoder();

/** Names a character as `%#U` does: `U+0040 '@'`, without the character where it cannot be printed. */
export function describeChar(code: number): string {
  const shown = validRune(code);
  const char = String.fromCodePoint(shown);
  const name = `U+${hex(shown, 4).toUpperCase()}`;
  return isPrintable(char) ? `${name} '${char}'` : name;
}

/** Whether Go would write the character as it is. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

const isSurrogate = (codePoint: number) => codePoint >= 0xd800 && codePoint <= 0xdfff;

const validRune = (code: number) => (code >= 0 && code <= 0x10ffff && !isSurrogate(code) ? code : 0xfffd);

function escaped(character: string, quote: string, asciiOnly: boolean): string {
  if (character === quote) return `\\${quote}`;
  const short = named.get(character);
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`; // a byte that is no UTF-8
  if (isSurrogate(code)) return "\\ufffd";
  if (code < 0x80 ? code >= 0x20 && code < 0x7f : !asciiOnly && isPrintable(character)) return character;
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

const hex = (number: number, width: number) => number.toString(16).padStart(width, "0");
