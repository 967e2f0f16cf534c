/**
 * Queues. Each message is pushed by itself, all of them before writers send, and only those that failed go back; their queue's
 * redrive policy sets them aside after some tries. In FIFO queues what comes after a failure in its group goes back too.
 */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { DecodedRecord } from "../../lib/pipeline/graph/trigger.ts";
import type { Call } from "./call.ts";
import { type Hints, recognise } from "./recognise.ts";
import { pushRecord } from "./records.ts";

/** Pushes messages by their content and names those that the queue must keep. */
export const sqsHandler =
  (pipeline: Pipeline) =>
  async ({ Records }: SQSEvent, call: Call): Promise<SQSBatchResponse> => {
    const unread = new BrokenGroups();
    const work = Promise.allSettled(Records.map(message => push(pipeline, message, unread, call)));
    await new Promise(resolve => setImmediate(resolve)); // what is pushed reaches the writers before they send
    const outcomes = await pipeline.drain(work);
    const groups = new BrokenGroups();
    const failed = Records.filter((message, i) => {
      const outcome = outcomes[i];
      if (outcome?.status === "rejected") {
        report(message, outcome.reason, call);
        groups.break(message);
      }
      return outcome?.status === "rejected" || groups.broken(message);
    });
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };

/** Message groups of FIFO queues that had a failure: to keep their order, nothing behind it may count as done. */
class BrokenGroups {
  readonly #groups = new Set<string>();

  break(message: SQSRecord): void {
    const group = groupOf(message);
    if (group !== undefined) this.#groups.add(group);
  }

  broken(message: SQSRecord): boolean {
    const group = groupOf(message);
    return group !== undefined && this.#groups.has(group);
  }
}

/** In a standard queue a group is only a matter of fairness. */
const groupOf = ({ eventSourceARN, attributes }: SQSRecord): string | undefined =>
  eventSourceARN.endsWith(".fifo") ? attributes.MessageGroupId : undefined;

function push(pipeline: Pipeline, message: SQSRecord, groups: BrokenGroups, call: Call): Promise<unknown> {
  const hints = hintsOf(message);
  let records: readonly DecodedRecord[];
  try {
    if (groups.broken(message))
      throw new Error("message should come after all before it in its group, got a failure of one of them");
    records = recognise(message.body, hints);
  } catch (error) {
    groups.break(message);
    return Promise.reject(error);
  }
  if (!records.length)
    call.invocation.log.info("cloudwatch logs tests the subscription", { message: message.messageId });
  const component = hints.get("component");
  return call.inTime(Promise.all(records.map(record => pushRecord(pipeline, "queue", record, call, component))));
}

function hintsOf({ messageAttributes }: SQSRecord): Hints {
  const hints = new Map<string, string>();
  for (const [name, { stringValue }] of Object.entries(messageAttributes ?? {}))
    if (stringValue !== undefined) hints.set(name.toLowerCase(), stringValue);
  return hints;
}

const report = ({ messageId, eventSourceARN, attributes }: SQSRecord, reason: unknown, { invocation }: Call): void =>
  invocation.log.error("message goes back to its queue", {
    message: messageId,
    queue: eventSourceARN,
    received: Number(attributes.ApproximateReceiveCount),
    error: messageOf(reason),
  });
