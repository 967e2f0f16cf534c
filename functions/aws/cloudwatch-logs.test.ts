import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const jsonOf = (event: { awslogs: { data: string } }) =>
  gunzipSync(Buffer.from(event.awslogs.data, "base64")).toString("latin1");

test("a component gets the JSON of a subscription", async () => {
  const { pipeline, seen } = await loadProbes('probe.records "a" { format = "cloudwatch_logs" }');
  const event = recorded("cloudwatch-logs");
  await createHandler(pipeline)(event);
  expect(seen).toEqual([{ component: "probe.records.a", got: { format: "cloudwatch_logs", text: jsonOf(event) } }]);
});

test("a message that tests the subscription reaches nobody", async () => {
  const { pipeline, seen, logged } = await loadProbes('probe.records "a" { format = "cloudwatch_logs" }');
  await createHandler(pipeline)(recorded("cloudwatch-logs-control-message"));
  expect(seen).toEqual([]);
  expect(logged).toEqual([["debug", "cloudwatch logs tests the subscription"]]);
});

test("an event that only speaks of CONTROL_MESSAGE is data", async () => {
  const { pipeline, seen } = await loadProbes('probe.records "a" { format = "cloudwatch_logs" }');
  const json = JSON.stringify({ messageType: "DATA_MESSAGE", logEvents: [{ message: "got CONTROL_MESSAGE" }] });
  await createHandler(pipeline)({ awslogs: { data: gzipSync(json).toString("base64") } });
  expect(seen).toEqual([{ component: "probe.records.a", got: { format: "cloudwatch_logs", text: json } }]);
});

test.for([
  {
    it: "that names the log group",
    a: 'log_groups = ["/aws/lambda/other"]',
    b: 'log_groups = ["/aws/lambda/checkout"]',
    by: ["probe.records.b"],
  },
  {
    it: "that names it with a wildcard",
    a: 'log_groups = ["/aws/*/checkout"]',
    b: 'log_groups = ["/aws/*/check"]',
    by: ["probe.records.a"],
  },
  { it: "and another where both take all", a: "", b: "", by: ["probe.records.a", "probe.records.b"] },
  {
    it: "that takes all, where the other does not name it",
    a: "",
    b: 'log_groups = ["/aws/lambda/other"]',
    by: ["probe.records.a"],
  },
  {
    it: "and another where none names it, and they tell so",
    a: 'log_groups = ["a"]',
    b: 'log_groups = ["b"]',
    by: ["probe.records.a", "probe.records.b"],
  },
  {
    it: "that is the only one for subscriptions",
    a: 'log_groups = ["/aws/lambda/other"]',
    b: 'sources = ["queue"]',
    by: ["probe.records.a"],
  },
])("logs go to the component $it", async ({ a, b, by }) => {
  const { pipeline, seen } = await loadProbes(`
    probe.records "a" { format = "cloudwatch_logs"; ${a} }
    probe.records "b" { format = "cloudwatch_logs"; ${b} }
  `);
  await createHandler(pipeline)(recorded("cloudwatch-logs"));
  expect(seen.map(({ component }) => component)).toEqual(by);
});

test.for([
  {
    it: "that is not base64",
    event: "malformed/cloudwatch-logs-bad-base64",
    probe: "",
    message: "awslogs.data should be base64, got something else",
  },
  {
    it: "that is cut off",
    event: "malformed/cloudwatch-logs-truncated-gzip",
    probe: "",
    message: /^awslogs\.data should be gzip: /,
  },
  {
    it: "that the backend refuses for now",
    event: "cloudwatch-logs",
    probe: 'outcome = "retry"',
    message: "backend says retry",
  },
  {
    it: "that nobody takes",
    event: "cloudwatch-logs",
    probe: 'sources = ["queue"]',
    message:
      "a component should take cloudwatch_logs records of a log-subscription, got none in the configuration that does",
  },
  {
    it: "that is not done at the deadline",
    event: "cloudwatch-logs",
    probe: 'outcome = "hang"',
    message: "work should end before the deadline of the invocation, got none of it done in time",
  },
])("data $it fails the invocation", async ({ event, probe, message }) => {
  const { pipeline, logged } = await loadProbes(`probe.records "a" { format = "cloudwatch_logs"; ${probe} }`);
  const context = { awsRequestId: "r-1", getRemainingTimeInMillis: () => 50 };
  await expect(createHandler(pipeline)(recorded(event), context)).rejects.toThrow(message);
  expect(logged).toEqual([
    ["error", "invocation failed", { invocation: "r-1", error: expect.stringMatching(message) }],
  ]);
});
