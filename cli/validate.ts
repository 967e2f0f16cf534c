/** `amalgam validate`: everything that is wrong with a configuration, at once. */
import { readConfiguration } from "../functions/local/configuration.ts";
import { definitions, knownElsewhere } from "../lib/pipeline/components/index.ts";
import { checkConfiguration } from "../lib/pipeline/graph/check.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { formatDiagnostics, toJson } from "../lib/pipeline/syntax/report.ts";

/** Returns the exit code. */
export function validate(
  config: string,
  { json, stability }: { readonly json: boolean; readonly stability: Stability },
): number {
  const { files, diagnostics } = readConfiguration(config);
  const syntaxIsFine = !diagnostics.some(({ severity }) => severity === "error");
  const found = [
    ...diagnostics,
    ...(syntaxIsFine ? checkConfiguration(files, { definitions, knownElsewhere, stability }) : []),
  ];
  const failed = found.some(({ severity }) => severity === "error");
  if (json) process.stdout.write(`${JSON.stringify(found.map(toJson), null, 2)}\n`);
  else if (found.length)
    process.stderr.write(`${formatDiagnostics(found)}\n${failed ? "Error: validation failed\n" : ""}`);
  return failed ? 1 : 0;
}
