/** Amalgam as one process: listens where components say, scrapes on time, keeps state on disk, and can change its configuration while it runs. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { definitions, knownElsewhere } from "../../lib/pipeline/components/index.ts";
import { type DeadLetterStore, folderDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Stability } from "../../lib/pipeline/graph/component.ts";
import { Flow } from "../../lib/pipeline/graph/flow.ts";
import type { Tap } from "../../lib/pipeline/graph/gate.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { type Environment, loadPipeline, type Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { HttpTrigger } from "../../lib/pipeline/graph/trigger.ts";
import { SqliteStore } from "../../lib/pipeline/state/sqlite.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import type { Diagnostic } from "../../lib/pipeline/syntax/diagnostic.ts";
import { readConfiguration } from "./configuration.ts";
import { Listener, type Service } from "./listener.ts";
import type { ProcessLogger } from "./log.ts";
import { type Job, Schedule } from "./schedule.ts";

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

interface Running {
  readonly pipeline: Pipeline;
  readonly schedule: Schedule;
}

export class LocalProcess {
  readonly metrics = new MetricsRegistry();
  readonly #memories = new Map<string, Map<string, unknown>>();
  readonly #options: ProcessOptions;
  readonly #state: StateStore;
  readonly #deadLetters: DeadLetterStore;
  /** By address, as `byAddress` names it. */
  readonly #listeners = new Map<string, Listener>();
  #running: Running | undefined;
  #tap: ((component: string) => Tap) | undefined;
  #changing: Promise<void> = Promise.resolve();

  constructor(options: ProcessOptions) {
    this.#options = options;
    mkdirSync(options.storagePath, { recursive: true });
    this.#state = new SqliteStore(path.join(options.storagePath, "state.db"));
    this.#deadLetters = folderDeadLetters(path.join(options.storagePath, "dead-letters"));
  }

  /** The pipeline that runs now. */
  get pipeline(): Pipeline | undefined {
    return this.#running?.pipeline;
  }

  /** The file or folder that the configuration is read from. */
  get config(): string {
    return this.#options.config;
  }

  /** Shows each batch that enters a component, in the pipeline that runs and in those that come after it. */
  watch(tap: (component: string) => Tap): void {
    this.#tap = tap;
    if (this.pipeline && mayWatch(this.pipeline)) this.pipeline.watch(tap);
  }

  /**
   * Loads the configuration and puts it in the place of the one that runs. Where that fails (`ConfigurationError`, an address
   * that is taken) the old one goes on untouched.
   */
  load(): Promise<void> {
    const change = this.#changing.then(() => this.#load());
    this.#changing = change.catch(() => {});
    return change;
  }

  /** Takes nothing new, finishes what is under way, and lets go of everything. */
  async stop(): Promise<void> {
    await this.#changing;
    const closing = [...this.#listeners.values()].map(listener => listener.close());
    this.#listeners.clear();
    await this.#running?.schedule.stop();
    await Promise.all(closing);
    await this.#running?.pipeline.settled();
    await this.#running?.pipeline.close();
    await this.#state.close();
  }

  async #load(): Promise<void> {
    const pipeline = await this.#build();
    const added = await this.#listen(pipeline);
    pipeline.onTriggersChange = () => this.#refresh(pipeline);
    if (mayWatch(pipeline)) pipeline.watch(this.#tap);
    // as config-blocks.ts has it; without the block the log is as it was at the start
    this.#options.log.configure?.(
      (pipeline.settings.get("logging") ?? {}) as Parameters<ProcessLogger["configure"]>[0],
    );
    const before = this.#running;
    const schedule = new Schedule(options => pipeline.invocation(options), this.#options.log);
    this.#running = { pipeline, schedule };
    for (const [address, listener] of added) this.#listeners.set(address, listener);
    this.#route(pipeline);
    await before?.schedule.stop(); // so that no target is scraped by both
    schedule.set(jobsOf(pipeline));
    await before?.pipeline.settled();
    await before?.pipeline.close();
  }

  /** Takes over the triggers of components that were evaluated again. */
  #refresh(pipeline: Pipeline): void {
    this.#changing = this.#changing.then(async () => {
      if (this.#running?.pipeline !== pipeline) return;
      try {
        for (const [address, listener] of await this.#listen(pipeline)) this.#listeners.set(address, listener);
      } catch (error) {
        this.#options.log.error("an address of a component that changed could not be listened on", {
          error: messageOf(error),
        });
      }
      this.#route(pipeline);
      this.#running.schedule.set(jobsOf(pipeline));
    });
  }

  async #build(): Promise<Pipeline> {
    const { config, stability, community = false, log } = this.#options;
    const { files, diagnostics, directory } = readConfiguration(config);
    if (diagnostics.some(({ severity }) => severity === "error")) throw new ConfigurationError(diagnostics);
    const environment: Environment = {
      mode: "local",
      flow: new Flow(true),
      log,
      state: this.#state,
      deadLetters: this.#deadLetters,
      metrics: this.metrics,
      memories: this.#memories,
      directory,
      clock: Date.now,
      random: Math.random,
    };
    const loaded = await loadPipeline(files, { definitions, knownElsewhere, stability, community, environment });
    if (!loaded.pipeline) throw new ConfigurationError(loaded.diagnostics);
    return loaded.pipeline;
  }

  /** Opens the addresses that are new. All of them or none. */
  async #listen(pipeline: Pipeline): Promise<Map<string, Listener>> {
    const added = new Map<string, Listener>();
    const wanted = byAddress(pipeline);
    const freed: (() => Promise<void>)[] = [];
    try {
      for (const [address, triggers] of wanted) {
        if (this.#listeners.has(address)) continue;
        const listener = new Listener(serviceOf(pipeline, triggers), this.#options.log);
        const [{ host, port }] = triggers as [HttpTrigger]; // grouped by address, so there is one
        freed.push(...this.#free(host, port, wanted));
        added.set(address, listener);
        await listener.listen(host, port);
      }
    } catch (error) {
      await Promise.all([...added.values()].map(listener => listener.close()));
      for (const reopen of freed) await reopen();
      if (this.#running?.pipeline !== pipeline) await pipeline.close();
      throw error;
    }
    return added;
  }

  /** Stops listening where the new pipeline does so in another way, as with TLS. Gives what undoes that. */
  #free(host: string, port: number, wanted: ReadonlyMap<string, unknown>): (() => Promise<void>)[] {
    const old =
      port === 0
        ? []
        : [...this.#listeners].filter(([, { address }]) => address?.host === host && address.port === port);
    return old
      .filter(([key]) => !wanted.has(key))
      .map(([key, listener]) => {
        this.#listeners.delete(key);
        void listener.close();
        return async () => {
          const again = new Listener(listener.service, this.#options.log);
          await again.listen(host, port);
          this.#listeners.set(key, again);
        };
      });
  }

  /** Points every listener at the pipeline, and closes those that it does not name. */
  #route(pipeline: Pipeline): void {
    const wanted = byAddress(pipeline);
    for (const [address, listener] of this.#listeners) {
      const triggers = wanted.get(address);
      if (triggers) listener.service = serviceOf(pipeline, triggers);
      else {
        this.#listeners.delete(address);
        void listener.close();
      }
    }
  }
}

const serviceOf = (pipeline: Pipeline, triggers: readonly HttpTrigger[]): Service => ({
  triggers,
  invocation: options => pipeline.invocation(options),
});

/** Unlike in Alloy, where it must be switched on: the page is only reached from this machine. `livedebugging { enabled = false }` forbids it. */
export function mayWatch({ settings }: Pipeline): boolean {
  const livedebugging = settings.get("livedebugging") as { readonly enabled: boolean } | undefined; // as config-blocks.ts has it
  return livedebugging?.enabled ?? true;
}

/** Components may share an address. Where the system chooses the port, each has its own. */
function byAddress(pipeline: Pipeline): Map<string, HttpTrigger[]> {
  const groups = new Map<string, HttpTrigger[]>();
  for (const { component, trigger } of pipeline.triggers) {
    if (trigger.kind !== "http") continue;
    const { host, port, tls } = trigger;
    // certificates can be exchanged, the way of speaking TLS can't
    const way = tls && [tls.clientCertificates];
    const address = JSON.stringify([host, port, way, ...(port === 0 ? [component] : [])]);
    const group = groups.get(address);
    if (group) group.push(trigger);
    else groups.set(address, [trigger]);
  }
  return groups;
}

/** Schedules and the second clocks of all components. */
function jobsOf(pipeline: Pipeline): Job[] {
  return pipeline.components.flatMap(({ node, triggers, instance }) => [
    ...triggers.flatMap(trigger =>
      trigger.kind === "schedule" ? [{ name: node.id, everyMs: trigger.everyMs, run: trigger.run }] : [],
    ),
    ...(instance?.tick ? [{ name: node.id, ...instance.tick }] : []),
  ]);
}
