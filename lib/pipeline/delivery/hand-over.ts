/**
 * Where data waits that a backend did not take in time: whoever brought it has its answer, and it is delivered later, however
 * long the backend is down.
 *
 *     await host.handOver.put(letter, { lane: laneOf(letter), ordered: true });
 */
import type { DeadLetter } from "./dead-letters.ts";

/** Data that goes one way, such as one tenant's to one backend. */
export interface Lane {
  readonly lane: string;
  /** The backend needs it in the order in which it came. */
  readonly ordered: boolean;
}

export interface HandOver {
  /** Milliseconds that a delivery is tried before. */
  readonly afterMs: number;
  /** Resolves when the letter is stored for good. */
  put(letter: DeadLetter, lane: Lane): Promise<void>;
  /** Whether letters of an ordered lane wait, behind which what comes now has to go. */
  waits(lane: string): Promise<boolean>;
}

/** The store, where letters name the configuration that they come from. */
export const handOverOf = (store: Omit<HandOver, "afterMs">, configuration: string): HandOver => ({
  afterMs: handOverAfterMs,
  put: (letter, lane) => store.put({ configuration, ...letter }, lane),
  waits: lane => store.waits(lane),
});

/** Milliseconds that a delivery is tried before it is handed over: senders wait for their answer, some of them 10 seconds. */
export const handOverAfterMs = 5000;

/** Milliseconds that data may wait before it becomes a dead letter: backends refuse what is much older. */
export const waitAtMostMs = 72 * 3_600_000;

/** The way of data of a component to a destination; `key` is that of its requests, as a tenant. */
export const laneOf = (component: string, destination: string, key = ""): string =>
  [component, destination, key].join("\n");

/** When to hand over at the latest: before the deadline, so that there is time left to store. */
export const handOverTime = (now: number, deadline: number, afterMs: number): number =>
  Math.min(now + afterMs, deadline - Math.min(5000, (deadline - now) / 3));

/** Why what waited so long is given up. */
export const waitedTooLong = ({ reason }: Pick<DeadLetter, "reason">, atMostMs: number): string =>
  `the backend took nothing for ${atMostMs / 3_600_000} hours; at first: ${reason}`;
