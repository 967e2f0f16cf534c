/** `amalgam validate`: everything that is wrong with a configuration, at once. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { configurationAt } from "../functions/bundle-elsewhere.ts";
import { readConfiguration } from "../functions/local/configuration.ts";
import { blockDefinitions, knownElsewhere } from "../lib/pipeline/components/index.ts";
import { checkConfiguration } from "../lib/pipeline/graph/check.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import type { File } from "../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../lib/pipeline/syntax/diagnostic.ts";
import { decodeSource, parseFile } from "../lib/pipeline/syntax/parser.ts";
import { formatDiagnostics, toJson } from "../lib/pipeline/syntax/report.ts";
import { recover } from "./half-written.ts";

export interface ValidateOptions {
  readonly stability: Stability;
  readonly community: boolean;
}

interface OutputOptions {
  readonly json: boolean;
  readonly hints: boolean;
  /** The name of the file that standard input holds as it will be saved. */
  readonly stdinName: string | undefined;
}

interface Configuration {
  readonly files: readonly File[];
  /** What is wrong with the syntax. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Version 1; fields are added, never changed. */
export interface ValidateJson {
  readonly version: 1;
  readonly diagnostics: readonly ReturnType<typeof toJson>[];
}

/** Returns the exit code: a warning fails, too, as in Alloy. */
export async function validate(config: string | undefined, options: ValidateOptions & OutputOptions): Promise<number> {
  const read =
    config === "-" || options.stdinName !== undefined ? await readUnsaved(config, options.stdinName) : undefined;
  if (!read && config === undefined) throw new Error("validate needs a configuration, or --stdin-filename");
  const configuration = read ?? (await configurationAt(config));
  const found = options.json ? findAllProblems(configuration, options) : problemsOf(configuration, options);
  if (options.json) {
    const json: ValidateJson = { version: 1, diagnostics: found.map(toJson) };
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  } else process.stderr.write(problemText(found, process.stderr.isTTY, options.hints || process.stderr.isTTY));
  return found.length ? 1 : 0;
}

/** A configuration one of whose files is read from standard input, under the name that it has or will have. */
async function readUnsaved(config: string | undefined, name = "<stdin>"): Promise<Configuration> {
  const { source } = decodeSource(name, readFileSync(0));
  const { file, diagnostics } = parseFile(source);
  const isSame = (other: string) => path.resolve(other) === path.resolve(name);
  if (config === undefined || config === "-" || isSame(config)) return { files: [file], diagnostics };
  const saved = await configurationAt(config);
  return {
    files: [...saved.files.filter(each => !isSame(each.source.name)), file],
    diagnostics: [...saved.diagnostics.filter(each => !isSame(each.source.name)), ...diagnostics],
  };
}

/** Mistakes in the syntax, or all others where there is none. */
export const findProblems = (config: string, options: ValidateOptions): readonly Diagnostic[] =>
  problemsOf(readConfiguration(config), options);

function problemsOf({ files, diagnostics }: Configuration, options: ValidateOptions): readonly Diagnostic[] {
  if (diagnostics.some(({ severity }) => severity === "error")) return diagnostics;
  return [...diagnostics, ...checkConfiguration(files, { definitions: blockDefinitions, knownElsewhere, ...options })];
}

/** Mistakes in the syntax, and those in all blocks that have none, as editors want it while a file is written. */
export function findAllProblems(
  { files, diagnostics }: Configuration,
  options: ValidateOptions,
): readonly Diagnostic[] {
  if (!diagnostics.length) return problemsOf({ files, diagnostics }, options);
  const recovered = files.map(file => {
    const own = diagnostics.filter(({ source }) => source === file.source);
    return own.length ? recover(file, own) : { file, broken: [], diagnostics: own };
  });
  const found = problemsOf({ files: recovered.map(({ file }) => file), diagnostics: [] }, options);
  const isFollowing = ({ source, start }: Diagnostic) =>
    recovered.some(
      ({ file, broken }) =>
        file.source === source && broken.some(range => start >= range.start && start < Math.max(range.end, 1)),
    );
  return [...recovered.flatMap(each => each.diagnostics), ...found.filter(each => !isFollowing(each))];
}

/** As Alloy prints it; a terminal also gets colours and hints. */
export const problemText = (found: readonly Diagnostic[], terminal: boolean, hints = terminal): string =>
  found.length
    ? `\n${formatDiagnostics(found, { color: terminal && !process.env["NO_COLOR"], hints })}\nError: validation failed\n`
    : "";
