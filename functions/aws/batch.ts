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
  const start = async (item: Item) => call.inTime(push(item));
  const unread = new Set<string>();
  const pushes: Promise<unknown>[] = [];
  for (const item of items) {
    const order = orderOf(item);
    pushes.push(order !== undefined && unread.has(order) ? Promise.reject(new Error(behindFailure)) : start(item));
    pushes.at(-1)?.catch(() => order !== undefined && unread.add(order));
    if (order !== undefined) await turn(); // by then a failure to read it shows
  }
  if (items.length) await turn(); // what is pushed reaches the writers before they send
  const outcomes = await pipeline.drain(Promise.allSettled(pushes));
  const broken = new Set<string>();
  return items.filter((item, i) => {
    const order = orderOf(item);
    const outcome = outcomes[i];
    if (outcome?.status === "rejected") {
      report(item, outcome.reason);
      call.onFailure?.(outcome.reason);
      if (order !== undefined) broken.add(order);
      return true;
    }
    return order !== undefined && broken.has(order);
  });
}

const turn = () => new Promise(resolve => setImmediate(resolve));

const behindFailure = "message should come after all before it in its group, got a failure of one of them";
