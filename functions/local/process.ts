/** Amalgam as one process: listens where components say, scrapes on time, keeps state on disk, and can change its configuration while it runs. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { blockDefinitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import { configurationHash, type DeadLetterSink, withConfiguration } from "../../lib/pipeline/delivery/dead-letters.ts";
import { folderDeadLetters } from "../../lib/pipeline/delivery/dead-letters-folder.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import { handOverOf } from "../../lib/pipeline/delivery/hand-over.ts";
import { SqliteHandOver } from "../../lib/pipeline/delivery/hand-over-sqlite.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { settingOf } from "../../lib/pipeline/graph/config-blocks.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import { fanOut, type Tap } from "../../lib/pipeline/graph/gate.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { otel } from "../../lib/pipeline/graph/kinds.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { type Component, type Environment, loadPipeline, type Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { SqliteStore } from "../../lib/pipeline/state/sqlite.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import type { File } from "../../lib/pipeline/syntax/ast.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { formatDiagnosticLine } from "../../lib/pipeline/syntax/report.ts";
import { parseRemote } from "../remotecfg/file.ts";
import { readConfiguration } from "./configuration.ts";
import { Doors } from "./doors.ts";
import { WaitingDeliveries } from "./hand-over.ts";
import { LineLimit, usualLineLimit } from "./line-limit.ts";
import type { TraceRequest } from "./listener.ts";
import type { ProcessLogger } from "./log.ts";
import { OwnLog } from "./own-log.ts";
import { OwnTraces } from "./own-traces.ts";
import { byAddress, jobsOf, type Part, type PartName } from "./parts.ts";
import { localRemoteConfig, type RemoteConfig } from "./remotecfg.ts";
import { type Job, Schedule } from "./schedule.ts";
import { openServer, type ServerSettings, serverSettings } from "./server-settings.ts";

export interface ProcessOptions {
  /** A file or a folder. */
  readonly config: string;
  readonly storagePath: string;
  readonly stability: Stability;
  /** Whether components of the community may be used. @default false */
  readonly community?: boolean;
  /** What the `logging` block says holds for it, if it can be configured. */
  readonly log: Logger & Partial<Pick<ProcessLogger, "configure">>;
}

/** A configuration that does not load, with every reason. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly diagnostics: readonly Diagnostic[];
  constructor(diagnostics: readonly Diagnostic[]) {
    super(`the configuration has ${diagnostics.length} ${diagnostics.length === 1 ? "error" : "errors"}`);
    this.diagnostics = diagnostics;
  }
}

/** For lines of the own log that are still to be sent when the process stops. */
const flushMs = 5000;

