/** Letters in upper and lower case as Go maps them: one character to one character, whatever stands around it. */

const ascii = /^[\0-\x7f]*$/;

export const toLower = (text: string): string =>
  ascii.test(text) ? text.toLowerCase() : mapChars(text, char => (char === "\u0130" ? "i" : char.toLowerCase()));

export const toUpper = (text: string): string =>
  ascii.test(text) ? text.toUpperCase() : mapChars(text, char => greekWithIota(char) ?? char.toUpperCase());

/** Characters whose other case is several characters (ß) stay. */
function mapChars(text: string, map: (char: string) => string): string {
  let result = "";
  for (const char of text) {
    const mapped = map(char);
    result += mapped.length === String.fromCodePoint(mapped.codePointAt(0) ?? 0).length ? mapped : char;
  }
  return result;
}

/** Small Greek letters with a iota below have a capital of their own, which JavaScript writes as two letters. */
function greekWithIota(char: string): string | undefined {
  const code = char.charCodeAt(0);
  if (code < 0x1f80 || code > 0x1ff3) return undefined;
  const inRow = code <= 0x1faf && (code & 8) === 0;
  if (inRow) return String.fromCharCode(code + 8);
  return code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3 ? String.fromCharCode(code + 9) : undefined;
}
