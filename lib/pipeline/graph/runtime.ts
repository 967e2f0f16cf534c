/** What all scopes of a pipeline share: their surroundings, limits, the clock of refreshes, and what is still closing. */
import path from "node:path";
import { messageOf } from "../delivery/errors.ts";
import type { Host } from "./component.ts";
import type { Tap } from "./gate.ts";
import { maxModules, maxModuleText, maxNodes } from "./limits.ts";
import type { Node, NodeOptions } from "./nodes.ts";
import type { Environment } from "./pipeline.ts";
import type { Component, Scope } from "./scope.ts";

/** A source that could not be read is asked again after this, or after its own period where that is shorter. */
const retryMs = 60_000;

interface Refreshed {
  readonly id: string;
  readonly life: { readonly over: boolean };
  readonly everyMs: number;
  readonly run: () => Promise<void>;
  readonly report: Host["reportHealth"];
  timer: NodeJS.Timeout | undefined;
  due: number;
  /** When it was read last, or should have been. */
  readAt: number;
  failed: boolean;
  running: Promise<void> | undefined;
}

/** A value that was read since then is not read again because somebody refuses it: it may never be taken. */
const justNowMs = 10_000;

/** Modules have no secrets of their own, and are large. */
const isImport = ({ id }: Refreshed): boolean => /(^|\/)import\.[^/]*$/.test(id);

export class Runtime {
  readonly environment: Environment;
  /** What blocks of modules that come later may be. */
  readonly options: NodeOptions;
  readonly #internalPages = new Map<string, () => string>();
  readonly #memories: Map<string, Map<string, unknown>>;
  readonly #retiring = new Set<Promise<void>>();
  readonly #refreshed = new Set<Refreshed>();
  /** Imported modules by the ids of their imports. */
  readonly #modules = new Map<string, { readonly size: number }>();
  tap: ((component: string) => Tap) | undefined;
  /** Resolves when nothing is to be evaluated; set by the pipeline. */
  evaluated: () => Promise<void> = async () => {};
  triggersChanged = false;
  onTriggersChange: (() => void) | undefined;
  #nodes = 0;
  #moduleText = 0;

  constructor(environment: Environment, options: NodeOptions) {
    this.environment = environment;
    this.options = options;
    this.#memories = environment.memories ?? new Map();
  }

  /** Whether a node is evaluated at all. */
  wanted({ path: place }: Scope, { id }: Node): boolean {
    return place !== (this.environment.path ?? "") || (this.environment.only?.has(id) ?? true);
  }

  /** Counts blocks that come or go. */
  count(nodes: number): void {
    this.#nodes += nodes;
    if (nodes > 0 && this.#nodes > maxNodes)
      throw new Error(`a configuration should have at most ${maxNodes} blocks with those of its modules, got more`);
  }

  /** Counts the text of an imported module, in place of the one before; gives what takes it out again. */
  countModule(id: string, size: number): () => void {
    const before = this.#modules.get(id);
    if (!before && this.#modules.size >= maxModules)
      throw new Error(`a configuration should import at most ${maxModules} modules, got more`);
    const total = this.#moduleText - (before?.size ?? 0) + size;
    if (total > maxModuleText)
      throw new Error(`imported modules should have at most ${maxModuleText} characters together, got ${total}`);
    const module = { size };
    this.#modules.set(id, module);
    this.#moduleText = total;
    return () => {
      if (this.#modules.get(id) !== module) return; // an import of the same id came while this one closed
      this.#modules.delete(id);
      this.#moduleText -= size;
    };
  }

  flushTriggers(): void {
    if (!this.triggersChanged) return;
    this.triggersChanged = false;
    this.onTriggersChange?.();
  }

  retire(work: Promise<void>): void {
    const retiring = work.finally(() => this.#retiring.delete(retiring));
    this.#retiring.add(retiring);
  }

  /** Resolves when all that was replaced is closed. */
  async close(): Promise<void> {
    for (const { timer } of this.#refreshed) clearInterval(timer);
    this.#refreshed.clear();
    await Promise.all(this.#retiring);
  }

  /** What a component gets; `directory` is that of its module, where it has one on disk. */
  hostOf(id: string, directory: string): Omit<Host, "setExports" | "reportHealth"> {
    const { mode, offline = false, flow, log, state, deadLetters, handOver } = this.environment;
    const { metrics, storagePath, clock } = this.environment;
    const memory = this.#memories.get(id) ?? new Map<string, unknown>();
    this.#memories.set(id, memory);
    return {
      id,
      mode,
      offline,
      flow,
      log,
      state,
      deadLetters,
      handOver,
      metrics,
      memory,
      internalPages: this.#internalPages,
      directory: path.isAbsolute(directory) ? directory : this.environment.directory,
      storagePath,
      clock,
      readAgain: () => this.readAgain(),
    };
  }

  /** Refreshes an instance that asks for it until it is replaced: locally on a timer, in a function when `refresh` is called. */
  follow({ id, instance }: Component, life: Refreshed["life"], report: Host["reportHealth"]): void {
    const refresh = instance?.refresh;
    if (!refresh) return;
    const { environment } = this;
    const entry: Refreshed = {
      id,
      life,
      ...refresh,
      report,
      failed: false,
      timer: undefined,
      due: environment.clock() + refresh.everyMs,
      readAt: environment.clock(),
      running: undefined,
    };
    if (environment.mode === "local") {
      // longer timers fire at once
      entry.timer = setInterval(() => void this.#refresh(entry), Math.min(refresh.everyMs, 2 ** 31 - 1));
      entry.timer.unref();
    }
    this.#refreshed.add(entry);
  }

  /** Reads again what is older than it may be; resolves when that is done, well or not. */
  async refresh(): Promise<boolean> {
    const now = this.environment.clock();
    const due = [...this.#refreshed].filter(entry => entry.due <= now || entry.running);
    await Promise.all(due.map(entry => this.#refresh(entry)));
    return due.length > 0;
  }

  /** Reads again the values that were not read just now; resolves when what depends on them is evaluated. */
  async readAgain(): Promise<void> {
    const now = this.environment.clock();
    const old = [...this.#refreshed].filter(
      entry => !isImport(entry) && (entry.running || now - entry.readAt >= justNowMs),
    );
    await Promise.all(old.map(entry => this.#refresh(entry)));
    await this.evaluated();
  }

  async #refresh(entry: Refreshed): Promise<void> {
    if (entry.life.over) {
      clearInterval(entry.timer);
      this.#refreshed.delete(entry);
      return;
    }
    entry.running ??= this.#runRefresh(entry).finally(() => {
      entry.running = undefined;
    });
    await entry.running;
  }

  async #runRefresh(entry: Refreshed): Promise<void> {
    const { clock, log } = this.environment;
    entry.readAt = clock();
    try {
      await entry.run();
      entry.due = clock() + entry.everyMs;
      if (entry.failed && !entry.life.over) entry.report("healthy", "read again");
      entry.failed = false;
    } catch (error) {
      entry.due = clock() + Math.min(entry.everyMs, retryMs);
      const message = `could not be read again, the last value goes on: ${messageOf(error)}`;
      log.error(message, { component: entry.id });
      entry.failed = true;
      if (!entry.life.over) entry.report("unhealthy", message);
    }
  }
}
