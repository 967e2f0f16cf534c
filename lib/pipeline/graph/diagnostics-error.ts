/** Mistakes that were found inside of what is built. */
import type { Diagnostic } from "../syntax/diagnostic.ts";

/** What is wrong inside the scope of a block. */
export class DiagnosticsError extends Error {
  override readonly name = "DiagnosticsError";
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics[0]?.message);
    this.diagnostics = diagnostics;
  }
}
