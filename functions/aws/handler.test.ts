import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const config = `
  probe.http "otlp" { path = "/v1/traces"; max_bytes = 10000 }
  probe.records "loki" { format = "loki" }
  probe.records "logs" { format = "cloudwatch_logs" }
  probe.schedule "s" { }
`;
const text = { "content-type": "text/plain; charset=utf-8" };

test.for([
  {
    it: "answers a function URL",
    event: "function-url-otlp-traces",
    result: { statusCode: 200, headers: {}, body: "", isBase64Encoded: false },
    by: ["probe.http.otlp"],
  },
  {
    it: "answers an HTTP API",
    event: "http-api-otlp-metrics",
    result: { statusCode: 404, headers: text, body: "404 page not found\n", isBase64Encoded: false },
    by: [],
  },
  {
    it: "answers a REST API",
    event: "rest-api-otlp-traces",
    result: { statusCode: 200, headers: {}, body: "", isBase64Encoded: false },
    by: ["probe.http.otlp"],
  },
  {
    it: "answers a load balancer's health check",
    event: "alb-health-check",
    result: { statusCode: 200, statusDescription: "200 OK", headers: text, body: "ok\n", isBase64Encoded: false },
    by: [],
  },
  { it: "takes a log subscription", event: "cloudwatch-logs", result: undefined, by: ["probe.records.logs"] },
  { it: "takes a queue", event: "sqs-loki-push", result: { batchItemFailures: [] }, by: ["probe.records.loki"] },
  { it: "takes an EventBridge rule", event: "eventbridge-rule", result: undefined, by: ["probe.schedule.s"] },
  { it: "takes an EventBridge schedule", event: "eventbridge-scheduler", result: undefined, by: ["probe.schedule.s"] },
])("$it", async ({ event, result, by }) => {
  const { pipeline, seen } = await loadProbes(config);
  expect(await createHandler(pipeline)(recorded(event))).toEqual(result);
  expect(seen.map(({ component }) => component)).toEqual(by);
});

test.for([
  {
    it: "refuses an event of no source with its keys",
    event: recorded("malformed/unknown"),
    message: "event should be a request, records, logs or a schedule, got an object with the keys key1, key2, key3",
  },
  {
    it: "refuses records of a source that it does not know",
    event: { Records: [{ eventSource: "aws:codecommit" }] },
    message: "event should come from a source that this function knows, got records of aws:codecommit",
  },
  {
    it: "refuses an empty object",
    event: {},
    message: "event should be a request, records, logs or a schedule, got an object with the keys (none)",
  },
  { it: "refuses what is no object", event: "ping", message: 'event should be an object, got "ping"' },
])("$it", async ({ event, message }) => {
  const { pipeline, logged } = await loadProbes(config);
  await expect(createHandler(pipeline)(event, { awsRequestId: "r-1" })).rejects.toThrow(new Error(message));
  expect(logged).toEqual([["error", "invocation failed", { invocation: "r-1", error: message }]]);
});

test("two invocations at once do not mix", async () => {
  const { pipeline, seen } = await loadProbes(config);
  const handler = createHandler(pipeline);
  const events = ["sqs-loki-push", "cloudwatch-logs", "function-url-otlp-traces"].map(recorded);
  const results = await Promise.all(events.map(event => handler(event)));
  expect(results).toEqual([
    { batchItemFailures: [] },
    undefined,
    { statusCode: 200, headers: {}, body: "", isBase64Encoded: false },
  ]);
  expect(seen.map(({ component }) => component).sort()).toEqual([
    "probe.http.otlp",
    "probe.records.logs",
    "probe.records.loki",
  ]);
});
