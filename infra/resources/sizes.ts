/** Memory and timeout of functions, with reasons. */
import type { FunctionKind, Reasoned, SchedulePlan } from "../resources.ts";

/** Of every function that doesn't wait for its own times. */
export const timeoutSeconds = 30;

/** Of the function that reads objects, unless the user wants more. */
export const objectsTimeoutSeconds = 300;

/** Of the function that delivers what others handed over: nobody waits for it. */
export const handOverTimeoutSeconds = 120;

const megabytes = 512;

const reasons: Readonly<Partial<Record<FunctionKind, string>>> = {
  http: "a sender waits no longer, and tries again",
  schedule: "a run is over before the next one, a minute later",
  queue: "a batch has time for retries, and its messages are hidden six times as long",
};

export function timeoutOf(kind: FunctionKind, schedules: readonly SchedulePlan[]): Reasoned {
  if (kind === "schedule" && schedules.some(({ forSeconds }) => forSeconds !== undefined))
    return { value: 90, reason: "the minute in which components run at their own times, and time for the last run" };
  if (kind === "objects")
    return {
      value: objectsTimeoutSeconds,
      reason: "an object is read as far as the time goes, and what is left is handed on through the queue",
    };
  if (kind === "hand-over")
    return { value: handOverTimeoutSeconds, reason: "several large requests go to a backend that may be slow" };
  return { value: timeoutSeconds, reason: reasons[kind] ?? "a batch has time for retries against a slow backend" };
}

export const memoryOf = (kind: FunctionKind): Reasoned => (kind === "objects" ? wholeCore : othersMemory(kind));

const wholeCore: Reasoned = {
  value: 1769,
  reason: "a whole core: decompressing and splitting a large object is the processor's work",
};

const othersMemory = (kind: FunctionKind): Reasoned => ({
  value: megabytes,
  reason: `the processor grows with the memory, to a whole core at 1769 MB; ${
    kind === "http"
      ? "a request of 6 MB, the most that Lambda takes, fits decompressed"
      : "a full batch fits decompressed"
  }`,
});
