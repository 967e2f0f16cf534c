/**
 * Topics of Kafka, managed by AWS or not, that an event source polls. A partition is in order: Lambda goes on in it from the first
 * record that failed, so what comes behind one that can't be read is not pushed.
 *
 * Only event sources with provisioned pollers take the answer for a part of a batch; others would count the whole batch as done. So
 * without a word of the construct that they do (`AMALGAM_KAFKA_PARTIAL_FAILURES`) a failure fails the invocation, and the batch comes again.
 */
import type { MSKEvent, MSKRecord } from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { pushBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { noHints, recogniseData } from "./recognise.ts";
import { type Message, Takers } from "./records.ts";

/** Where Lambda goes on in a partition: https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
export interface KafkaBatchResponse {
  readonly batchItemFailures: readonly {
    /** `partition` is as in the event: `orders-0`. */
    readonly itemIdentifier: { readonly partition: string; readonly offset: number };
  }[];
}

/** An event of a cluster that AWS does not manage has no ARN. */
export type KafkaEvent = Pick<MSKEvent, "bootstrapServers" | "records"> & { readonly eventSourceArn?: string };

/** The variable that tells the function of provisioned pollers. */
const partialFailures = "AMALGAM_KAFKA_PARTIAL_FAILURES";

interface Item {
  /** As the event names it: `orders-0`. */
  readonly partition: string;
  readonly record: MSKRecord;
}

/** Pushes records and names the first that failed in each partition. */
export const kafkaHandler =
  (pipeline: Pipeline) =>
  async (event: KafkaEvent, call: Call): Promise<KafkaBatchResponse> => {
    const takers = new Takers(pipeline, "kafka", call);
    const cluster = event.eventSourceArn ?? event.bootstrapServers;
    const items = Object.entries(event.records).flatMap(([partition, records]) =>
      records.map((record): Item => ({ partition, record })),
    );
    const first = new Map<string, number>();
    const reasons: unknown[] = [];
    await pushBatch(pipeline, call, items, {
      push: item => takers.push(messageIn(item, event, cluster)),
      orderOf: ({ partition }) => partition,
      report: ({ partition, record }, reason) => {
        if (first.has(partition)) return; // the first failure says it all
        first.set(partition, record.offset);
        reasons.push(reason);
        report(record, cluster, reason, call);
      },
    });
    if (reasons.length && process.env[partialFailures] !== "true") throw reasons[0];
    return {
      batchItemFailures: [...first].map(([partition, offset]) => ({ itemIdentifier: { partition, offset } })),
    };
  };

function messageIn(item: Item, event: KafkaEvent, cluster: string): Message {
  const { record } = item;
  const { topic, partition, offset, timestamp } = record;
  const body = bytesOf(record.value);
  const key = bytesOf(record.key).toString("utf8");
  const from = `${cluster}/${topic}`;
  const headers = headersOf(record);
  const hints = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    from,
    open: () => recogniseData(body, hints.size ? hints : noHints),
    raw: () => ({
      format: "raw",
      body,
      from,
      id: `${topic}/${partition}/${offset}`,
      timestamp,
      ...(key && { key }),
      attributes: headers,
    }),
    id: `${topic}/${partition}/${offset}`,
    event: () => ({ ...event, records: { [item.partition]: [record] } }),
  };
}

/** Keys and values may be missing: a value that is tells a compacted topic to forget the key. */
const bytesOf = (base64: string | null | undefined): Buffer => Buffer.from(base64 ?? "", "base64");

function headersOf({ headers }: MSKRecord): Record<string, string> {
  const found: Record<string, string> = {};
  for (const header of headers ?? [])
    for (const [name, bytes] of Object.entries(header))
      found[name] ??= Buffer.from(Uint8Array.from(bytes)).toString("utf8"); // Java writes bytes as signed numbers
  return found;
}

const report = (
  { topic, partition, offset }: MSKRecord,
  cluster: string,
  reason: unknown,
  { invocation }: Call,
): void =>
  invocation.log.error("partition goes on from this record again", {
    cluster,
    topic,
    partition,
    offset,
    error: messageOf(reason),
  });
