/** Which exemplars Prometheus' storage takes. */
import type { Labels } from "../../telemetry/labels.ts";
import type { Exemplar, Sample } from "../../telemetry/prometheus/model.ts";

/** Characters that the labels of an exemplar may have together, as OpenMetrics says. */
const maxLabelCharacters = 128;

/** Leaves out exemplars that are too long, and those that are the last one of their series again. */
export class ExemplarFilter {
  readonly #last = new WeakMap<Labels, Exemplar>();

  /** The sample itself where nothing is left out. */
  filter(sample: Sample): Sample {
    if (!sample.exemplars) return sample;
    const exemplars = sample.exemplars.filter(exemplar => this.#takes(sample.labels, exemplar));
    return exemplars.length === sample.exemplars.length ? sample : { ...sample, exemplars };
  }

  #takes(series: Labels, exemplar: Exemplar): boolean {
    if (exemplar.labels.reduce((length, text) => length + [...text].length, 0) > maxLabelCharacters) return false;
    const last = this.#last.get(series);
    if (last && sameExemplar(last, exemplar)) return false;
    this.#last.set(series, exemplar);
    return true;
  }
}

const sameExemplar = (a: Exemplar, b: Exemplar): boolean =>
  a.value === b.value &&
  a.timestamp === b.timestamp &&
  a.labels.length === b.labels.length &&
  a.labels.every((text, i) => text === b.labels[i]);
