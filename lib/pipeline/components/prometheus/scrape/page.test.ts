import { describe, expect, test } from "vitest";
import { labelsFrom } from "../../../telemetry/labels.ts";
import { printLabels } from "../../../telemetry/loki/labels.ts";
import { parseExposition, SeriesCache } from "../../../telemetry/prometheus/exposition.ts";
import type { MetricBatch } from "../../../telemetry/prometheus/model.ts";
import { PageReader, type PageResult, type PageRules, type Raw } from "./page.ts";

const target = labelsFrom([["job", "j"]]);
const now = 1_000_000;

const rules: PageRules = {
  honor_labels: false,
  honor_timestamps: true,
  honor_metadata: false,
  track_timestamps_staleness: false,
  sample_limit: 0,
  label_limit: 0,
  label_name_length_limit: 0,
  label_value_length_limit: 0,
  metric_name_validation_scheme: "legacy",
};

/** Reads pages one after the other, 1000 ms apart; `null` is a scrape that gave no page. */
function reader(overrides: Partial<PageRules> = {}) {
  const cache = new SeriesCache<Raw>();
  const pages = new PageReader(target, { ...rules, ...overrides });
  let time = now - 1000;
  const read = (text: string | null, type = "text/plain; version=0.0.4") => {
    time += 1000;
    if (text === null) return { samples: shown(pages.fail(time)) };
    const options = {
      contentType: type,
      scrape_fallback_protocol: "PrometheusText0.0.4",
      scrape_native_histograms: false,
      scrape_classic_histograms: false,
      convert_classic_histograms_to_nhcb: false,
      enable_type_and_unit_labels: false,
    };
    return summary(pages.read(parseExposition(Buffer.from(text), options, cache), time));
  };
  return { pages, read };
}

const shown = (samples: MetricBatch): string[] =>
  samples.map(
    ({ labels, value, timestamp, stale }) => `${printLabels(labels)} ${stale ? "stale" : value} ${timestamp - now}`,
  );

const summary = ({ samples, ...rest }: PageResult) => ({ samples: shown(samples), ...rest });

const a = (value: number | string, at: number) => `{__name__="a", job="j"} ${value} ${at}`;
const b = (value: number | string, at: number) => `{__name__="b", job="j"} ${value} ${at}`;

describe("one page", () => {
  test.for<{
    it: string;
    text: string;
    rules?: Partial<PageRules>;
    samples: string[];
    scraped?: number;
    added?: number;
    seriesAdded?: number;
    error?: string;
  }>([
    { it: "has its samples at the time of the scrape", text: "a 1\nb 2\n", samples: [a(1, 0), b(2, 0)] },
    { it: "has its own times where it gives them", text: `a 1 ${now - 5}\n`, samples: [a(1, -5)] },
    {
      it: "has the time of the scrape where its own are not honoured",
      text: `a 1 ${now - 5}\n`,
      rules: { honor_timestamps: false },
      samples: [a(1, 0)],
    },
    {
      it: "has the first value of a series that it gives twice",
      text: "a 1\na 2\n",
      samples: [a(1, 0)],
      scraped: 2,
      added: 2,
      seriesAdded: 1,
    },
    {
      it: "has both values of a series at two times of its own",
      text: `a 1 ${now - 5}\na 2 ${now - 4}\n`,
      samples: [a(1, -5), a(2, -4)],
      seriesAdded: 1,
    },
    {
      it: "loses what is more than ten minutes ahead, and counts it",
      text: `a 1 ${now + 600_000}\nb 2 ${now + 600_001}\n`,
      samples: [a(1, 600_000)],
      scraped: 2,
      added: 2,
      seriesAdded: 1,
    },
    {
      it: "fails as a whole above the limit of samples",
      text: "a 1\nb 2\n",
      rules: { sample_limit: 1 },
      samples: [],
      scraped: 2,
      added: 2,
      seriesAdded: 1,
      error: "sample limit exceeded, got 2 samples, limit 1",
    },
    {
      it: "passes with just as many samples as allowed",
      text: "a 1\nb 2\n",
      rules: { sample_limit: 2 },
      samples: [a(1, 0), b(2, 0)],
    },
    {
      it: "counts towards the limit what is too far ahead",
      text: `a 1 ${now + 700_000}\nb 2\n`,
      rules: { sample_limit: 1 },
      samples: [],
      scraped: 2,
      added: 2,
      seriesAdded: 0,
      error: "sample limit exceeded, got 2 samples, limit 1",
    },
    {
      it: "does not count a series again that it gives twice",
      text: "a 1\na 2\n",
      rules: { sample_limit: 1 },
      samples: [a(1, 0)],
      scraped: 2,
      added: 2,
      seriesAdded: 1,
    },
    {
      it: "fails as a whole with a series that may not be, and counts what comes before it",
      text: 'a 1\nb{x="yy"} 2\nc 3\n',
      rules: { label_value_length_limit: 1 },
      samples: [],
      scraped: 2,
      added: 1,
      seriesAdded: 1,
      error: "label_value_length_limit exceeded (metric: b, label name: x, limit: 1)",
    },
    {
      it: "fails as a whole where it can't be read",
      text: "a 1\nb\n",
      samples: [],
      scraped: 1,
      added: 1,
      seriesAdded: 1,
      error: "…",
    },
  ])("$it", ({ text, rules: overrides, samples, error, it: _, ...counts }) => {
    const result = reader(overrides).read(text);
    const count = samples.length;
    expect({ ...result, ...(error === "…" && "error" in result && { error: result.error && "…" }) }).toEqual({
      samples,
      scraped: count,
      added: count,
      seriesAdded: count,
      error,
      ...counts,
    });
  });

  test("gives metadata on where it is honoured", () => {
    const cache = new SeriesCache<Raw>();
    const options = {
      contentType: "text/plain",
      scrape_fallback_protocol: "PrometheusText0.0.4",
      scrape_native_histograms: false,
      scrape_classic_histograms: false,
      convert_classic_histograms_to_nhcb: false,
      enable_type_and_unit_labels: false,
    };
    const page = () => parseExposition(Buffer.from("# HELP a What it is.\n# TYPE a counter\na 1\n"), options, cache);
    const metadata = (honor_metadata: boolean) =>
      new PageReader(target, { ...rules, honor_metadata }).read(page(), now).samples[0]?.metadata;
    expect(metadata(true)).toEqual({ type: "counter", help: "What it is.", unit: "" });
    expect(metadata(false)).toBeUndefined();
  });

  test("gives exemplars the sample's time where they have none", () => {
    const cache = new SeriesCache<Raw>();
    const options = {
      contentType: "application/openmetrics-text",
      scrape_fallback_protocol: "",
      scrape_native_histograms: false,
      scrape_classic_histograms: false,
      convert_classic_histograms_to_nhcb: false,
      enable_type_and_unit_labels: false,
    };
    const text = '# TYPE a counter\na_total 1 # {t="x"} 0.5\na_total{b="c"} 1 # {t="y"} 0.5 7\n# EOF\n';
    const { samples } = new PageReader(target, rules).read(parseExposition(Buffer.from(text), options, cache), now);
    expect(samples.map(({ exemplars }) => exemplars?.[0]?.timestamp)).toEqual([now, 7000]);
  });
});

