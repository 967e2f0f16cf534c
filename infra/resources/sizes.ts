/** Memory and timeout of functions, with reasons. */
import type { FunctionKind, Reasoned } from "../resources.ts";

/** Of every function. */
export const timeoutSeconds = 30;

const megabytes = 512;

const reasons: Readonly<Partial<Record<FunctionKind, string>>> = {
  http: "a sender waits no longer, and tries again",
  schedule: "a run is over before the next one, a minute later",
  queue: "a batch has time for retries, and its messages are hidden six times as long",
};

export const timeoutOf = (kind: FunctionKind): Reasoned => ({
  value: timeoutSeconds,
  reason: reasons[kind] ?? "a batch has time for retries against a slow backend",
});

export const memoryOf = (kind: FunctionKind): Reasoned => ({
  value: megabytes,
  reason: `the processor grows with the memory, to a whole core at 1769 MB; ${
    kind === "http"
      ? "a request of 6 MB, the most that Lambda takes, fits decompressed"
      : "a full batch fits decompressed"
  }`,
});
