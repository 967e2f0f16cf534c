/** Batches of which a part may fail: each item is pushed by itself, all of them before writers send, and only those that failed go back. */
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";

export interface BatchOptions<Item> {
  /** Pushes an item; throws or rejects where it failed. */
  readonly push: (item: Item) => Promise<unknown>;
  /** Items of one order: what is behind a failure may not count as done, so that it comes again after it. */
  readonly orderOf: (item: Item) => string | undefined;
  readonly report: (item: Item, reason: unknown) => void;
}

/**
 * Pushes the items and gives those that must come again. What is known to be behind a failure of its order is not pushed at all; what
 * was pushed before the failure showed may arrive twice.
 */
export async function pushBatch<Item>(
  pipeline: Pipeline,
  call: Call,
  items: readonly Item[],
  { push, orderOf, report }: BatchOptions<Item>,
): Promise<readonly Item[]> {
  const unread = new Set<string>();
  const start = (item: Item): Promise<unknown> => {
    const order = orderOf(item);
    try {
      if (order !== undefined && unread.has(order)) throw new Error(behindFailure);
      return call.inTime(push(item));
    } catch (error) {
      if (order !== undefined) unread.add(order);
      return Promise.reject(error);
    }
  };
  const work = Promise.allSettled(items.map(start));
  await new Promise(resolve => setImmediate(resolve)); // what is pushed reaches the writers before they send
  const outcomes = await pipeline.drain(work);
  const broken = new Set<string>();
  return items.filter((item, i) => {
    const order = orderOf(item);
    const outcome = outcomes[i];
    if (outcome?.status === "rejected") {
      report(item, outcome.reason);
      if (order !== undefined) broken.add(order);
      return true;
    }
    return order !== undefined && broken.has(order);
  });
}

const behindFailure = "message should come after all before it in its group, got a failure of one of them";
