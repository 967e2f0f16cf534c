import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

beforeEach(() => {
  vi.stubEnv("AMALGAM_KAFKA_PARTIAL_FAILURES", "true");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const lines = (more = "") => `probe.records "a" { format = "raw"; sources = ["kafka"]; from = []; ${more} }`;

test("a record is told with its cluster, topic, partition, offset, key, headers and time", async () => {
  const { pipeline, seen } = await loadProbes(lines());
  expect(await createHandler(pipeline)(recorded("kafka-lines"))).toEqual({ batchItemFailures: [] });
  const from = "arn:aws:kafka:eu-central-1:123456789012:cluster/shop/751d2973-a626-431c-9d4e-d7975eb44dd7-2/orders";
  expect(seen.map(({ got }) => got)).toEqual([
    {
      format: "raw",
      from,
      id: "orders/0/15",
      timestamp: 1_768_471_200_138,
      key: "order-7",
      attributes: { tenant: "a" },
      text: "order 7 paid",
    },
    { format: "raw", from, id: "orders/0/16", timestamp: 1_768_471_200_139, attributes: {}, text: "order 8 paid" },
    {
      format: "raw",
      from,
      id: "orders/1/3",
      timestamp: 1_768_471_200_126,
      key: "order-9",
      attributes: {},
      text: "order 9 paid",
    },
  ]);
});

test("headers may have bytes that Java counts as negative, and no value at all", async () => {
  const { pipeline, seen } = await loadProbes(lines());
  const event = recorded("kafka-lines");
  event.records = {
    "orders-0": [{ ...event.records["orders-0"][0], value: null, headers: [{ a: [-61, -92] }, { a: [1] }] }],
  };
  await createHandler(pipeline)(event);
  expect(seen.map(({ got: { attributes, text } }) => [attributes, text])).toEqual([[{ a: "ä" }, ""]]);
});

const failures = (...all: readonly (readonly [partition: string, offset: number])[]) => ({
  batchItemFailures: all.map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
});

test.for([
  { record: "order 7", answer: failures(["orders-0", 15]) },
  { record: "order 8", answer: failures(["orders-0", 16]) },
  { record: "order 9", answer: failures(["orders-1", 3]) },
  { record: "order", answer: failures(["orders-0", 15], ["orders-1", 3]) },
])("after a failure of $record its partition goes on from there", async ({ record, answer }) => {
  const { pipeline } = await loadProbes(lines(`fails_on = "${record}"; outcome = "retry"`));
  expect(await createHandler(pipeline)(recorded("kafka-lines"))).toEqual(answer);
});

test("without provisioned pollers a failure fails the invocation, since its answer would count for nothing", async () => {
  vi.stubEnv("AMALGAM_KAFKA_PARTIAL_FAILURES", undefined);
  const { pipeline, logged } = await loadProbes(lines('fails_on = "order 8"; outcome = "retry"'));
  await expect(createHandler(pipeline)(recorded("kafka-lines"))).rejects.toThrow("backend says retry");
  expect(logged.map(([, message, fields]) => [message, (fields as { offset?: number }).offset])).toEqual([
    ["partition goes on from this record again", 16],
    ["invocation failed", undefined],
  ]);
});
