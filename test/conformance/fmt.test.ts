/** What the real Alloy's `fmt` wrote for each case, to the byte: the formatted file, or the mistakes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeSource, parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { printFile } from "../../lib/pipeline/syntax/print.ts";
import { formatDiagnosticLine } from "../../lib/pipeline/syntax/report.ts";

const root = join(import.meta.dirname, "fmt");

function format(folder: string): string {
  const { source } = decodeSource("in.alloy", readFileSync(join(folder, "in.alloy")));
  const { file, diagnostics } = parseFile(source);
  if (diagnostics.length === 0) return printFile(file);
  return [...diagnostics.map(formatDiagnosticLine), "Error: encountered errors during formatting", "exit: 1\n"].join(
    "\n",
  );
}

describe("fmt writes what Alloy's fmt writes", () => {
  test.for(readdirSync(root))("%s", name => {
    const folder = join(root, name);
    const expected = existsSync(join(folder, "expect.alloy")) ? "expect.alloy" : "expect.txt";
    expect(format(folder)).toBe(readFileSync(join(folder, expected), "utf8"));
  });
});
