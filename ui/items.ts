/**
 * The last items that entered each component. Costs next to nothing where much flows: of each kind of telemetry one batch in
 * a quarter of a second is looked at, and of that only the first few items.
 */
import type { Tap } from "../lib/pipeline/graph/gate.ts";
import { firstItems, type Item, type Kind, kindOfBatch, type Row } from "./item.ts";

/** Items to remember of a component and kind. */
const kept = 10;
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
    const slots = this.#slots.get(component) ?? new Map<Kind, Slot>();
    this.#slots.set(component, slots);
    return batch => {
      const now = this.#clock();
      const kind = kindOfBatch(batch);
      const slot = slots.get(kind);
      const since = slot ? now - slot.at : Number.POSITIVE_INFINITY;
      if (since < interval) return;
      const items = read(batch, since < quiet ? fewOfBusy : kept).map(row => ({
        ...row,
        id: this.#next++,
        seen: now,
        kind,
      }));
      slots.set(kind, { at: now, items: [...items.toReversed(), ...(slot?.items ?? [])].slice(0, kept) });
    };
  };

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
