/** The synthetic series that tell how a scrape went. */
import { type Labels, labelsFromMap, labelsToMap } from "../../../telemetry/labels.ts";
import type { Metadata, MetricBatch, Sample } from "../../../telemetry/prometheus/model.ts";
import { sample } from "./page.ts";
import type { ScrapeTarget } from "./targets.ts";

export interface ScrapeReport {
  readonly up: boolean;
  readonly seconds: number;
  readonly scraped: number;
  readonly added: number;
  readonly seriesAdded: number;
  /** Bytes of the page; -1 where it was too large, 0 where there was none. */
  readonly size: number;
}

const metadata: Readonly<Record<string, Metadata>> = {
  up: {
    type: "gauge",
    help: "Health of the scrape target. 1 means the target is healthy, 0 if the scrape failed.",
    unit: "targets",
  },
  scrape_duration_seconds: { type: "gauge", help: "Duration of the last scrape in seconds.", unit: "seconds" },
  scrape_samples_scraped: { type: "gauge", help: "Number of samples last scraped.", unit: "samples" },
  scrape_samples_post_metric_relabeling: {
    type: "gauge",
    help: "Number of samples remaining after metric relabeling was applied.",
    unit: "samples",
  },
  scrape_series_added: { type: "gauge", help: "Number of series in the last scrape.", unit: "series" },
  scrape_timeout_seconds: { type: "gauge", help: "The configured scrape timeout for a target.", unit: "seconds" },
  scrape_sample_limit: {
    type: "gauge",
    help: "The configured sample limit for a target. Returns zero if there is no limit configured.",
    unit: "samples",
  },
  scrape_body_size_bytes: {
    type: "gauge",
    help: "The uncompressed size of the last scrape response, if successful. Scrapes failing because body_size_limit is exceeded report -1, other scrape failures report 0.",
    unit: "bytes",
  },
};

/** Compiles the label sets of a target's synthetic series once. */
export function reportSamples(
  { labels, timeoutMs }: ScrapeTarget,
  {
    extra_metrics,
    honor_metadata,
    sample_limit,
  }: { readonly extra_metrics: boolean; readonly honor_metadata: boolean; readonly sample_limit: number },
): (report: ScrapeReport, now: number) => MetricBatch {
  const series = new Map<string, Labels>();
  for (const name of Object.keys(metadata)) series.set(name, labelsFromMap(labelsToMap(labels).set("__name__", name)));
  return (report, now) => {
    const make = (name: string, value: number): Sample =>
      sample(series.get(name) as Labels, now, value, honor_metadata ? metadata[name] : undefined); // all names are in it
    const samples = [
      make("up", report.up ? 1 : 0),
      make("scrape_duration_seconds", report.seconds),
      make("scrape_samples_scraped", report.scraped),
      make("scrape_samples_post_metric_relabeling", report.added),
      make("scrape_series_added", report.seriesAdded),
    ];
    if (extra_metrics) {
      samples.push(
        make("scrape_timeout_seconds", timeoutMs / 1000),
        make("scrape_sample_limit", sample_limit),
        make("scrape_body_size_bytes", report.size),
      );
    }
    return samples;
  };
}
