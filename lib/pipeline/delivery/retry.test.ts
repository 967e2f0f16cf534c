import { expect, test } from "vitest";
import { DeliveryError } from "./errors.ts";
import { backoff, deliver, lokiPolicy, otelPolicy, type RetryPolicy, remoteWritePolicy, sleepFor } from "./retry.ts";

const retry = (options: { retryAfterMs?: number } = {}) =>
  new DeliveryError("busy", { kind: "retry", status: 503, ...options });

/** Runs with a clock that only sleeping moves. */
async function run(errors: readonly Error[], policy: RetryPolicy, deadline?: number) {
  let time = 0;
  const waits: number[] = [];
  const remaining: number[] = [];
  const result = await deliver(
    async ({ number, remainingMs }) => {
      remaining.push(remainingMs);
      const error = errors[number];
      if (error) throw error;
      return "taken";
    },
    {
      policy,
      ...(deadline !== undefined && { deadline }),
      now: () => time,
      random: () => 0.5,
      sleep: async ms => {
        waits.push(ms);
        time += ms;
      },
    },
  ).catch((error: unknown) => error);
  return { result, waits, remaining };
}

const fast: RetryPolicy = { minMs: 10, maxMs: 40 };

test.for([
  { it: "gives the first answer without a wait", errors: [], policy: fast, waits: [], out: "taken" },
  {
    it: "doubles its waits up to the maximum",
    errors: [retry(), retry(), retry(), retry()],
    policy: fast,
    waits: [10, 20, 40, 40],
    out: "taken",
  },
  {
    it: "waits as long as the backend asks",
    errors: [retry({ retryAfterMs: 3000 })],
    policy: fast,
    waits: [3000],
    out: "taken",
  },
  {
    it: "waits its own time where the backend asks for less",
    errors: [retry({ retryAfterMs: 1 })],
    policy: fast,
    waits: [10],
    out: "taken",
  },
  {
    it: "does not retry a refusal",
    errors: [new DeliveryError("no", { kind: "reject" })],
    policy: fast,
    waits: [],
    out: { kind: "reject", message: "no" },
  },
  {
    it: "does not retry what is too large",
    errors: [new DeliveryError("no", { kind: "split" })],
    policy: fast,
    waits: [],
    out: { kind: "split", message: "no" },
  },
  {
    it: "does not retry a bug",
    errors: [new TypeError("a bug")],
    policy: fast,
    waits: [],
    out: { name: "TypeError", message: "a bug" },
  },
  {
    it: "stops after its retries and says when to come again",
    errors: [retry(), retry(), retry()],
    policy: { ...fast, maxRetries: 2 },
    waits: [10, 20],
    out: { kind: "retry", retryable: true, status: 503, message: "busy", retryAfterMs: 40 },
  },
  {
    it: "counts loki's retries as attempts",
    errors: [retry(), retry()],
    policy: lokiPolicy(10, 40, 2),
    waits: [15],
    out: { kind: "retry", retryAfterMs: 30 },
  },
  {
    it: "does not retry where retry_on_failure is disabled",
    errors: [retry()],
    policy: otelPolicy({
      enabled: false,
      initialIntervalMs: 5,
      maxIntervalMs: 30,
      multiplier: 1.5,
      randomizationFactor: 0.5,
      maxElapsedMs: 0,
    }),
    waits: [],
    out: { kind: "retry", retryAfterMs: 5 },
  },
  {
    it: "stops when the next wait would pass max_elapsed_time",
    errors: [retry(), retry(), retry()],
    policy: { ...fast, maxElapsedMs: 35 },
    waits: [10, 20],
    out: { kind: "retry", retryAfterMs: 40 },
  },
  {
    it: "stops when the next wait would pass the deadline",
    errors: [retry(), retry(), retry()],
    policy: fast,
    deadline: 25,
    waits: [10],
    out: { kind: "retry", retryAfterMs: 20 },
  },
  {
    it: "does not wait for a backend that asks for more time than there is",
    errors: [retry({ retryAfterMs: 60_000 })],
    policy: fast,
    deadline: 1000,
    waits: [],
    out: { kind: "retry", retryAfterMs: 60_000 },
  },
])("$it", async ({ errors, policy, deadline, waits, out }) => {
  const got = await run(errors, policy, deadline);
  expect(got.waits).toEqual(waits);
  if (typeof out === "string") expect(got.result).toBe(out);
  else expect(got.result).toMatchObject(out);
});

test("nothing is sent after the deadline", async () => {
  const { result, remaining } = await run([], fast, 0);
  expect(result).toMatchObject({ kind: "retry", message: "no time is left for the delivery", retryAfterMs: 10 });
  expect(remaining).toEqual([]);
});

test("each attempt knows the time that is left", async () => {
  const { remaining } = await run([retry(), retry()], fast, 100);
  expect(remaining).toEqual([100, 90, 70]);
});

test.for([
  { it: "remote write doubles", policy: remoteWritePolicy(30, 5000), random: 0.9, out: [30, 60, 120] },
  {
    it: "loki takes a point of the doubling range",
    policy: lokiPolicy(500, 1500, 10),
    random: 0.5,
    out: [750, 1500, 1500],
  },
  { it: "loki's 0 retries means without end", policy: lokiPolicy(1, 4, 0), random: 0, out: [1, 2, 4] },
  {
    it: "otel spreads around the interval",
    policy: otelPolicy({
      enabled: true,
      initialIntervalMs: 100,
      maxIntervalMs: 1000,
      multiplier: 1.5,
      randomizationFactor: 0.5,
      maxElapsedMs: 0,
    }),
    random: 0,
    out: [50, 75, 112.5],
  },
])("$it", ({ policy, random, out }) => {
  expect(out.map((_, number) => backoff(policy, number, () => random))).toEqual(out);
});

test("an aborted signal ends the wait and gives the error", async () => {
  const controller = new AbortController();
  const promise = deliver(
    async () => {
      setImmediate(() => controller.abort());
      throw retry();
    },
    { policy: { minMs: 60_000, maxMs: 60_000 }, signal: controller.signal },
  );
  await expect(promise).rejects.toMatchObject({ kind: "retry", message: "busy", retryAfterMs: 60_000 });
});

test("sleeping under an aborted signal takes no time", async () => {
  await sleepFor(60_000, AbortSignal.abort());
});
