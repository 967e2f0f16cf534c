/** Shows diagnostics: with an excerpt as Alloy prints them, as one line each, or as JSON for editors. */
import type { Diagnostic } from "./diagnostic.ts";
import { byteWidth, lineCount, lineText, type Position, positionOf } from "./position.ts";

export { positionOf } from "./position.ts";

export interface FormatOptions {
  /** For a terminal. @default false */
  readonly color?: boolean;
  /** Lines of the file before and after the place. @default 1 */
  readonly context?: number;
  /** Says what the user may have meant, which Alloy does not. @default false */
  readonly hints?: boolean;
}

/** A diagnostic for programs. Lines and columns count from 1, columns in bytes; the end is the first place after it. */
export interface DiagnosticJson {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  /** What the user may have meant. */
  readonly hint?: string;
  /** The first line of the place, as it stands in the file. */
  readonly text: string;
}

const tabWidth = 4;

/** Says what is wrong and shows the place, without a line break at the end. A negative start is no place: `-`. */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  { color = false, context = 1, hints = false }: FormatOptions = {},
): string {
  const severity = diagnostic.severity === "error" ? "Error: " : "Warning: ";
  const hint = hints && diagnostic.hint !== undefined ? `, ${diagnostic.hint}` : "";
  const message = formatDiagnosticLine(diagnostic) + hint;
  const code = diagnostic.severity === "error" ? 31 : 33;
  const header = color ? `\x1b[${code};1m${severity}\x1b[0m\x1b[1m${message}\x1b[0m` : severity + message;
  return diagnostic.start < 0 ? header : `${header}\n\n${excerpt(diagnostic, context)}`;
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

/** Formats a diagnostic for editors and other programs. */
export function toJson({ source, start, end, severity, message, hint }: Diagnostic): DiagnosticJson {
  const from = positionOf(source, Math.max(start, 0));
  const to = positionOf(source, Math.max(start, end, 0));
  const text = lineText(source, from.line).toWellFormed();
  return {
    file: source.name,
    ...{ line: from.line, column: from.column, endLine: to.line, endColumn: to.column },
    ...{ severity, message, ...(hint !== undefined && { hint }), text },
  };
}

/** A place with both ends inside it, which is how the carets are drawn. */
interface Span {
  readonly start: Position;
  readonly end: Position;
}

function excerpt({ source, start, end }: Diagnostic, context: number): string {
  const span: Span = { start: positionOf(source, start), end: positionOf(source, Math.max(start, end - 1)) };
  const multiline = span.end.line > span.start.line;
  const first = Math.max(span.start.line - context, 1);
  const last = Math.min(span.end.line + context, lineCount(source));
  const width = String(last).length;
  const out: string[] = [];
  for (let line = first; line <= last; line++) {
    const text = lineText(source, line);
    const bar = multiline ? (line > span.start.line && line <= span.end.line ? "| " : "  ") : "";
    out.push(`${String(line).padStart(width)} | ${bar}${shown(text)}`);
    if (line === span.start.line)
      out.push(`${" ".repeat(width)} | ${multiline ? " _" : ""}${carets(text, line, span)}`);
    else if (line === span.end.line) out.push(`${" ".repeat(width)} | |_${carets(text, line, span)}`);
  }
  return out.join("\n");
}

function shown(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\r", "")
    .replace(/[\t\v]/g, " ".repeat(tabWidth));
}

/** Draws a caret under each character of the span; a line drawn to the margin leads to those of several lines. */
function carets(text: string, line: number, { start, end }: Span): string {
  const blank = end.line > start.line ? "_" : " ";
  let out = "";
  let column = 1;
  for (const char of text) {
    if (line === end.line && column > end.column) break;
    if (char === "\t" || char === "\v") out += blank.repeat(tabWidth);
    else out += line !== start.line || column >= start.column ? "^" : blank;
    column += byteWidth(char.codePointAt(0) ?? 0);
  }
  return out;
}
