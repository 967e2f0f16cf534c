/** What comes with each push, tick or scrape: time, randomness, deadline. No transform reads them from anywhere else. */
import type { StateStore } from "../state/store.ts";

export interface Invocation {
  /** Names this invocation in logs: a request id, a message id. */
  readonly id: string;
  /** Milliseconds since the epoch, the same for all that happens in this invocation. */
  readonly now: number;
  /** In [0, 1), as `Math.random`. */
  readonly random: () => number;
  /** Milliseconds since the epoch after which no answer counts any more; writers give data back to the trigger before it. */
  readonly deadline: number;
  /** The part of the work that is this invocation's, where several share it. */
  readonly shard?: Shard;
  /** The data waited in a hand-over store, and goes on waiting there where this fails. */
  readonly handedOver?: boolean;
  /** Aborted when the caller is gone or the process stops. */
  readonly signal: AbortSignal | undefined;
  readonly state: StateStore;
  readonly log: Logger;
  /** Request headers in lower case of a client whose receiver includes them (`include_metadata`). */
  readonly metadata: ReadonlyMap<string, readonly string[]> | undefined;
  /** What the receiver's authentication established of the client. */
  readonly auth: ReadonlyMap<string, string> | undefined;
}

/** One of several equal parts, counted from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;
