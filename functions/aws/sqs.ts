/**
 * Queues. Each message is pushed by itself, and only those that failed go back; their queue's redrive policy sets them aside after
 * some tries. In FIFO queues what comes after a failure in its group goes back too.
 */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { RawRecord } from "../../lib/pipeline/graph/trigger.ts";
import { pushBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { type Hints, recognise } from "./recognise.ts";
import { type Message, Takers } from "./records.ts";
import { openNotification } from "./sns.ts";

/** Pushes messages and names those that the queue must keep. */
export const sqsHandler =
  (pipeline: Pipeline) =>
  async ({ Records }: SQSEvent, call: Call): Promise<SQSBatchResponse> => {
    const takers = new Takers(pipeline, "queue", call);
    const failed = await pushBatch(pipeline, call, Records, {
      push: message => takers.push(messageIn(message)),
      orderOf: groupOf,
      report: (message, reason) => report(message, reason, call),
    });
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };

/** In a standard queue a group is only a matter of fairness. */
const groupOf = ({ eventSourceARN, attributes }: SQSRecord): string | undefined =>
  eventSourceARN.endsWith(".fifo") ? attributes.MessageGroupId : undefined;

function messageIn(message: SQSRecord): Message {
  const hints = hintsOf(message);
  return {
    from: message.eventSourceARN,
    open: () => recognise(message.body, hints),
    raw: () => rawOf(message),
    id: message.messageId,
    event: () => ({ Records: [message] }),
    component: hints.get("component"),
    delivery: { queue: message.eventSourceARN, attempt: Number(message.attributes?.ApproximateReceiveCount) || 1 },
  };
}

function hintsOf({ messageAttributes }: SQSRecord): Hints {
  const hints = new Map<string, string>();
  for (const [name, { stringValue }] of Object.entries(messageAttributes ?? {}))
    if (stringValue !== undefined) hints.set(name.toLowerCase(), stringValue);
  return hints;
}

/** The message; of a topic's notification what was published, with the attributes of both. */
function rawOf({ body, messageId, eventSourceARN, attributes, messageAttributes }: SQSRecord): RawRecord {
  const notification = openNotification(body);
  const own = Object.entries(messageAttributes ?? {}).flatMap(([name, { stringValue }]) =>
    stringValue === undefined ? [] : [[name, stringValue] as const],
  );
  return {
    format: "raw",
    body: Buffer.from(notification?.message ?? body),
    from: eventSourceARN,
    id: messageId,
    timestamp: notification?.timestamp ?? millisecondsOf(attributes?.SentTimestamp),
    ...(attributes?.MessageGroupId !== undefined && { key: attributes.MessageGroupId }),
    attributes: { ...notification?.attributes, ...Object.fromEntries(own) },
  };
}

const millisecondsOf = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text && Number.isFinite(value) ? value : undefined;
};

const report = ({ messageId, eventSourceARN, attributes }: SQSRecord, reason: unknown, { invocation }: Call): void =>
  invocation.log.error("message goes back to its queue", {
    messageId,
    queue: eventSourceARN,
    received: Number(attributes.ApproximateReceiveCount),
    error: messageOf(reason),
  });
