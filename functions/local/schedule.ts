/** Timers of the local process: what a cloud's scheduler does for functions. */
import type { Invocation, Logger } from "../../lib/pipeline/graph/invocation.ts";

export interface Job {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (invocation: Invocation) => Promise<void>;
}

export interface Schedule {
  /** Starts no more runs; resolves when the last one has ended. */
  stop(): Promise<void>;
}

/** Runs each job at once and then at fixed times; a run that takes longer than its interval makes the next one wait, never overlap. */
export function startSchedule(
  jobs: readonly Job[],
  invocation: (options: { deadlineMs: number }) => Invocation,
  log: Logger,
): Schedule {
  const stops = jobs.map(job => startJob(job, invocation, log));
  return {
    stop: async () => {
      await Promise.all(stops.map(stop => stop()));
    },
  };
}

function startJob(
  { name, everyMs, run }: Job,
  invocation: (options: { deadlineMs: number }) => Invocation,
  log: Logger,
): () => Promise<void> {
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let due = performance.now();
  const once = async () => {
    try {
      await run(invocation({ deadlineMs: everyMs }));
    } catch (error) {
      log.error("scheduled run failed", {
        component: name,
        error: error instanceof Error ? error.message : String(error),
      });
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
