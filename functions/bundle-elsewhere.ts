/** What a bundle has for configurations that it does not have inside: from an address, or from a server of `remotecfg`. */
import type { File } from "../lib/pipeline/syntax/ast.ts";
import { parseFile } from "../lib/pipeline/syntax/parser.ts";
import { isAddress, remotePlace } from "./aws/configuration/place.ts";
import { type Configuration, readConfiguration } from "./local/configuration.ts";

/** Somebody waits for it, and has time. */
const patient = { timeoutMs: 30_000, retries: 5 };

/** Reads the configuration at a path or at an address; none is one without files. */
export async function configurationAt(config: string | undefined): Promise<Configuration> {
  const directory = process.cwd();
  if (config === undefined) return { files: [], diagnostics: [], directory };
  if (!isAddress(config)) return readConfiguration(config);
  const place = remotePlace(config, "the configuration");
  const { readerOf } = await import("./aws/configuration/read.ts"); // what needs no network is there sooner
  const read = readerOf(place, process.env["AMALGAM_CONFIG_TOKEN"]);
  const files = await read(undefined, patient).catch((error: Error) => {
    throw new Error(`${place.name} could not be read: ${error.message}`, { cause: error });
  });
  const parsed = files.map(({ name, text }) => parseFile({ name, text }));
  return {
    files: parsed.map(({ file }) => file),
    diagnostics: parsed.flatMap(({ diagnostics }) => diagnostics),
    directory,
  };
}

export interface ElsewhereOptions {
  readonly config?: string | undefined;
  readonly remote?: boolean | undefined;
  /** Patterns. */
  readonly components?: readonly string[] | undefined;
  /** The configuration, if there is one. */
  readonly files: readonly File[];
  /** Components that it names. */
  readonly named: readonly string[];
  /** All that there are. */
  readonly all: readonly string[];
}

export interface ElsewhereBundle {
  /** Where the function reads its configuration, where `AMALGAM_CONFIG` does not say it. */
  readonly place: string | undefined;
  /** Names, sorted. */
  readonly components: readonly string[];
  /** Those that it is made without. */
  readonly leftOut: readonly string[];
}

/** What such a bundle has; `undefined` for one of a single configuration. Throws for patterns that no name matches. */
export function elsewhereOf(options: ElsewhereOptions): ElsewhereBundle | undefined {
  const { config, remote, components: patterns, files, named, all } = options;
  const place = config !== undefined && isAddress(config) ? config : undefined;
  const asks = files.some(({ body }) => body.some(({ kind, name }) => kind === "block" && name.name === "remotecfg"));
  if (!remote && place === undefined && !asks) {
    if (patterns)
      throw new Error("--components is for bundles with --remote: all others have what their configuration names");
    if (config === undefined) throw new Error("a bundle without --remote should have a configuration, got none");
    return undefined;
  }
  const wanted = new Set([...named, ...(patterns ?? ["*"]).flatMap(pattern => matching(pattern, all))]);
  return {
    place,
    components: [...wanted].sort(),
    leftOut: all.filter(name => !wanted.has(name)).sort(),
  };
}

function matching(pattern: string, all: readonly string[]): readonly string[] {
  const expression = new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`);
  const found = all.filter(name => expression.test(name));
  if (!found.length)
    throw new Error(`--components should name components, as loki.* or loki.write, got ${JSON.stringify(pattern)}`);
  return found;
}
