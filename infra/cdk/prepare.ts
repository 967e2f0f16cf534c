/**
 * A program: writes the function of a configuration and prints its graph. Constructors can't wait and loading a configuration
 * must, so the construct runs this as a child, with the variables that the function will have and no others.
 */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { loadFunction } from "../../functions/aws/entry.ts";
import { bundle } from "../../functions/bundle.ts";
import { modulesById } from "../../functions/bundle-modules.ts";
import { readConfiguration } from "../../functions/local/configuration.ts";
import { createLogger } from "../../functions/local/log.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { describePipeline } from "../../lib/pipeline/graph/describe.ts";

export interface PrepareOptions {
  readonly config: string;
  readonly outdir: string;
  readonly stability: Stability;
  /** Relative to the configuration's folder. */
  readonly files: readonly string[];
}

/** Bundles, then loads the configuration as the function will: with the same checks, and the bundle's folder around it. */
async function prepare({ config, outdir, stability, files }: PrepareOptions): Promise<void> {
  const { files: sources, directory } = readConfiguration(config);
  rmSync(outdir, { recursive: true, force: true });
  for (const file of files) {
    const target = path.join(outdir, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.resolve(directory, file), target);
  }
  const { modules } = await bundle({ config, outdir, stability, target: "aws" });
  const pipeline = await loadFunction(sources, {
    definitions: [...definitions.values()],
    stability,
    directory: outdir,
    log: createLogger({ level: "error" }),
    environment: { offline: true, modules: modulesById(modules) },
  });
  process.stdout.write(JSON.stringify(describePipeline(pipeline)));
  await pipeline.close();
}

try {
  await prepare(JSON.parse(process.argv[2] ?? "{}") as PrepareOptions); // written by load.ts
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
