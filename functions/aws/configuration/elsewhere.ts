/**
 * The start of a function whose configuration may come from elsewhere: from an address in `AMALGAM_CONFIG`, and from a server that
 * its `remotecfg` block names. Both are read before the first event and again by age, before an invocation and never after its
 * answer; a bad one is refused and the old one goes on.
 */
import type { Context } from "aws-lambda";
import { messageOf } from "../../../lib/pipeline/delivery/errors.ts";
import { parseDuration } from "../../../lib/pipeline/eval/duration.ts";
import { settingOf } from "../../../lib/pipeline/graph/config-blocks.ts";
import type { Environment, Pipeline } from "../../../lib/pipeline/graph/pipeline.ts";
import { MemoryStore } from "../../../lib/pipeline/state/memory.ts";
import type { StateStore } from "../../../lib/pipeline/state/store.ts";
import { parseRemote } from "../../remotecfg/file.ts";
import { RemoteConfig } from "../../remotecfg/remotecfg.ts";
import type { Handler } from "../handler.ts";
import { type LoadedFunction, type LoadSettings, loadFiles } from "../load-files.ts";
import { Followed } from "./followed.ts";
import { LastGood, LastSent } from "./last-good.ts";
import { ConfigurationMetrics } from "./metrics.ts";
import { isAddress, places, remotePlace } from "./place.ts";
import { diagnosticsOf, failOnErrors, inFull, inOneLine, namingLeftOut, refuse } from "./problems.ts";
import { readerOf } from "./read.ts";
import { orClose, Running } from "./running.ts";

/** What the bundle has. */
export interface Bundled {
  /** The configuration in it, if there is one. */
  readonly nodes?: string;
  /** Components that it was made without. */
  readonly leftOut?: readonly string[];
}

export interface ElsewhereOptions {
  /** What `AMALGAM_CONFIG` says. */
  readonly place: string | undefined;
  /** Loads the configuration in the bundle, or the file at a path. */
  readonly first: (more: Partial<Environment>) => Promise<LoadedFunction>;
  readonly settings: LoadSettings;
  readonly handlerOf: (pipeline: Pipeline, environment: Partial<Environment>, counted: Pipeline) => Handler;
  readonly state: StateStore | undefined;
  /** @default Date.now */
  readonly clock?: () => number;
}

/** Waits of an invocation for a configuration: a part of its time, and no more than this. */
const mostRefreshMs = 3000;
/** What the answers of a server of `remotecfg` may take; a start makes three calls. */
const remoteCallMs = 3000;
const usualRefresh = "5m";

/** Reads what there is, and gives the handler that follows it. Throws everything that is wrong where nothing can run. */
export async function startFromElsewhere(bundled: Bundled, options: ElsewhereOptions): Promise<Handler> {
  const elsewhere = new Elsewhere(bundled, options);
  await elsewhere.start();
  return (event, context) => elsewhere.handle(event, context);
}

class Elsewhere {
  readonly #options: ElsewhereOptions;
  readonly #running: Running<Partial<Environment>>;
  readonly #remote: RemoteConfig;
  readonly #followed: Followed | undefined;
  readonly #memories = new Map<string, Map<string, unknown>>();
  readonly #leftOut: ReadonlySet<string>;
  readonly #clock: () => number;
  readonly #state: StateStore;
  readonly #metrics: ConfigurationMetrics;
  #refreshing: Promise<void> | undefined;

