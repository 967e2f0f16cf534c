/** The configuration that a server sent, as a file. */
import { configBlocks } from "../../lib/pipeline/graph/config-blocks.ts";
import type { File } from "../../lib/pipeline/syntax/ast.ts";
import { type Diagnostic, errorAt } from "../../lib/pipeline/syntax/diagnostic.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";

/** Parses; blocks that configure the process itself are the file's business on this machine. */
export function parseRemote(text: string): { readonly file: File; readonly diagnostics: readonly Diagnostic[] } {
  const { file, diagnostics } = parseFile({ name: "remotecfg", text });
  const found = file.body.filter(({ kind, name }) => kind === "block" && configBlocks.has(name.name));
  const refused = found.map(block => errorAt(file.source, block, refusal(block.name.name)));
  return { file, diagnostics: [...diagnostics, ...refused] };
}

/** Alloy calls all but two of them services. */
const refusal = (name: string): string =>
  name === "logging" || name === "tracing"
    ? `${name} block not allowed inside a module`
    : `service blocks not allowed inside a module: "${name}"`;
