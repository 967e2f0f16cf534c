/**
 * From a target's page to samples, as Prometheus' scrape loop does it: labels and limits in the order of the page, the first
 * failure ends it, what vanished since the last page is marked stale. All that is worked out for a series is kept with it.
 */
import { type Labels, labelsKey } from "../../../telemetry/labels.ts";
import type { ExpositionPage, ParsedSeries } from "../../../telemetry/prometheus/exposition.ts";
import type { Exemplar, Sample } from "../../../telemetry/prometheus/model.ts";
import { joinTarget, type LabelRules, labelProblem } from "./labels.ts";

/** What is known of a series of a target, from page to page. */
export interface Series {
  readonly labels: Labels;
  /** Why it fails the scrape. */
  readonly problem: string | undefined;
  /** The page that last had it, and the one in which it was last tracked for staleness. */
  page: number;
  tracked: number;
  /** Time of its last sample in this page. */
  timestamp: number;
  /** Another instance has met it before. */
  known: boolean;
}

/** What a raw series of the page leads to. */
export interface Raw {
  readonly series: Series;
  /** The page that last had it. */
  page: number;
}

export interface PageRules extends LabelRules {
  readonly honor_labels: boolean;
  readonly honor_timestamps: boolean;
  readonly honor_metadata: boolean;
  readonly track_timestamps_staleness: boolean;
  readonly sample_limit: number;
}

export interface PageResult {
  /** Empty where the scrape failed, but for stale markers. */
  readonly samples: Sample[];
  /** Samples that the page has, up to the failure. */
  readonly scraped: number;
  /** Those of them that passed. */
  readonly added: number;
  readonly seriesAdded: number;
  readonly error: string | undefined;
}

/** Samples further ahead than this are left out. */
const maxAheadMs = 10 * 60 * 1000;

/** Series by their final labels, and those that would be stale if they vanished. Belongs to one target. */
export class PageReader {
  readonly #target: Labels;
  readonly #rules: PageRules;
  readonly #byLabels = new Map<string, Series>();
  #tracked: readonly Series[] = [];
  #page = 0;
  /** The last page that was read to its end: what is in none since then counts as new when it comes back. */
  #flushed = 0;
  /** Changes whenever the tracked series do. */
  revision = 0;

  constructor(target: Labels, rules: PageRules) {
    this.#target = target;
    this.#rules = rules;
  }

  /** Label sets that would be marked stale if the next page lacked them. */
  get tracked(): readonly Labels[] {
    return this.#tracked.map(({ labels }) => labels);
  }

