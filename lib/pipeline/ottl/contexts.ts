/** The contexts: what each one's paths are, and whose paths can be reached from it. */
import type { ContextName } from "./context.ts";
import { dataPointPaths } from "./paths/datapoint.ts";
import { logPaths } from "./paths/log.ts";
import { metricPaths } from "./paths/metric.ts";
import { map, type Paths } from "./paths/path.ts";
import { resourcePaths } from "./paths/resource.ts";
import { scopePaths } from "./paths/scope.ts";
import { spanPaths } from "./paths/span.ts";
import { spanEventPaths } from "./paths/spanevent.ts";

const cache: Paths = {
  cache: {
    ...map(c => c.cache),
  },
};

export interface ContextDefinition {
  readonly paths: Paths;
  /** Contexts whose paths may stand in a statement of this one, with their names in front. */
  readonly above: readonly ContextName[];
}

export const contexts: Readonly<Record<ContextName, ContextDefinition>> = {
  resource: { paths: resourcePaths, above: [] },
  scope: { paths: scopePaths, above: ["resource"] },
  span: { paths: spanPaths, above: ["scope", "resource"] },
  spanevent: { paths: spanEventPaths, above: ["span", "scope", "resource"] },
  metric: { paths: metricPaths, above: ["scope", "resource"] },
  datapoint: { paths: dataPointPaths, above: ["metric", "scope", "resource"] },
  log: { paths: logPaths, above: ["scope", "resource"] },
};

/** Only in a context's own statements. */
export const ownPaths = cache;

/** Names that paths may begin with. */
export const contextNames: ReadonlyMap<string, ContextName> = new Map<string, ContextName>([
  ["resource", "resource"],
  ["scope", "scope"],
  ["instrumentation_scope", "scope"],
  ["span", "span"],
  ["spanevent", "spanevent"],
  ["metric", "metric"],
  ["datapoint", "datapoint"],
  ["log", "log"],
]);
