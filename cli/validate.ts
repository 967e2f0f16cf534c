/** `amalgam validate`: everything that is wrong with a configuration, at once. */
import { readConfiguration } from "../functions/local/configuration.ts";
import { definitions, knownElsewhere } from "../lib/pipeline/components/index.ts";
import { checkConfiguration } from "../lib/pipeline/graph/check.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import type { Diagnostic } from "../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnostics, toJson } from "../lib/pipeline/syntax/report.ts";

export interface ValidateOptions {
  readonly stability: Stability;
  readonly community: boolean;
}

/** Returns the exit code: a warning fails, too, as in Alloy. */
export function validate(config: string, { json, ...options }: ValidateOptions & { readonly json: boolean }): number {
  const found = findProblems(config, options);
  if (json) process.stdout.write(`${JSON.stringify(found.map(toJson), null, 2)}\n`);
  else process.stderr.write(problemText(found, process.stderr.isTTY));
  return found.length ? 1 : 0;
}

/** Mistakes in the syntax, or all others where there is none. */
export function findProblems(config: string, options: ValidateOptions): readonly Diagnostic[] {
  const { files, diagnostics } = readConfiguration(config);
  if (diagnostics.some(({ severity }) => severity === "error")) return diagnostics;
  return [...diagnostics, ...checkConfiguration(files, { definitions, knownElsewhere, ...options })];
}

/** As Alloy prints it; a terminal also gets colours and hints. */
export const problemText = (found: readonly Diagnostic[], terminal: boolean): string =>
  found.length ? `\n${formatDiagnostics(found, { color: terminal, hints: terminal })}\nError: validation failed\n` : "";
