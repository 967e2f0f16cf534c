/** Shows diagnostics: with an excerpt as Alloy prints them, as one line each, or as JSON for editors. */
import type { Diagnostic, Source } from "./diagnostic.ts";
import {
  byteLength,
  byteWidth,
  lineCount,
  lineOf,
  lineStart,
  lineText,
  type Position,
  positionOf,
} from "./position.ts";

export { positionOf } from "./position.ts";

export interface FormatOptions {
  /** For a terminal. @default false */
  readonly color?: boolean;
  /** Lines of the file before and after the place. @default 1 */
  readonly context?: number;
  /** Says below the excerpt what the user may have meant, which Alloy does not. @default false */
  readonly hints?: boolean;
}

/**
 * A diagnostic for programs. `line` and `column` are those of the message: from 1, columns in bytes. `range` is what the protocol
 * of language servers takes: from 0, characters in UTF-16 code units, the end outside.
 */
export interface DiagnosticJson {
  /** As the file was named; empty where there is none. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly range: { readonly start: EditorPosition; readonly end: EditorPosition };
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  /** What the user may have meant. */
  readonly hint?: string;
}

interface EditorPosition {
  readonly line: number;
  readonly character: number;
}

const tabWidth = 4;

/** Says what is wrong and shows the place, without a line break at the end. A negative start is no place: `-`. */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  { color = false, context = 1, hints = false }: FormatOptions = {},
): string {
  const severity = diagnostic.severity === "error" ? "Error: " : "Warning: ";
  const message = formatDiagnosticLine(diagnostic);
  const code = diagnostic.severity === "error" ? 31 : 33;
  const parts = [color ? `\x1b[${code};1m${severity}\x1b[0m\x1b[1m${message}\x1b[0m` : severity + message];
  if (diagnostic.start >= 0) parts.push(excerpt(diagnostic, context));
  if (hints && diagnostic.hint !== undefined)
    parts.push(`${color ? "\x1b[36;1mHint:\x1b[0m" : "Hint:"} ${diagnostic.hint}`);
  return parts.join("\n\n");
}

/** Formats diagnostics with a blank line between, without a line break at the end. */
export function formatDiagnostics(diagnostics: readonly Diagnostic[], options?: FormatOptions): string {
  return diagnostics.map(diagnostic => formatDiagnostic(diagnostic, options)).join("\n\n");
}

/** Gives `file:line:column: message`, the form of `fmt` and of logs. */
export function formatDiagnosticLine({ source, start, message }: Diagnostic): string {
  if (start < 0) return `-: ${message}`;
  const { line, column } = positionOf(source, start);
  return `${source.name === "" ? "" : `${source.name}:`}${line}:${column}: ${message}`;
}

/** Gives a diagnostic for editors and other programs; what has no place is at the beginning. */
export function toJson({ source, start, end, severity, message, hint }: Diagnostic): DiagnosticJson {
  const from = Math.max(start, 0);
  const until = Math.max(from, Math.min(end, source.text.length)); // the end of the file is marked one behind it
  const range = { start: editorPosition(source, from), end: editorPosition(source, until) };
  const about = { severity, message, ...(hint !== undefined && { hint }) };
  return { file: source.name, ...positionOf(source, from), range, ...about };
}

/** Editors do not count a byte order mark. */
function editorPosition(source: Source, offset: number): EditorPosition {
  const line = lineOf(source, offset);
  const start = offset - lineStart(source, line);
  const mark = line === 1 && source.text.startsWith("\uFEFF") ? 1 : 0;
  return { line: line - 1, character: Math.max(start - mark, 0) };
}

/** A place with both ends inside it, which is how the carets are drawn. */
interface Span {
  readonly start: Position;
  readonly end: Position;
}

/** A part of a line, and the byte column before it; `…` stands for what is cut off. */
interface Part {
  readonly text: string;
  readonly before: number;
}

// No file that people write reaches these; one that they don't must not make a report of gigabytes.
const maxLineLength = 2000;
const [shownBefore, shownAfter] = [200, 400];
const maxLines = 400;

function excerpt({ source, start, end }: Diagnostic, context: number): string {
  const lastOffset = Math.max(start, end - 1);
  const span: Span = { start: positionOf(source, start), end: positionOf(source, lastOffset) };
  const multiline = span.end.line > span.start.line;
  const first = Math.max(span.start.line - context, 1);
  const last = Math.min(span.end.line + context, lineCount(source));
  const width = String(last).length;
  const out: string[] = [];
  for (let line = first; line <= last; line++) {
    if (last - first >= maxLines && line === first + maxLines / 2) {
      out.push(`${" ".repeat(width)} | …`);
      line = last - maxLines / 2;
    }
    const isStart = line === span.start.line;
    const place = isStart ? { position: span.start, offset: start } : { position: span.end, offset: lastOffset };
    const part = partOf(lineText(source, line), line, { ...place, source });
    const bar = multiline ? (line > span.start.line && line <= span.end.line ? "| " : "  ") : "";
    out.push(`${String(line).padStart(width)} | ${bar}${shown(part.text)}`);
    if (isStart) out.push(`${" ".repeat(width)} | ${multiline ? " _" : ""}${carets(part, line, span)}`);
    else if (line === span.end.line) out.push(`${" ".repeat(width)} | |_${carets(part, line, span)}`);
  }
  return out.join("\n");
}

interface Place {
  readonly source: Source;
  readonly position: Position;
  readonly offset: number;
}

/** The line, or of one that is too long what is around the place, if it has that. */
function partOf(text: string, line: number, { source, position, offset }: Place): Part {
  if (text.length <= maxLineLength) return { text, before: 0 };
  if (line !== position.line) return { text: `${text.slice(0, shownAfter)}…`, before: 0 };
  const at = offset - lineStart(source, line);
  const [from, until] = [Math.max(0, at - shownBefore), Math.min(text.length, at + shownAfter)];
  const [left, right] = [from > 0 ? "…" : "", until < text.length ? "…" : ""];
  const before = position.column - 1 - byteLength(text, from, at) - byteLength(left);
  return { text: left + text.slice(from, until) + right, before };
}

function shown(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\r", "")
    .replace(/[\t\v]/g, " ".repeat(tabWidth));
}

/** Draws a caret under each character of the span; a line drawn to the margin leads to those of several lines. */
function carets({ text, before }: Part, line: number, { start, end }: Span): string {
  const blank = end.line > start.line ? "_" : " ";
  let out = "";
  let column = before + 1;
  for (const char of text) {
    if (line === end.line && column > end.column) break;
    if (char === "\t" || char === "\v") out += blank.repeat(tabWidth);
    else out += line !== start.line || column >= start.column ? "^" : blank;
    column += byteWidth(char.codePointAt(0) ?? 0);
  }
  return out;
}
