/** Microbenchmark of the metrics hot path: `npx node test/bench/exposition.ts`. Prints microseconds of CPU a sample. */
import { parseExposition, SeriesCache } from "../../lib/pipeline/telemetry/prometheus/exposition.ts";

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
