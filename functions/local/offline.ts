/** Loads a configuration without listening, scheduling or keeping anything: for commands that look at it or run one event through it. */
import { blockDefinitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { type Loaded, loadPipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { MemoryStore } from "../../lib/pipeline/state/memory.ts";
import { readConfiguration } from "./configuration.ts";

export interface OfflineOptions {
  readonly stability: Stability;
  readonly log: Logger;
  /** Reads secrets and other values from where they are, which data needs; otherwise stand-ins take their places. @default false */
  readonly readValues?: boolean;
}

/** As a function would load it: writers send when the flow opens. */
export async function loadOffline(config: string, { readValues = false, ...options }: OfflineOptions): Promise<Loaded> {
  const before = process.env["AMALGAM_OFFLINE"];
  if (!readValues) process.env["AMALGAM_OFFLINE"] = "1";
  try {
    return await load(config, options);
  } finally {
    if (before === undefined) delete process.env["AMALGAM_OFFLINE"];
    else process.env["AMALGAM_OFFLINE"] = before;
  }
}

function load(config: string, { stability, log }: Omit<OfflineOptions, "readValues">): Promise<Loaded> | Loaded {
  const { files, diagnostics, directory } = readConfiguration(config);
  if (diagnostics.some(({ severity }) => severity === "error")) return { pipeline: undefined, diagnostics };
  return loadPipeline(files, {
    definitions: blockDefinitions,
    knownElsewhere,
    stability,
    environment: {
      mode: "function",
      flow: new Flow(false),
      log,
      state: new MemoryStore(),
      metrics: new MetricsRegistry(),
      directory,
      clock: Date.now,
      random: Math.random,
    },
  });
}
