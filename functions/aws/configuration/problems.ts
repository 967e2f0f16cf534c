/** What is wrong with a configuration from elsewhere, as it is logged and thrown. */
import { messageOf } from "../../../lib/pipeline/delivery/errors.ts";
import type { Diagnostic } from "../../../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnosticLine, formatDiagnostics } from "../../../lib/pipeline/syntax/report.ts";

/** What a configuration that does not load is thrown with; `undefined` for other failures. */
export function diagnosticsOf(error: unknown): readonly Diagnostic[] | undefined {
  return error instanceof Error && "diagnostics" in error ? (error.diagnostics as readonly Diagnostic[]) : undefined; // as it is thrown below, and by entry.ts
}

/** Throws what is wrong. */
export function refuse(diagnostics: readonly Diagnostic[]): never {
  throw Object.assign(new Error(formatDiagnostics(diagnostics)), { diagnostics });
}

/** Throws all errors, if there are some. */
export function failOnErrors(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length) refuse(errors);
}

/** Every reason with its place, in one line. */
export const inOneLine = (error: unknown): string =>
  diagnosticsOf(error)?.map(formatDiagnosticLine).join("; ") ?? messageOf(error);

/** The same with excerpts, for people. */
export function inFull(error: unknown): string {
  const diagnostics = diagnosticsOf(error);
  return diagnostics ? formatDiagnostics(diagnostics) : messageOf(error);
}

const unknown = /^cannot find the definition of component name "([^"]+)"$/;

/** Names that are right, and that this bundle was made without, are told as that. */
export const namingLeftOut = (diagnostics: readonly Diagnostic[], leftOut: ReadonlySet<string>): Diagnostic[] =>
  diagnostics.map(diagnostic => {
    const [, name = ""] = unknown.exec(diagnostic.message) ?? [];
    if (!leftOut.has(name)) return diagnostic;
    const { hint: _, ...rest } = diagnostic;
    const message = `component "${name}" is not in this bundle: make it again with amalgam bundle --remote --components, and this name or a pattern for it`;
    return { ...rest, message };
  });
