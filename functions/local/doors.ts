/** All listening sockets of a process, by address; several pipelines may share one. */
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { Listener, type TraceRequest } from "./listener.ts";
import { type Door, serviceOf } from "./parts.ts";

/** By address, as `byAddress` names it. */
type Wanted = ReadonlyMap<string, readonly Door[]>;

export class Doors {
  readonly #listeners = new Map<string, Listener>();
  readonly #log: Logger;
  readonly #trace: TraceRequest;

  constructor(log: Logger, trace: TraceRequest) {
    this.#log = log;
    this.#trace = trace;
  }

  /** Opens the addresses that are new, all of them or none, and gives what makes them count. */
  async open(wanted: Wanted): Promise<() => void> {
    const added = new Map<string, Listener>();
    const freed: (() => Promise<void>)[] = [];
    try {
      for (const [address, doors] of wanted) {
        if (this.#listeners.has(address)) continue;
        const listener = this.#listener(doors);
        const [{ trigger }] = doors as readonly [Door]; // grouped by address, so there is one
        const { host, port } = trigger;
        freed.push(...this.#free(host, port, wanted));
        added.set(address, listener);
        await listener.listen(host, port);
      }
    } catch (error) {
      await Promise.all([...added.values()].map(listener => listener.close()));
      for (const reopen of freed) await reopen();
      throw error;
    }
    return () => {
      for (const [address, listener] of added) this.#listeners.set(address, listener);
    };
  }

  /** Leads every address where it is wanted to, and closes those that are not. */
  lead(wanted: Wanted): void {
    for (const [address, listener] of this.#listeners) {
      const doors = wanted.get(address);
      if (doors) listener.service = serviceOf(doors);
      else {
        this.#listeners.delete(address);
        void listener.close();
      }
    }
  }

  /** Takes no new request; resolves when the last answer is written. */
  async close(): Promise<void> {
    const closing = [...this.#listeners.values()].map(listener => listener.close());
    this.#listeners.clear();
    await Promise.all(closing);
  }

  #listener(doors: readonly Door[]): Listener {
    return new Listener(serviceOf(doors), this.#log, this.#trace);
  }

  /** Stops listening where the new pipeline does so in another way, as with TLS. Gives what undoes that. */
  #free(host: string, port: number, wanted: Wanted): (() => Promise<void>)[] {
    const old =
      port === 0
        ? []
        : [...this.#listeners].filter(([, { address }]) => address?.host === host && address.port === port);
    return old
      .filter(([key]) => !wanted.has(key))
      .map(([key, listener]) => {
        this.#listeners.delete(key);
        void listener.close();
        return async () => {
          const again = new Listener(listener.service, this.#log, this.#trace);
          await again.listen(host, port);
          this.#listeners.set(key, again);
        };
      });
  }
}
