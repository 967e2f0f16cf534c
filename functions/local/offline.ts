/** Loads a configuration without listening, scheduling or keeping anything: for commands that look at it or run one event through it. */
import { blockDefinitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { buildNodes, type NodeOptions } from "../../lib/pipeline/graph/nodes.ts";
import { type Loaded, loadPipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { MemoryStore } from "../../lib/pipeline/state/memory.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { configurationAt } from "../bundle-elsewhere.ts";
import { fetchModules, modulesById } from "../bundle-modules.ts";

export interface OfflineOptions {
  readonly stability: Stability;
  readonly log: Logger;
  /** Reads secrets and other values from where they are, which data needs; otherwise stand-ins take their places. @default false */
  readonly readValues?: boolean;
}

/** Loads what is at a path or at an address as a function would: with its modules fetched before, and writers that send when the flow opens. */
export async function loadOffline(
  config: string,
  { readValues = false, stability, log }: OfflineOptions,
): Promise<Loaded> {
  const { files, diagnostics, directory } = await configurationAt(config);
  if (diagnostics.some(isError)) return { pipeline: undefined, diagnostics };
  const options: NodeOptions = { definitions: blockDefinitions, knownElsewhere, stability };
  const wrong: Diagnostic[] = [];
  const nodes = buildNodes(files, options, wrong);
  const missing: Diagnostic[] = [];
  // of a configuration that does not load no module is fetched; what is wrong with it is told below
  const modules = wrong.some(isError) ? [] : await fetchModules(nodes, { options, directory }, missing);
  if (missing.some(isError)) return { pipeline: undefined, diagnostics: missing };
  return loadPipeline(files, {
    ...options,
    environment: {
      mode: "function",
      offline: !readValues,
      flow: new Flow(false),
      log,
      state: new MemoryStore(),
      metrics: new MetricsRegistry(),
      modules: modulesById(modules),
      directory,
      clock: Date.now,
      random: Math.random,
    },
  });
}

const isError = ({ severity }: Diagnostic): boolean => severity === "error";
