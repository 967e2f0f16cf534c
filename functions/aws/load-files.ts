/** Configurations that are not in the bundle: at a path, or from elsewhere. Most functions never have one. */
import type { Definition, Stability } from "../../lib/pipeline/graph/component.ts";
import type { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { type Environment, loadPipeline, type Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { File } from "../../lib/pipeline/syntax/ast.ts";
import { readConfiguration } from "../local/configuration.ts";
import type { ProcessLogger } from "../local/log.ts";
import { byName, checked, environmentOf, failOn, type Surroundings } from "./load.ts";

export interface LoadFunctionOptions extends Surroundings {
  readonly definitions: readonly Definition[];
  readonly stability: Stability;
}

/** Loads files as a function runs them: nothing happens outside an invocation. Throws an error with all diagnostics. */
export async function loadFunction(
  files: readonly File[],
  { definitions, stability, ...surroundings }: LoadFunctionOptions,
): Promise<Pipeline> {
  const environment = environmentOf(surroundings);
  return checked(await loadPipeline(files, { definitions: byName(definitions), stability, environment }));
}

/** What all configurations of a function have in common. */
export interface LoadSettings extends Pick<LoadFunctionOptions, "definitions" | "stability" | "directory"> {
  readonly log: ProcessLogger;
  readonly metrics: MetricsRegistry;
  /** The surroundings of a configuration by its texts, or by the name of them. */
  readonly around: (texts: string | readonly string[], more: Partial<Environment>) => Partial<Environment>;
}

/** A pipeline with its surroundings. */
export interface LoadedFunction {
  readonly pipeline: Pipeline;
  readonly environment: Partial<Environment>;
}

/** Loads files; relative paths start at the function's folder, or at `root`. */
export async function loadFiles(
  files: readonly File[],
  { around, ...settings }: LoadSettings,
  more: Partial<Environment>,
  root = settings.directory,
): Promise<LoadedFunction> {
  const texts = files.map(({ source }) => source.text);
  const environment = around(texts, more);
  return { pipeline: await loadFunction(files, { ...settings, directory: root, environment }), environment };
}

/** Loads the file or the folder at a path. */
export async function loadPath(
  place: string,
  settings: LoadSettings,
  more: Partial<Environment>,
): Promise<LoadedFunction> {
  const { files, diagnostics, directory } = readConfiguration(place);
  failOn(diagnostics);
  return loadFiles(files, settings, more, directory);
}