describe("page after page", () => {
  test.for<{ it: string; rules?: Partial<PageRules>; pages: (string | null)[]; last: string[] }>([
    { it: "what vanished is marked stale, once", pages: ["a 1\nb 2\n", "a 1\n"], last: [a(1, 1000), b("stale", 1000)] },
    { it: "it is not marked again", pages: ["a 1\nb 2\n", "a 1\n", "a 1\n"], last: [a(1, 2000)] },
    {
      it: "a scrape without a page marks everything",
      pages: ["a 1\nb 2\n", null],
      last: [a("stale", 1000), b("stale", 1000)],
    },
    { it: "and the next without one marks nothing", pages: ["a 1\n", null, null], last: [] },
    {
      it: "a page that breaks off marks what was not read before",
      pages: ["a 1\nb 2\n", "a 1\nbroken{\n"],
      last: [b("stale", 1000)],
    },
    { it: "series with times of their own are not marked", pages: [`a 1 ${now}\n`, ""], last: [] },
    {
      it: "but are where that is wanted",
      rules: { track_timestamps_staleness: true },
      pages: [`a 1 ${now}\n`, ""],
      last: [a("stale", 1000)],
    },
  ])("$it", ({ rules: overrides, pages, last }) => {
    const { read } = reader(overrides);
    expect(pages.map(page => read(page)).at(-1)?.samples).toEqual(last);
  });

  test.for<{ it: string; pages: (string | null)[]; seriesAdded: number }>([
    { it: "known series are not new", pages: ["a 1\n", "a 2\n"], seriesAdded: 0 },
    { it: "a series that comes is", pages: ["a 1\n", "a 2\nb 1\n"], seriesAdded: 1 },
    { it: "a series that comes back is", pages: ["a 1\nb 1\n", "a 2\n", "a 3\nb 1\n"], seriesAdded: 1 },
    { it: "a scrape without a page does not make series new", pages: ["a 1\n", null, "a 2\n"], seriesAdded: 0 },
  ])("$it", ({ pages, seriesAdded }) => {
    const { read } = reader();
    expect(pages.map(page => read(page)).at(-1)).toMatchObject({ seriesAdded });
  });

  test("series that another instance left behind are marked where they are gone, and are not new where they are not", () => {
    const first = reader();
    first.read("a 1\nb 2\n");
    const second = reader();
    second.pages.restore(first.pages.tracked);
    expect(second.read("a 5\nc 6\n")).toMatchObject({
      samples: [a(5, 0), '{__name__="c", job="j"} 6 0', b("stale", 0)],
      seriesAdded: 1,
    });
  });

  test("the revision changes with the set of series only", () => {
    const { pages, read } = reader();
    const revisions = ["a 1\n", "a 2\n", "a 2\nb 1\n", "b 1\na 2\n", "a 2\n", null, null].map(page => {
      read(page);
      return pages.revision;
    });
    expect(revisions).toEqual([1, 1, 2, 2, 3, 4, 4]);
  });

  test("forgets series that have long been gone", () => {
    const { read } = reader();
    for (let page = 0; page < 20; page++) {
      read(Array.from({ length: 200 }, (_, i) => `a{page="${page}",i="${i}"} 1\n`).join(""));
    }
    expect(read("b 1\n").samples).toHaveLength(201);
  });
});
