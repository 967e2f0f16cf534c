/** Counts what a component drops on purpose, by reason. */
import type { Host } from "./component.ts";
import type { Counter } from "./metrics.ts";

export function droppedCounter({ id, metrics }: Host): (reason: string, items: number) => void {
  const counters = new Map<string, Counter>();
  return (reason, items) => {
    let counter = counters.get(reason);
    if (!counter) {
      counter = metrics.counter("amalgam_component_dropped_items_total", "Items that a component dropped on purpose.", {
        component_id: id,
        reason,
      });
      counters.set(reason, counter);
    }
    counter.add(items);
  };
}
