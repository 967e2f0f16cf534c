/** What a deployed function runs: its configuration is loaded once, at the cold start, and a bad one fails there with every reason. */

import { writeSync } from "node:fs";
import { nameSender } from "../../lib/pipeline/delivery/user-agent.ts";
import type { Definition, Stability } from "../../lib/pipeline/graph/component.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { nodesFromJson } from "../../lib/pipeline/graph/nodes-json.ts";
import { type Environment, loadNodes, type Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import { createLogger, type Level, type LogSettings, type ProcessLogger } from "../local/log.ts";
import { startFromElsewhere } from "./configuration/elsewhere.ts";
import { functionLetters } from "./dead-letters.ts";
import { functionHandOver } from "./hand-over.ts";
import { createHandler, type Handler } from "./handler.ts";
import { byName, checked, environmentOf } from "./load.ts";
import { type LoadSettings, loadPath } from "./load-files.ts";
import { modeOf, observeMetrics } from "./metrics.ts";
import type { Observer } from "./observer.ts";
import { ownTraffic } from "./own-traffic.ts";
import { setAside } from "./set-aside.ts";
import { type FunctionTracing, observeTraces } from "./traces.ts";

export { type LoadFunctionOptions, loadFunction } from "./load-files.ts";

export interface FunctionOptions {
  /** The graph of the bundled configuration, as JSON; the one that `AMALGAM_CONFIG` names takes its place. */
  readonly nodes?: string;
  /** The modules that it imports. */
  readonly modules?: readonly BundledText[];
  /** Only those that the configuration names, so that a bundle has no more; or all that one from elsewhere may name. */
  readonly definitions: readonly Definition[];
  /** What `AMALGAM_CONFIG` says where it is not set. */
  readonly place?: string | undefined;
  /** Names of components that a bundle for configurations from elsewhere was made without; absent in all other bundles. */
  readonly leftOut?: readonly string[];
  readonly stability: Stability;
  /** Names the texts of the bundled configuration. */
  readonly configuration?: string;
  /** Opens the store that `AMALGAM_STATE` names; a bundle whose configuration keeps nothing has no such function. */
  readonly openState?: (choice: string | undefined) => Promise<StateStore>;
}

/** A module as a bundle has it. */
export interface BundledText {
  /** Of its `import` block. */
  readonly id: string;
  /** Its graph, as JSON. */
  readonly graph: string;
  /** Its `module_path`, relative to the function's folder. */
  readonly directory: string;
}

/** Loads the configuration of a function and makes its handler. */
export async function startFunction(options: FunctionOptions): Promise<Handler> {
  const { nodes, modules, definitions, stability, configuration = "", openState } = options;
  const place = process.env["AMALGAM_CONFIG"] || options.place;
  const level = levelOf(process.env["AWS_LAMBDA_LOG_LEVEL"]);
  const state = await openState?.(process.env["AMALGAM_STATE"]);
  const metrics = new MetricsRegistry();
  const ownLog = functionLog(level);
  const { log } = ownLog;
  const directory = process.env["LAMBDA_TASK_ROOT"] ?? process.cwd();
  const around = (texts: string | readonly string[], more: Partial<Environment>): Partial<Environment> => ({
    ...functionLetters(texts),
    ...functionHandOver(texts, state),
    ...(state && { state }),
    ...more,
  });
  const settings: LoadSettings = { definitions, stability, directory, log, metrics, around };
  const first = async (more: Partial<Environment>) => {
    if (place) return loadPath(place, settings, more);
    const named = byName(definitions);
    const imported = modules && { modules: modulesOf(modules, named, directory) };
    const environment = around(configuration, { ...imported, ...more });
    const graph = nodesFromJson(nodes ?? "", named);
    const loaded = await loadNodes(graph, environmentOf({ directory, log, metrics, environment }));
    return { pipeline: checked(loaded), environment };
  };
  const handlerOf = handlersWith(metrics, ownLog);
  const elsewhere = () => startFromElsewhere(options, { place, first, settings, handlerOf, state });
  if (options.leftOut || place?.includes("://")) return elsewhere();
  const { pipeline, environment } = await first({});
  const remote = pipeline.settings.get("remotecfg") as { readonly url: string } | undefined; // as config-blocks.ts has it
  return remote?.url ? elsewhere() : handlerOf(pipeline, environment);
}

/** Makes handlers, with the request in each line of their log, their metrics, and their traces if they are wanted. What is counted goes on over all of them. */
function handlersWith(metrics: MetricsRegistry, log: FunctionLog) {
  let counting: Observer | undefined;
  return (pipeline: Pipeline, { deadLetters: letters }: Partial<Environment>, counted = pipeline): Handler => {
    configure(log.log, pipeline);
    const mode = modeOf(process.env["AMALGAM_METRICS"]);
    const initMs = performance.now();
    counting ??= observeMetrics({ mode, metrics, pipeline: counted, write: writeLine, clock: Date.now, initMs });
    const tracing = pipeline.settings.get("tracing") as FunctionTracing | undefined; // as config-blocks.ts has it
    const traces = tracing?.write_to.length ? [observeTraces(pipeline, tracing, log.log)] : [];
    const observers = [...traces, counting, log.observe];
    return createHandler(pipeline, {
      own: ownTraffic(metrics),
      ...(letters && { setAside: (record, invocation) => setAside({ letters, metrics }, record, invocation) }),
      observe(event, context) {
        if (context.invokedFunctionArn !== undefined) nameSender(context.invokedFunctionArn);
        const ends = observers.map(observe => observe(event, context));
        return async (outcome, call) => {
          for (const end of ends) await end(outcome, call);
        };
      },
    });
  };
}

interface FunctionLog {
  readonly log: ProcessLogger;
  readonly observe: Observer;
}

/** A log whose lines have the names that Lambda filters by, and the id of the request that they belong to. */
function functionLog(level: Level): FunctionLog {
  let requestId: string | undefined;
  const json = { time: "timestamp", message: "message", fields: () => ({ requestId }) };
  return {
    log: createLogger({ format: "json", level, write: writeLine, json }),
    observe: (_, { awsRequestId }) => {
      requestId = awsRequestId;
      return async () => {
        requestId = undefined;
      };
    },
  };
}

/** What the `logging` block says of a function's log; what it does not say is as its platform has it. */
function configure(log: ProcessLogger, { settings }: Pipeline): void {
  const logging = settings.get("logging") as Pick<LogSettings, "level" | "format"> | undefined; // as config-blocks.ts has it
  log.configure({ level: logging?.level, format: logging?.format });
}

const modulesOf = (
  modules: readonly BundledText[],
  definitions: ReadonlyMap<string, Definition>,
  root: string,
): NonNullable<Environment["modules"]> =>
  new Map(
    modules.map(({ id, graph, directory }) => [
      id,
      { nodes: nodesFromJson(graph, definitions), directory: `${root}/${directory}` },
    ]),
  );

/** Straight to the file: to load the stream of standard error takes 8 ms of a cold start. */
function writeLine(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    process.stderr.write(`${line}\n`); // a pipe that is full for now
  }
}

/** Lambda's names of levels, of which it has more. */
export function levelOf(name = ""): Level {
  return levels[name.toUpperCase()] ?? "info";
}

const levels: Readonly<Record<string, Level>> = {
  TRACE: "debug",
  DEBUG: "debug",
  WARN: "warn",
  ERROR: "error",
  FATAL: "error",
};
