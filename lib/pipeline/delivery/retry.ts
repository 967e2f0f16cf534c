/**
 * Tries a delivery again, with exponential waits, as long as the deadline allows; what is left goes back to the trigger.
 *
 *     await deliver(attempt => client.request(...), { policy: lokiPolicy(500, 300_000, 10), deadline: invocation.deadline });
 *
 * `refusal` makes the error from a backend's answer:
 *
 *     if (response.status >= 300) throw refusal("loki", response);
 */
import { DeliveryError } from "./errors.ts";

/** How long to wait between attempts. */
export interface RetryPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  /** @default 2 */
  readonly multiplier?: number;
  /** Each wait is stretched by a factor from this range. @default [1, 1] */
  readonly spread?: readonly [from: number, to: number];
  /** Attempts after the first. @default unlimited */
  readonly maxRetries?: number;
  /** Time since the first attempt after which no other starts. 0: unlimited. @default 0 */
  readonly maxElapsedMs?: number;
}

export interface DeliverOptions {
  readonly policy: RetryPolicy;
  /** Milliseconds since the epoch. */
  readonly deadline?: number;
  /** The wall clock, not an invocation's time, which stands still. @default Date.now */
  readonly now?: () => number;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
  /** Called before each wait, for logs and counters. */
  readonly onRetry?: (error: DeliveryError, waitMs: number, attempt: number) => void;
}

export interface Attempt {
  /** 0 for the first. */
  readonly number: number;
  /** Time until the deadline. */
  readonly remainingMs: number;
}

/** Resolves to what an attempt gave; rejects with the last error, whose `retryAfterMs` says when to come again. */
export async function deliver<T>(attempt: (attempt: Attempt) => Promise<T>, options: DeliverOptions): Promise<T> {
  const { policy, deadline = Number.POSITIVE_INFINITY, now = Date.now, random = Math.random, signal } = options;
  const { maxRetries = Number.POSITIVE_INFINITY, maxElapsedMs = 0 } = policy;
  const sleep = options.sleep ?? sleepFor;
  const last = maxElapsedMs > 0 ? Math.min(deadline, now() + maxElapsedMs) : deadline;
  for (let number = 0; ; number++) {
    const remainingMs = deadline - now();
    if (remainingMs <= 0)
      throw new DeliveryError("no time is left for the delivery", { kind: "retry", retryAfterMs: policy.minMs });
    try {
      return await attempt({ number, remainingMs });
    } catch (error) {
      if (!(error instanceof DeliveryError) || error.kind !== "retry" || signal?.aborted) throw error;
      const waitMs = Math.max(backoff(policy, number, random), error.retryAfterMs ?? 0);
      if (number >= maxRetries || now() + waitMs >= last) throw withRetryAfter(error, waitMs);
      options.onRetry?.(error, waitMs, number + 1);
      await sleep(waitMs, signal);
      if (signal?.aborted) throw withRetryAfter(error, waitMs);
    }
  }
}

/** The wait after attempt `number`, counted from 0. */
export function backoff(policy: RetryPolicy, number: number, random: () => number): number {
  const { minMs, maxMs, multiplier = 2, spread: [from, to] = [1, 1] } = policy;
  const base = Math.min(maxMs, minMs * multiplier ** number);
  return Math.min(maxMs, base * (from + random() * (to - from)));
}

function withRetryAfter(error: DeliveryError, waitMs: number): DeliveryError {
  if (error.retryAfterMs !== undefined) return error;
  const { message, status, cause } = error;
  return new DeliveryError(message, { kind: "retry", status, cause, retryAfterMs: Math.ceil(waitMs) });
}

/** Resolves after the time, or at once when the signal is aborted. */
export function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/** Waits of `loki.write` (`min_backoff_period`, `max_backoff_period`, `max_backoff_retries`): a random point of a doubling range. */
export function lokiPolicy(minMs: number, maxMs: number, maxRetries: number): RetryPolicy {
  // Alloy counts attempts, not retries; 0 means without end.
  return { minMs, maxMs, spread: [1, 2], ...(maxRetries > 0 && { maxRetries: maxRetries - 1 }) };
}

/** Waits of `prometheus.remote_write`'s `queue_config` (`min_backoff`, `max_backoff`): doubling, without end. */
export function remoteWritePolicy(minMs: number, maxMs: number): RetryPolicy {
  return { minMs, maxMs };
}

/** Waits of the `retry_on_failure` block of OpenTelemetry's exporters. */
export function otelPolicy(args: {
  readonly enabled: boolean;
  readonly initialIntervalMs: number;
  readonly maxIntervalMs: number;
  readonly multiplier: number;
  readonly randomizationFactor: number;
  readonly maxElapsedMs: number;
}): RetryPolicy {
  const {
    enabled,
    initialIntervalMs: minMs,
    maxIntervalMs: maxMs,
    multiplier,
    randomizationFactor,
    maxElapsedMs,
  } = args;
  if (!enabled) return { minMs, maxMs, maxRetries: 0 };
  return { minMs, maxMs, multiplier, maxElapsedMs, spread: [1 - randomizationFactor, 1 + randomizationFactor] };
}
