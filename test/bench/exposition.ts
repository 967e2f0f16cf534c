/** Microbenchmark of the metrics hot path: `npx node test/bench/exposition.ts`. Prints microseconds of CPU a sample. */
import { type ParsedSeries, parseExposition, SeriesCache } from "../../lib/pipeline/telemetry/prometheus/exposition.ts";
import type { Sample } from "../../lib/pipeline/telemetry/prometheus/model.ts";
import { encodeCompressedWrite } from "../../lib/pipeline/telemetry/prometheus/prepared-write.ts";
import { encodeWriteRequest } from "../../lib/pipeline/telemetry/prometheus/remote-write.ts";
import { decodeWriteRequest, KnownSeries } from "../../lib/pipeline/telemetry/prometheus/remote-write-decode.ts";
import { compressBlock, uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";

const series = 10_000;

/** A page as web servers give it: histograms and counters with labels, with values that change from page to page. */
function makePage(round: number): Buffer {
  const lines: string[] = [];
  for (let family = 0; lines.length < series; family++) {
    lines.push(
      `# HELP http_request_duration_seconds_${family} Latency.`,
      `# TYPE http_request_duration_seconds_${family} histogram`,
    );
    for (let i = 0; i < 100; i++) {
      const labels = `method="GET",handler="/api/v1/resource/${i % 10}",code="200",pod="web-${i}"`;
      lines.push(`http_request_duration_seconds_${family}_bucket{${labels},le="0.${family % 10}5"} ${i * 17 + round}`);
      lines.push(`http_request_duration_seconds_${family}_sum{${labels}} ${((i * 17 + round) * 1.37).toFixed(6)}`);
      lines.push(`http_request_duration_seconds_${family}_count{${labels}} ${i * 1700000 + round}`);
    }
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

const pages = Array.from({ length: 10 }, (_, round) => makePage(round));
const options = {
  contentType: "text/plain; version=0.0.4",
  scrape_fallback_protocol: "",
  scrape_native_histograms: false,
  scrape_classic_histograms: false,
  convert_classic_histograms_to_nhcb: false,
  enable_type_and_unit_labels: false,
};

function measure(name: string, samples: number, run: (round: number) => unknown): void {
  for (let i = 0; i < 20; i++) run(i);
  const rounds = 50;
  const before = process.cpuUsage();
  for (let i = 0; i < rounds; i++) run(i);
  const used = process.cpuUsage(before);
  console.log(`${name.padEnd(40)} ${((used.user + used.system) / rounds / samples).toFixed(4)} µs a sample`);
}

const cache = new SeriesCache();
const page = parseExposition(pages[0] as Buffer, options, cache);
console.log(`${page.count} samples, ${pages[0]?.length} bytes`);
measure("text, warm", page.count, i => parseExposition(pages[i % 10] as Buffer, options, cache));
measure("text, cold", page.count, i => parseExposition(pages[i % 10] as Buffer, options, new SeriesCache()));

const openMetrics = { ...options, contentType: "application/openmetrics-text; version=1.0.0" };
const openMetricsPages = pages.map(text => Buffer.concat([text, Buffer.from("# EOF\n")]));
measure("OpenMetrics, warm", page.count, i => parseExposition(openMetricsPages[i % 10] as Buffer, openMetrics, cache)); // ten pages, here and above

/** The samples of a page, as the scrape component makes them. */
function samplesOf(round: number): Sample[] {
  const { count, series, values } = parseExposition(pages[round % 10] as Buffer, options, cache); // ten pages
  const timestamp = 1_700_000_000_000 + round * 15_000;
  return Array.from({ length: count }, (_, i) => ({
    labels: (series[i] as ParsedSeries<unknown>).labels, // i is below the count
    timestamp,
    value: values[i] as number, // as above
    histogram: undefined,
    exemplars: undefined,
    metadata: undefined,
    startTimestamp: undefined,
    stale: false,
  }));
}

const batches = Array.from({ length: 10 }, (_, round) => samplesOf(round));
for (const version of [1, 2] as const) {
  const write = { version, send_exemplars: true, send_native_histograms: true };
  const encoded = encodeWriteRequest(batches[0] as Sample[], write); // ten batches, here and below
  const body = compressBlock(encoded);
  console.log(`remote write ${version}: ${encoded.length} bytes, ${body.length} compressed`);
  measure(`remote write ${version}, encode`, page.count, i => encodeWriteRequest(batches[i % 10] as Sample[], write));
  measure(`remote write ${version}, snappy`, page.count, () => compressBlock(encoded));
  measure(`remote write ${version}, encode and snappy`, page.count, i =>
    encodeCompressedWrite(batches[i % 10] as Sample[], write),
  );
  measure(`remote write ${version}, unsnappy`, page.count, () => uncompressBlock(body, encoded.length));
  const known = new KnownSeries();
  measure(`remote write ${version}, decode`, page.count, () => decodeWriteRequest(encoded, { version, known }));
}
