/**
 * Collects parts that are pending at the same time into requests of the backend's best size, and settles the promise of
 * every part by what became of its request.
 *
 *     const coalescer = new Coalescer<LogBatch, Invocation>({
 *       flush: host.mode === "local" ? "idle" : "drain",
 *       maxBytes: 1 << 20,
 *       send: (tenant, batches, invocation) => push(tenant, batches, invocation),
 *     });
 *     await coalescer.add(tenant, batch, size, invocation); // settles when the request that carried it is through
 *     await coalescer.drain(); // resolves when nothing is pending
 *
 * With `drain` nothing is sent before `drain()`, but full requests. With `idle` a key that has no request under way sends
 * what it has on the next turn of the event loop; what arrives meanwhile becomes the next request. So a lone batch waits
 * for nothing, and under load requests grow by themselves.
 */
import { DeliveryError, kindOfFailure, messageOf } from "./errors.ts";

export interface CoalescerOptions<Part, Context> {
  /** Sends one request; its failure settles all parts, a `split` failure halves them. */
  readonly send: (key: string, parts: readonly Part[], context: Context) => Promise<void>;
  readonly flush: "drain" | "idle";
  /** Sizes of the parts of one request add up to no more, except for a part that is larger by itself. */
  readonly maxBytes: number;
  readonly maxItems?: number;
  /** Requests of one key at the same time. Above 1 the order within a key is not kept. @default 1 */
  readonly concurrency?: number;
  /** Cuts a part that is too large by itself; `undefined` or a single part: it can't be cut. */
  readonly splitPart?: (part: Part) => readonly Part[] | undefined;
  /** Takes what the backend will never accept, as a dead-letter store; the parts count as delivered then. Unset: their promises reject. */
  readonly onReject?: (key: string, parts: readonly Part[], error: DeliveryError, context: Context) => Promise<void>;
  /** Takes what the backend does not take now, to deliver it later; the parts count as delivered then. `undefined`: not these. */
  readonly onGiveUp?: (
    key: string,
    parts: readonly Part[],
    error: DeliveryError,
    context: Context,
  ) => Promise<void> | undefined;
  /** The context of a request that carries parts of several. @default that of the first part */
  readonly mergeContext?: (a: Context, b: Context) => Context;
}

/** One promise that was given out; a part that was cut settles it when all its pieces are settled. */
interface Ticket {
  pieces: number;
  error: unknown;
  failed: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Entry<Part, Context> {
  readonly part: Part;
  readonly size: number;
  readonly context: Context;
  readonly ticket: Ticket;
}

interface Queue<Part, Context> {
  readonly key: string;
  entries: Entry<Part, Context>[];
  bytes: number;
  inFlight: number;
  /** A turn of the event loop is booked to look at it. */
  booked: boolean;
}

const partsOf = <Part>(entries: readonly { readonly part: Part }[]): Part[] => entries.map(({ part }) => part);

/** Batches per key. Each part that is added is settled exactly once. */
export class Coalescer<Part, Context = undefined> {
  readonly #options: CoalescerOptions<Part, Context>;
  readonly #concurrency: number;
  readonly #maxItems: number;
  readonly #queues = new Map<string, Queue<Part, Context>>();
  #pending = 0;
  #draining: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(options: CoalescerOptions<Part, Context>) {
    this.#options = options;
    this.#concurrency = Math.max(1, options.concurrency ?? 1);
    this.#maxItems = options.maxItems || Number.POSITIVE_INFINITY;
  }

  /** Parts that were added and are not settled. */
  get pending(): number {
    return this.#pending;
  }

