/** From the bytes of a file to a source, losing nothing: positions stay those of the file. */
import type { Diagnostic, Source } from "./diagnostic.ts";

/**
 * Decodes a file. A byte that is no UTF-8 becomes one lone surrogate (0xFF is U+DCFF), which no UTF-8 text can hold. What
 * is illegal is not among these diagnostics, which are empty: parsing reports it, in the order of all other mistakes. A
 * byte order mark stays in the text, because it counts in the columns of the first line; parsing skips it.
 */
export function decodeSource(name: string, bytes: Uint8Array): { source: Source; diagnostics: Diagnostic[] } {
  return { source: { name, text: decode(bytes) }, diagnostics: [] };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return decodeBroken(bytes); // only reached for broken UTF-8, and slower
  }
}

/** Character by character, into the code units of the text. */
function decodeBroken(bytes: Uint8Array): string {
  const units = Buffer.allocUnsafe(bytes.length * 2); // no character has more code units than bytes
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] ?? 0;
    const width = characterWidth(bytes, at);
    let code = width === 0 ? 0xdc00 + first : first & (width === 1 ? 0x7f : 0x7f >> width);
    for (let i = 1; i < width; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f);
    at += width || 1;
    if (code > 0xffff) {
      length = units.writeUInt16LE(0xd7c0 + (code >> 10), length);
      code = 0xdc00 + (code & 0x3ff);
    }
    length = units.writeUInt16LE(code, length);
  }
  return units.toString("utf16le", 0, length);
}

/** Gives the bytes of the character at an offset, 0 where there is no valid one (table 3-7 of the Unicode standard). */
function characterWidth(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  const second = bytes[at + 1] ?? 0;
  if (second < low || second > high) return 0;
  const width = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let i = 2; i < width; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  return width;
}
