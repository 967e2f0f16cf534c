/** From a configuration to its function and its graph: what the CDK construct and `amalgam bundle` have in common. */
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { definitions } from "../lib/pipeline/components/index.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import type { GraphDescription } from "../lib/pipeline/graph/describe.ts";
import { describeFollowed } from "./aws/configuration/follows.ts";
import { loadFunction } from "./aws/entry.ts";
import { type Bundle, type BundleOptions, bundle } from "./bundle.ts";
import { configurationAt } from "./bundle-elsewhere.ts";
import { modulesById } from "./bundle-modules.ts";
import { createLogger } from "./local/log.ts";

export interface PrepareOptions extends Pick<BundleOptions, "config" | "remote" | "components"> {
  readonly outdir: string;
  readonly stability: Stability;
  /** Relative to the configuration's folder. */
  readonly files: readonly string[];
}

export interface Prepared {
  readonly bundle: Bundle;
  /** Of the configuration as it is now; of none it is empty. */
  readonly graph: GraphDescription;
}

/** Bundles, then loads the configuration as the function will: with the same checks, and the bundle's folder around it. */
export async function prepare({ files, ...options }: PrepareOptions): Promise<Prepared> {
  const { config, outdir, stability } = options;
  const { files: sources, directory } = await configurationAt(config);
  for (const file of files) {
    const target = path.join(outdir, file);
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(path.resolve(directory, file), target);
  }
  const made = await bundle({ ...options, target: "aws" });
  const pipeline = await loadFunction(sources, {
    definitions: [...definitions.values()],
    stability,
    directory: outdir,
    log: createLogger({ level: "error" }),
    environment: { offline: true, modules: modulesById(made.modules) },
  });
  const graph = describeFollowed(config, pipeline);
  await pipeline.close();
  return { bundle: made, graph };
}
