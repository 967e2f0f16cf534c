/** `amalgam fmt`: configurations in the canonical format. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";
import { printFile } from "../lib/pipeline/syntax/print.ts";
import { formatDiagnosticLine } from "../lib/pipeline/syntax/report.ts";
import { failureText } from "./failure.ts";

export interface FmtOptions {
  readonly write?: boolean;
  readonly test?: boolean;
}

/** What was wrong with a file: nothing, its text, or that it can't be read or written. */
type Outcome = "done" | "mistakes" | "failed";

/** Formats files, those below folders, and standard input (`-`, or no path at all). Returns the exit code. */
export function fmt(paths: readonly string[], options: FmtOptions): number {
  if (options.write && options.test) throw new Error("cannot use -w/--write and -t/--test at the same time");
  const places = paths.length ? paths : ["-"];
  if (options.write && places.includes("-")) throw new Error("cannot use -w with standard input");
  const outcomes = places.flatMap(place => formatPlace(place, options));
  if (outcomes.includes("mistakes")) complain("encountered errors during formatting");
  return outcomes.every(outcome => outcome === "done") ? 0 : 1;
}

/** One file that fails does not keep the others from being formatted. */
function formatPlace(place: string, options: FmtOptions): Outcome[] {
  try {
    const folder = place !== "-" && statSync(place).isDirectory();
    const files = folder ? filesBelow(place) : [place];
    if (!files.length) throw new Error(`${place} should have a file that ends with .alloy, got none`);
    return files.map(file => formatFile(file, options));
  } catch (error) {
    return [complain(failureText(error))];
  }
}

/** Every `*.alloy` file of a folder and of those in it, but for hidden folders and installed packages. */
function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap(entry => {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) return isSkipped(entry.name) ? [] : filesBelow(place);
    return entry.name.endsWith(".alloy") ? [place] : [];
  });
}

const isSkipped = (folder: string): boolean => folder.startsWith(".") || folder === "node_modules";

function formatFile(file: string, options: FmtOptions): Outcome {
  try {
    return format(file, options);
  } catch (error) {
    return complain(failureText(error));
  }
}

function format(file: string, { write, test }: FmtOptions): Outcome {
  const stdin = file === "-";
  const name = stdin ? "<stdin>" : file;
  const bytes = readFileSync(stdin ? 0 : file);
  const { source, diagnostics } = decodeSource(name, bytes);
  const parsed = parseFile(source);
  const mistakes = [...diagnostics, ...parsed.diagnostics];
  if (mistakes.length) {
    process.stderr.write(`${mistakes.map(formatDiagnosticLine).join("\n")}\n`);
    return "mistakes";
  }
  const text = printFile(parsed.file);
  const isFormatted = Buffer.from(text).equals(bytes);
  if (test) return isFormatted ? "done" : complain(`file ${name} is not formatted correctly`);
  if (!write) process.stdout.write(text);
  else if (!isFormatted) writeFileSync(file, text);
  return "done";
}

function complain(text: string): "failed" {
  process.stderr.write(`Error: ${text}\n`);
  return "failed";
}
