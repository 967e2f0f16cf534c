/** From a configuration to its function and its graph: what the CDK construct and `amalgam bundle` have in common. */
import { copyFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { definitions } from "../lib/pipeline/components/index.ts";
import { withoutCredentials } from "../lib/pipeline/components/writer.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { settingOf } from "../lib/pipeline/graph/config-blocks.ts";
import { describePipeline, type GraphDescription } from "../lib/pipeline/graph/describe.ts";
import { configurationPermissions } from "./aws/configuration/permissions.ts";
import { isAddress, remotePlace } from "./aws/configuration/place.ts";
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
  const graph = describePipeline(pipeline);
  const sent = settingOf(pipeline.settings, "remotecfg")?.url;
  await pipeline.close();
  const from = [
    ...(config !== undefined && isAddress(config) ? [remotePlace(config).name] : []),
    ...(sent ? [withoutCredentials(sent)] : []),
  ];
  const permissions = config === undefined ? [] : configurationPermissions(config);
  return { bundle: made, graph: from.length ? { ...graph, followed: { from, permissions } } : graph };
}
