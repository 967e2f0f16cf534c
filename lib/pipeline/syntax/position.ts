/** Where an offset stands: lines by number, columns in bytes as Alloy counts them. */
import type { Source } from "./diagnostic.ts";

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes of the UTF-8 file. */
  readonly column: number;
}

interface Lines {
  /** Offset of each line's first character. */
  readonly starts: readonly number[];
  /** The last line found, from 0: the next one asked for is mostly near. */
  lastLine: number;
  /** The last column counted: many mistakes on one long line stay linear. */
  last: { readonly lineStart: number; readonly offset: number; readonly bytes: number };
}

const tables = new WeakMap<Source, Lines>();

function linesOf(source: Source): Lines {
  const known = tables.get(source);
  if (known) return known;
  const starts = [0];
  for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1)) starts.push(at + 1);
  const lines = { starts, lastLine: 0, last: { lineStart: 0, offset: 0, bytes: 0 } };
  tables.set(source, lines);
  return lines;
}

/** Counts the lines of a source; a final line break begins one more, empty line. */
export function lineCount(source: Source): number {
  return linesOf(source).starts.length;
}

/** Finds the line, from 1, that an offset stands on. */
export function lineOf(source: Source, offset: number): number {
  const lines = linesOf(source);
  const { starts, lastLine } = lines;
  const startOf = (line: number) => starts[line] ?? Number.POSITIVE_INFINITY;
  let low = 0;
  let high = starts.length;
  if (startOf(lastLine) <= offset) {
    low = lastLine;
    if (offset < startOf(low + 1)) high = low + 1;
    else if (offset < startOf(low + 2)) [low, high] = [low + 1, low + 2];
  } else high = Math.max(lastLine, 1);
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (startOf(middle) <= offset) low = middle;
    else high = middle;
  }
  lines.lastLine = low;
  return low + 1;
}

/** Finds the offset at which a line begins. */
export function lineStart(source: Source, line: number): number {
  return linesOf(source).starts[line - 1] ?? source.text.length;
}

/** Gives a line's text without its line feed. */
export function lineText(source: Source, line: number): string {
  const { starts } = linesOf(source);
  const next = starts[line];
  return source.text.slice(starts[line - 1] ?? source.text.length, next === undefined ? source.text.length : next - 1);
}

/** Translates an offset to line and byte column, both from 1. */
export function positionOf(source: Source, offset: number): Position {
  const lines = linesOf(source);
  const line = lineOf(source, offset);
  const lineStart = lines.starts[line - 1] ?? 0;
  const { last } = lines;
  const resume = last.lineStart === lineStart && last.offset <= offset && last.offset >= lineStart;
  const bytes = resume
    ? last.bytes + byteLength(source.text, last.offset, offset)
    : byteLength(source.text, lineStart, offset);
  lines.last = { lineStart, offset, bytes };
  return { line, column: bytes + 1 };
}

/** Measures a part of a text in bytes of the file it came from. */
export function byteLength(text: string, start = 0, end = text.length): number {
  let bytes = 0;
  for (let i = start; i < end; ) {
    const code = text.codePointAt(i) ?? 0;
    bytes += byteWidth(code);
    i += code > 0xffff ? 2 : 1;
  }
  return bytes;
}

/** Gives a character's bytes in the file; a byte that is no UTF-8 is one, see `decodeSource`. */
export function byteWidth(code: number): number {
  if (code < 0x80 || (code >= 0xdc80 && code <= 0xdcff)) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
