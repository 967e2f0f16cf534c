import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const of = (name: string, more: string) => `probe.records "${name}" { format = "raw"; sources = ["bus"]; ${more} }\n`;

test("an event is told with its source, its id, its type and its time", async () => {
  const { pipeline, seen } = await loadProbes(of("a", "from = []"));
  const event = recorded("eventbridge-event");
  expect(await createHandler(pipeline)(event)).toBeUndefined();
  expect(seen.map(({ got }) => got)).toEqual([
    {
      format: "raw",
      from: "aws.ec2",
      id: "7bf73129-1428-4cd3-a780-95db273d1602",
      timestamp: 1_768_471_200_000,
      attributes: {
        detail_type: "EC2 Instance State-change Notification",
        account: "123456789012",
        region: "eu-central-1",
      },
      text: JSON.stringify(event),
    },
  ]);
});

test.for([
  { it: "that its source is one of", config: of("a", 'from = ["aws.*"]') + of("b", 'from = ["aws.s3"]'), by: ["a"] },
  {
    it: "that take anything, where none names its source",
    config: of("a", "from = []") + of("b", 'from = ["x"]'),
    by: ["a"],
  },
])("an event without a component goes to those $it", async ({ config, by }) => {
  const { pipeline, seen } = await loadProbes(config);
  await createHandler(pipeline)(recorded("eventbridge-event"));
  expect(seen.map(({ component }) => component)).toEqual(by.map(name => `probe.records.${name}`));
});

test("an event of a component's rule goes to it alone", async () => {
  const { pipeline, seen } = await loadProbes(of("a", "from = []") + of("b", 'from = ["com.example.*"]'));
  const event = { ...recorded("eventbridge-routed"), amalgam: { component: "probe.records.a" } };
  await createHandler(pipeline)(event);
  expect(seen.map(({ component, got: { text } }) => [component, text])).toEqual([
    ["probe.records.a", JSON.stringify(event.event)],
  ]);
});

test("a failure fails the invocation", async () => {
  const { pipeline } = await loadProbes(of("a", 'from = []; outcome = "retry"'));
  await expect(createHandler(pipeline)(recorded("eventbridge-event"))).rejects.toThrow("backend says retry");
});
