import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";
import { nameOf } from "./records.ts";

const raw = (name: string, more = "") => `probe.records "${name}" { format = "raw"; sources = ["queue"]; ${more} }\n`;
const loki = (name: string, more = "") => `probe.records "${name}" { format = "loki"; sources = ["queue"]; ${more} }\n`;
const named = 'from = ["amalgam-telemetry"]';
const arn = 'from = ["arn:aws:sqs:*:123456789012:amalgam-*"]';
const other = 'from = ["other"]';
const any = "from = []";

test.for([
  { it: "a component that names the queue, as it is", config: raw("a", named) + loki("b"), by: ["a"] },
  { it: "one that names its ARN with wildcards", config: raw("a", arn) + loki("b"), by: ["a"] },
  { it: "all that name it", config: raw("a", named) + raw("b", arn), by: ["a", "b"] },
  { it: "the one of its format before one that takes anything", config: raw("a", any) + loki("b"), by: ["b"] },
  { it: "the one that takes anything where none has its format", config: raw("a", any) + loki("b", other), by: ["a"] },
  {
    it: "the one of its format that names the queue",
    config: loki("a") + loki("b", named) + loki("c", any),
    by: ["b"],
  },
  { it: "the one of its format that is made for queues", config: loki("a") + loki("b", any), by: ["b"] },
  { it: "the one of its format where others name other queues", config: loki("a") + loki("b", other), by: ["a"] },
])("a message goes to $it", async ({ config, by }) => {
  const { pipeline, seen } = await loadProbes(config);
  expect(await createHandler(pipeline)(recorded("sqs-loki-push"))).toEqual({ batchItemFailures: [] });
  expect(seen.map(({ component }) => component)).toEqual(by.map(name => `probe.records.${name}`));
});

test("a message that is not recognised goes to what takes anything, as it is", async () => {
  const { pipeline, seen } = await loadProbes(raw("a", any) + loki("b"));
  const event = recorded("sqs-lines");
  await createHandler(pipeline)(event);
  expect(seen.map(({ component, got }) => [component, got])).toEqual(
    event.Records.map(({ messageId, body, messageAttributes }: Record<string, unknown>) => [
      "probe.records.a",
      {
        format: "raw",
        from: "arn:aws:sqs:eu-central-1:123456789012:shop-lines",
        id: messageId,
        timestamp: 1_768_471_200_000,
        attributes: Object.keys(messageAttributes as object).length ? { tenant: "a" } : {}, // of a recorded event
        text: body,
      },
    ]),
  );
});

test.for([
  {
    it: "nobody takes",
    config: raw("a", other) + loki("b", other),
    error: "a component should take loki records of a queue, got none in the configuration that does",
  },
  {
    it: "two take on the same terms",
    config: loki("a", named) + loki("b", arn),
    error:
      'one component should take loki records of a queue, got probe.records.a, probe.records.b: name one in the message attribute "component", or in each what it takes records of',
  },
])("a message that $it goes back", async ({ config, error }) => {
  const { pipeline, seen, logged } = await loadProbes(config);
  const event = recorded("sqs-loki-push");
  const { messageId } = event.Records[0];
  expect(await createHandler(pipeline)(event)).toEqual({ batchItemFailures: [{ itemIdentifier: messageId }] });
  expect(seen).toEqual([]);
  expect(logged.map(([, , fields]) => (fields as { error: string }).error)).toEqual([error]);
});

test("the attribute of a message names a component that takes it as it is", async () => {
  const { pipeline, seen } = await loadProbes(raw("a", any) + loki("b"));
  const event = recorded("sqs-loki-push");
  event.Records[0].messageAttributes.component = { stringValue: "probe.records.a", dataType: "String" };
  await createHandler(pipeline)(event);
  expect(seen.map(({ component }) => component)).toEqual(["probe.records.a"]);
});

test.for([
  { from: "arn:aws:sqs:eu-west-1:1:orders", name: "orders" },
  { from: "arn:aws:kinesis:eu-west-1:1:stream/orders", name: "orders" },
  { from: "arn:aws:kafka:eu-west-1:1:cluster/shop/1-2/orders", name: "orders" },
  { from: "b-1.example.com:9094/orders", name: "orders" },
  { from: "aws.ec2", name: "aws.ec2" },
])("the name of $from is $name", ({ from, name }) => {
  expect(nameOf(from)).toBe(name);
});
