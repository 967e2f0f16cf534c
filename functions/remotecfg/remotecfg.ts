/**
 * The configuration that comes from a server (`remotecfg`): asked for again and again, run beside the file's, and kept for a
 * start without the server. One that does not load leaves the last one going. States and reports are as Alloy's.
 */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Secret } from "../../lib/pipeline/eval/value.ts";
import type { Settings } from "../../lib/pipeline/graph/config-blocks.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import type { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { type CollectorClient, collectorClient } from "./client.ts";
import type { ConfigStatus, GetConfigResponse, Status } from "./messages.ts";
import { RemoteMetrics } from "./metrics.ts";
import { collectorVersion } from "./version.ts";

type Args = Settings["remotecfg"];

/** Where the last configuration of a server that loaded is kept. */
export interface RemoteCache {
  /** What logs call the place of a key. */
  nameOf(key: string): string;
  /** Rejects where there is nothing, too. */
  read(key: string): Promise<string>;
  write(key: string, content: string): Promise<void>;
}

export interface RemoteOptions {
  readonly cache: RemoteCache;
  /** What the collector calls itself where its configuration does not say. */
  readonly usualId: () => string;
  /** Whether it asks again by itself; otherwise who calls `poll` looks at `due`. */
  readonly timer: boolean;
  /** Of a call to the server. @default 30000 */
  readonly timeoutMs?: number | undefined;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Puts a configuration in the place of the one that runs; rejects where it does not load. */
  readonly load: (text: string) => Promise<void>;
  /** Ends the one that runs. */
  readonly unload: () => Promise<void>;
}

/** What the status page shows. */
export interface RemoteState {
  readonly url: string;
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  /** Why it failed. */
  readonly message: string;
  /** Where the configuration that runs is from. */
  readonly source: "server" | "cache" | "none";
  /** Of the configuration that runs; empty where none does. */
  readonly hash: string;
  /** Milliseconds since the epoch of the last answer. */
  readonly answered: number | undefined;
}

/** What is asked, of whom. */
interface Subject {
  readonly args: Args;
  readonly id: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly client: CollectorClient;
  /** Of the last configuration that loaded, in the cache. */
  readonly cache: string;
  /** Tells whether arguments changed. */
  readonly key: string;
}

const jitterMs = 100;

