import { expect, test } from "vitest";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { loadFunction } from "./entry.ts";
import { createHandler } from "./handler.ts";
import { type FunctionTracing, observeTraces } from "./traces.ts";

const config = (url: string, fraction: number) => `
tracing {
  sampling_fraction = ${fraction}
  write_to          = [otelcol.exporter.otlphttp.out.input]
}
otelcol.exporter.otlphttp "out" {
  encoding = "json"
  client {
    endpoint    = "${url}"
    compression = "none"
  }
}
`;

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly status: { readonly message?: string };
}

/** Spans that arrive when events are handled, and what the function logs. */
async function traced(fraction: number, events: readonly unknown[], status = 200) {
  const { got, url } = await startBackend(() => ({ status }));
  const log = testLog();
  const { file } = parseFile({ name: "a.alloy", text: config(url, fraction) });
  const loaded = {
    definitions: [...definitions.values()],
    stability: "generally-available",
    directory: "/",
    log,
  } as const;
  const pipeline = await loadFunction([file], loaded);
  const tracing = pipeline.settings.get("tracing") as FunctionTracing; // the block is there
  const handler = createHandler(pipeline, { observe: observeTraces(pipeline, tracing, log) });
  for (const event of events) await handler(event, { awsRequestId: "r-1" }).catch(() => {});
  const spans = got.flatMap(({ body }) => {
    const { resourceSpans } = JSON.parse(body.toString()) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }; // OTLP's JSON
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(scope => scope.spans));
  });
  return { spans, lines: log.lines };
}

const schedule = { amalgam: {} };
const request = (flags: string) => ({
  ...schedule,
  headers: { Traceparent: `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}` },
});

test("each invocation is a span, which has arrived when it is answered; one that fails says why", async () => {
  const { spans, lines } = await traced(1, [schedule, "ping"]);
  expect(spans.map(({ name, status }) => [name, status.message])).toEqual([
    ["invocation", undefined],
    ["invocation", 'event should be an object, got "ping"'],
  ]);
  expect(lines).toEqual([expect.stringMatching(/^error invocation failed /)]);
});

test("a caller's trace goes on where the caller keeps it, whatever the fraction", async () => {
  const { spans } = await traced(0, [schedule, request("00"), request("01")]);
  expect(spans.map(({ traceId, parentSpanId }) => [traceId, parentSpanId])).toEqual([
    ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"],
  ]);
});

test("spans that can't be sent fail nothing, and are told", async () => {
  const { lines } = await traced(1, [schedule], 401);
  expect(lines).toEqual([expect.stringMatching(/^error .*traces could not be sent .*status 401/)]);
});
