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

function decodeBroken(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const parts: string[] = [];
  let good = 0;
  for (let at = 0; at < bytes.length; ) {
    const width = characterWidth(bytes, at);
    if (width > 0) {
      at += width;
      continue;
    }
    if (at > good) parts.push(decoder.decode(bytes.subarray(good, at)));
    parts.push(String.fromCharCode(0xdc00 + (bytes[at] ?? 0)));
    good = ++at;
  }
  parts.push(decoder.decode(bytes.subarray(good)));
  return parts.join("");
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
