/** Reads a configuration: a file, or a folder whose `*.alloy` files are one configuration. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { File } from "../../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { decodeSource, parseFile } from "../../lib/pipeline/syntax/parser.ts";

export interface Configuration {
  readonly files: readonly File[];
  readonly diagnostics: readonly Diagnostic[];
  /** Where relative paths start. */
  readonly directory: string;
}

/** Throws where nothing can be read; what is wrong inside is a diagnostic. Files are named as `place` was given. */
export function readConfiguration(place: string): Configuration {
  const folder = statSync(place).isDirectory();
  const names = folder
    ? readdirSync(place, { withFileTypes: true })
        .filter(entry => entry.name.endsWith(".alloy") && !entry.isDirectory())
        .map(({ name }) => path.join(place, name))
        .sort()
    : [place];
  if (!names.length) throw new Error(`${place} should have a file that ends with .alloy, got none`);
  const parsed = names.map(name => {
    const { source, diagnostics } = decodeSource(name, readFileSync(name));
    const result = parseFile(source);
    return { file: result.file, diagnostics: [...diagnostics, ...result.diagnostics] };
  });
  return {
    files: parsed.map(({ file }) => file),
    diagnostics: parsed.flatMap(({ diagnostics }) => diagnostics),
    directory: path.resolve(folder ? place : path.dirname(place)),
  };
}
