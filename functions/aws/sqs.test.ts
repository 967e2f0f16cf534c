import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const config = `
  probe.records "otlp" { format = "otlp"; fails_on = "SELECT"; outcome = "ok" }
  probe.records "loki" { format = "loki" }
  probe.records "logs" { format = "cloudwatch_logs" }
`;

const failures = (event: { Records: { messageId: string }[] }, indexes: readonly number[]) => ({
  batchItemFailures: indexes.map(i => ({ itemIdentifier: event.Records[i]?.messageId })),
});

const unrecognised = "message should be OTLP, a Loki push, CloudWatch Logs or an SNS notification of one of them";

test.for([
  { event: "sqs-otlp-traces-json", got: [{ format: "otlp", signal: "traces", encoding: "json" }] },
  { event: "sqs-otlp-logs-json", got: [{ format: "otlp", signal: "logs", encoding: "json" }] },
  { event: "sqs-otlp-metrics-json", got: [{ format: "otlp", signal: "metrics", encoding: "json" }] },
  {
    event: "sqs-otlp-protobuf",
    got: [
      { format: "otlp", signal: "traces", encoding: "protobuf" },
      { format: "otlp", signal: "logs", encoding: "protobuf" },
      { format: "otlp", signal: "metrics", encoding: "protobuf" },
    ],
  },
  { event: "sqs-otlp-protobuf-attributes", got: [{ format: "otlp", signal: "traces", encoding: "protobuf" }] },
  { event: "sqs-loki-push", got: [{ format: "loki", encoding: "json", tenant: "tenant-a" }] },
  { event: "sqs-loki-push-snappy", got: [{ format: "loki", encoding: "protobuf" }] },
  { event: "sqs-cloudwatch-logs", got: [{ format: "cloudwatch_logs" }] },
  { event: "sqs-cloudwatch-logs-json", got: [{ format: "cloudwatch_logs" }] },
  { event: "sqs-cloudwatch-logs-gzip", got: [{ format: "cloudwatch_logs" }] },
  { event: "sqs-cloudwatch-logs-control-message", got: [] },
  { event: "sqs-sns-otlp-traces", got: [{ format: "otlp", signal: "traces", encoding: "json" }] },
  { event: "sqs-sns-loki-push", got: [{ format: "loki", encoding: "json", tenant: "tenant-a" }] },
  { event: "sqs-sns-cloudwatch-logs", got: [{ format: "cloudwatch_logs" }] },
])("$event is recognised by its content", async ({ event, got }) => {
  const { pipeline, seen } = await loadProbes(config);
  expect(await createHandler(pipeline)(recorded(event))).toEqual({ batchItemFailures: [] });
  expect(seen.map(({ got: { text: _, ...record } }) => record)).toEqual(got);
});

test.for([
  { event: "malformed/sqs-bad-base64", error: `${unrecognised}, got text that starts with "%%% not base64 %%%"` },
  { event: "malformed/sqs-truncated-gzip", error: /^awslogs\.data should be gzip: / },
  { event: "malformed/sqs-bad-json", error: /^message should be JSON, got / },
  { event: "malformed/sqs-unknown-json", error: `${unrecognised}, got JSON with the keys Records` },
  { event: "malformed/sqs-unknown-bytes", error: `${unrecognised}, got 16 bytes of something else` },
])("$event goes back to its queue with a reason", async ({ event, error }) => {
  const { pipeline, seen, logged } = await loadProbes(config);
  const sent = recorded(event);
  expect(await createHandler(pipeline)(sent)).toEqual(failures(sent, [0]));
  expect(seen).toEqual([]);
  const fields = {
    messageId: sent.Records[0].messageId,
    queue: "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry",
    received: 1,
    error: error instanceof RegExp ? expect.stringMatching(error) : error,
  };
  expect(logged).toEqual([["error", "message goes back to its queue", fields]]);
});

