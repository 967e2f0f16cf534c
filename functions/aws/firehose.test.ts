import { expect, test } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const lines = (more = "") => `probe.records "a" { format = "raw"; sources = ["firehose"]; ${more} }`;
const event = recorded("firehose-transform");

const answer = (...results: string[]) => ({
  records: results.map((result, i) => ({
    recordId: event.records[i].recordId,
    result,
    data: event.records[i].data,
  })),
});

test("records go on as they came, and are told with their stream, their id and their time", async () => {
  const { pipeline, seen } = await loadProbes(lines());
  expect(await createHandler(pipeline)(event)).toEqual(answer("Ok", "Ok"));
  expect(seen[0]?.got).toEqual({
    format: "raw",
    from: "arn:aws:firehose:eu-central-1:123456789012:deliverystream/shop-logs",
    id: event.records[0].recordId,
    timestamp: 1_768_471_200_123,
    attributes: { invocation_id: "invocation-7d5b1e62" },
    text: "order 7 paid\n",
  });
});

test.for([
  {
    it: "a record that fails for now, where another is done",
    on: "order 7",
    how: "retry",
    results: ["ProcessingFailed", "Ok"],
  },
  { it: "the other one", on: '\\"order\\":8', how: "retry", results: ["Ok", "ProcessingFailed"] },
  {
    it: "records that are refused for good",
    on: "order",
    how: "reject",
    results: ["ProcessingFailed", "ProcessingFailed"],
  },
])("$it is put aside by Firehose", async ({ on, how, results }) => {
  const { pipeline } = await loadProbes(lines(`fails_on = "${on}"; outcome = "${how}"`));
  expect(await createHandler(pipeline)(event)).toEqual(answer(...results));
});

test("where nothing is done for now, the invocation fails, and Firehose tries again", async () => {
  const { pipeline } = await loadProbes(lines('outcome = "retry"'));
  await expect(createHandler(pipeline)(event)).rejects.toThrow("backend says retry");
});

test("an event without records is answered with none", async () => {
  const { pipeline } = await loadProbes(lines());
  expect(await createHandler(pipeline)({ ...event, records: [] })).toEqual({ records: [] });
});
