/** Where functions that assemble lists took the parts from, so that a message can point at what the user wrote. */
import type { Value } from "./value.ts";

interface Source {
  readonly container: Value;
  readonly step: string | number;
}

const sources = new WeakMap<object, (step: string | number) => Source | undefined>();

/** Says of an assembled container where each part was before. */
export function madeOf<T extends object>(assembled: T, source: (step: string | number) => Source | undefined): T {
  sources.set(assembled, source);
  return assembled;
}

/** Where a part of an assembled container was before. */
export function sourceOf(container: object, step: string | number): Source | undefined {
  return sources.get(container)?.(step);
}
