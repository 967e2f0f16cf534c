/** The place between two components: counts, shows what passes, keeps a receiver's identity while the instance behind it is replaced. */
import type { Consumer } from "./component.ts";
import type { Invocation } from "./invocation.ts";
import type { Counter } from "./metrics.ts";
import type { ReceiverKind } from "./receiver.ts";

/** Called with each batch that enters a component, before it can change it. */
export type Tap = (batch: unknown, items: number) => void;

export class Gate<Batch> implements Consumer<Batch> {
  #target: Consumer<Batch> | undefined;
  #inFlight = 0;
  #idle: (() => void)[] = [];
  readonly #kind: ReceiverKind<Batch>;
  readonly #received: Counter;
  readonly #failed: Counter;
  tap: Tap | undefined;

  constructor(kind: ReceiverKind<Batch>, received: Counter, failed: Counter) {
    this.#kind = kind;
    this.#received = received;
    this.#failed = failed;
  }

  set target(target: Consumer<Batch>) {
    this.#target = target;
  }

  get mutates(): boolean {
    return this.#target?.mutates ?? false;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when no batch is on its way through. */
  async settled(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  async consume(batch: Batch, invocation: Invocation): Promise<void> {
    const items = this.#kind.count(batch);
    if (items === 0) return;
    this.#received.add(items);
    this.tap?.(batch, items);
    this.#inFlight++;
    try {
      await this.#target?.consume(batch, invocation);
    } catch (error) {
      this.#failed.add(items);
      throw error;
    } finally {
      if (--this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve();
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
