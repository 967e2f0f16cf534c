/**
 * How large a value may get that an expression builds. Whoever builds one asks before it takes the memory; the message goes
 * behind the function's name: `string.join should give at most 67108864 characters, got 100000000`.
 */

/** Characters of a text: 64 MiB. */
export const maxTextLength = 64 * 1024 * 1024;
/** Items of a list, or fields and items of a value with all that is in it: 64 MiB at 32 bytes each. */
export const maxParts = 2 * 1024 * 1024;
/** Numbers of a list of bytes, which are shared and take a reference each. */
export const maxByteItems = 8 * 1024 * 1024;
/** Characters that all functions and operators of one expression build together. */
export const maxBuilt = 4 * maxTextLength;
/** Pairs of values that are compared. */
export const maxComparisons = 16 * 1024 * 1024;
/** Lines, commas and brackets of a YAML text: each may be a node, and a node takes a kilobyte while it is read. */
export const maxYamlParts = 256 * 1024;

/** Refused because it would take too much memory or time. */
export class BoundsError extends Error {
  override readonly name = "BoundsError";
}

/** Refuses a text that would be too long. */
export function boundText(length: number): void {
  if (length > maxTextLength) throw new BoundsError(`should give at most ${maxTextLength} characters, got ${length}`);
}

/** Refuses a value that would have too many parts. */
export function boundParts(count: number, most = maxParts): void {
  if (count > most) throw new BoundsError(`should give at most ${most} items, got ${count}`);
}

/** Refuses an input with too many parts. */
export function boundInput(count: number, most = maxParts): void {
  if (count > most) throw new BoundsError(`should read at most ${most} values, got ${count}`);
}

/** Refuses to compare too many values. */
export function boundComparisons(count: number): void {
  if (count > maxComparisons) throw new BoundsError(`should compare at most ${maxComparisons} values, got ${count}`);
}

const chunkLength = 64 * 1024;

/** Maps a text piece by piece, since a long one that is put together from characters takes a string object for each. */
export function mapText(text: string, map: (piece: string) => string): string {
  if (text.length <= chunkLength) return map(text);
  const pieces: string[] = [];
  let length = 0;
  for (let at = 0; at < text.length; ) {
    let end = Math.min(text.length, at + chunkLength);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end++;
    const piece = map(text.slice(at, end));
    length += piece.length;
    boundText(length);
    pieces.push(piece);
    at = end;
  }
  return pieces.join("");
}

const isHighSurrogate = (code: number) => code >= 0xd800 && code <= 0xdbff;

/** Counts characters, not UTF-16 units. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Counts how often a text that is not empty occurs in another. */
export function countOccurrences(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++;
  return count;
}

const [quote, backslash] = [34, 92];
const jsonMarks: ReadonlySet<number> = new Set([44, 91, 123]); // , [ {

/** Counts the values of a JSON text, or a few more, without reading them. */
export function countJsonParts(text: string): number {
  let [count, inside] = [1, false];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inside) {
      if (code === backslash) i++;
      else if (code === quote) inside = false;
    } else if (code === quote) inside = true;
    else if (jsonMarks.has(code)) count++;
  }
  return count;
}

/** Counts what may be a node of a YAML text. */
export function countYamlParts(text: string): number {
  let count = 1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 10 || jsonMarks.has(code)) count++;
  }
  return count;
}
