/**
 * Counters as CloudWatch's embedded metric format: a line of the function's log from which CloudWatch makes metrics, with what
 * changed since the last one. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { Family, MetricLabels, Metrics } from "../../lib/pipeline/graph/metrics.ts";

export interface EmfOptions {
  readonly functionName: string;
  /** Writes a line for each component, too, whose metrics have its id as a dimension. CloudWatch bills each as a metric. */
  readonly components: boolean;
  /** Of the function's log: Lambda drops lines below it, and takes those without a level for INFO. */
  readonly level: string;
}

/** CloudWatch's name of a counter: `amalgam_writer_sent_items_total` is `SentItems`; `undefined` for what it does not get. */
export function emfName(name: string): string | undefined {
  const [, words] = /^amalgam_(?:(?:function|component|writer)_)?(\w+?)(?:_total|_seconds)?$/.exec(name) ?? [];
  return words?.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Names of a series: one that counts by status is only of interest where that is bad. */
function namesOf(name: string, { status }: MetricLabels): readonly string[] {
  if (status === undefined) return [name];
  if (/^[23]/.test(status)) return [];
  return status === "429" ? [`Failed${name}`, `Throttled${name}`] : [`Failed${name}`];
}

/** The same items pass many components, so that sums of these say nothing. */
const onlyByComponent = new Set(["ReceivedItems", "FailedItems"]);

type Values = number | readonly number[];

/** What changed, by the names of metrics. */
type Changes = Map<string, Values>;

interface Collected {
  readonly all: Changes;
  readonly components: Map<string, Changes>;
  readonly drops: { readonly component: string | undefined; readonly reason: string; readonly items: number }[];
}

/** The format's limit of values of one metric in a line. */
const mostValues = 100;

export class EmbeddedMetrics {
  readonly #metrics: Metrics;
  readonly #options: EmfOptions;
  readonly #last = new Map<object, number>();

  constructor(metrics: Metrics, options: EmfOptions) {
    this.#metrics = metrics;
    this.#options = options;
    for (const { series } of metrics.families()) for (const { value } of series) recentOf(value); // are kept from now on
  }

  /** One line of the whole function and, if that is wanted, one of each component; none where nothing changed. */
  lines(ms: number, requestId: string): string[] {
    const collected: Collected = { all: new Map(), components: new Map(), drops: [] };
    for (const family of this.#metrics.families()) this.#collect(family, collected);
    const { all, components, drops } = collected;
    const { functionName: FunctionName } = this.#options;
    const lines = [...components].map(([Component, changes]) => this.#line(ms, changes, { FunctionName, Component }));
    if (all.size) lines.unshift(this.#line(ms, all, { FunctionName }, { requestId, ...(drops.length && { drops }) }));
    return lines;
  }

  #collect(family: Family, collected: Collected): void {
    const name = emfName(family.name);
    if (name === undefined) return;
    const scale = family.name.endsWith("_seconds") ? 1000 : 1;
    for (const { labels, value } of family.series) {
      const values = recentOf(value)?.map(each => rounded(each * scale)) ?? rounded(this.#growth(value) * scale);
      if (values === 0 || (typeof values === "object" && !values.length)) continue;
      const { component_id: component, reason } = labels;
      for (const each of namesOf(name, labels)) {
        if (!onlyByComponent.has(each)) add(collected.all, each, values);
        if (component !== undefined && this.#options.components) {
          const own = collected.components.get(component) ?? new Map<string, Values>();
          collected.components.set(component, add(own, each, values));
        }
      }
      if (reason !== undefined && typeof values === "number")
        collected.drops.push({ component, reason, items: values });
    }
  }

  /** How much a counter has grown since this was asked before. */
  #growth(counter: object): number {
    const { value = 0 } = counter as { readonly value?: number }; // those without single values have one
    const before = this.#last.get(counter) ?? 0;
    if (value !== before) this.#last.set(counter, value);
    return value - before;
  }

  #line(ms: number, changes: Changes, dimensions: Readonly<Record<string, string>>, more: object = {}): string {
    const { level } = this.#options;
    return JSON.stringify({
      _aws: {
        Timestamp: ms,
        CloudWatchMetrics: [
          {
            Namespace: "Amalgam",
            Dimensions: [Object.keys(dimensions)],
            Metrics: [...changes.keys()].map(Name => ({ Name, ...unitOf(Name) })),
          },
        ],
      },
      ...(/^(WARN|ERROR|FATAL)$/i.test(level) && { timestamp: new Date(ms).toISOString(), level }),
      ...dimensions,
      ...Object.fromEntries(changes),
      ...more,
    });
  }
}

/** Single observations of a histogram since the last look. */
const recentOf = (value: object): readonly number[] | undefined =>
  "takeRecent" in value ? (value as { takeRecent(): readonly number[] }).takeRecent() : undefined; // as histograms have it

/** Adds numbers, and puts lists behind each other. */
function add(changes: Changes, name: string, values: Values): Changes {
  const before = changes.get(name);
  if (typeof values === "number") return changes.set(name, values + Number(before ?? 0));
  return changes.set(name, (typeof before === "object" ? before.concat(values) : values).slice(0, mostValues));
}

const unitOf = (name: string): object | undefined => {
  if (name.endsWith("Duration")) return { Unit: "Milliseconds" };
  return name.endsWith("Bytes") ? { Unit: "Bytes" } : undefined;
};

const rounded = (n: number): number => Math.round(n * 100) / 100;
