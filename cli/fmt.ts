/** `amalgam fmt`: prints a configuration in the canonical format. */
import { readFileSync, writeFileSync } from "node:fs";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";
import { printFile } from "../lib/pipeline/syntax/print.ts";
import { formatDiagnosticLine } from "../lib/pipeline/syntax/report.ts";

/** Returns the exit code. */
export function fmt(
  file: string | undefined,
  { write, test }: { readonly write?: boolean; readonly test?: boolean },
): number {
  const stdin = file === undefined || file === "-";
  const bytes = readFileSync(stdin ? 0 : file);
  const { source, diagnostics } = decodeSource(stdin ? "<stdin>" : file, bytes);
  const parsed = parseFile(source);
  const errors = [...diagnostics, ...parsed.diagnostics];
  if (errors.length) {
    process.stderr.write(
      `${errors.map(formatDiagnosticLine).join("\n")}\nError: encountered errors during formatting\n`,
    );
    return 1;
  }
  const text = printFile(parsed.file);
  if (test) return Buffer.compare(Buffer.from(text), bytes) === 0 ? 0 : 1;
  if (write && !stdin) {
    if (Buffer.compare(Buffer.from(text), bytes) !== 0) writeFileSync(file, text);
  } else process.stdout.write(text);
  return 0;
}
