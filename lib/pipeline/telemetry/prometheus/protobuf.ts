/**
 * The protobuf exposition: `io.prometheus.client.MetricFamily` messages, each after its length. A histogram with native parts becomes one
 * sample; classic ones become `_count`, `_sum` and `_bucket` series, as in the text formats.
 */
import type { Labels } from "../labels.ts";
import { Reader } from "../wire.ts";
import { isOverridden, type LabelContext, sortedLabels, typeAndUnit } from "./lexer.ts";
import type { MetricType } from "./model.ts";
import { toClassicHistogram, toNativeHistogram } from "./native-histogram.ts";
import { formatOpenMetricsFloat } from "./numbers.ts";
import { isNative, type Metric, readMetric, type ValueMessage } from "./protobuf-messages.ts";
import { ExpositionError, newEntry, type PageBuilder, type SeriesEntry } from "./series-cache.ts";

/** What the parser needs to know of the configuration. */
export interface ProtobufOptions {
  readonly enable_type_and_unit_labels: boolean;
  readonly scrape_native_histograms: boolean;
  readonly scrape_classic_histograms: boolean;
  readonly convert_classic_histograms_to_nhcb: boolean;
  readonly startTimestamps?: boolean;
}

/** By the numbers of the enum. */
const types: readonly MetricType[] = ["counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram"];

interface FamilyMessage extends LabelContext {
  readonly name: string;
  readonly help: string;
  /** The bytes of its metrics. */
  readonly metrics: readonly Buffer[];
}

/** Reads the messages of a page into its builder. */
export class ProtobufParser<T> {
  readonly #body: Buffer;
  readonly #page: PageBuilder<T>;
  readonly #options: ProtobufOptions;

  constructor(body: Buffer, page: PageBuilder<T>, options: ProtobufOptions) {
    this.#body = body;
    this.#page = page;
    this.#options = options;
  }

  parse(): void {
    const reader = new Reader(this.#body);
    reader.wireType = 2;
    while (reader.position < reader.end) this.#family(readFamily(reader.raw(), this.#options));
  }

  #family(family: FamilyMessage): void {
    if (family.metrics.length === 0) return;
    const page = this.#page;
    page.describe(family.name, "help", family.help);
    if (family.unit !== "") page.describe(family.name, "unit", family.unit);
    page.describe(family.name, "type", family.type);
    let native: boolean | undefined;
    for (const bytes of family.metrics) {
      const metric = readMetric(bytes);
      const timestamp = metric.timestamp === 0 ? Number.NaN : metric.timestamp;
      if (family.type === "summary") this.#summary(family, metric, timestamp);
      else if (family.type === "histogram" || family.type === "gaugehistogram") {
        const { scrape_native_histograms, convert_classic_histograms_to_nhcb } = this.#options;
        // The first histogram decides how the whole family is read.
        native ??= scrape_native_histograms && isNative(metric.histogram);
        if (native || convert_classic_histograms_to_nhcb) this.#native(family, metric, native, timestamp);
        const keep = this.#options.scrape_classic_histograms && metric.histogram.buckets.length > 0;
        if (keep || (!native && !convert_classic_histograms_to_nhcb)) this.#classic(family, metric, timestamp);
      } else this.#value(family, metric, timestamp);
    }
  }

