/**
 * Firehose, which has the function transform its records. They are pushed, and answered as they came: `Ok`, so that Firehose delivers
 * them to its destination, too. One that failed is `ProcessingFailed`: Firehose puts it under the error prefix of its bucket. Where none
 * succeeded, since the backend is away, the invocation fails, and Firehose tries again.
 */
import type {
  FirehoseTransformationEvent,
  FirehoseTransformationEventRecord,
  FirehoseTransformationResult,
} from "aws-lambda";
import { DeliveryError, messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { pushBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { noHints, recogniseData } from "./recognise.ts";
import { type Message, Takers } from "./records.ts";

/** Pushes records and answers for each of them. */
export const firehoseHandler =
  (pipeline: Pipeline) =>
  async (event: FirehoseTransformationEvent, call: Call): Promise<FirehoseTransformationResult> => {
    const takers = new Takers(pipeline, "firehose", call);
    const reasons: unknown[] = [];
    const failed = new Set(
      await pushBatch(pipeline, call, event.records, {
        push: record => takers.push(messageIn(record, event)),
        orderOf: () => undefined, // Firehose keeps none
        report: (record, reason) => {
          reasons.push(reason);
          report(record, event, reason, call);
        },
      }),
    );
    if (failed.size === event.records.length && reasons.length && reasons.every(isRetryable)) throw reasons[0];
    return {
      records: event.records.map(record => {
        const { recordId, data } = record;
        return { recordId, result: failed.has(record) ? "ProcessingFailed" : "Ok", data };
      }),
    };
  };

const isRetryable = (reason: unknown): boolean => reason instanceof DeliveryError && reason.retryable;

function messageIn(record: FirehoseTransformationEventRecord, event: FirehoseTransformationEvent): Message {
  const { recordId, data, approximateArrivalTimestamp, kinesisRecordMetadata } = record;
  const { deliveryStreamArn, invocationId } = event;
  const body = Buffer.from(data, "base64");
  return {
    from: deliveryStreamArn,
    open: () => recogniseData(body, noHints),
    raw: () => ({
      format: "raw",
      body,
      from: deliveryStreamArn,
      id: recordId,
      timestamp: approximateArrivalTimestamp,
      ...(kinesisRecordMetadata && { key: kinesisRecordMetadata.partitionKey }),
      attributes: { invocation_id: invocationId },
    }),
    id: recordId,
    event: () => ({ ...event, records: [record] }),
  };
}

const report = (
  { recordId }: FirehoseTransformationEventRecord,
  { deliveryStreamArn }: FirehoseTransformationEvent,
  reason: unknown,
  { invocation }: Call,
): void =>
  invocation.log.error("record of firehose failed", {
    stream: deliveryStreamArn,
    record: recordId,
    error: messageOf(reason),
  });
