/**
 * Go's strings are bytes. Ours are JavaScript's, in which a lone surrogate U+DC80…U+DCFF stands for a byte (0x80…0xff) that is
 * no part of valid UTF-8, so that cutting a character in half and joining it again loses nothing.
 */

/** How many bytes the text has as UTF-8. */
export function byteLength(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) length++;
    else if (code < 0x800) length += 2;
    else if (code >= 0xd800 && code <= 0xdbff && isLow(text.charCodeAt(i + 1))) {
      length += 4;
      i++;
    } else length += isEscape(code) ? 1 : 3;
  }
  return length;
}

const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;
const isEscape = (code: number) => code >= 0xdc80 && code <= 0xdcff;
const ascii = /^[\x00-\x7f]*$/;

/** The bytes of a text. */
export function goBytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  for (const char of text) {
    const code = char.charCodeAt(0);
    parts.push(char.length === 1 && isEscape(code) ? Buffer.of(code & 0xff) : Buffer.from(char, "utf8"));
  }
  return Buffer.concat(parts);
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes, invalid ones escaped. */
export function goString(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    let text = "";
    let at = 0;
    while (at < bytes.length) {
      const width = validWidth(bytes, at);
      text +=
        width === 0
          ? String.fromCharCode(0xdc00 | (bytes[at] as number))
          : strict.decode(bytes.subarray(at, at + width)); // at is inside
      at += width || 1;
    }
    return text;
  }
}

/** The bytes of the valid character that begins here, or 0. */
function validWidth(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number; // at is inside
  const width = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (width < 2) return width;
  if (at + width > bytes.length) return 0;
  for (let i = 1; i < width; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0; // inside, checked above
  const second = bytes[at + 1] as number; // as above
  const [low, high] =
    first === 0xe0
      ? [0xa0, 0xbf]
      : first === 0xed
        ? [0x80, 0x9f]
        : first === 0xf0
          ? [0x90, 0xbf]
          : first === 0xf4
            ? [0x80, 0x8f]
            : [0x80, 0xbf];
  return second >= low && second <= high ? width : 0;
}

/** `text[start:end]` by bytes; the caller has checked the bounds. */
export function sliceBytes(text: string, start: number, end?: number): string {
  if (ascii.test(text)) return text.slice(start, end);
  return goString(goBytes(text).subarray(start, end));
}

/** Whether Go would call it valid UTF-8. */
export const isValidText = (text: string): boolean => text.isWellFormed();

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });

/** As it leaves: each broken character becomes U+FFFD. */
export const toValidText = (text: string): string => (text.isWellFormed() ? text : lossy.decode(goBytes(text)));
