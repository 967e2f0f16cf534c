/**
 * Data that waits in a FIFO queue of SQS. A message group is a lane, or one of several of a lane where order does not matter: a
 * destination that is down holds up its own groups and no others. Of an ordered lane the store of the state knows that letters
 * wait, so that nothing that comes after them is delivered before them.
 */
import type { SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { environmentCredentials } from "../../lib/pipeline/delivery/aws-credentials.ts";
import type { DeadLetter } from "../../lib/pipeline/delivery/dead-letters.ts";
import { isLetterId, newLetterId, readLetter, readMessage } from "../../lib/pipeline/delivery/dead-letters-form.ts";
import type { QueuePlace } from "../../lib/pipeline/delivery/dead-letters-place.ts";
import {
  type BucketLetters,
  bucketLetters,
  callQueue,
  letterKey,
  openQueue,
  type Queue,
  sendLetter,
} from "../../lib/pipeline/delivery/dead-letters-send.ts";
import { DeliveryError, messageOf } from "../../lib/pipeline/delivery/errors.ts";
import { type Lane, laneOf } from "../../lib/pipeline/delivery/hand-over.ts";
import { deleteObject, getObject } from "../../lib/pipeline/delivery/s3.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { prepareWaiting } from "../../lib/pipeline/graph/waiting.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import { pushBatch } from "./batch.ts";
import type { Call } from "./call.ts";
import { placeOfHandOver, sharedState } from "./hand-over.ts";
import { LaneMarks } from "./lane-marks.ts";

/** Groups of a lane where order does not matter, which are worked on side by side. */
const groups = 8;
/** A lane is not asked for more often. */
const knownForMs = 1000;

class QueueHandOver {
  readonly #queue: Queue;
  readonly #larger: BucketLetters | undefined;
  readonly #marks: LaneMarks;
  readonly #known = new Map<string, { readonly waits: boolean; readonly until: number }>();

  constructor({ queueUrl, larger }: QueuePlace, state: StateStore | undefined) {
    this.#queue = openQueue(queueUrl, environmentCredentials);
    this.#larger = larger && { ...bucketLetters(larger, environmentCredentials), suffix: ".waiting" };
    this.#marks = new LaneMarks(state);
  }

  async put(letter: DeadLetter, { lane, ordered }: Lane): Promise<void> {
    const id = newLetterId(letter);
    const key = keyOf(lane);
    const send = (group: string) =>
      sendLetter(this.#queue, this.#larger, id, letter, { MessageGroupId: group, MessageDeduplicationId: id });
    if (!ordered) return send(`${key}-${Number.parseInt(id.slice(-1), 16) % groups}`);
    await this.#marks.around(key, id, () => send(key));
    this.#known.set(lane, { waits: true, until: Date.now() + knownForMs });
  }

  async waits(lane: string): Promise<boolean> {
    const known = this.#known.get(lane);
    if (known && Date.now() < known.until) return known.waits;
    const waits = await this.#marks.waits(keyOf(lane));
    this.#known.set(lane, { waits, until: Date.now() + knownForMs });
    return waits;
  }

  /** What a message has; `undefined` where it was delivered before, and only its deletion from the queue was not. */
  async read({ body, messageAttributes }: SQSRecord): Promise<Waiting | undefined> {
    const id = messageAttributes?.["id"]?.stringValue ?? "";
    if (!isLetterId(id)) throw new Error(`a message should have the id of a letter, got ${JSON.stringify(id)}`);
    if (!messageAttributes["spilled"]) return { id, letter: readMessage(body), spilled: false };
    if (!this.#larger) throw new Error("the letter is in a bucket, got none in AMALGAM_HAND_OVER");
    const stored = await getObject(this.#larger.bucket, letterKey(this.#larger, id));
    return stored && { id, letter: readLetter(stored), spilled: true };
  }

  /** Forgets a letter that is delivered; `sentAt` is when the queue got it. */
  async delivered({ id, letter, spilled }: Waiting, sentAt: number): Promise<void> {
    if (spilled && this.#larger) await deleteObject(this.#larger.bucket, letterKey(this.#larger, id));
    const lane = laneOf(letter.component, letter.destination, letter.metadata["key"]);
    await this.#marks.delivered(keyOf(lane), id, sentAt);
    this.#known.delete(lane);
  }

  /** Hides messages for a while. */
  async hide(messages: readonly SQSRecord[], secondsOf: (message: SQSRecord) => number): Promise<void> {
    const Entries = messages.map((message, i) => ({
      Id: String(i),
      ReceiptHandle: message.receiptHandle,
      VisibilityTimeout: secondsOf(message),
    }));
    await callQueue(this.#queue, "ChangeMessageVisibilityBatch", { Entries });
  }
}

interface Waiting {
  readonly id: string;
  readonly letter: DeadLetter;
  /** Its body is in the bucket. */
  readonly spilled: boolean;
}

const keyOf = (lane: string): string => process.getBuiltinModule("node:crypto").hash("sha256", lane).slice(0, 32);

const opened = new Map<string, QueueHandOver>();

/** The store at a place; connections last longer than an invocation. */
export function openHandOver(place: QueuePlace, state: StateStore | undefined): QueueHandOver {
  const known = opened.get(place.queueUrl);
  if (known) return known;
  const store = new QueueHandOver(place, state);
  opened.set(place.queueUrl, store);
  return store;
}

/**
 * Delivers letters. Those that fail stay in the queue, with all behind them in their group, each time for longer; what waited too
 * long, or can't be delivered by this configuration, becomes a dead letter.
 */
export const handOverHandler =
  (pipeline: Pipeline) =>
  async ({ Records }: SQSEvent, call: Call): Promise<SQSBatchResponse> => {
    const place = placeOfHandOver();
    if (!place) throw new Error("AMALGAM_HAND_OVER should name the queue where data waits, got nothing");
    const store = openHandOver(place, sharedState(call.invocation.state));
    const { log } = call.invocation;
    const failed = await pushBatch(pipeline, call, Records, {
      push: message => deliverMessage(message, store, pipeline, call),
      orderOf: ({ attributes }) => attributes.MessageGroupId,
      report: ({ messageId, attributes }, reason) =>
        log.warn("data goes on waiting", {
          messageId,
          received: Number(attributes.ApproximateReceiveCount),
          error: messageOf(reason),
        }),
    });
    const seconds = waitsOf(failed);
    if (failed.length)
      await store
        .hide(failed, ({ attributes }) => seconds.get(attributes.MessageGroupId ?? "") ?? 0)
        .catch(error => log.warn("messages wait as long as their queue says", { error: messageOf(error) }));
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };

const longestSeconds = 900;

/** Seconds that each group waits: 5, then twice as long each time its first message fails. */
function waitsOf(failed: readonly SQSRecord[]): ReadonlyMap<string, number> {
  const waits = new Map<string, number>();
  for (const { attributes } of failed) {
    const group = attributes.MessageGroupId ?? "";
    const times = Math.max(1, Number(attributes.ApproximateReceiveCount) || 1);
    waits.set(group, Math.max(waits.get(group) ?? 0, Math.min(longestSeconds, 5 * 2 ** Math.min(times - 1, 10))));
  }
  return waits;
}

async function deliverMessage(
  message: SQSRecord,
  store: QueueHandOver,
  pipeline: Pipeline,
  { invocation }: Call,
): Promise<void> {
  let waiting: Waiting | undefined;
  try {
    waiting = await store.read(message);
  } catch (error) {
    if (error instanceof DeliveryError) throw error; // the bucket does not answer
    return bury(pipeline, unreadable(message, messageOf(error), invocation.now));
  }
  if (!waiting) return;
  const prepared = prepareWaiting(waiting.letter, [pipeline], invocation.now);
  if (typeof prepared === "string") await bury(pipeline, { ...waiting.letter, reason: prepared });
  else await prepared.send({ ...invocation, handedOver: true });
  await store.delivered(waiting, Number(message.attributes.SentTimestamp) || 0);
}

const unreadable = ({ body, eventSourceARN }: SQSRecord, reason: string, time: number): DeadLetter => ({
  component: "hand-over",
  destination: eventSourceARN,
  reason,
  time,
  contentType: "text/plain",
  body: Buffer.from(body),
  metadata: {},
});

/** Without a place for dead letters the data goes on waiting, as long as its queue keeps it. */
async function bury({ deadLetters }: Pipeline, letter: DeadLetter): Promise<void> {
  if (!deadLetters) throw new Error(`${letter.reason}; there is no place for dead letters`);
  await deadLetters.put(letter);
}
