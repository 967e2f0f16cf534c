/**
 * A configuration at an address: read at the cold start and again by age. One that can't be read or does not load leaves the
 * last good one going, which is kept in the state store for the next cold start.
 */
import { configurationHash } from "../../../lib/pipeline/delivery/dead-letters.ts";
import { messageOf } from "../../../lib/pipeline/delivery/errors.ts";
import type { Logger } from "../../../lib/pipeline/graph/invocation.ts";
import type { File } from "../../../lib/pipeline/syntax/ast.ts";
import { parseFile } from "../../../lib/pipeline/syntax/parser.ts";
import type { Good, LastGood } from "./last-good.ts";
import type { ConfigurationMetrics } from "./metrics.ts";
import { failOnErrors, inFull, inOneLine } from "./problems.ts";
import type { Files, ReadFiles } from "./read.ts";

export interface FollowedOptions {
  /** For messages. */
  readonly name: string;
  readonly read: ReadFiles;
  readonly lastGood: LastGood;
  /** How old it may become, in milliseconds. */
  readonly everyMs: number;
  readonly log: Logger;
  readonly metrics: ConfigurationMetrics;
  readonly clock: () => number;
  /** Puts a configuration in the place of the one that runs; rejects where it does not load. */
  readonly load: (files: readonly File[]) => Promise<void>;
}

/** A cold start waits so long for its configuration: it has ten seconds in all. */
const atStart = { timeoutMs: 5000, retries: 3 };
/** What could not be read, or does not load, is tried again after this, or after its own period where that is shorter. */
const retryMs = 60_000;

export class Followed {
  readonly #options: FollowedOptions;
  /** As it was read last, well or not. */
  #seen: Files | undefined;
  /** What runs. */
  #good: Good | undefined;
  /** What the store has, by its hash. */
  #kept: string | undefined;
  #keeps = true;
  #due = 0;
  #stale = false;

  constructor(options: FollowedOptions) {
    this.#options = options;
  }

  /** Whether what runs is not what was read last, or that could not be read. */
  get stale(): boolean {
    return this.#stale;
  }

  /** Whether it is older than it may be. */
  get isDue(): boolean {
    return this.#options.clock() >= this.#due;
  }

  /** Loads the newest, or else the last good one. Throws everything that is wrong where there is none. */
  async start(): Promise<void> {
    const { name, read, lastGood, log } = this.#options;
    const found = lastGood.read().then(
      good => ({ good, problem: undefined }),
      (error: unknown) => ({ good: undefined, problem: messageOf(error) }),
    );
    const problems: string[] = [];
    try {
      this.#seen = await read(undefined, atStart);
    } catch (error) {
      problems.push(this.#unread(error));
    }
    const { good, problem } = await found;
    this.#kept = good?.hash;
    this.#keeps = problem === undefined; // a store that does not answer has taken enough of the start
    if (this.#seen)
      try {
        await this.#take(this.#seen);
        if (problem !== undefined) log.warn(noStore, { ...this.#fields, error: problem });
        return;
      } catch (error) {
        this.#refused(error);
        problems.push(`${name} does not load\n${inFull(error)}`);
      }
    if (problem !== undefined) problems.push(`the last good one could not be read: ${problem}`);
    if (!good) throw new Error([...problems, ...(problem === undefined ? [noGood] : [])].join("\n\n"));
    try {
      await this.#options.load(parsed(good.files));
    } catch (error) {
      throw new Error([...problems, `the last good one does not load either\n${inFull(error)}`].join("\n\n"));
    }
    this.#good = good;
    this.#later(true);
    log.warn("the last good configuration runs", { ...this.#fields, loaded: new Date(good.time).toISOString() });
  }

  /** Reads again, and takes what is new. Never fails: the log says what went wrong, and what runs goes on. */
  async refresh(timeoutMs: number): Promise<void> {
    const { read } = this.#options;
    this.#keeps = true;
    let files: Files;
    try {
      files = await read(this.#seen, { timeoutMs, retries: 0 });
    } catch (error) {
      this.#unread(error);
      return;
    }
    this.#seen = files;
    try {
      await this.#take(files);
    } catch (error) {
      this.#refused(error);
    }
  }

  /** What did not load is tried again even where it is the same: what it reads itself may have been away. */
  async #take(files: Files): Promise<void> {
    const { log, clock, load } = this.#options;
    const hash = configurationHash(files.map(({ text }) => text));
    if (hash !== this.#good?.hash) {
      await load(parsed(files));
      const before = this.#good;
      this.#good = { hash, time: clock(), files };
      if (before) {
        this.#options.metrics.changes.add(1);
        log.info("a new configuration runs", { ...this.#fields, before: before.hash });
      } else log.debug("the configuration was read", this.#fields);
    }
    this.#later(false);
    await this.#keep(this.#good);
  }

  async #keep(good: Good): Promise<void> {
    if (good.hash === this.#kept || !this.#keeps) return;
    try {
      await this.#options.lastGood.write(good);
      this.#kept = good.hash;
    } catch (error) {
      const text = "the configuration could not be kept for a cold start without its server";
      this.#options.log.error(text, { ...this.#fields, error: messageOf(error) });
    }
  }

  #unread(error: unknown): string {
    this.#later(true);
    this.#options.metrics.unread.add(1);
    const reason = messageOf(error);
    this.#options.log.error("the configuration could not be read", { ...this.#fields, error: reason });
    return `${this.#options.name} could not be read: ${reason}`;
  }

  #refused(error: unknown): void {
    this.#later(true);
    this.#options.metrics.refusals.add(1);
    this.#options.log.error("the configuration was refused", { ...this.#fields, error: inOneLine(error) });
  }

  /** What the log says of it; `runs` is what goes on. */
  get #fields(): Readonly<Record<string, string | undefined>> {
    return { configuration: this.#options.name, runs: this.#good?.hash };
  }

  #later(stale: boolean): void {
    const { clock, everyMs } = this.#options;
    this.#stale = stale;
    this.#due = clock() + (stale ? Math.min(everyMs, retryMs) : everyMs);
  }
}

const noStore = "a cold start without the configuration's server would fail, since the state store could not be read";

const noGood =
  "there is no last good one to run instead: AMALGAM_STATE says where it is kept, once one has been read there";

/** Throws what is wrong with the syntax of any of them. */
function parsed(files: Files): readonly File[] {
  const each = files.map(({ name, text }) => parseFile({ name, text }));
  failOnErrors(each.flatMap(({ diagnostics }) => diagnostics));
  return each.map(({ file }) => file);
}