  constructor({ nodes, leftOut }: Bundled, options: ElsewhereOptions) {
    const { settings, place, handlerOf, state = new MemoryStore(), clock = Date.now } = options;
    if (nodes === undefined && !place)
      throw new Error(
        `AMALGAM_CONFIG should say where the configuration is, as ${places}: got nothing, and the bundle has none`,
      );
    const { log, metrics } = settings;
    this.#options = options;
    this.#state = state;
    this.#metrics = new ConfigurationMetrics(metrics);
    this.#clock = clock;
    this.#leftOut = new Set(leftOut);
    this.#running = new Running({ handlerOf, log });
    this.#followed = place && isAddress(place) ? this.#follow(place) : undefined;
    this.#remote = new RemoteConfig({
      log,
      metrics,
      cache: new LastSent(this.#state),
      usualId,
      timer: false,
      timeoutMs: remoteCallMs,
      load: text => this.#loadSent(text),
      unload: () => this.#running.replace("remotecfg", undefined),
    });
  }

  async start(): Promise<void> {
    try {
      if (this.#followed) await this.#followed.start();
      else await this.#takeMain(await this.#named(more => this.#options.first(more)));
    } catch (error) {
      throw new Error(`the configuration does not load\n${inFull(error)}`, { cause: error });
    }
    const { state } = this.#remote;
    if (state && state.source === "none" && this.#remote.problem !== undefined)
      throw new Error(
        `the configuration of remotecfg does not load\n${state.url}: ${this.#remote.problem}\n\nthere is no last good one to run instead: AMALGAM_STATE says where it is kept, once one has been read there`,
      );
  }

  async handle(event: unknown, context?: Partial<Context>): Promise<unknown> {
    await this.#refresh(context);
    if (this.#isStale) this.#metrics.stale.add(1);
    return this.#running.serve(event, context);
  }

  get #isStale(): boolean {
    return this.#followed?.stale === true || this.#remote.state?.status === "failed";
  }

  /** What is too old; invocations at the same time share the work. One that takes too long goes on in the time of the next. */
  async #refresh(context: Partial<Context> | undefined): Promise<void> {
    const isDue = this.#followed?.isDue || (this.#remote.wanted && this.#clock() >= this.#remote.due);
    if (!isDue && !this.#refreshing) return;
    const remaining = context?.getRemainingTimeInMillis?.() ?? 4 * mostRefreshMs;
    const limitMs = Math.max(1, Math.min(mostRefreshMs, remaining / 4));
    this.#refreshing ??= this.#readAgain(limitMs).finally(() => {
      this.#refreshing = undefined;
    });
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, Math.max(limitMs, remaining / 2));
    await Promise.race([this.#refreshing, late.promise]);
    clearTimeout(timer);
  }

  async #readAgain(limitMs: number): Promise<void> {
    try {
      if (this.#followed?.isDue) await this.#followed.refresh(limitMs);
      if (this.#remote.wanted && this.#clock() >= this.#remote.due) await this.#remote.poll();
    } catch (error) {
      this.#options.settings.log.error("the configuration could not be refreshed", { error: messageOf(error) });
    }
  }

  #follow(text: string): Followed {
    const place = remotePlace(text);
    return new Followed({
      name: place.name,
      read: readerOf(place, process.env["AMALGAM_CONFIG_TOKEN"]),
      lastGood: new LastGood(this.#state, text),
      everyMs: refreshPeriod(process.env["AMALGAM_CONFIG_REFRESH"]),
      log: this.#options.settings.log,
      metrics: this.#metrics,
      clock: this.#clock,
      load: async files => this.#takeMain(await this.#named(more => loadFiles(files, this.#options.settings, more))),
    });
  }

  /** Puts the configuration in the place of the one that runs, with the server that it names. */
  async #takeMain(part: LoadedFunction): Promise<void> {
    const { pipeline } = part;
    const asked = settingOf(pipeline.settings, "remotecfg");
    const update = await orClose(pipeline, () => this.#remote.prepare(asked, this.#options.settings.directory));
    await this.#running.replace("main", part);
    update();
    await this.#remote.settled(); // what it sends is a change of its own, whose failure is not that of this one
  }

  async #loadSent(text: string): Promise<void> {
    try {
      const { file, diagnostics } = parseRemote(text);
      failOnErrors(diagnostics);
      const part = await this.#named(more => loadFiles([file], this.#options.settings, { ...more, path: "remotecfg" }));
      await this.#running.replace("remotecfg", part);
    } catch (error) {
      this.#metrics.refusals.add(1);
      throw new Error(inOneLine(error), { cause: error });
    }
  }

  /** Loads with what lasts over configurations; components that are left out are told as such. */
  async #named(load: (more: Partial<Environment>) => Promise<LoadedFunction>): Promise<LoadedFunction> {
    try {
      return await load({ memories: this.#memories });
    } catch (error) {
      const diagnostics = diagnosticsOf(error);
      if (!diagnostics) throw error;
      refuse(namingLeftOut(diagnostics, this.#leftOut));
    }
  }
}

/** Instances of a function are one collector: what the server sees is the function. */
function usualId(): string {
  const { AWS_LAMBDA_FUNCTION_NAME: name = "amalgam", AWS_REGION: region } = process.env;
  return region ? `${name}.${region}` : name;
}

function refreshPeriod(text: string | undefined): number {
  try {
    const period = Number(parseDuration(text || usualRefresh) / 1_000_000n);
    if (period >= 0) return period;
  } catch {
    // told below
  }
  throw new Error(`AMALGAM_CONFIG_REFRESH should be a duration, as 30s or 5m, got ${JSON.stringify(text)}`);
}
