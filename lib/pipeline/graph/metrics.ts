/** The process' own counters, in Prometheus' data model. */
import { exposeText } from "./metrics-text.ts";

export type MetricLabels = Readonly<Record<string, string>>;

export interface Metrics {
  counter(name: string, help: string, labels?: MetricLabels): Counter;
  gauge(name: string, help: string, labels?: MetricLabels): Gauge;
  /** Counts in buckets, in base units such as seconds; the buckets of a name are those that it is first asked for with. */
  histogram(name: string, help: string, labels?: MetricLabels, buckets?: readonly number[]): Histogram;
  /** Everything that is counted, in no order. */
  families(): Iterable<Family>;
  /** Text exposition format 0.0.4 of all series. */
  expose(): string;
}

export interface Counter {
  add(n: number): void;
  readonly value: number;
}

export interface Gauge {
  set(n: number): void;
  readonly value: number;
}

export interface Histogram {
  observe(n: number): void;
  /** Of all observations. */
  readonly sum: number;
  readonly count: number;
  /** Upper bounds, without the one that has no end. */
  readonly bounds: readonly number[];
  /** Observations of each bucket alone; the last one has no end. */
  readonly counts: readonly number[];
}

/** All series of a name. */
export type Family =
  | FamilyOf<"counter", Counter>
  | FamilyOf<"gauge", Gauge>
  | FamilyOf<"histogram", Histogram & { takeRecent(): readonly number[] }>;

interface FamilyOf<Type extends string, Value> {
  readonly name: string;
  readonly help: string;
  readonly type: Type;
  readonly series: Iterable<{ readonly labels: MetricLabels; readonly value: Value }>;
}

/** Of requests over the network, in seconds. */
export const durationBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

class Single implements Counter, Gauge {
  value = 0;

  add(n: number): void {
    this.value += n;
  }
  set(n: number): void {
    this.value = n;
  }
}

/** More single values than these are not kept of one time between two looks. */
const mostRecent = 100;

class Buckets implements Histogram {
  sum = 0;
  count = 0;
  readonly bounds: readonly number[];
  #counts: number[] | undefined;
  #recent: number[] | undefined;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  get counts(): readonly number[] {
    this.#counts ??= this.bounds.concat(0).fill(0);
    return this.#counts;
  }

  observe(n: number): void {
    this.#counts ??= this.bounds.concat(0).fill(0);
    let bucket = 0;
    while (bucket < this.bounds.length && n > (this.bounds[bucket] as number)) bucket++; // in its bounds
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1; // one more than bounds
    this.sum += n;
    this.count += 1;
    if (this.#recent && this.#recent.length < mostRecent) this.#recent.push(n);
  }

  /** The single observations since the last call; none are kept before the first one. */
  takeRecent(): readonly number[] {
    const recent = this.#recent ?? [];
    this.#recent = [];
    return recent;
  }
}

interface Series<Value> {
  readonly labels: MetricLabels;
  readonly value: Value;
}

class Group<Value> {
  readonly name: string;
  readonly help: string;
  readonly type: Family["type"];
  readonly byLabels = new Map<string, Series<Value>>();

  constructor(name: string, help: string, type: Family["type"]) {
    this.name = name;
    this.help = help;
    this.type = type;
  }

  get series(): Iterable<Series<Value>> {
    return this.byLabels.values();
  }
}

/** Keeps each series once: asking again for the same name and labels gives the same series. */
export class MetricsRegistry implements Metrics {
  readonly #groups = new Map<string, Group<unknown>>();

  counter(name: string, help: string, labels?: MetricLabels): Counter {
    return this.#series(name, help, "counter", labels, () => new Single());
  }

  gauge(name: string, help: string, labels?: MetricLabels): Gauge {
    return this.#series(name, help, "gauge", labels, () => new Single());
  }

  histogram(name: string, help: string, labels?: MetricLabels, buckets = durationBuckets): Histogram {
    return this.#series(name, help, "histogram", labels, () => new Buckets(buckets));
  }

  families(): Iterable<Family> {
    return this.#groups.values() as Iterable<unknown> as Iterable<Family>; // each group has the values of its type
  }

  expose(): string {
    return exposeText(this.families());
  }

  #series<Value>(name: string, help: string, type: Family["type"], labels = none, create: () => Value): Value {
    let group = this.#groups.get(name) as Group<Value> | undefined; // one name has one type
    if (!group) {
      group = new Group(name, help, type);
      this.#groups.set(name, group);
    }
    const key = keyOf(labels);
    let series = group.byLabels.get(key);
    if (!series) {
      series = { labels, value: create() };
      group.byLabels.set(key, series);
    }
    return series.value;
  }
}

const none: MetricLabels = {};

/** Cheap, since a configuration of a thousand components asks for thousands of series when it loads: text is made when somebody reads it. */
function keyOf(labels: MetricLabels): string {
  let key = "";
  let last = "";
  for (const name in labels) {
    if (name < last) return sortedKey(labels);
    last = name;
    key += `${name}\0${labels[name]}\0`;
  }
  return key;
}

/** Names and values, by name. */
export const sorted = (labels: MetricLabels): [string, string][] =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));

const sortedKey = (labels: MetricLabels): string =>
  sorted(labels)
    .map(([name, value]) => `${name}\0${value}\0`)
    .join("");
