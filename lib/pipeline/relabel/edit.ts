import { compareBytes, type Labels, labelValue } from "../telemetry/labels.ts";

/**
 * A label set in the course of a relabelling: the given labels and what was changed. The order in which it lists labels is
 * that of Prometheus' builder, which decides which of two labels mapped to one name is the last.
 */
export class LabelEdit {
  readonly #base: Labels;
  /** The empty string stands for a label that was removed. */
  #changes: Map<string, string> | undefined;

  constructor(base: Labels) {
    this.#base = base;
  }

  get(name: string): string {
    return this.#changes?.get(name) ?? labelValue(this.#base, name);
  }

  /** Setting the empty string removes the label. */
  set(name: string, value: string): void {
    this.#changes ??= new Map();
    if (this.#changes.get(name) === "") this.#changes.delete(name); // comes back at the end
    this.#changes.set(name, value);
  }

  /** The labels as they are now: those that were given, then those that were set. */
  list(): [name: string, value: string][] {
    const labels: [string, string][] = [];
    const changes = this.#changes;
    const base = this.#base;
    for (let i = 0; i < base.length; i += 2) {
      const name = base[i] as string; // pairs
      if (!changes?.has(name)) labels.push([name, base[i + 1] as string]);
    }
    for (const [name, value] of changes ?? []) if (value !== "") labels.push([name, value]);
    return labels;
  }

  /** Removes the labels whose name fits. */
  remove(fits: (name: string) => boolean): void {
    const base = this.#base;
    for (const [name, value] of this.#changes ?? []) if (value !== "" && fits(name)) this.set(name, "");
    for (let i = 0; i < base.length; i += 2) {
      const name = base[i] as string; // pairs
      if (!this.#changes?.has(name) && fits(name)) this.set(name, "");
    }
  }

  /** The very labels that were given if nothing differs. */
  labels(): Labels {
    const changes = this.#changes;
    if (!changes) return this.#base;
    const names: string[] = [];
    for (const [name, value] of changes) if (labelValue(this.#base, name) !== value) names.push(name);
    if (!names.length) return this.#base;
    if (names.length > 1) names.sort(compareBytes);
    return merge(this.#base, names, changes);
  }
}

/** Puts changes, by their sorted names, into sorted labels. */
function merge(base: Labels, names: readonly string[], changes: ReadonlyMap<string, string>): Labels {
  const result: string[] = [];
  let at = 0;
  for (const name of names) {
    while (at < base.length && compareBytes(base[at] as string, name) < 0) {
      result.push(base[at] as string, base[at + 1] as string); // pairs
      at += 2;
    }
    if (base[at] === name) at += 2;
    const value = changes.get(name);
    if (value) result.push(name, value);
  }
  for (; at < base.length; at++) result.push(base[at] as string); // below the length
  return result;
}
