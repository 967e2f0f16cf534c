/** Collects requests of one signal until they are many or old enough, and tells each how it went. */

import type { Invocation } from "../../../../graph/invocation.ts";
import { type OtlpBatch, otlpBatch } from "../../../../graph/kinds.ts";
import type { Signal } from "../../../../graph/trigger.ts";
import { mergeRequests } from "../../../../telemetry/otlp/batch.ts";
import { cut } from "./cut.ts";

export interface BatcherOptions {
  readonly signal: Signal;
  /** Items that are sent without waiting; 0: any. */
  readonly size: number;
  /** Most items of a batch; 0: no limit. */
  readonly maxSize: number;
  readonly send: (batch: OtlpBatch, invocation: Invocation) => Promise<void>;
}

/** One request, of which parts may go with several batches. */
interface Entry {
  bytes: Uint8Array;
  items: number;
  readonly invocation: Invocation;
  /** Batches under way that have a part of it, and the part that still waits. */
  open: number;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class Batcher {
  readonly #options: BatcherOptions;
  #entries: Entry[] = [];
  #items = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  get empty(): boolean {
    return this.#items === 0;
  }

  /** Settles when every part of the request has been acknowledged, with the first failure. */
  add(bytes: Uint8Array, items: number, invocation: Invocation): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#entries.push({ bytes, items, invocation, open: 1, resolve, reject });
    this.#items += items;
    const { size } = this.#options;
    while (size > 0 && this.#items >= size) this.#sendOne();
    return promise;
  }

  /** Sends all that waits. */
  flush(): void {
    while (this.#items > 0) this.#sendOne();
  }

  #sendOne(): void {
    const { signal, maxSize } = this.#options;
    let room = maxSize > 0 ? maxSize : Number.POSITIVE_INFINITY;
    const parts: Uint8Array[] = [];
    const carried: Entry[] = [];
    while (room > 0) {
      const [entry] = this.#entries;
      if (!entry) break;
      carried.push(entry);
      if (entry.items <= room) {
        parts.push(entry.bytes);
        room -= entry.items;
        this.#items -= entry.items;
        this.#entries.shift();
        continue; // the part that waited is now under way
      }
      const [head, tail] = cut(signal, entry.bytes, room);
      parts.push(head);
      entry.bytes = tail;
      entry.items -= room;
      entry.open++;
      this.#items -= room;
      room = 0;
    }
    void this.#send(mergeRequests(parts), carried);
  }

  async #send(bytes: Uint8Array, carried: readonly Entry[]): Promise<void> {
    // the earliest deadline holds, since its sender waits for an answer
    const invocation = carried.map(entry => entry.invocation).reduce((a, b) => (b.deadline < a.deadline ? b : a));
    try {
      await this.#options.send(otlpBatch(this.#options.signal, bytes), invocation);
      for (const entry of carried) if (--entry.open === 0) entry.resolve();
    } catch (error) {
      for (const entry of carried) entry.reject(error);
    }
  }
}
