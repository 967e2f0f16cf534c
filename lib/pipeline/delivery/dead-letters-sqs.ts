/**
 * Letters in a queue of SQS: a message is the letter's line of JSON, then its body in base64. What is larger than a message
 * may be goes to a bucket, if there is one; its message then has the line alone.
 *
 * A queue can't be looked into: who reads a message borrows it for a while, and gives it back in the end.
 */
import { awsCredentials } from "./aws-credentials.ts";
import { endpointOf, regionOf } from "./aws-endpoints.ts";
import { type AwsJsonClient, awsJsonClient, refusalOf } from "./aws-json.ts";
import type { DeadLetter, LetterBox, LetterTimes, Mark, StoredLetter } from "./dead-letters.ts";
import { headerOf, isLetterId, newLetterId, readHeader, timeOfId } from "./dead-letters-form.ts";
import { DeliveryError, messageOf } from "./errors.ts";
import { deliver, type RetryPolicy } from "./retry.ts";

export interface SqsLettersOptions {
  readonly queueUrl: string;
  /** Takes letters that are larger than a message. */
  readonly larger?: LetterBox | undefined;
  /** Remembers what was replayed: a queue can't. */
  readonly marks?: Pick<LetterBox, "mark" | "marks" | "unmark"> | undefined;
}

export function sqsDeadLetters(options: SqsLettersOptions): LetterBox {
  return new SqsLetters(options);
}

/** Of a message, less what its attributes take. */
const maxBodyBytes = 1024 * 1024 - 1024;
const policy: RetryPolicy = { minMs: 100, maxMs: 2000, maxRetries: 3 };
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
  readonly #options: SqsLettersOptions;
  readonly #client: AwsJsonClient;
  readonly #borrowed = new Map<string, Borrowed>();
  /** Deleted here: a queue may deliver them once more. */
  readonly #deleted = new Set<string>();

  constructor(options: SqsLettersOptions) {
    this.#options = options;
    const { hostname } = new URL(options.queueUrl);
    const region = /^sqs\.([\w-]+)\./.exec(hostname)?.[1] ?? regionOf("");
    const stsUrl = endpointOf("", "STS");
    const credentials = awsCredentials({ region, ...(stsUrl !== undefined && { stsUrl }) });
    this.#client = awsJsonClient({
      url: new URL("/", options.queueUrl).href,
      region,
      service: { name: "sqs", target: "AmazonSQS", version: "1.0" },
      credentials,
      timeoutMs: 20_000,
      maxBytes: 32 << 20,
    });
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
    if (found.spilled) await this.#options.larger?.delete(id);
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
    const { marks } = this.#options;
    if (!marks) throw new Error("a queue should have a folder that remembers what was replayed, got none");
    return marks.mark(kind, ids);
  }

  async marks(): Promise<readonly Mark[]> {
    return (await this.#options.marks?.marks()) ?? [];
  }

  async unmark(name: string): Promise<void> {
    await this.#options.marks?.unmark(name);
  }

  async close(): Promise<void> {
    const giveBack = ({ receipt }: Borrowed) =>
      this.#call("ChangeMessageVisibility", { ReceiptHandle: receipt, VisibilityTimeout: 0 });
    // what can't be given back comes back by itself
    await Promise.allSettled([...this.#borrowed.values()].map(giveBack));
    this.#borrowed.clear();
    this.#client.close();
    await this.#options.larger?.close();
  }

  async #find(id: string): Promise<Borrowed | undefined> {
    if (!this.#borrowed.has(id) && !this.#deleted.has(id))
      for await (const each of this.letters()) if (each.id === id) break;
    return this.#borrowed.get(id);
  }

  async #send(id: string, letter: DeadLetter): Promise<void> {
    const header = `${ascii(headerOf(letter))}\n`;
    const size = header.length + Math.ceil(letter.body.length / 3) * 4;
    try {
      if (size > maxBodyBytes) await this.#spill(id, letter, header, `got ${size}`);
      else await this.#sendMessage(id, header + Buffer.from(letter.body).toString("base64"));
    } catch (cause) {
      // queues may allow less than others
      const tooLong = cause instanceof DeliveryError && cause.status === 400 && /\bshorter than\b/.test(cause.message);
      if (!tooLong) throw notStored(letter, cause);
      await this.#spill(id, letter, header, cause.message).catch(error => Promise.reject(notStored(letter, error)));
    }
  }

  async #spill(id: string, letter: DeadLetter, header: string, got: string): Promise<void> {
    const { larger } = this.#options;
    if (!larger)
      throw new Error(
        `a message should have at most ${maxBodyBytes} bytes where no bucket takes larger ones (sqs:URL,s3://BUCKET/PREFIX), ${got}`,
      );
    await larger.replace(id, letter);
    await this.#sendMessage(id, header, { spilled: { DataType: "String", StringValue: "1" } });
  }

  async #sendMessage(id: string, MessageBody: string, more: Readonly<Record<string, object>> = {}): Promise<void> {
    const MessageAttributes = { id: { DataType: "String", StringValue: id }, ...more };
    await this.#call("SendMessage", { MessageBody, MessageAttributes });
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
      const letter = spilled ? await this.#options.larger?.get(id) : readBody(Body);
      this.#borrowed.set(id, { receipt, letter, spilled });
      if (letter) return { id, bytes, letter };
      return { id, bytes, problem: "the letter is in a bucket: name it as in sqs:URL,s3://BUCKET/PREFIX" };
    } catch (error) {
      this.#borrowed.set(id, { receipt, letter: undefined, spilled });
      return { id, bytes, problem: messageOf(error) };
    }
  }

  #call(action: string, input: object): Promise<Readonly<Record<string, unknown>>> {
    const { queueUrl } = this.#options;
    return deliver(
      async () => {
        const answer = await this.#client.send(action, { QueueUrl: queueUrl, ...input });
        if (answer.status === 200) return answer.fields ?? {};
        const kind = answer.status >= 500 || /Throttl/.test(answer.code) ? "retry" : "reject";
        throw new DeliveryError(refusalOf(`${action} at ${queueUrl}`, answer), { kind, status: answer.status });
      },
      { policy },
    );
  }
}

const notStored = ({ component }: DeadLetter, cause: unknown): Error =>
  new Error(`dead letter of ${component} was not stored: ${messageOf(cause)}`, { cause });

/** The letter's own id; messages of others have that of the queue. */
function idOf({ MessageAttributes, MessageId }: Message): string {
  const id = MessageAttributes?.["id"]?.StringValue ?? "";
  return isLetterId(id) ? id : MessageId;
}

function readBody(text: string): DeadLetter {
  const end = text.indexOf("\n");
  return {
    ...readHeader(text.slice(0, Math.max(0, end))),
    body: new Uint8Array(Buffer.from(text.slice(end + 1), "base64")),
  };
}

/** Messages may not have every character; JSON can write all of them by others. */
const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