  /** Resolves when the backend, or `onReject`, has taken the part. */
  add(key: string, part: Part, size: number, context: Context): Promise<void> {
    let queue = this.#queues.get(key);
    if (!queue) {
      queue = { key, entries: [], bytes: 0, inFlight: 0, booked: false };
      this.#queues.set(key, queue);
    }
    this.#pending++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.entries.push({
      part,
      size,
      context,
      ticket: { pieces: 1, error: undefined, failed: false, resolve, reject },
    });
    queue.bytes += size;
    this.#pump(queue);
    return promise;
  }

  /** Sends all that is pending, also what is added meanwhile; resolves when nothing is, and never rejects. */
  drain(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    this.#draining ??= new Promise<void>(resolve => {
      this.#drained = resolve;
    });
    for (const queue of this.#queues.values()) this.#pump(queue);
    return this.#draining;
  }

  /** Starts the requests that a queue may start now. */
  #pump(queue: Queue<Part, Context>): void {
    while (queue.entries.length && queue.inFlight < this.#concurrency) {
      if (this.#draining || this.#isFull(queue)) {
        this.#start(queue);
        continue;
      }
      if (this.#options.flush === "drain" || queue.booked) return;
      queue.booked = true;
      setImmediate(() => {
        queue.booked = false;
        if (queue.entries.length && queue.inFlight < this.#concurrency) this.#start(queue);
        this.#pump(queue);
      });
      return;
    }
  }

  #isFull(queue: Queue<Part, Context>): boolean {
    return queue.bytes >= this.#options.maxBytes || queue.entries.length >= this.#maxItems;
  }

  #start(queue: Queue<Part, Context>): void {
    const batch = this.#take(queue);
    queue.inFlight++;
    // #deliver settles its entries whatever happens and never rejects
    void this.#deliver(queue.key, batch).then(() => {
      queue.inFlight--;
      if (queue.entries.length) this.#pump(queue);
      else if (queue.inFlight === 0 && this.#queues.get(queue.key) === queue) this.#queues.delete(queue.key);
    });
  }

  /** Cuts the next request off the queue: at least one part, otherwise as many as fit. */
  #take(queue: Queue<Part, Context>): Entry<Part, Context>[] {
    const { entries } = queue;
    let count = 0;
    let bytes = 0;
    for (const { size } of entries) {
      if (count > 0 && (bytes + size > this.#options.maxBytes || count >= this.#maxItems)) break;
      bytes += size;
      count++;
    }
    queue.bytes -= bytes;
    if (count === entries.length) {
      queue.entries = [];
      return entries;
    }
    return entries.splice(0, count);
  }

  async #deliver(key: string, entries: readonly Entry<Part, Context>[]): Promise<void> {
    const context = this.#contextOf(entries);
    try {
      await this.#options.send(key, partsOf(entries), context);
    } catch (error) {
      const kind = kindOfFailure(error);
      if (kind === "split")
        await this.#split(key, entries, error as DeliveryError); // only a DeliveryError has this kind
      else if (kind === "reject")
        await this.#reject(key, entries, error as DeliveryError); // as above
      else await this.#giveUp(key, entries, error);
      return;
    }
    this.#settle(entries, undefined, false);
  }

  /** Sends each half by itself, one after the other to keep the order. */
  async #split(key: string, entries: readonly Entry<Part, Context>[], error: DeliveryError): Promise<void> {
    const pieces = entries.length > 1 ? entries : this.#cut(entries[0] as Entry<Part, Context>); // a request has a part
    if (!pieces) {
      const { message, status } = error;
      return this.#reject(key, entries, new DeliveryError(message, { kind: "reject", status, cause: error }));
    }
    const middle = Math.ceil(pieces.length / 2);
    await this.#deliver(key, pieces.slice(0, middle));
    await this.#deliver(key, pieces.slice(middle));
  }

  #cut({ part, size, context, ticket }: Entry<Part, Context>): Entry<Part, Context>[] | undefined {
    const parts = this.#options.splitPart?.(part);
    if (!parts || parts.length < 2) return undefined;
    ticket.pieces += parts.length - 1;
    return parts.map(piece => ({ part: piece, size: size / parts.length, context, ticket }));
  }

  async #reject(key: string, entries: readonly Entry<Part, Context>[], error: DeliveryError): Promise<void> {
    const stored = this.#options.onReject?.(key, partsOf(entries), error, this.#contextOf(entries));
    await this.#settleStored(entries, error, stored, "storing it as a dead letter");
  }

  async #giveUp(key: string, entries: readonly Entry<Part, Context>[], error: unknown): Promise<void> {
    if (!(error instanceof DeliveryError)) return this.#settle(entries, error, true); // a bug
    const stored = this.#options.onGiveUp?.(key, partsOf(entries), error, this.#contextOf(entries));
    await this.#settleStored(entries, error, stored, "handing it over");
  }

  /** Settles entries that a store may have taken. */
  async #settleStored(
    entries: readonly Entry<Part, Context>[],
    error: DeliveryError,
    stored: Promise<void> | undefined,
    what: string,
  ): Promise<void> {
    if (!stored) return this.#settle(entries, error, true);
    try {
      await stored;
    } catch (cause) {
      // Nobody has the data: it must go back to the trigger.
      const message = `${error.message}; ${what} failed: ${messageOf(cause)}`;
      return this.#settle(entries, new DeliveryError(message, { kind: "retry", status: error.status, cause }), true);
    }
    this.#settle(entries, undefined, false);
  }

  #contextOf(entries: readonly Entry<Part, Context>[]): Context {
    let { context } = entries[0] as Entry<Part, Context>; // a request has a part
    const { mergeContext } = this.#options;
    if (mergeContext) {
      for (const entry of entries) if (entry.context !== context) context = mergeContext(context, entry.context);
    }
    return context;
  }

  #settle(entries: readonly Entry<Part, Context>[], error: unknown, failed: boolean): void {
    for (const { ticket } of entries) {
      if (failed && !ticket.failed) {
        ticket.failed = true;
        ticket.error = error;
      }
      if (--ticket.pieces > 0) continue;
      this.#pending--;
      if (ticket.failed) ticket.reject(ticket.error);
      else ticket.resolve();
    }
    if (this.#pending > 0 || !this.#drained) return;
    this.#drained();
    this.#drained = this.#draining = undefined;
  }
}
