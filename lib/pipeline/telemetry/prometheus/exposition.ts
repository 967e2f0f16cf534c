/**
 * Reads what a scraped target answers: text 0.0.4, OpenMetrics or protobuf, into columns. Nothing is validated that Prometheus validates
 * after parsing (names, limits, duplicates): that is the scrape component's part, in the order of the samples.
 *
 *   const cache = new SeriesCache<Mine>();                       // one a target, kept from scrape to scrape
 *   const page = parseExposition(body, { ...args, contentType: "text/plain; version=0.0.4" }, cache);
 *   for (let i = 0; i < page.count; i++) {
 *     const series = page.series[i];                             // the same object in every page: series.data is yours
 *     series.data ??= { labels: attachTarget(series.labels), … };
 *     page.values[i]; page.timestamps[i];                        // NaN: no timestamp
 *     page.histograms.get(i); page.exemplars.get(i);             // both sparse
 *   }
 *   if (page.error) …                                            // the scrape fails, but page.count samples were read
 *
 * A page is valid until the next parse with the same cache, which reuses its arrays.
 */
import { asBuffer, WireError } from "../wire.ts";
import { type ExpositionFormat, expositionFormat } from "./media-type.ts";
import type { Exemplar, NativeHistogram } from "./model.ts";
import { OpenMetricsParser } from "./openmetrics.ts";
import { ProtobufParser } from "./protobuf.ts";
import { ExpositionError, PageBuilder, type ParsedSeries, SeriesCache } from "./series-cache.ts";
import { TextParser } from "./text.ts";

export { type ParsedSeries, SeriesCache };

/** The arguments of `prometheus.scrape` that concern parsing, by their names there, and the answer's content type. */
export interface ExpositionOptions {
  readonly contentType: string;
  /** The scrape protocol for content types that are missing or unknown, for example `PrometheusText0.0.4`; none when empty. */
  readonly scrape_fallback_protocol: string;
  /** False ignores the native parts of histograms. */
  readonly scrape_native_histograms: boolean;
  /** Keeps classic series beside the native histogram. */
  readonly scrape_classic_histograms: boolean;
  readonly convert_classic_histograms_to_nhcb: boolean;
  readonly enable_type_and_unit_labels: boolean;
  /** Fills `startTimestamps`; Prometheus does not by default. */
  readonly startTimestamps?: boolean;
}

/** The samples of a page, as columns of `count` rows. */
export interface ExpositionPage<T> {
  readonly count: number;
  readonly series: readonly ParsedSeries<T>[];
  /** 0 where there is a histogram. */
  readonly values: Float64Array;
  /** Milliseconds; NaN where the page gives none. */
  readonly timestamps: Float64Array;
  readonly histograms: ReadonlyMap<number, NativeHistogram>;
  /** Of native histograms only those that have a time of their own. */
  readonly exemplars: ReadonlyMap<number, readonly Exemplar[]>;
  /** When counting began, in milliseconds; from protobuf, and only on request. */
  readonly startTimestamps: ReadonlyMap<number, number>;
  /** Values that are the staleness marker; protobuf only. */
  readonly stale: ReadonlySet<number>;
  /** Rows, ascending, whose series has a row before in this page. */
  readonly duplicates: readonly number[];
  /** The rows have the same series as the last page's. */
  readonly unchanged: boolean;
  /** What made the parser give up after `count` samples; the line is 0 where there are none. */
  readonly error: { readonly line: number; readonly message: string } | undefined;
  /** Why the fallback protocol was used. */
  readonly warning: string | undefined;
}

/** Parses one page; errors in it are part of the result. */
export function parseExposition<T>(
  body: Uint8Array,
  options: ExpositionOptions,
  cache: SeriesCache<T>,
): ExpositionPage<T> {
  const { format, problem } = expositionFormat(options.contentType, options.scrape_fallback_protocol);
  if (cache.format !== format && format !== undefined) {
    cache.reset();
    cache.format = format;
  }
  const page = new PageBuilder(cache);
  const error =
    format === undefined
      ? { line: 0, message: problem ?? "" }
      : body.length === 0
        ? undefined
        : parse(asBuffer(body), format, options, page);
  const unchanged = page.finish();
  return {
    count: page.count,
    series: page.series,
    values: page.values,
    timestamps: page.timestamps,
    histograms: page.histograms,
    exemplars: page.exemplars,
    startTimestamps: page.startTimestamps,
    stale: page.stale,
    duplicates: page.duplicates,
    unchanged,
    error,
    warning: format === undefined ? undefined : problem,
  };
}

function parse<T>(
  body: Buffer,
  format: ExpositionFormat,
  options: ExpositionOptions,
  page: PageBuilder<T>,
): ExpositionPage<T>["error"] {
  const parser = makeParser(body, format, options, page);
  try {
    parser.parse();
    return undefined;
  } catch (error) {
    if (!(error instanceof ExpositionError) && !(error instanceof WireError)) throw error;
    return { line: "start" in parser ? lineAt(body, parser.start) : 0, message: error.message };
  }
}

function makeParser<T>(body: Buffer, format: ExpositionFormat, options: ExpositionOptions, page: PageBuilder<T>) {
  if (format === "protobuf") return new ProtobufParser(body, page, options);
  if (format === "openmetrics") return new OpenMetricsParser(body, page, options);
  return new TextParser(body.at(-1) === newline ? body : Buffer.concat([body, Buffer.of(newline)]), page, options);
}

const newline = 10;

function lineAt(body: Uint8Array, position: number): number {
  let line = 1;
  for (let at = 0; at < position; at++) if (body[at] === 10) line++;
  return line;
}
