/**
 * Delivers what waits in the local process. Each lane has a worker of its own, which waits longer each time its backend takes
 * nothing: a destination that is down holds up no other.
 */
import type { DeadLetterSink } from "../../lib/pipeline/delivery/dead-letters.ts";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { SqliteHandOver, WaitingLetter } from "../../lib/pipeline/delivery/hand-over-sqlite.ts";
import { backoff, type RetryPolicy, sleepFor } from "../../lib/pipeline/delivery/retry.ts";
import type { Replay } from "../../lib/pipeline/graph/component.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import type { Metrics } from "../../lib/pipeline/graph/metrics.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { prepareWaiting } from "../../lib/pipeline/graph/waiting.ts";

export interface HandOverOptions {
  readonly store: SqliteHandOver;
  /** Those that run now. */
  readonly pipelines: () => readonly Pipeline[];
  readonly deadLetters: DeadLetterSink;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock?: () => number;
}

const policy: RetryPolicy = { minMs: 1000, maxMs: 60_000, spread: [0.8, 1.2] };
/** Letters that go out together; those behind one that fails are not sent. */
const together = 16;
/** Of one attempt; its request has a timeout of its own. */
const attemptMs = 60_000;

export class WaitingDeliveries {
  readonly #options: HandOverOptions;
  readonly #workers = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: HandOverOptions) {
    this.#options = options;
  }

  /** Begins with what waits from before. */
  start(): void {
    const { store } = this.#options;
    store.onPut = lane => {
      this.#measure();
      this.#wake(lane);
    };
    for (const lane of store.lanes()) this.#wake(lane);
    this.#measure();
  }

  /** What still waits stays for the next start. */
  async stop(): Promise<void> {
    this.#options.store.onPut = undefined;
    this.#stop.abort();
    await Promise.all(this.#workers.values());
  }

  #wake(lane: string): void {
    if (this.#workers.has(lane) || this.#stop.signal.aborted) return;
    const work = this.#work(lane).catch(error =>
      this.#options.log.error("data that waits could not be worked on", { error: messageOf(error) }),
    );
    this.#workers.set(
      lane,
      work.finally(() => this.#workers.delete(lane)),
    );
  }

  async #work(lane: string): Promise<void> {
    const { store } = this.#options;
    const { signal } = this.#stop;
    // what was just handed over has been tried just now
    for (let failures = 0; ; ) {
      await sleepFor(backoff(policy, failures, Math.random), signal);
      for (;;) {
        if (signal.aborted) return;
        const letters = store.first(lane, together);
        if (!letters.length) return;
        const failed = await this.#deliver(letters);
        this.#measure();
        if (failed) break;
        failures = 0;
      }
      failures++;
    }
  }

  /** Whether one of the letters failed, which stays with all behind it. */
  async #deliver(letters: readonly WaitingLetter[]): Promise<boolean> {
    const { store, pipelines, clock = Date.now, log } = this.#options;
    const sender = pipelines()[0]; // letters of one lane are of one component, any pipeline makes its invocation
    if (!sender) return true;
    const invocation = sender.invocation({ deadlineMs: attemptMs, handedOver: true });
    let reason: string | undefined;
    const deliver = async (waiting: WaitingLetter) => {
      const replay = this.#prepare(waiting, clock());
      if (typeof replay === "string") await this.#bury(waiting, replay, clock());
      else await replay.send(invocation);
      store.delete(waiting.id);
    };
    const settled = await Promise.allSettled(letters.map(deliver));
    for (const each of settled) if (each.status === "rejected") reason ??= messageOf(each.reason);
    if (reason === undefined) return false;
    const component = letters[0]?.letter?.component ?? "unknown";
    log.warn("data goes on waiting", { component, error: reason });
    return true;
  }

  /** How a letter is sent, or why it can't be. */
  #prepare(waiting: WaitingLetter, now: number): Replay | string {
    if (!waiting.letter) return waiting.problem;
    return prepareWaiting(waiting.letter, this.#options.pipelines(), now);
  }

  async #bury(waiting: WaitingLetter, reason: string, time: number): Promise<void> {
    const { deadLetters, log } = this.#options;
    const letter = waiting.letter ?? {
      component: "hand-over",
      destination: "",
      time,
      contentType: "application/octet-stream",
      body: waiting.bytes,
      metadata: {},
    };
    await deadLetters.put({ ...letter, reason });
    log.error("data that waited can't be delivered, it is in the dead letters", {
      component: letter.component,
      error: reason,
    });
  }

  #measure(): void {
    const { store, metrics } = this.#options;
    const { letters, bytes, oldest } = store.waiting();
    metrics
      .gauge("amalgam_waiting_requests", "Requests that wait, since their backend did not take them in time.")
      .set(letters);
    metrics.gauge("amalgam_waiting_bytes", "Bytes of requests that wait.").set(bytes);
    metrics
      .gauge("amalgam_waiting_oldest_timestamp_seconds", "When the oldest of them came; 0 where none waits.")
      .set((oldest ?? 0) / 1000);
  }
}