test("each message of a batch fails or succeeds by itself", async () => {
  const { pipeline, seen } = await loadProbes(config);
  const event = recorded("sqs-mixed-batch");
  expect(await createHandler(pipeline)(event)).toEqual(failures(event, [2]));
  expect(seen.map(({ component }) => component)).toEqual([
    "probe.records.otlp",
    "probe.records.loki",
    "probe.records.logs",
    "probe.records.otlp",
  ]);
});

test.for([
  { it: "that the backend refuses for now", outcome: "retry" },
  { it: "that the backend refuses for good, where nothing keeps dead letters", outcome: "reject" },
  { it: "that meets a bug", outcome: "bug" },
  { it: "that is not done at the deadline", outcome: "hang" },
])("a message $it goes back alone", async ({ outcome }) => {
  const { pipeline } = await loadProbes(
    `probe.records "a" { format = "loki"; fails_on = "poison"; outcome = "${outcome}" }`,
  );
  const event = recorded("sqs-loki-push");
  const [record] = event.Records;
  const body = record.body.replace("card declined", "poison");
  event.Records = [1, 2, 3].map(id => ({ ...record, messageId: String(id), body: id === 2 ? body : record.body }));
  const context = { getRemainingTimeInMillis: () => 60 };
  expect(await createHandler(pipeline)(event, context)).toEqual(failures(event, [1]));
});

test("in a FIFO queue what comes after a message that is not recognised is not pushed and goes back too", async () => {
  const { pipeline, seen } = await loadProbes(config);
  const event = recorded("sqs-fifo");
  expect(await createHandler(pipeline)(event)).toEqual(failures(event, [1, 2]));
  expect(seen.length).toBe(2);
});

test("in a FIFO queue what comes after a message that failed goes back too", async () => {
  const { pipeline } = await loadProbes(
    'probe.records "a" { format = "loki"; fails_on = "poison"; outcome = "retry" }',
  );
  const event = recorded("sqs-fifo");
  event.Records[1].body = event.Records[0].body.replace("card declined", "poison");
  expect(await createHandler(pipeline)(event)).toEqual(failures(event, [1, 2]));
});

test("in a standard queue a group does not count", async () => {
  const { pipeline } = await loadProbes(config);
  const event = recorded("sqs-fifo");
  for (const record of event.Records) record.eventSourceARN = "arn:aws:sqs:eu-central-1:123456789012:amalgam-telemetry";
  expect(await createHandler(pipeline)(event)).toEqual(failures(event, [1]));
});

test.for([
  {
    it: "nobody takes",
    config: 'probe.records "a" { format = "loki"; sources = ["log-subscription"] }',
    attribute: undefined,
    error: "a component should take loki records of a queue, got none in the configuration that does",
  },
  {
    it: "several take",
    config: 'probe.records "a" { format = "loki" }\nprobe.records "b" { format = "loki" }',
    attribute: undefined,
    error:
      'one component should take loki records of a queue, got probe.records.a, probe.records.b: name one in the message attribute "component", or in each what it takes records of',
  },
  {
    it: "names a component that takes none",
    config: 'probe.records "a" { format = "loki" }',
    attribute: "probe.records.c",
    error: "probe.records.c should take loki records of a queue, got none in the configuration that does",
  },
])("a message that $it goes back", async ({ config: text, attribute, error }) => {
  const { pipeline, logged } = await loadProbes(text);
  const event = recorded("sqs-loki-push");
  if (attribute) event.Records[0].messageAttributes.component = { stringValue: attribute, dataType: "String" };
  expect(await createHandler(pipeline)(event)).toEqual(failures(event, [0]));
  expect(logged.map(([, , fields]) => (fields as { error: string }).error)).toEqual([error]);
});

test("an attribute names the component where several take the format", async () => {
  const { pipeline, seen } = await loadProbes(
    'probe.records "a" { format = "loki" }\nprobe.records "b" { format = "loki" }',
  );
  const event = recorded("sqs-loki-push");
  event.Records[0].messageAttributes.component = { stringValue: "probe.records.b", dataType: "String" };
  expect(await createHandler(pipeline)(event)).toEqual({ batchItemFailures: [] });
  expect(seen.map(({ component }) => component)).toEqual(["probe.records.b"]);
});
