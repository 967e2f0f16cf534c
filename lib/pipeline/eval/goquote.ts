/** Text in quotes as Go's strconv writes it. */

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

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Text between double quotes, with Go's escapes; `asciiOnly` escapes all else. */
export function goQuote(text: string, asciiOnly = false): string {
  return `"${text.replace(special, character => escaped(character, '"', asciiOnly))}"`;
}

/** One character between single quotes. */
export function goQuoteRune(codePoint: number, asciiOnly = false): string {
  const valid = codePoint >= 0 && codePoint <= 0x10ffff && !isSurrogate(codePoint);
  return `'${escaped(String.fromCodePoint(valid ? codePoint : 0xfffd), "'", asciiOnly)}'`;
}

/** Whether Go would write the character as it is. */
export function isPrintable(character: string): boolean {
  return printable.test(character);
}

const isSurrogate = (codePoint: number) => codePoint >= 0xd800 && codePoint <= 0xdfff;

function escaped(character: string, quote: string, asciiOnly: boolean): string {
  if (character === quote) return `\\${quote}`;
  const short = named.get(character);
  if (short !== undefined) return short;
  const codePoint = character.codePointAt(0) ?? 0;
  if (isSurrogate(codePoint)) return "\\ufffd";
  if (codePoint < 0x80 ? codePoint >= 0x20 && codePoint < 0x7f : !asciiOnly && isPrintable(character)) return character;
  if (codePoint < 0x80) return `\\x${hex(codePoint, 2)}`;
  return codePoint < 0x10000 ? `\\u${hex(codePoint, 4)}` : `\\U${hex(codePoint, 8)}`;
}

const hex = (number: number, width: number) => number.toString(16).padStart(width, "0");
