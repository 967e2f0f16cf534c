/**
 * What of a file with mistakes in its syntax can be checked further, for editors: blocks that are right by themselves, although
 * one before them is not closed yet.
 */
import type { File, Statement } from "../lib/pipeline/syntax/ast.ts";
import type { Diagnostic, Range } from "../lib/pipeline/syntax/diagnostic.ts";
import { parseFile } from "../lib/pipeline/syntax/parser.ts";

export interface Recovered {
  /** All blocks; of those that are broken what could be read, so that others can refer to them. */
  readonly file: File;
  /** What is broken; what a check finds there follows from that. */
  readonly broken: readonly Range[];
  /** The mistakes, each in the block that it belongs to. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A line that begins a block at the margin, where those inside others do not begin. */
const heading = /^[\p{L}_][\p{L}\p{N}_.]*(?:[ \t]+"[^"\n]*")?[ \t]*\{/gmu;

/** Parses what is wrong again, in parts that begin with a heading at the margin. */
export function recover(file: File, diagnostics: readonly Diagnostic[]): Recovered {
  const good = file.body.filter(({ start, end }) => !diagnostics.some(each => each.start >= start && each.start < end));
  const body: Statement[] = [...good];
  const broken: Range[] = [];
  const found: Diagnostic[] = [];
  for (const gap of gapsBetween(good, file.end)) {
    const inside = diagnostics.filter(({ start }) => start >= gap.start && start <= gap.end);
    if (!inside.length) continue;
    const before = found.length;
    for (const part of partsOf(gap, file)) {
      const { text } = file.source;
      const padded = `${text.slice(0, part.start).replace(/[^\n]/g, " ")}${text.slice(part.start, part.end)}`;
      const parsed = parseFile({ name: file.source.name, text: padded });
      body.push(...parsed.file.body);
      if (!parsed.diagnostics.length) continue;
      broken.push(part);
      found.push(...parsed.diagnostics.map(each => ({ ...each, source: file.source })));
    }
    if (found.length === before) found.push(...inside);
  }
  body.sort((a, b) => a.start - b.start);
  return { file: { ...file, body }, broken, diagnostics: found };
}

/** What lies between statements, and before and behind them. */
function gapsBetween(statements: readonly Statement[], end: number): Range[] {
  const starts = [0, ...statements.map(each => each.end)];
  return starts.map((start, i) => ({ start, end: statements[i]?.start ?? end }));
}

function partsOf({ start, end }: Range, { source }: File): Range[] {
  const headings = [...source.text.slice(start, end).matchAll(heading)].map(({ index }) => start + index);
  const starts = headings[0] === start ? headings : [start, ...headings];
  return starts.map((each, i) => ({ start: each, end: starts[i + 1] ?? end }));
}
