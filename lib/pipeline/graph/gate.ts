/** The place between two components: counts, shows what passes, keeps a receiver's identity while the instance behind it is replaced. */
import type { Consumer } from "./component.ts";
import type { Invocation } from "./invocation.ts";
import type { Counter } from "./metrics.ts";
import type { ReceiverKind } from "./receiver.ts";
import { Usage } from "./usage.ts";

/** Called with each batch that enters a component, before it can change it. */
export type Tap = (batch: unknown, items: number) => void;

export class Gate<Batch> implements Consumer<Batch> {
  #target: Consumer<Batch> | undefined;
  #usage = new Usage();
  readonly #kind: ReceiverKind<Batch>;
  readonly #received: Counter;
  readonly #failed: Counter;
  tap: Tap | undefined;

  constructor(kind: ReceiverKind<Batch>, received: Counter, failed: Counter) {
    this.#kind = kind;
    this.#received = received;
    this.#failed = failed;
  }

  /** Leads what comes from now on to a consumer, and counts it as its instance's. */
  connect(target: Consumer<Batch>, usage: Usage): void {
    this.#target = target;
    this.#usage = usage;
  }

  get mutates(): boolean {
    return this.#target?.mutates ?? false;
  }

  async consume(batch: Batch, invocation: Invocation): Promise<void> {
    const items = this.#kind.count(batch);
    if (items === 0) return;
    this.#received.add(items);
    this.tap?.(batch, items);
    const usage = this.#usage; // another one may be connected before this batch is through
    usage.enter();
    try {
      await this.#target?.consume(batch, invocation);
    } catch (error) {
      this.#failed.add(items);
      throw error;
    } finally {
      usage.leave();
    }
  }
}

/**
 * One consumer for a `forward_to` list. Everyone gets every batch; the promise rejects with the first failure, but only after
 * all have settled, so that one failing destination never cuts another short.
 */
export function fanOut<Batch>(consumers: readonly Consumer<Batch>[], fork?: (batch: Batch) => Batch): Consumer<Batch> {
  const [only, ...more] = consumers;
  if (!only) return { consume: async () => {} };
  if (!more.length) return only;
  return {
    async consume(batch, invocation) {
      const batches = consumers.map(consumer => (fork && consumer.mutates ? fork(batch) : batch));
      const outcomes = await Promise.allSettled(
        consumers.map((consumer, i) => consumer.consume(batches[i] as Batch, invocation)),
      ); // same length
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    },
  };
}
