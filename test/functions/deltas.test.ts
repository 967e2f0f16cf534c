/** Functions keep no counters between invocations: deltas stay deltas, and cumulative values stay what they are. */
import { expect, test } from "vitest";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { loadTestFunction } from "../faults/support/function.ts";
import { recorded } from "./events.ts";

test.for([
  { it: "deltas", aggregationTemporality: 1 },
  { it: "cumulative values", aggregationTemporality: 2 },
])("$it of two invocations arrive as they were sent", async ({ aggregationTemporality }) => {
  const backend = await startBackend(() => ({ status: 200, body: "{}" }));
  const { handler, pipeline } = await loadTestFunction(`
otelcol.receiver.otlp "in" {
  http { }
  output {
    metrics = [otelcol.exporter.otlphttp.out.input]
  }
}
otelcol.exporter.otlphttp "out" {
  encoding = "json"
  client {
    endpoint    = "${backend.url}"
    compression = "none"
  }
}`);
  const sums = ["7", "5"].map((asInt, i) => ({
    aggregationTemporality,
    isMonotonic: true,
    dataPoints: [{ asInt, startTimeUnixNano: `${i}000000000`, timeUnixNano: `${i + 1}000000000` }],
  }));
  for (const sum of sums) {
    const event = recorded("function-url-otlp-traces");
    event.rawPath = event.requestContext.http.path = "/v1/metrics";
    event.isBase64Encoded = false;
    event.body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "orders", sum }] }] }] });
    expect(await handler(event)).toMatchObject({ statusCode: 200 });
  }
  await pipeline.close();
  const got = backend.got.map(({ body }) => JSON.parse(String(body)).resourceMetrics[0].scopeMetrics[0].metrics[0].sum);
  expect(got).toEqual(sums.map(sum => ({ ...sum, dataPoints: sum.dataPoints.map(point => withoutZero(point)) })));
});

/** As JSON of protobuf is written: what is 0 is left out. */
const withoutZero = ({ startTimeUnixNano, ...point }: { readonly startTimeUnixNano: string }) =>
  Number(startTimeUnixNano) === 0 ? point : { ...point, startTimeUnixNano };
