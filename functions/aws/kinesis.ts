/**
 * Streams of Kinesis. A shard is in order, and Lambda goes on in it from the first record that failed: everything behind comes again.
 * So a record that can't be read ends the work on its shard; what comes behind is not pushed, as it would arrive twice.
 */
import type { KinesisStreamBatchResponse, KinesisStreamEvent, KinesisStreamRecord } from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { type Given, orAside } from "./aside.ts";
import { pushBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { openAggregate } from "./kpl.ts";
import { noHints, recogniseData } from "./recognise.ts";
import { type Message, Takers } from "./records.ts";

/** Pushes records, also those inside of aggregates, and names the first that failed in each shard. */
export const kinesisHandler =
  (pipeline: Pipeline) =>
  async ({ Records }: KinesisStreamEvent, call: Call): Promise<KinesisStreamBatchResponse> => {
    const takers = new Takers(pipeline, "stream", call);
    const behind = new Set<string>();
    const failed = await pushBatch(pipeline, call, Records, {
      push: record =>
        orAside(call, givenOf(record), () => {
          const pushes = messagesIn(record).map(message => takers.prepare(message)); // all can be read, or nothing is pushed
          return () => Promise.all(pushes.map(push => push()));
        })(),
      orderOf: shardOf,
      report: (record, reason) => {
        if (behind.has(shardOf(record))) return; // the first failure says it all
        behind.add(shardOf(record));
        report(record, reason, call);
      },
    });
    const first = new Map<string, string>();
    for (const record of failed)
      if (!first.has(shardOf(record))) first.set(shardOf(record), record.kinesis.sequenceNumber);
    return { batchItemFailures: [...first.values()].map(itemIdentifier => ({ itemIdentifier })) };
  };

/** `arn:aws:kinesis:…:stream/orders shardId-000000000006`: an event's id is that of its shard with the sequence number. */
const shardOf = ({ eventSourceARN, eventID }: KinesisStreamRecord): string =>
  `${eventSourceARN} ${eventID.split(":", 1)[0]}`;

/** A whole record, of which nothing could be read. */
const givenOf = (record: KinesisStreamRecord): Given => ({
  source: "aws.kinesis",
  from: streamOf(record),
  id: record.eventID,
  event: () => ({ Records: [record] }),
});

function messagesIn(record: KinesisStreamRecord): Message[] {
  const { partitionKey, data } = record.kinesis;
  const bytes = Buffer.from(data, "base64");
  const aggregate = openAggregate(bytes);
  if (!aggregate) return [messageOfData(record, bytes, partitionKey, record.eventID)];
  return aggregate.map(({ key, data }, i) => messageOfData(record, data, key, `${record.eventID}:${i}`));
}

const messageOfData = (record: KinesisStreamRecord, body: Uint8Array, key: string, id: string): Message => ({
  from: streamOf(record),
  open: () => recogniseData(body, noHints),
  raw: () => ({
    format: "raw",
    body,
    from: streamOf(record),
    id,
    timestamp: Math.round(record.kinesis.approximateArrivalTimestamp * 1000),
    key,
    attributes: { shard_id: record.eventID.split(":", 1)[0] ?? "" },
  }),
  id,
  event: () => ({
    Records: [{ ...record, eventID: id, kinesis: { ...record.kinesis, partitionKey: key, data: base64(body) } }],
  }),
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A consumer with enhanced fan-out is a resource below its stream. */
const streamOf = ({ eventSourceARN }: KinesisStreamRecord): string => eventSourceARN.replace(/\/consumer\/.*$/, "");

const report = (record: KinesisStreamRecord, reason: unknown, { invocation }: Call): void =>
  invocation.log.error("stream goes on from this record again", {
    stream: record.eventSourceARN,
    record: record.eventID,
    error: messageOf(reason),
  });