export class LocalProcess {
  readonly metrics = new MetricsRegistry();
  readonly #memories = new Map<string, Map<string, unknown>>();
  readonly #options: ProcessOptions;
  readonly #state: StateStore;
  readonly #deadLetters: DeadLetterSink;
  readonly #waiting: SqliteHandOver;
  readonly #deliveries: WaitingDeliveries;
  readonly #doors: Doors;
  readonly #parts = new Map<PartName, Part>();
  readonly #ownLog: OwnLog;
  readonly #ownTraces: OwnTraces;
  readonly #remote: RemoteConfig;
  readonly #runs = new WeakMap<Job["run"], Job["run"]>();
  #server = openServer;
  /** Where relative paths start. */
  #directory = "";
  /** Called when the configuration says something else of the process' own server. */
  onServerChange: (() => void) | undefined;
  #tap: ((component: string) => Tap) | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: ProcessOptions) {
    const { storagePath, log } = options;
    this.#options = options;
    mkdirSync(storagePath, { recursive: true });
    this.#state = new SqliteStore(path.join(storagePath, "state.db"));
    this.#deadLetters = folderDeadLetters(path.join(storagePath, "dead-letters"));
    this.#waiting = new SqliteHandOver(path.join(storagePath, "waiting.db"));
    this.#deliveries = new WaitingDeliveries({
      store: this.#waiting,
      pipelines: () => this.pipelines,
      deadLetters: this.#deadLetters,
      log,
      metrics: this.metrics,
    });
    this.#ownLog = new OwnLog(log);
    this.#ownTraces = new OwnTraces(log);
    this.#doors = new Doors(log, traceRequests(this.#ownTraces));
    this.#remote = localRemoteConfig({
      storagePath,
      log,
      metrics: this.metrics,
      load: text => this.#change(() => this.#loadRemote(text)).catch(inOneLine),
      unload: () => this.#change(() => this.#unload("remotecfg")),
    });
  }

  /** The pipeline of the file, as it runs now. */
  get pipeline(): Pipeline | undefined {
    return this.#parts.get("main")?.pipeline;
  }

  /** All pipelines that run. */
  get pipelines(): readonly Pipeline[] {
    return [...this.#parts.values()].map(({ pipeline }) => pipeline);
  }

  /** The components of all pipelines, with ids that differ. */
  get components(): readonly Component[] {
    return this.pipelines.flatMap(({ components }) => components);
  }

  /** The configuration that comes from a server, if there is to be one. */
  get remote(): RemoteConfig | undefined {
    return this.#remote.wanted ? this.#remote : undefined;
  }

  /** What the configuration says of the process' own server. */
  get server(): ServerSettings {
    return this.#server;
  }

  /** The file or folder that the configuration is read from. */
  get config(): string {
    return this.#options.config;
  }

  /** Shows each batch that enters a component, in the pipelines that run and in those that come after them. */
  watch(tap: (component: string) => Tap): void {
    this.#tap = tap;
    for (const pipeline of this.pipelines) this.#watch(pipeline);
  }

  /**
   * Loads the configuration and puts it in the place of the one that runs. Where that fails (`ConfigurationError`, an address
   * that is taken) the old one goes on untouched.
   */
  load(): Promise<void> {
    return this.#change(() => this.#load());
  }

  /** Takes nothing new, finishes what is under way, and lets go of everything. */
  async stop(): Promise<void> {
    await this.#remote.stop();
    await this.#changing;
    const closing = this.#doors.close();
    const parts = [...this.#parts.values()];
    for (const { schedule } of parts) await schedule.stop();
    await closing;
    await this.#ownTraces.stop();
    await this.#endOwnLog();
    await this.#deliveries.stop();
    for (const { pipeline } of parts) {
      await pipeline.settled();
      await pipeline.close();
    }
    this.#waiting.close();
    await this.#state.close();
  }

  /** One after the other: two changes at once would not know of each other's addresses. */
  #change(work: () => Promise<void>): Promise<void> {
    const change = this.#changing.then(work);
    this.#changing = change.catch(() => {});
    return change;
  }

  async #endOwnLog(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, flushMs);
    });
    await Promise.race([this.#ownLog.flush(), late]);
    clearTimeout(timer);
    this.#ownLog.target = undefined;
  }

  async #load(): Promise<void> {
    const { config } = this.#options;
    const { files, diagnostics, directory } = readConfiguration(config);
    if (diagnostics.some(({ severity }) => severity === "error")) throw new ConfigurationError(diagnostics);
    const pipeline = await this.#build("main", files, directory);
    const { settings } = pipeline;
    const server = await orClose(pipeline, () => serverSettings(settingOf(settings, "http"), directory));
    const update = await orClose(pipeline, () => this.#remote.prepare(settingOf(settings, "remotecfg"), directory));
    await this.#exchange("main", pipeline, () => {
      this.#configureLog(pipeline);
      this.#configureTraces(pipeline);
      this.#server = server;
      this.onServerChange?.();
    });
    this.#directory = directory;
    this.#deliveries.start();
    const remote = this.#parts.get("remotecfg");
    if (remote) this.#watch(remote.pipeline); // its data is shown as the file says
    update();
  }

  async #loadRemote(text: string): Promise<void> {
    const { file, diagnostics } = parseRemote(text);
    if (diagnostics.some(({ severity }) => severity === "error")) throw new ConfigurationError(diagnostics);
    await this.#exchange("remotecfg", await this.#build("remotecfg", [file], this.#directory));
  }

  /** Puts a pipeline in the place of the one of that name. */
  async #exchange(name: PartName, pipeline: Pipeline, commit = () => {}): Promise<void> {
    const opened = await this.#listen(name, pipeline);
    pipeline.onTriggersChange = () => this.#refresh(name, pipeline);
    commit();
    const before = this.#parts.get(name);
    const schedule = new Schedule(options => pipeline.invocation(options), this.#options.log);
    this.#parts.set(name, { pipeline, schedule });
    this.#watch(pipeline);
    opened();
    this.#doors.lead(byAddress(this.#parts));
    await before?.schedule.stop(); // so that no target is scraped by both
    schedule.set(this.#jobs(pipeline));
    await before?.pipeline.settled();
    await before?.pipeline.close();
  }

  async #unload(name: PartName): Promise<void> {
    const part = this.#parts.get(name);
    this.#parts.delete(name);
    this.#doors.lead(byAddress(this.#parts));
    await part?.schedule.stop();
    await part?.pipeline.settled();
    await part?.pipeline.close();
  }

  /** Without the block the log is as it was at the start. */
  #configureLog(pipeline: Pipeline): void {
    const logging = settingOf(pipeline.settings, "logging");
    const limiting = logging?.rate_limiting ?? usualLineLimit;
    const targets = logging?.write_to ?? [];
    this.#ownLog.target = targets.length
      ? { consumer: fanOut(targets), invocation: options => pipeline.invocation(options) }
      : undefined;
    this.#options.log.configure?.({
      level: logging?.level,
      format: logging?.format,
      limit: limiting.enabled ? new LineLimit(limiting) : undefined,
      onSuppressed: (level, component) =>
        this.metrics
          .counter(
            "alloy_logging_suppressed_lines_total",
            "Total log lines dropped by the logger's rate limiter, by level and component.",
            { level, component_id: component },
          )
          .add(1),
      tee: this.#ownLog.take,
    });
  }

  #configureTraces(pipeline: Pipeline): void {
    const tracing = settingOf(pipeline.settings, "tracing");
    this.#ownTraces.configure(
      tracing?.write_to.length
        ? {
            fraction: tracing.sampling_fraction,
            remote: tracing.sampler.jaeger_remote,
            consumer: fanOut(tracing.write_to, otel.fork),
            invocation: options => pipeline.invocation(options),
          }
        : undefined,
    );
  }

  /** What the schedule runs, as spans. */
  #jobs(pipeline: Pipeline): Job[] {
    return jobsOf(pipeline).map(job => {
      const run = this.#runs.get(job.run) ?? traced(this.#ownTraces, job);
      this.#runs.set(job.run, run); // the schedule tells jobs apart by it
      return { ...job, run };
    });
  }

  #watch(pipeline: Pipeline): void {
    const main = this.pipeline;
    const tap = this.#tap;
    pipeline.watch(tap && main && mayWatch(main) ? tap : undefined);
  }

  /** Takes over the triggers of components that were evaluated again. */
  #refresh(name: PartName, pipeline: Pipeline): void {
    void this.#change(async () => {
      const part = this.#parts.get(name);
      if (part?.pipeline !== pipeline) return;
      try {
        (await this.#listen(name, pipeline))();
      } catch (error) {
        this.#options.log.error("an address of a component that changed could not be listened on", {
          error: messageOf(error),
        });
      }
      this.#doors.lead(byAddress(this.#parts));
      part.schedule.set(this.#jobs(pipeline));
    });
  }

  async #build(name: PartName, files: readonly File[], directory: string): Promise<Pipeline> {
    const { stability, community = false, log } = this.#options;
    const configuration = configurationHash(files.map(({ source }) => source.text));
    const environment: Environment = {
      mode: "local",
      flow: new Flow(true),
      log,
      state: this.#state,
      deadLetters: withConfiguration(this.#deadLetters, configuration),
      handOver: handOverOf(this.#waiting, configuration),
      metrics: this.metrics,
      memories: this.#memories,
      path: name === "main" ? "" : name,
      directory,
      storagePath: this.#options.storagePath,
      clock: Date.now,
      random: Math.random,
    };
    const loaded = await loadPipeline(files, {
      definitions: blockDefinitions,
      knownElsewhere,
      stability,
      community,
      environment,
    });
    if (!loaded.pipeline) throw new ConfigurationError(loaded.diagnostics);
    return loaded.pipeline;
  }

  /** The pipelines as they will be with this one. */
  #with(name: PartName, pipeline: Pipeline): ReadonlyMap<PartName, { readonly pipeline: Pipeline }> {
    return new Map<PartName, { readonly pipeline: Pipeline }>([...this.#parts, [name, { pipeline }]]);
  }

  /** Where that fails the pipeline is closed, unless it is the one that runs. */
  async #listen(name: PartName, pipeline: Pipeline): Promise<() => void> {
    try {
      return await this.#doors.open(byAddress(this.#with(name, pipeline)));
    } catch (error) {
      if (this.#parts.get(name)?.pipeline !== pipeline) await pipeline.close();
      throw error;
    }
  }
}

/** What a server is told, and what stands in the log: every reason with its place. */
function inOneLine(error: unknown): never {
  if (!(error instanceof ConfigurationError)) throw error;
  throw new Error(error.diagnostics.map(formatDiagnosticLine).join("; "), { cause: error });
}

const traceRequests =
  (traces: OwnTraces): TraceRequest =>
  (request, work) => {
    if (!traces.wanted) return work();
    const { method, path: place, headers } = request;
    const attributes = { "http.request.method": method, "url.path": place };
    const start = {
      name: `${method} ${place}`,
      kind: "server",
      attributes,
      traceparent: headers["traceparent"],
    } as const;
    return traces.span(start, work, ({ status }) => ({
      attributes: { "http.response.status_code": status },
      error: status >= 500 ? `got status ${status}` : undefined,
    }));
  };

const traced =
  (traces: OwnTraces, { name, run }: Job): Job["run"] =>
  invocation =>
    traces.span({ name, kind: "internal", attributes: { component_id: name } }, () => run(invocation));

/** What fails after a pipeline was built must not leave it behind. */
async function orClose<T>(pipeline: Pipeline, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    await pipeline.close();
    throw error;
  }
}

/** Unlike in Alloy, where it must be switched on: the page is only reached from this machine. `livedebugging { enabled = false }` forbids it. */
export function mayWatch({ settings }: Pipeline): boolean {
  return settingOf(settings, "livedebugging")?.enabled ?? true;
}