  /** Takes over what another instance left behind. */
  restore(tracked: readonly Labels[]): void {
    this.#tracked = tracked.map(labels => this.#seriesOf(labels));
    for (const series of this.#tracked) series.known = true;
  }

  /** Samples of a page, with markers for the series that the last one had and this one lacks. */
  read(page: ExpositionPage<Raw>, now: number): PageResult {
    const number = ++this.#page;
    const tracked: Series[] = [];
    const result = this.#rows(page, now, number, tracked);
    const error = result.error ?? page.error?.message;
    const samples = error === undefined ? result.samples : [];
    for (const series of this.#tracked) if (series.tracked !== number) samples.push(staleMarker(series.labels, now));
    this.#track(tracked, number);
    if (error === undefined) this.#flushed = number;
    return { ...result, samples, error };
  }

  /** Markers for everything, after a scrape that gave no page. */
  fail(now: number): Sample[] {
    this.#page++;
    const samples = this.#tracked.map(({ labels }) => staleMarker(labels, now));
    this.#track([], this.#page);
    return samples;
  }

  #rows(page: ExpositionPage<Raw>, now: number, number: number, tracked: Series[]): PageResult {
    const { honor_timestamps, honor_metadata, sample_limit, track_timestamps_staleness } = this.#rules;
    const samples: Sample[] = [];
    let added = 0;
    let appended = 0;
    let seriesAdded = 0;
    for (let i = 0; i < page.count; i++) {
      const parsed = page.series[i] as ParsedSeries<Raw>; // i < count
      const raw = parsed.data ?? this.#meet(parsed);
      const { series } = raw;
      if (series.problem !== undefined) return { samples, scraped: i + 1, added, seriesAdded, error: series.problem };
      const given = page.timestamps[i] as number; // a column of `count` rows
      const explicit = honor_timestamps && !Number.isNaN(given);
      const timestamp = explicit ? given : now;
      added++;
      const taken = series.page !== number || (explicit && series.timestamp !== timestamp);
      if (taken && ++appended > sample_limit && sample_limit > 0) continue;
      if (taken && timestamp > now + maxAheadMs) continue;
      if (raw.page === 0 ? !series.known : raw.page < this.#flushed) seriesAdded++;
      raw.page = number;
      if (!taken) continue;
      series.page = number;
      series.timestamp = timestamp;
      if ((!explicit || track_timestamps_staleness) && series.tracked !== number) {
        series.tracked = number;
        tracked.push(series);
      }
      samples.push(sampleOf(page, i, series.labels, timestamp, honor_metadata ? parsed.metadata : undefined));
    }
    const limited = sample_limit > 0 && appended > sample_limit;
    const error = limited ? `sample limit exceeded, got ${added} samples, limit ${sample_limit}` : undefined;
    return { samples, scraped: page.count, added, seriesAdded, error };
  }

  #meet(parsed: ParsedSeries<Raw>): Raw {
    const labels = joinTarget(parsed.labels, this.#target, this.#rules.honor_labels);
    const raw: Raw = { series: this.#seriesOf(labels), page: 0 };
    parsed.data = raw;
    return raw;
  }

  #seriesOf(labels: Labels): Series {
    const key = labelsKey(labels);
    let series = this.#byLabels.get(key);
    if (!series) {
      series = { labels, problem: labelProblem(labels, this.#rules), page: 0, tracked: 0, timestamp: 0, known: false };
      this.#byLabels.set(key, series);
    }
    return series;
  }

  #track(tracked: readonly Series[], number: number): void {
    const same = tracked.length === this.#tracked.length && this.#tracked.every(series => series.tracked === number);
    if (!same) this.revision++;
    this.#tracked = tracked;
    if (this.#byLabels.size <= 2 * tracked.length + 1000) return;
    for (const [key, series] of this.#byLabels) if (series.page < number - 1) this.#byLabels.delete(key);
  }
}

function sampleOf(
  page: ExpositionPage<Raw>,
  i: number,
  labels: Labels,
  timestamp: number,
  metadata: Sample["metadata"],
): Sample {
  const exemplars = page.exemplars.size > 0 ? page.exemplars.get(i) : undefined;
  return {
    labels,
    timestamp,
    value: page.values[i] as number, // a column of `count` rows
    histogram: page.histograms.size > 0 ? page.histograms.get(i) : undefined,
    exemplars: exemplars?.map(exemplar => withTime(exemplar, timestamp)),
    metadata,
    startTimestamp: page.startTimestamps.size > 0 ? page.startTimestamps.get(i) : undefined,
    stale: page.stale.size > 0 && page.stale.has(i),
  };
}

const withTime = (exemplar: Exemplar, timestamp: number): Exemplar =>
  exemplar.timestamp === undefined ? { ...exemplar, timestamp } : exemplar;

export const sample = (labels: Labels, timestamp: number, value: number, metadata?: Sample["metadata"]): Sample => ({
  labels,
  timestamp,
  value,
  histogram: undefined,
  exemplars: undefined,
  metadata,
  startTimestamp: undefined,
  stale: false,
});

export const staleMarker = (labels: Labels, timestamp: number): Sample => ({
  ...sample(labels, timestamp, Number.NaN),
  stale: true,
});
