import { expect, test } from "vitest";
import { Target } from "../../../eval/value.ts";
import { labelsFrom, labelValue } from "../../../telemetry/labels.ts";
import { reportSamples } from "./report.ts";
import { scrapeTargets } from "./targets.ts";

const [target] = scrapeTargets(
  [
    new Target(
      new Map([
        ["__address__", "h:1"],
        ["env", "prod"],
      ]),
    ),
  ],
  { job: "j", scheme: "http", metrics_path: "/m", params: new Map(), scrape_interval: 60_000, scrape_timeout: 2500 },
  () => {},
);
if (!target) throw new Error("should be a target");

const report = { up: true, seconds: 0.25, scraped: 5, added: 4, seriesAdded: 3, size: 100 };
const values = (args: Parameters<typeof reportSamples>[1], given = report) =>
  Object.fromEntries(
    reportSamples(target, args)(given, 7).map(({ labels, value }) => [labelValue(labels, "__name__"), value]),
  );

const args = { extra_metrics: false, honor_metadata: false, sample_limit: 9 };
const basic = {
  up: 1,
  scrape_duration_seconds: 0.25,
  scrape_samples_scraped: 5,
  scrape_samples_post_metric_relabeling: 4,
  scrape_series_added: 3,
};

test.for([
  { it: "tells how the scrape went", args, given: report, out: basic },
  { it: "tells that it failed", args, given: { ...report, up: false }, out: { ...basic, up: 0 } },
  {
    it: "tells limits and size where that is wanted",
    args: { ...args, extra_metrics: true },
    given: { ...report, size: -1 },
    out: { ...basic, scrape_timeout_seconds: 2.5, scrape_sample_limit: 9, scrape_body_size_bytes: -1 },
  },
])("$it", ({ args: each, given, out }) => {
  expect(values(each, given)).toEqual(out);
});

test("has the target's labels, the time of the scrape and, where honoured, metadata", () => {
  const [up] = reportSamples(target, { ...args, honor_metadata: true })(report, 7);
  expect(up).toMatchObject({
    labels: labelsFrom([
      ["__name__", "up"],
      ["env", "prod"],
      ["instance", "h:1"],
      ["job", "j"],
    ]),
    timestamp: 7,
    stale: false,
    metadata: { type: "gauge", unit: "targets" },
  });
  expect(reportSamples(target, args)(report, 7)[0]?.metadata).toBeUndefined();
});