  #value(family: FamilyMessage, metric: Metric, timestamp: number): void {
    const message: ValueMessage =
      family.type === "counter" ? metric.counter : family.type === "gauge" ? metric.gauge : metric.untyped;
    const index = this.#push(this.#entry(family, metric, ""), message.value, timestamp, message.created);
    if (message.stale) this.#page.stale.add(index);
    if (family.type === "counter" && message.exemplar) this.#page.exemplars.set(index, [message.exemplar]);
  }

  #push(entry: SeriesEntry<T>, value: number, timestamp: number, created: number): number {
    const index = this.#page.push(entry, value, timestamp);
    if (created !== 0 && this.#options.startTimestamps) this.#page.startTimestamps.set(index, created);
    return index;
  }

  #summary(family: FamilyMessage, metric: Metric, timestamp: number): void {
    const { count, sum, created, quantiles } = metric.summary;
    this.#push(this.#entry(family, metric, "_count"), count, timestamp, created);
    this.#push(this.#entry(family, metric, "_sum"), sum, timestamp, created);
    for (const { quantile, value } of quantiles) {
      const entry = this.#entry(family, metric, "", ["quantile", formatOpenMetricsFloat(quantile)]);
      this.#push(entry, value, timestamp, created);
    }
  }

  #native(family: FamilyMessage, metric: Metric, native: boolean, timestamp: number): void {
    const message = metric.histogram;
    const gauge = family.type === "gaugehistogram";
    const histogram = native ? toNativeHistogram(message, gauge) : toClassicHistogram(message, gauge);
    if (histogram === undefined) return;
    const index = this.#push(this.#entry(family, metric, ""), 0, timestamp, message.created);
    this.#page.histograms.set(index, histogram);
    const own = native && message.exemplars.length > 0;
    const candidates = own ? message.exemplars : message.buckets.flatMap(({ exemplar }) => exemplar ?? []);
    const exemplars = candidates.filter(exemplar => exemplar.timestamp !== undefined);
    if (exemplars.length > 0) this.#page.exemplars.set(index, exemplars);
  }

  #classic(family: FamilyMessage, metric: Metric, timestamp: number): void {
    const { count, countFloat, sum, created, buckets } = metric.histogram;
    const total = countFloat || Number(count);
    this.#push(this.#entry(family, metric, "_count"), total, timestamp, created);
    this.#push(this.#entry(family, metric, "_sum"), sum, timestamp, created);
    for (const bucket of buckets) {
      const entry = this.#entry(family, metric, "_bucket", ["le", formatOpenMetricsFloat(bucket.bound)]);
      const index = this.#push(entry, bucket.countFloat || Number(bucket.count), timestamp, created);
      if (bucket.exemplar) this.#page.exemplars.set(index, [bucket.exemplar]);
      if (bucket.bound === Infinity) return;
    }
    this.#push(this.#entry(family, metric, "_bucket", ["le", "+Inf"]), total, timestamp, created);
  }

  #entry(family: FamilyMessage, { labels }: Metric, suffix: string, extra?: [string, string]): SeriesEntry<T> {
    const name = family.name + suffix;
    const key = `${name}\0${extra === undefined ? "" : extra[1]}\0${labels.toString("latin1")}`;
    const { entries } = this.#page.cache;
    let entry = entries.get(key);
    if (entry === undefined) {
      entry = newEntry<T>(seriesLabels(family, name, labels, extra), name);
      entries.set(key, entry);
    }
    return entry;
  }
}

function seriesLabels(
  family: FamilyMessage,
  name: string,
  labels: Buffer,
  extra: [string, string] | undefined,
): Labels {
  const flat = ["__name__", name];
  const reader = new Reader(labels);
  while (reader.next()) {
    const outer = reader.message();
    const pair: [string, string] = ["", ""];
    while (reader.next()) {
      if (reader.field === 1) pair[0] = reader.string();
      else if (reader.field === 2) pair[1] = reader.string();
      else reader.skip();
    }
    reader.leave(outer);
    if (pair[0] === "" || pair.some(text => text.includes("\ufffd"))) {
      throw new ExpositionError(`expected labels with a name in valid UTF-8, got ${JSON.stringify(pair)}`);
    }
    if (!isOverridden(pair[0], family)) flat.push(...pair);
  }
  if (family.enable_type_and_unit_labels) flat.push(...typeAndUnit(family));
  if (extra !== undefined) flat.push(...extra);
  return sortedLabels(flat);
}

function readFamily(bytes: Buffer, { enable_type_and_unit_labels }: ProtobufOptions): FamilyMessage {
  const reader = new Reader(bytes);
  let name = "";
  let help = "";
  let type = 0;
  let unit = "";
  const metrics: Buffer[] = [];
  while (reader.next()) {
    if (reader.field === 1) name = reader.string();
    else if (reader.field === 2) help = reader.string();
    else if (reader.field === 3) type = reader.integer();
    else if (reader.field === 4) metrics.push(reader.raw());
    else if (reader.field === 5) unit = reader.string();
    else reader.skip();
  }
  const known = types[type];
  if (metrics.length > 0) {
    if (name === "" || name.includes("\ufffd"))
      throw new ExpositionError(`expected a metric name in valid UTF-8, got ${JSON.stringify(name)}`);
    if (help.includes("\ufffd")) throw new ExpositionError(`help of metric ${JSON.stringify(name)} is not valid UTF-8`);
    if (known === undefined)
      throw new ExpositionError(`expected a type of metric ${JSON.stringify(name)}, got ${type}`);
  }
  return { name, help, type: known ?? "unknown", unit, metrics, enable_type_and_unit_labels };
}
