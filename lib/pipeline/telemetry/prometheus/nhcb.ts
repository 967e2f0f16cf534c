/** Turns the series of classic histograms, as they pass by, into native histograms with custom buckets. */
import { type Labels, labelValue } from "../labels.ts";
import { sortedLabels } from "./lexer.ts";
import type { Exemplar, MetricType } from "./model.ts";
import { ClassicHistogram } from "./native-histogram.ts";
import { parseFloatText } from "./numbers.ts";
import { type ClassicRole, newEntry, type PageBuilder, type SeriesEntry } from "./series-cache.ts";

/** One a page: series go in, histograms come out as soon as a line shows that the histogram is complete. */
export class ClassicCollector<T> {
  /** Of the last TYPE line. */
  type: MetricType = "unknown";
  family = "";
  readonly #page: PageBuilder<T>;
  #histogram: ClassicHistogram | undefined;
  #role: ClassicRole<T> | undefined;
  #exemplars: Exemplar[] = [];
  #timestamp = Number.NaN;

  constructor(page: PageBuilder<T>) {
    this.#page = page;
  }

  /** Takes a sample; true when it is part of a histogram and not to be passed on, unless classic series are wanted too. */
  take(entry: SeriesEntry<T>, value: number, timestamp: number): boolean {
    entry.classic ??= this.#roleOf(entry);
    this.#timestamp = timestamp;
    const role = entry.classic;
    if (this.#role !== undefined && (this.type !== "histogram" || this.#role.key !== role.key)) this.flush();
    if (this.type !== "histogram" || role.part === "none" || role.base !== this.family) return false;
    this.#histogram ??= new ClassicHistogram();
    this.#role ??= role;
    if (role.part === "bucket") this.#histogram.bucket(role.bound, value);
    else this.#histogram[role.part](value);
    return true;
  }

  /** Takes an exemplar of the sample that was taken last. */
  exemplar(exemplar: Exemplar): void {
    // Native histograms take no exemplar without a time of its own.
    if (exemplar.timestamp !== undefined) this.#exemplars.push(exemplar);
  }

  /** Ends the histogram in progress; any line that is no series does. */
  flush(): void {
    const role = this.#role;
    const histogram = this.#histogram?.convert();
    if (role?.target !== undefined && histogram !== undefined) {
      const index = this.#page.push(role.target, 0, this.#timestamp);
      this.#page.histograms.set(index, histogram);
      if (this.#exemplars.length > 0) this.#page.exemplars.set(index, this.#exemplars);
    }
    this.#histogram = undefined;
    this.#role = undefined;
    this.#exemplars = [];
  }

  #roleOf(entry: SeriesEntry<T>): ClassicRole<T> {
    const suffix = ["_bucket", "_sum", "_count"].find(candidate => entry.name.endsWith(candidate)) ?? "";
    const base = suffix === "" ? entry.name : entry.name.slice(0, -suffix.length);
    const labels = histogramLabels(entry.labels, base);
    const key = `histogram\0${labels.join("\0")}`;
    const bound = parseFloatText(labelValue(entry.labels, "le"));
    const usable = suffix !== "_bucket" || (bound !== undefined && !Number.isNaN(bound));
    if (suffix === "" || !usable) return { part: "none", base, bound: 0, key, target: undefined };
    let target = this.#page.cache.entries.get(key);
    if (target === undefined) {
      target = newEntry<T>(labels, base);
      this.#page.cache.entries.set(key, target);
    }
    // A suffix without its underscore is the name of the part.
    return { part: suffix.slice(1) as "bucket" | "sum" | "count", base, bound: bound ?? 0, key, target };
  }
}

function histogramLabels(labels: Labels, base: string): Labels {
  const flat: string[] = [];
  for (let i = 0; i < labels.length; i += 2)
    if (labels[i] !== "le") flat.push(labels[i] as string, labels[i + 1] as string); // pairs
  return sortedLabels([...flat, "__name__", base]);
}
