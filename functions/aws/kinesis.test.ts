import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const lines = (more = "") => `probe.records "a" { format = "raw"; sources = ["stream"]; from = []; ${more} }`;
const failedAt = (event: ReturnType<typeof recorded>, ...at: number[]) => ({
  batchItemFailures: at.map(i => ({ itemIdentifier: event.Records[i].kinesis.sequenceNumber })),
});

test("a record is told with its stream, its shard, its key and its time", async () => {
  const { pipeline, seen } = await loadProbes(lines());
  const event = recorded("kinesis-lines");
  expect(await createHandler(pipeline)(event)).toEqual({ batchItemFailures: [] });
  expect(seen[0]?.got).toEqual({
    format: "raw",
    from: "arn:aws:kinesis:eu-central-1:123456789012:stream/shop-lines",
    id: "shardId-000000000006:49590338271490256608559692538361571095921575989136588898",
    timestamp: 1_768_471_200_123,
    key: "order-7",
    attributes: { shard_id: "shardId-000000000006" },
    text: "order 7 paid",
  });
});

test("records of an aggregate have keys and ids of their own", async () => {
  const { pipeline, seen } = await loadProbes(lines());
  await createHandler(pipeline)(recorded("kinesis-kpl-aggregate"));
  const sequence = "shardId-000000000006:49590338271490256608559692538361571095921575989136588898";
  expect(seen.map(({ got: { id, key, text } }) => [id, key, text])).toEqual([
    [`${sequence}:0`, "order-7", "order 7 paid"],
    [`${sequence}:1`, "order-8", "order 8 paid"],
    [`${sequence}:2`, "order-7", "order 7 shipped"],
    ["shardId-000000000006:49590338271490256608559692538361571095921575989136588899", "order-9", "order 9 paid"],
  ]);
});

test("a consumer with enhanced fan-out takes records of its stream", async () => {
  const { pipeline, seen } = await loadProbes(lines('from = ["shop-lines"]').replace("from = []; ", ""));
  const event = recorded("kinesis-lines");
  for (const record of event.Records) record.eventSourceARN += "/consumer/amalgam:1768471200";
  await createHandler(pipeline)(event);
  expect(seen.length).toBe(2);
});

/** Five records, each in a shard. */
function five(shards: readonly number[]) {
  const event = recorded("kinesis-lines");
  const [record] = event.Records;
  event.Records = shards.map((shard, i) => ({
    ...record,
    eventID: `shardId-${shard}:${i}`,
    kinesis: { ...record.kinesis, sequenceNumber: String(i), data: Buffer.from(`record ${i}.`).toString("base64") },
  }));
  return event;
}

test.for([0, 1, 2, 3, 4])("a failure of record %i of a shard brings it and all behind it again", async i => {
  const { pipeline } = await loadProbes(lines(`fails_on = "record ${i}."; outcome = "retry"`));
  const event = five([1, 1, 1, 1, 1]);
  expect(await createHandler(pipeline)(event)).toEqual(failedAt(event, i));
});

test("each shard goes on from its own first failure", async () => {
  const { pipeline } = await loadProbes(lines('fails_on = "record"; outcome = "reject"'));
  const event = five([1, 2, 1, 2, 2]);
  expect(await createHandler(pipeline)(event)).toEqual(failedAt(event, 0, 1));
});

test("what comes behind a record that can't be read is not pushed, as it comes again", async () => {
  const { pipeline, seen, logged } = await loadProbes('probe.records "a" { format = "otlp"; sources = ["stream"] }');
  const event = recorded("kinesis-mixed-batch");
  expect(await createHandler(pipeline)(event)).toEqual(failedAt(event, 1));
  expect(seen.map(({ got: { signal } }) => signal)).toEqual(["traces"]);
  expect(logged).toEqual([
    [
      "error",
      "stream goes on from this record again",
      {
        stream: "arn:aws:kinesis:eu-central-1:123456789012:stream/amalgam-telemetry",
        record: event.Records[1].eventID,
        error: expect.stringMatching(/^message should be OTLP, /),
      },
    ],
  ]);
});

test("work that is not done at the deadline comes again from its first record", async () => {
  const { pipeline } = await loadProbes(lines('outcome = "hang"'));
  const event = five([1, 1, 1, 1, 1]);
  const context = { getRemainingTimeInMillis: () => 60 };
  expect(await createHandler(pipeline)(event, context)).toEqual(failedAt(event, 0));
});

test("logs of a subscription go to their component, its test messages to nobody", async () => {
  const { pipeline, seen } = await loadProbes('probe.records "a" { format = "cloudwatch_logs"; sources = ["stream"] }');
  expect(await createHandler(pipeline)(recorded("kinesis-cloudwatch-logs"))).toEqual({ batchItemFailures: [] });
  expect(seen.map(({ got: { format } }) => format)).toEqual(["cloudwatch_logs"]);
});
