/** Timers of the local process: what a cloud's scheduler does for functions. */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Invocation, Logger } from "../../lib/pipeline/graph/invocation.ts";

export interface Job {
  /** The component that it belongs to. */
  readonly name: string;
  readonly everyMs: number;
  /** Also tells one job from another. */
  readonly run: (invocation: Invocation) => Promise<void>;
}

type MakeInvocation = (options: { deadlineMs: number }) => Invocation;

/** Runs each job at once and then at fixed times; a run that takes longer than its interval makes the next one wait, never overlap. */
export class Schedule {
  readonly #stops = new Map<Job["run"], () => Promise<void>>();
  readonly #invocation: MakeInvocation;
  readonly #log: Logger;

  constructor(invocation: MakeInvocation, log: Logger) {
    this.#invocation = invocation;
    this.#log = log;
  }

  /** Starts those that are new, stops those that are gone, and leaves the others alone. */
  set(jobs: readonly Job[]): void {
    const wanted = new Set(jobs.map(({ run }) => run));
    for (const [run, stop] of this.#stops) {
      if (wanted.has(run)) continue;
      this.#stops.delete(run);
      void stop();
    }
    for (const job of jobs) {
      if (!this.#stops.has(job.run)) this.#stops.set(job.run, startJob(job, this.#invocation, this.#log));
    }
  }

  /** Starts no more runs; resolves when the last one has ended. */
  async stop(): Promise<void> {
    const stops = [...this.#stops.values()];
    this.#stops.clear();
    await Promise.all(stops.map(stop => stop()));
  }
}

function startJob({ name, everyMs, run }: Job, invocation: MakeInvocation, log: Logger): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let due = performance.now();
  const once = async () => {
    try {
      await run(invocation({ deadlineMs: everyMs }));
    } catch (error) {
      log.error("scheduled run failed", { component: name, error: messageOf(error) });
    }
    if (stopped) return;
    const now = performance.now();
    due += everyMs * Math.max(1, Math.ceil((now - due) / everyMs));
    timer = setTimeout(start, due - now);
  };
  const start = () => {
    running = once();
  };
  timer = setTimeout(start, 0);
  return () => {
    stopped = true;
    clearTimeout(timer);
    return running;
  };
}
