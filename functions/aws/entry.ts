/** What a deployed function runs: its configuration is loaded once, at the cold start, and a bad one fails there with every reason. */

import { writeSync } from "node:fs";
import { nameSender } from "../../lib/pipeline/delivery/user-agent.ts";
import type { Definition, Stability } from "../../lib/pipeline/graph/component.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { nodesFromJson } from "../../lib/pipeline/graph/nodes-json.ts";
import {
  type Environment,
  type Loaded,
  loadNodes,
  loadPipeline,
  type Pipeline,
} from "../../lib/pipeline/graph/pipeline.ts";
import { MemoryStore } from "../../lib/pipeline/state/memory.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import type { File } from "../../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnostics } from "../../lib/pipeline/syntax/report.ts";
import { readConfiguration } from "../local/configuration.ts";
import { createLogger, type Level, type LogSettings, type ProcessLogger } from "../local/log.ts";
import { functionLetters } from "./dead-letters.ts";
import { createHandler, type Handler } from "./handler.ts";
import { checkRoutes } from "./http.ts";
import { modeOf, observeMetrics } from "./metrics.ts";
import type { Observer } from "./observer.ts";
import { ownTraffic } from "./own-traffic.ts";
import { setAside } from "./set-aside.ts";
import { type FunctionTracing, observeTraces } from "./traces.ts";

export interface FunctionOptions {
  /** The graph of the bundled configuration, as JSON; the configuration at the path in `AMALGAM_CONFIG` takes its place. */
  readonly nodes: string;
  /** The modules that it imports. */
  readonly modules?: readonly BundledText[];
  /** Only those that the configuration names, so that a bundle has no more. */
  readonly definitions: readonly Definition[];
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
  const place = process.env["AMALGAM_CONFIG"];
  const level = levelOf(process.env["AWS_LAMBDA_LOG_LEVEL"]);
  const kept = openState && { state: await openState(process.env["AMALGAM_STATE"]) };
  const metrics = new MetricsRegistry();
  const ownLog = functionLog(level);
  const { log } = ownLog;
  const handlerOf = (pipeline: Pipeline, { deadLetters }: Partial<Environment>) =>
    observed(configured(pipeline, log), { metrics, log: ownLog, deadLetters });
  if (place) {
    const { files, diagnostics, directory } = readConfiguration(place);
    failOn(diagnostics);
    const environment = { ...functionLetters(files.map(({ source }) => source.text)), ...kept };
    const loaded = loadFunction(files, { definitions, stability, directory, log, metrics, environment });
    return handlerOf(await loaded, environment);
  }
  const directory = process.env["LAMBDA_TASK_ROOT"] ?? process.cwd();
  const named = byName(definitions);
  const environment = {
    ...functionLetters(configuration),
    ...(modules && { modules: modulesOf(modules, named, directory) }),
    ...kept,
  };
  const loaded = await loadNodes(nodesFromJson(nodes, named), environmentOf({ directory, log, metrics, environment }));
  return handlerOf(checked(loaded), environment);
}

/** The handler of a pipeline, with the request in each line of its log, its metrics, and its traces if they are wanted. */
function observed(pipeline: Pipeline, { metrics, log, deadLetters: letters }: Observed): Handler {
  const mode = modeOf(process.env["AMALGAM_METRICS"]);
  const initMs = performance.now();
  const tracing = pipeline.settings.get("tracing") as FunctionTracing | undefined; // as config-blocks.ts has it
  const observers = [
    ...(tracing?.write_to.length ? [observeTraces(pipeline, tracing, log.log)] : []),
    observeMetrics({ mode, metrics, pipeline, write: writeLine, clock: Date.now, initMs }),
    log.observe,
  ];
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
}

interface Observed {
  readonly metrics: MetricsRegistry;
  readonly log: FunctionLog;
  readonly deadLetters: Environment["deadLetters"];
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
function configured(pipeline: Pipeline, log: ProcessLogger): Pipeline {
  const logging = pipeline.settings.get("logging") as Pick<LogSettings, "level" | "format"> | undefined; // as config-blocks.ts has it
  if (logging) log.configure({ level: logging.level, format: logging.format });
  return pipeline;
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
  switch (name.toUpperCase()) {
    case "TRACE":
    case "DEBUG":
      return "debug";
    case "WARN":
      return "warn";
    case "ERROR":
    case "FATAL":
      return "error";
    default:
      return "info";
  }
}

interface Surroundings {
  /** Where relative paths start. */
  readonly directory: string;
  readonly log: Logger;
  /** @default one that nobody reads */
  readonly metrics?: MetricsRegistry;
  readonly environment?: Partial<Environment>;
}

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

const byName = (definitions: readonly Definition[]): ReadonlyMap<string, Definition> =>
  new Map(definitions.map(definition => [definition.name, definition]));

const environmentOf = ({ directory, log, metrics, environment }: Surroundings): Environment => ({
  mode: "function",
  flow: new Flow(false),
  log,
  state: lazily(() => new MemoryStore()),
  metrics: metrics ?? new MetricsRegistry(),
  directory,
  clock: Date.now,
  random: Math.random,
  ...environment,
});

/** A store that is made at the first call, since most functions need none. */
function lazily(create: () => StateStore): StateStore {
  let store: StateStore | undefined;
  const real = (): StateStore => {
    store ??= create();
    return store;
  };
  return {
    get: (...args) => real().get(...args),
    put: (...args) => real().put(...args),
    delete: (...args) => real().delete(...args),
    getMany: (...args) => real().getMany(...args),
    putMany: (...args) => real().putMany(...args),
    list: (...args) => real().list(...args),
    close: async () => store?.close(),
  };
}

function checked({ pipeline, diagnostics }: Loaded): Pipeline {
  failOn(diagnostics);
  if (!pipeline) throw new Error("the configuration should load, got no reason why it does not");
  failOn(checkRoutes(pipeline));
  const remote = pipeline.settings.get("remotecfg") as { readonly url: string } | undefined; // as config-blocks.ts has it
  if (remote?.url)
    throw new Error(
      "remotecfg can't be used in a function, whose configuration is part of its bundle: bundle what the server sends, or use amalgam run",
    );
  return pipeline;
}

function failOn(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length) throw new Error(`the configuration does not load\n${formatDiagnostics(errors)}`);
}
