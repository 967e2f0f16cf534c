/**
 * The process' own log on its way through the pipeline: `write_to` of a `logging` block. Lines are sent one batch at a time, and
 * those that come meanwhile make the next one.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { DeliveryError, messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Consumer } from "../../lib/pipeline/graph/component.ts";
import type { Invocation, Logger } from "../../lib/pipeline/graph/invocation.ts";
import type { LogBatch, LogEntry } from "../../lib/pipeline/telemetry/loki/model.ts";

/** Where lines go, and what comes with them. */
export interface LogTarget {
  readonly consumer: Consumer<LogBatch>;
  readonly invocation: (options: { readonly deadlineMs: number }) => Invocation;
}

const labels = ["component", "alloy"];
/** Lines that wait; the oldest are dropped for newer ones. */
const mostWaiting = 10_000;
const deadlineMs = 30_000;
/** Before lines that could not be sent are tried again. */
const pauseMs = 1000;

export class OwnLog {
  readonly #log: Logger;
  /** Set while a line is handled: what is then logged is not sent, as it would never end. */
  readonly #inside = new AsyncLocalStorage<true>();
  #target: LogTarget | undefined;
  #waiting: LogEntry[] = [];
  #sending: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  #failing = false;
  #lost = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Leads lines elsewhere; those that wait go there too, or nowhere. */
  set target(target: LogTarget | undefined) {
    this.#target = target;
    if (!target) this.#waiting = [];
    this.#pump();
  }

  /** Takes a line of the log. */
  readonly take = (line: string, ms: number): void => {
    if (!this.#target || this.#inside.getStore()) return;
    // as Alloy sends it: with its end
    this.#waiting.push({ timestamp: BigInt(ms) * 1_000_000n, line: `${line}\n`, metadata: [] });
    this.#bound();
    if (!this.#again) this.#pump();
  };

  /** Resolves when what was taken until now is sent, or has failed once more. */
  async flush(): Promise<void> {
    while (this.#sending) await this.#sending;
    this.#pump();
    await this.#sending;
  }

  #bound(): void {
    const excess = this.#waiting.length - mostWaiting;
    if (excess <= 0) return;
    this.#waiting.splice(0, excess);
    this.#lost += excess;
  }

  #pump(): void {
    clearTimeout(this.#again);
    this.#again = undefined;
    if (this.#sending || !this.#target || !this.#waiting.length) return;
    this.#sending = this.#inside
      .run(true, () => this.#send())
      .then(sent => {
        this.#sending = undefined;
        if (sent) this.#pump();
        else if (this.#waiting.length) this.#again = setTimeout(() => this.#pump(), pauseMs).unref();
      });
  }

  async #send(): Promise<boolean> {
    await new Promise(resolve => setImmediate(resolve)); // so that lines of one event go together
    const target = this.#target;
    const entries = this.#waiting.splice(0);
    if (!target || !entries.length) return true;
    try {
      await target.consumer.consume([{ labels, entries }], target.invocation({ deadlineMs }));
    } catch (error) {
      return this.#failed(error, entries);
    }
    if (this.#failing) this.#log.info("the log is sent again", { lost: this.#lost });
    this.#failing = false;
    this.#lost = 0;
    return true;
  }

  #failed(error: unknown, entries: readonly LogEntry[]): boolean {
    if (!this.#failing) this.#log.error("the log could not be sent", { error: messageOf(error) });
    this.#failing = true;
    if (error instanceof DeliveryError && error.kind === "retry") {
      this.#waiting.unshift(...entries);
      this.#bound();
      return false;
    }
    this.#lost += entries.length;
    return true;
  }
}
