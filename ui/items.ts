/**
 * The last items that entered each component. Costs next to nothing where much flows: of each kind of telemetry one batch in
 * a quarter of a second is looked at, and of that only the first few items.
 */
import type { Tap } from "../lib/pipeline/graph/gate.ts";
import { firstItems, type Item, type Kind, kindOfBatch, type Row } from "./item.ts";

/** Items to remember of a component and kind; of each of very many components fewer. */
const kept = 10;
const keptOfMany = 3;
const many = 500;
/** The last components that got something. */
const mostComponents = 6000;
/** Between two batches that are looked at, in milliseconds. */
const interval = 250;
/** After this long, in milliseconds, a batch is read as far as it can be shown. */
const quiet = 2000;
const fewOfBusy = 3;

interface Slot {
  at: number;
  /** Newest first. */
  items: readonly Item[];
}

export class ItemLog {
  readonly #clock: () => number;
  readonly #slots = new Map<string, Map<Kind, Slot>>();
  #next = 1;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Watches what enters a component. */
  readonly tap = (component: string): Tap => {
    return batch => {
      const slots = this.#slots.get(component);
      const now = this.#clock();
      const kind = kindOfBatch(batch);
      const slot = slots?.get(kind);
      const since = slot ? now - slot.at : Number.POSITIVE_INFINITY;
      if (since < interval) return;
      const most = this.#slots.size > many ? keptOfMany : kept;
      const items = read(batch, since < quiet ? Math.min(fewOfBusy, most) : most).map(row => ({
        ...row,
        id: this.#next++,
        seen: now,
        kind,
      }));
      this.#touch(component).set(kind, {
        at: now,
        items: [...items.toReversed(), ...(slot?.items ?? [])].slice(0, most),
      });
    };
  };

  /** Items of a `foreach` come and go under ever new names: who got nothing for the longest time is forgotten. */
  #touch(component: string): Map<Kind, Slot> {
    const slots = this.#slots.get(component) ?? new Map<Kind, Slot>();
    this.#slots.delete(component);
    this.#slots.set(component, slots);
    if (this.#slots.size > mostComponents) {
      const [oldest] = this.#slots.keys();
      if (oldest !== undefined) this.#slots.delete(oldest);
    }
    return slots;
  }

  /** What entered a component, newest first; of each kind of telemetry the last few. */
  of(component: string): readonly Item[] {
    const slots = [...(this.#slots.get(component)?.values() ?? [])];
    return slots.flatMap(({ items }) => items).sort((a, b) => b.id - a.id);
  }
}

/** Watching never makes data fail: what can't be read is shown as that. */
function read(batch: unknown, most: number): readonly Row[] {
  try {
    return firstItems(batch, most);
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    return [{ title: "an item that can't be shown", about: "", note, groups: [] }];
  }
}
