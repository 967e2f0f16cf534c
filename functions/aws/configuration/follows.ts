/** Whether functions read their configuration while they run, and from where; for the infrastructure. */
import { withoutCredentials } from "../../../lib/pipeline/components/writer.ts";
import { settingOf } from "../../../lib/pipeline/graph/config-blocks.ts";
import { describePipeline, type GraphDescription } from "../../../lib/pipeline/graph/describe.ts";
import type { Pipeline } from "../../../lib/pipeline/graph/pipeline.ts";
import { configurationPermissions } from "./permissions.ts";
import { isAddress, remotePlace } from "./place.ts";

/** The graph of the configuration at a path or an address, or of none, with where functions read it again. */
export function describeFollowed(config: string | undefined, pipeline: Pipeline): GraphDescription {
  const graph = describePipeline(pipeline);
  const sent = settingOf(pipeline.settings, "remotecfg")?.url;
  const from = [
    ...(config !== undefined && isAddress(config) ? [remotePlace(config).name] : []),
    ...(sent ? [withoutCredentials(sent)] : []),
  ];
  if (!from.length) return graph;
  return { ...graph, followed: { from, permissions: config === undefined ? [] : configurationPermissions(config) } };
}

/** A configuration as messages name it. */
export const nameOfConfiguration = (config: string): string =>
  isAddress(config) ? remotePlace(config, "the configuration").name : config;
