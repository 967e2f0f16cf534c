import { expect, test } from "vitest";
import { testLog, testPipeline } from "../../graph/testing.ts";
import { labelsFrom } from "../../telemetry/labels.ts";
import { echoText, prometheusEcho } from "./echo.ts";
import { sample, staleMarker } from "./scrape/page.ts";

const labels = labelsFrom([
  ["__name__", "a"],
  ["x", 'say "hi"'],
  ["y", "z"],
]);

test.for<{ it: string; batch: ReturnType<typeof sample>[]; format?: "text" | "openmetrics"; text: string }>([
  {
    it: "a line a sample",
    batch: [sample(labels, 1500, 1.5), sample(labelsFrom([["__name__", "b"]]), 7, -2)],
    text: 'a{x="say \\"hi\\"",y="z"} 1.5 1500\nb -2 7\n',
  },
  {
    it: "values that are no numbers",
    batch: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(value =>
      sample(labelsFrom([["__name__", "b"]]), 7, value),
    ),
    text: "b NaN 7\nb +Inf 7\nb -Inf 7\n",
  },
  { it: "markers of what is stale", batch: [staleMarker(labelsFrom([["__name__", "b"]]), 7)], text: "b NaN 7\n" },
  {
    it: "OpenMetrics in seconds and with an end",
    batch: [sample(labelsFrom([["__name__", "b"]]), 1500, 1)],
    format: "openmetrics",
    text: "b 1 1.5\n# EOF\n",
  },
])("$it", ({ batch, format = "text", text }) => {
  expect(echoText(batch, format)).toBe(text);
});

test.for([
  { format: '"openmetrics"', logged: [] },
  { format: '""', logged: [] },
  { format: "null", logged: [] },
  { format: '"xml"', logged: ['warn unknown format, using text {"format":"xml"}'] },
])("format = $format loads", async ({ format, logged }) => {
  const log = testLog();
  const config = `prometheus.echo "e" {\nformat = ${format}\n}`;
  const { pipeline, diagnostics } = await testPipeline(config, [prometheusEcho], { environment: { log } });
  expect([diagnostics, log.lines]).toEqual([[], logged]);
  await pipeline?.close();
});
