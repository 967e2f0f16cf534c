import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";
import { openNotification } from "./sns.ts";

test("a notification is told with its topic, its id, its subject, its attributes and its time", async () => {
  const { pipeline, seen } = await loadProbes(
    'probe.records "a" { format = "raw"; sources = ["topic"]; from = ["shop-alarms"] }',
  );
  const event = recorded("sns-alarm");
  expect(await createHandler(pipeline)(event)).toBeUndefined();
  expect(seen.map(({ got }) => got)).toEqual([
    {
      format: "raw",
      from: "arn:aws:sns:eu-central-1:123456789012:shop-alarms",
      id: "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
      timestamp: 1_768_471_200_123,
      attributes: { subject: 'ALARM: "checkout-errors" in EU (Frankfurt)', severity: "high" },
      text: event.Records[0].Sns.Message,
    },
  ]);
});

test("telemetry in a notification goes to what takes it", async () => {
  const { pipeline, seen } = await loadProbes('probe.records "a" { format = "otlp"; sources = ["topic"] }');
  await createHandler(pipeline)(recorded("sns-otlp-traces"));
  expect(seen.map(({ got: { format, signal } }) => [format, signal])).toEqual([["otlp", "traces"]]);
});

test.for([
  { it: "that the backend refuses for now", event: "sns-otlp-traces", outcome: "retry", error: "backend says retry" },
  {
    it: "that is not done at the deadline",
    event: "sns-otlp-traces",
    outcome: "hang",
    error: /^work should end before the deadline/,
  },
  {
    it: "that is not telemetry",
    event: "malformed/sns",
    outcome: "ok",
    error: /^message should be OTLP, .* got text that starts with "hello"$/,
  },
  {
    it: "that nobody takes",
    event: "sns-alarm",
    outcome: "ok",
    error: /^message should be OTLP, .* got JSON with the keys AlarmName, /,
  },
])("a notification $it fails the invocation", async ({ event, outcome, error }) => {
  const { pipeline } = await loadProbes(
    `probe.records "a" { format = "otlp"; sources = ["topic"]; outcome = "${outcome}" }`,
  );
  const context = { getRemainingTimeInMillis: () => 60 };
  await expect(createHandler(pipeline)(recorded(event), context)).rejects.toThrow(error);
});

test.for([
  { it: "is no JSON", text: '{"Type":"Notification","TopicArn"' },
  { it: "is of another type", text: '{"Type":"SubscriptionConfirmation","TopicArn":"a","Message":"Notification"}' },
  { it: "only speaks of one", text: 'a "Notification" of "TopicArn"' },
  { it: "has no message", text: '{"Type":"Notification","TopicArn":"a"}' },
])("text that $it is no notification", ({ text }) => {
  expect(openNotification(text)).toBeUndefined();
});
