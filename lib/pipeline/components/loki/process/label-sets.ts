/**
 * Changes of label sets, remembered: the same change of the same set gives the same (identical) set. What is remembered is a
 * cache that may vanish at any time; it is bounded by the number of sets.
 */
import { compareBytes, type Labels } from "../../../telemetry/labels.ts";

const maxSets = 20_000;

interface Changes {
  /** By name, then by value. */
  readonly set: Map<string, Map<string, Labels>>;
  readonly removed: Map<string, Labels>;
}

/** The label sets that a pipeline has seen. Sets here may hold empty values, which stages can set. */
export class LabelSets {
  #canonical = new Map<string, Labels>();
  #changes = new WeakMap<Labels, Changes>();

  /** The one object that stands for this set. */
  canonical(labels: Labels): Labels {
    const key = labels.join("\ud800");
    const known = this.#canonical.get(key);
    if (known && known.length === labels.length) return known;
    if (this.#canonical.size >= maxSets) {
      this.#canonical = new Map();
      this.#changes = new WeakMap();
    }
    this.#canonical.set(key, labels);
    return labels;
  }

  /** The set with one label set or changed. */
  set(labels: Labels, name: string, value: string): Labels {
    const { set } = this.#changesOf(labels);
    let byValue = set.get(name);
    if (!byValue) {
      byValue = new Map();
      set.set(name, byValue);
    }
    const known = byValue.get(value);
    if (known) return known;
    const changed = this.canonical(withLabel(labels, name, value));
    if (byValue.size >= maxSets) byValue.clear();
    byValue.set(value, changed);
    return changed;
  }

  /** The set without one label. */
  remove(labels: Labels, name: string): Labels {
    const { removed } = this.#changesOf(labels);
    const known = removed.get(name);
    if (known) return known;
    const changed = this.#filter(labels, each => each !== name);
    removed.set(name, changed);
    return changed;
  }

  /** The set with only the labels whose names fit; not remembered. */
  keep(labels: Labels, fits: (name: string) => boolean): Labels {
    return this.#filter(labels, fits);
  }

  #filter(labels: Labels, fits: (name: string) => boolean): Labels {
    const kept: string[] = [];
    for (let i = 0; i < labels.length; i += 2) {
      if (fits(labels[i] as string)) kept.push(labels[i] as string, labels[i + 1] as string); // pairs
    }
    return kept.length === labels.length ? labels : this.canonical(kept);
  }

  #changesOf(labels: Labels): Changes {
    let changes = this.#changes.get(labels);
    if (!changes) {
      changes = { set: new Map(), removed: new Map() };
      this.#changes.set(labels, changes);
    }
    return changes;
  }
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  const changed = [...labels];
  for (let i = 0; i < labels.length; i += 2) {
    const order = compareBytes(name, labels[i] as string); // pairs
    if (order === 0) {
      if (labels[i + 1] === value) return labels;
      changed[i + 1] = value;
      return changed;
    }
    if (order < 0) {
      changed.splice(i, 0, name, value);
      return changed;
    }
  }
  changed.push(name, value);
  return changed;
}

/** Whether Prometheus' rules of old allow the name; the newer ones take any text that is not empty. */
export const isClassicLabelName = (name: string): boolean => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