export class RemoteConfig {
  readonly #options: RemoteOptions;
  readonly #metrics: RemoteMetrics;
  #subject: Subject | undefined;
  /** With which one the server knows this collector. */
  #registered: Subject | undefined;
  #timer: NodeJS.Timeout | undefined;
  #due = 0;
  /** What is under way; one follows the other. */
  #work: Promise<void> = Promise.resolve();
  /** The server's own hash of what it sent last. */
  #remoteHash = "";
  #received = "";
  #loaded = "";
  #source: RemoteState["source"] = "none";
  #answered: number | undefined;
  #status: ConfigStatus = { status: "unset", message: "" };
  #sentStatus: ConfigStatus | undefined;
  #effective: string | undefined;
  #sentEffective: string | undefined;
  /** Why the newest configuration does not run. */
  #loadError: string | undefined;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#metrics = new RemoteMetrics(options.metrics);
  }

  /** Whether the file wants a configuration from a server. */
  get wanted(): boolean {
    return this.#subject !== undefined;
  }

  /** Milliseconds since the epoch from which on it should be asked again. */
  get due(): number {
    return this.#due;
  }

  get state(): RemoteState | undefined {
    if (!this.#subject) return undefined;
    const { id, args } = this.#subject;
    return {
      url: args.url.replace(/\/\/[^/@]*@/, "//"),
      id,
      name: args.name,
      ...this.#status,
      source: this.#source,
      hash: this.#loaded,
      answered: this.#answered,
    };
  }

  /** Why what runs is not what should; a server that can't be reached is none as long as something runs. */
  get problem(): string | undefined {
    return this.#loadError ?? (this.#source === "none" && this.#status.message ? this.#status.message : undefined);
  }

  /**
   * Takes what the file says, and gives what begins it. Throws where its certificates can't be read. The same as before
   * changes nothing.
   */
  prepare(args: Args | undefined, directory: string): () => void {
    if (!args?.url) return () => this.#forget();
    const key = keyOf(args, directory);
    if (key === this.#subject?.key) return () => {};
    const subject = this.#subjectOf(args, directory, key);
    return () => this.#begin(subject);
  }

  /** Asks now, as the timer does when the time has come. */
  async poll(): Promise<void> {
    const subject = this.#subject;
    clearTimeout(this.#timer);
    if (subject) this.#enqueue(() => this.#round(subject, false));
    await this.settled();
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    let work: Promise<void>;
    do {
      work = this.#work;
      await work;
    } while (work !== this.#work);
  }

  /** Asks no more, and tells the server. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    const subject = this.#subject;
    this.#subject = undefined;
    await this.#end(subject);
    await this.settled();
  }

  #subjectOf(args: Args, directory: string, key: string): Subject {
    const { usualId, timeoutMs } = this.#options;
    const id = args.id || usualId();
    const system = [
      ["collector.version", collectorVersion],
      ["collector.os", process.platform === "win32" ? "windows" : process.platform],
    ] as const;
    const attributes = new Map([...system, ...args.attributes]);
    const identity = JSON.stringify([args.url, id, args.name, [...args.attributes].sort()]);
    return {
      args,
      id,
      attributes,
      key,
      client: collectorClient(args, { directory, timeoutMs }),
      cache: hashOf(identity),
    };
  }

  #begin(subject: Subject): void {
    const before = this.#subject;
    this.#subject = subject;
    clearTimeout(this.#timer);
    if (before?.cache !== subject.cache) {
      // what another server, or this one for another collector, said last means nothing here
      this.#remoteHash = "";
      this.#received = "";
    }
    this.#enqueue(async () => {
      if (before?.id === subject.id && before.args.url === subject.args.url) {
        before.client.close();
        this.#registered = undefined; // what it says of itself may be new
      } else await this.#end(before);
      await this.#round(subject, true);
    });
  }

  #forget(): void {
    const subject = this.#subject;
    if (!subject) return;
    clearTimeout(this.#timer);
    this.#subject = undefined;
    this.#enqueue(async () => {
      await this.#end(subject);
      await this.#options.unload();
      this.#remoteHash = this.#received = this.#loaded = "";
      this.#source = "none";
      this.#effective = this.#sentEffective = this.#sentStatus = this.#loadError = undefined;
      this.#status = { status: "unset", message: "" };
    });
  }

  async #end(subject: Subject | undefined): Promise<void> {
    if (!subject) return;
    if (this.#registered === subject) {
      this.#registered = undefined;
      try {
        await subject.client.unregister(subject.id);
      } catch (error) {
        this.#options.log.error("failed to unregister collector with remote server", {
          id: subject.id,
          error: messageOf(error),
        });
      }
    }
    subject.client.close();
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch(error => {
      this.#options.log.error("remote configuration failed", { error: messageOf(error) });
    });
  }

  /** Asks once, and sets the time to ask again. */
  async #round(subject: Subject, mayUseCache: boolean): Promise<void> {
    if (subject !== this.#subject) return;
    await this.#register(subject);
    try {
      await this.#fetch(subject);
    } catch (error) {
      if (subject !== this.#subject) return;
      const fields = { error: messageOf(error) };
      if (!mayUseCache)
        this.#options.log.error("failed to fetch remote config, continuing with current config", fields);
      else {
        this.#options.log.error("failed to fetch remote config, falling back to cache", fields);
        await this.#loadCached(subject);
      }
    }
    await this.#report(subject);
    if (subject !== this.#subject) return;
    const pause = subject.args.poll_frequency + jitterMs * (2 * Math.random() - 1);
    this.#due = Date.now() + pause;
    clearTimeout(this.#timer);
    if (this.#options.timer) this.#timer = setTimeout(() => void this.poll(), pause);
  }

  /** Alloy does not start where this fails; here it is tried again, as the cache is there for just that. */
  async #register(subject: Subject): Promise<void> {
    const { client, id, args, attributes } = subject;
    if (this.#registered) return;
    try {
      await client.register(id, args.name, attributes);
      this.#registered = subject;
    } catch (error) {
      this.#options.log.error("failed to register collector with remote server", { id, error: messageOf(error) });
    }
  }

  async #ask({ client, id, attributes }: Subject): Promise<GetConfigResponse> {
    const [status, effective] = [this.#status, this.#effective];
    const response = await client.getConfig({
      id,
      attributes,
      hash: this.#remoteHash,
      status: sameStatus(status, this.#sentStatus) ? undefined : status,
      effective: effective === this.#sentEffective ? undefined : effective,
    });
    this.#answered = Date.now();
    this.#sentStatus = status;
    this.#sentEffective = effective;
    return response;
  }

  /** Tells the server at once what has become of what it sent. */
  async #report(subject: Subject): Promise<void> {
    if (subject !== this.#subject) return;
    if (sameStatus(this.#status, this.#sentStatus) && this.#effective === this.#sentEffective) return;
    try {
      await this.#ask(subject);
    } catch (error) {
      this.#forgetSent();
      this.#options.log.error("status notification call failed, will retry on next poll", { error: messageOf(error) });
    }
  }

  #forgetSent(): void {
    this.#sentStatus = undefined;
    this.#sentEffective = undefined;
  }

  async #fetch(subject: Subject): Promise<void> {
    const { log } = this.#options;
    this.#metrics.attempts.add(1);
    let response: GetConfigResponse;
    try {
      response = await this.#ask(subject);
    } catch (error) {
      this.#forgetSent();
      this.#metrics.failures.add(1);
      this.#metrics.successful.set(0);
      this.#status = { status: "failed", message: messageOf(error) };
      throw error;
    }
    if (subject !== this.#subject) return;
    this.#metrics.notModified.set(response.notModified ? 1 : 0);
    if (response.notModified) {
      log.debug("skipping over API response since it has not been modified since last fetch");
      if (this.#loaded !== "" && this.#loaded === this.#received) this.#applied();
      return;
    }
    this.#metrics.fetched.set(Date.now() / 1000);
    if (response.hash !== "") this.#remoteHash = response.hash;
    await this.#take(subject, response.content);
  }

  async #take(subject: Subject, content: string): Promise<void> {
    const { log } = this.#options;
    const hash = hashOf(content);
    if (hash === this.#received) {
      log.debug("skipping over API response since it matched the last received one", { config_hash: hash });
      if (hash === this.#loaded) this.#applied();
      return;
    }
    this.#received = hash;
    this.#metrics.received.set(hash);
    if (hash !== this.#loaded) {
      log.info("attempting to parse and load new remote configuration", { config_hash: hash });
      this.#status = { status: "applying", message: "" };
      try {
        await this.#load(content, "server");
      } catch (error) {
        const message = messageOf(error);
        this.#metrics.successful.set(0);
        this.#status = { status: "failed", message };
        this.#loadError = message;
        log.error("failed to parse and load new remote configuration", {
          received_hash: hash,
          loaded_hash: this.#loaded,
          error: message,
        });
        if (this.#loaded === "") throw error; // else the one that runs goes on
        return;
      }
      log.info("successfully loaded remote configuration", {
        config_hash: hash,
        config_size: Buffer.byteLength(content),
      });
    }
    this.#source = "server";
    this.#metrics.successful.set(1);
    this.#applied();
    await this.#keep(subject, content);
  }

  #applied(): void {
    this.#status = { status: "applied", message: "" };
    this.#loadError = undefined;
  }

  /** As in Alloy an empty configuration leaves alone what runs. */
  async #load(content: string, source: RemoteState["source"]): Promise<void> {
    if (content !== "") {
      await this.#options.load(content);
      this.#effective = content;
    }
    this.#source = source;
    this.#loaded = hashOf(content);
    this.#metrics.loaded.set(this.#loaded);
  }

  async #loadCached({ cache: key }: Subject): Promise<void> {
    const { log, cache } = this.#options;
    const cache_path = cache.nameOf(key);
    let content: string;
    try {
      content = await cache.read(key);
    } catch (error) {
      log.error("failed to read from cache", { cache_path, error: messageOf(error) });
      return;
    }
    const hash = hashOf(content);
    if (hash === this.#loaded) return;
    try {
      await this.#load(content, "cache");
    } catch (error) {
      log.error("failed to load from cache", { cache_path, error: messageOf(error) });
      return;
    }
    const fields = { config_hash: hash, config_size: Buffer.byteLength(content), cache_path };
    log.info("successfully loaded configuration from cache", fields);
  }

  async #keep({ cache }: Subject, content: string): Promise<void> {
    try {
      await this.#options.cache.write(cache, content);
    } catch (error) {
      this.#options.log.error("failed to flush remote configuration contents the on-disk cache", {
        error: messageOf(error),
      });
    }
  }
}

const sameStatus = (a: ConfigStatus, b: ConfigStatus | undefined): boolean =>
  a.status === b?.status && a.message === b.message;

/** All that the arguments say, secrets included: kept in memory only. */
const keyOf = (args: Args, directory: string): string =>
  JSON.stringify([directory, args], (_, value: unknown) => {
    if (value instanceof Map) return [...value];
    return isSecret(value) ? value.reveal() : value;
  });

const isSecret = (value: unknown): value is Secret => typeof value === "object" && value !== null && "reveal" in value;

/** FNV-1 in 32 bits, as Alloy names configurations. */
export function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash, 0x01000193) ^ byte;
  return (hash >>> 0).toString(16).padStart(8, "0");
}
