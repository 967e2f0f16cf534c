/**
 * Letters in a queue of SQS, to be read. A queue can't be looked into: who reads a message borrows it for a while, and gives it
 * back in the end.
 */
import type { DeadLetter, LetterBox, LetterTimes, Mark, StoredLetter } from "./dead-letters.ts";
import { isLetterId, newLetterId, readMessage, timeOfId } from "./dead-letters-form.ts";
import type { QueuePlace } from "./dead-letters-place.ts";
import { s3DeadLetters } from "./dead-letters-s3.ts";
import {
  type BucketLetters,
  bucketLetters,
  type Credentials,
  callQueue,
  openQueue,
  type Queue,
  sendLetter,
} from "./dead-letters-send.ts";
import { messageOf } from "./errors.ts";

/** Remembers what was replayed, which a queue can't. */
export type LetterMarks = Pick<LetterBox, "mark" | "marks" | "unmark">;

export interface SqsLettersOptions {
  readonly credentials: Credentials;
  readonly marks?: LetterMarks | undefined;
}

export function sqsDeadLetters(place: QueuePlace, options: SqsLettersOptions): LetterBox {
  return new SqsLetters(place, options);
}

/** How long a message that was read is hidden; longer than a replay works on one. */
const hiddenSeconds = 300;
/** A queue may say that it is empty when it isn't. */
const waitSeconds = 1;

interface Borrowed {
  receipt: string;
  readonly letter: DeadLetter | undefined;
  readonly spilled: boolean;
}

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

class SqsLetters implements LetterBox {
  readonly complete = false;
  readonly #queue: Queue;
  readonly #marks: LetterMarks | undefined;
  /** Has letters that are larger than a message. */
  readonly #larger: { readonly box: LetterBox; readonly letters: BucketLetters } | undefined;
  readonly #borrowed = new Map<string, Borrowed>();
  /** Deleted here: a queue may deliver them once more. */
  readonly #deleted = new Set<string>();

  constructor({ queueUrl, larger }: QueuePlace, { credentials, marks }: SqsLettersOptions) {
    this.#queue = openQueue(queueUrl, credentials);
    this.#marks = marks;
    this.#larger = larger && {
      box: s3DeadLetters(larger, credentials),
      letters: bucketLetters(larger, credentials),
    };
  }

  async put(letter: DeadLetter): Promise<void> {
    await this.#send(newLetterId(letter), letter);
  }

  async replace(id: string, letter: DeadLetter): Promise<void> {
    const before = this.#borrowed.get(id);
    await this.#send(id, letter);
    if (before) await this.#deleteMessage(before.receipt);
    this.#borrowed.delete(id);
  }

  async list({ limit = Number.POSITIVE_INFINITY }: { readonly limit?: number } = {}): Promise<readonly string[]> {
    const ids: string[] = [];
    if (limit > 0)
      for await (const { id } of this.letters()) {
        ids.push(id);
        if (ids.length >= limit) break;
      }
    return ids.sort();
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return (await this.#find(id))?.letter;
  }

  async delete(id: string): Promise<void> {
    const found = await this.#find(id);
    if (!found) return;
    await this.#deleteMessage(found.receipt);
    if (found.spilled) await this.#larger?.box.delete(id);
    this.#borrowed.delete(id);
    this.#deleted.add(id);
  }

  async count(): Promise<number> {
    const AttributeNames = ["ApproximateNumberOfMessages"];
    const { Attributes } = await this.#call("GetQueueAttributes", { AttributeNames });
    return Number((Attributes as Readonly<Record<string, string>> | undefined)?.["ApproximateNumberOfMessages"] ?? 0); // its documented form
  }

  async *letters({ since = 0, until = Number.POSITIVE_INFINITY }: LetterTimes = {}): AsyncIterable<StoredLetter> {
    const seen = new Set<string>();
    for (let rounds = 0; rounds < 3; rounds++) {
      const messages = await this.#receive();
      if (!messages.length) return;
      for (const message of messages) {
        const id = idOf(message);
        const stored = await this.#borrow(id, message);
        if (!stored || seen.has(id)) continue;
        rounds = 0; // there was something new
        seen.add(id);
        const time = stored.letter?.time ?? timeOfId(id);
        if (!(time < since || time >= until)) yield stored;
      }
    }
  }

  mark(kind: Mark["kind"], ids: readonly string[]): Promise<string> {
    if (!this.#marks) throw new Error("a queue should have a folder that remembers what was replayed, got none");
    return this.#marks.mark(kind, ids);
  }

  async marks(): Promise<readonly Mark[]> {
    return (await this.#marks?.marks()) ?? [];
  }

  async unmark(name: string): Promise<void> {
    await this.#marks?.unmark(name);
  }

  async close(): Promise<void> {
    const giveBack = ({ receipt }: Borrowed) =>
      this.#call("ChangeMessageVisibility", { ReceiptHandle: receipt, VisibilityTimeout: 0 });
    // what can't be given back comes back by itself
    await Promise.allSettled([...this.#borrowed.values()].map(giveBack));
    this.#borrowed.clear();
    this.#queue.client.close();
    this.#larger?.letters.bucket.client.close();
    await this.#larger?.box.close();
  }

  async #find(id: string): Promise<Borrowed | undefined> {
    if (!this.#borrowed.has(id) && !this.#deleted.has(id))
      for await (const each of this.letters()) if (each.id === id) break;
    return this.#borrowed.get(id);
  }

  #send(id: string, letter: DeadLetter): Promise<void> {
    return sendLetter(this.#queue, this.#larger?.letters, id, letter);
  }

  async #deleteMessage(receipt: string): Promise<void> {
    await this.#call("DeleteMessage", { ReceiptHandle: receipt });
  }

  async #receive(): Promise<readonly Message[]> {
    const { Messages } = await this.#call("ReceiveMessage", {
      MaxNumberOfMessages: 10,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: waitSeconds,
      MessageAttributeNames: ["All"],
    });
    return (Messages as readonly Message[] | undefined) ?? []; // its documented form
  }

  /** Remembers a message, and reads it; nothing where it was deleted before. */
  async #borrow(id: string, message: Message): Promise<StoredLetter | undefined> {
    const { ReceiptHandle: receipt, Body } = message;
    if (this.#deleted.has(id)) {
      await this.#deleteMessage(receipt);
      return undefined;
    }
    const spilled = message.MessageAttributes?.["spilled"] !== undefined;
    const bytes = Body.length;
    try {
      const letter = spilled ? await this.#larger?.box.get(id) : readMessage(Body);
      this.#borrowed.set(id, { receipt, letter, spilled });
      if (letter) return { id, bytes, letter };
      return { id, bytes, problem: "the letter is in a bucket: name it as in sqs:URL,s3://BUCKET/PREFIX" };
    } catch (error) {
      this.#borrowed.set(id, { receipt, letter: undefined, spilled });
      return { id, bytes, problem: messageOf(error) };
    }
  }

  #call(action: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    return callQueue(this.#queue, action, input);
  }
}

/** The letter's own id; messages of others have that of the queue. */
function idOf({ MessageAttributes, MessageId }: Message): string {
  const id = MessageAttributes?.["id"]?.StringValue ?? "";
  return isLetterId(id) ? id : MessageId;
}
