/** Counts the work inside an instance, so that one that is replaced is closed when its last batch is through, and not before. */
import type { Instance } from "./component.ts";
import type { Trigger } from "./trigger.ts";

export class Usage {
  #count = 0;
  #idle: (() => void)[] = [];

  /** Batches, requests and runs that are inside. */
  get count(): number {
    return this.#count;
  }

  enter(): void {
    this.#count++;
  }

  leave(): void {
    if (--this.#count === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing is inside. */
  async settled(): Promise<void> {
    if (this.#count > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  /** The same function, counted while it runs. */
  counted<Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>): (...args: Args) => Promise<T> {
    return async (...args) => {
      this.enter();
      try {
        return await work(...args);
      } finally {
        this.leave();
      }
    };
  }
}

/** The instance with all that calls it from outside counted. Batches that enter its receivers are counted by their gates. */
export function countUsage<Exports>(instance: Instance<Exports>, usage: Usage): Instance<Exports> {
  const { triggers, tick } = instance;
  return {
    ...instance,
    ...(triggers && { triggers: triggers.map(trigger => countTrigger(trigger, usage)) }),
    ...(tick && { tick: { ...tick, run: usage.counted(tick.run) } }),
  };
}

function countTrigger(trigger: Trigger, usage: Usage): Trigger {
  switch (trigger.kind) {
    case "http":
      return { ...trigger, routes: trigger.routes.map(route => ({ ...route, handle: usage.counted(route.handle) })) };
    case "schedule":
      return { ...trigger, run: usage.counted(trigger.run) };
    case "records":
      return { ...trigger, push: usage.counted(trigger.push) };
    case "objects":
      return { ...trigger, read: usage.counted(trigger.read) };
    default:
      return trigger satisfies never;
  }
}
