/**
 * The one error of a failed delivery. Its kind says what must happen to the data:
 *
 *     throw new DeliveryError("push refused, got status 429", { kind: "retry", status: 429, retryAfterMs: 1000 });
 *
 * - `retry`: the backend may take it later; it goes back to the trigger.
 * - `reject`: the backend will never take it; it goes to the dead letters.
 * - `split`: the request was too large; its parts may pass one by one.
 */
export type FailureKind = "retry" | "reject" | "split";

export interface DeliveryErrorOptions {
  readonly kind: FailureKind;
  readonly status?: number | undefined;
  /** How long the backend asked to be left alone. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Data that did not arrive. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
  readonly kind: FailureKind;
  /** Whether the trigger should bring the data again. */
  readonly retryable: boolean;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  constructor(message: string, { kind, status, retryAfterMs, cause }: DeliveryErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.retryable = kind === "retry";
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What a failure means for the data; anything that isn't a `DeliveryError` is a bug, and the data stays with the trigger. */
export function kindOfFailure(error: unknown): FailureKind {
  return error instanceof DeliveryError ? error.kind : "retry";
}

/** What `read` makes of data; what it throws is final, as the data stays what it is. */
export function orReject<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof DeliveryError ? cause : new DeliveryError(messageOf(cause), { kind: "reject", cause });
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A body that is not what its content encoding says, or of an encoding that nobody knows: 400. */
export class BadEncodingError extends Error {
  override readonly name = "BadEncodingError";
  readonly status = 400;
}

/** A body that is larger than it may be once it is decompressed: 413. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
  readonly status = 413;
  readonly maxBytes: number;
  constructor(maxBytes: number) {
    super(`decompressed body should have at most ${maxBytes} bytes, got more`);
    this.maxBytes = maxBytes;
  }
}
