/**
 * Puts letters into stores in a cloud, and no more: what functions need, which don't read them. In a bucket a letter is
 * `PREFIX/yyyy/mm/dd/hh/ID.letter`, with gzip if it is larger. In a queue it is a message: its line of JSON, then its body in base64;
 * what is larger than a message goes to a bucket, if there is one, and its message has the line alone.
 */
import { endpointOf, regionOf } from "./aws-endpoints.ts";
import { type AwsJsonClient, awsJsonClient, refusalOf } from "./aws-json.ts";
import type { DeadLetter, DeadLetterSink } from "./dead-letters.ts";
import { headerOf, letterBytes, newLetterId, timeOfId } from "./dead-letters-form.ts";
import type { LetterPlace, S3Letters } from "./dead-letters-place.ts";
import { DeliveryError, messageOf } from "./errors.ts";
import { deliver, type RetryPolicy } from "./retry.ts";
import { type Bucket, openBucket, putObject } from "./s3.ts";
import type { AwsCredentials } from "./sigv4.ts";

export type Credentials = () => Promise<AwsCredentials>;

/** The store at a place; nothing is connected before the first letter. */
export function cloudSink(place: LetterPlace, credentials: Credentials): DeadLetterSink {
  if (place.kind === "sqs") {
    const queue = openQueue(place.queueUrl, credentials);
    const larger = place.larger && bucketLetters(place.larger, credentials);
    return { put: letter => sendLetter(queue, larger, newLetterId(letter), letter) };
  }
  const letters = bucketLetters(place, credentials);
  return { put: letter => putLetter(letters, newLetterId(letter), letter) };
}

/** A bucket's part that has letters. */
export interface BucketLetters {
  readonly bucket: Bucket;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  /** Behind the id; letters that wait have another, so that nobody takes them for dead ones. @default .letter */
  readonly suffix?: string;
}

export const bucketLetters = ({ bucket, prefix }: S3Letters, credentials: Credentials): BucketLetters => ({
  bucket: openBucket(bucket, credentials),
  prefix: prefix === "" ? "" : `${prefix}/`,
});

/** The key of a letter. */
export const letterKey = ({ prefix, suffix = ".letter" }: BucketLetters, id: string): string =>
  `${prefix}${hourOf(id)}${id}${suffix}`;

/** `2026/11/21/14/`, in UTC, of a letter with this id. */
export const hourOf = (id: string): string =>
  `${new Date(timeOfId(id)).toISOString().slice(0, 13).replaceAll("-", "/").replace("T", "/")}/`;

const gzipFrom = 1024;

/** Stores a letter under its id; one that is there is replaced. */
export async function putLetter(letters: BucketLetters, id: string, letter: DeadLetter): Promise<void> {
  const bytes = letterBytes(letter);
  const packed = bytes.length > gzipFrom ? process.getBuiltinModule("node:zlib").gzipSync(bytes) : bytes;
  await putObject(letters.bucket, letterKey(letters, id), packed).catch(cause => failStored(letter, cause));
}

function failStored({ component }: DeadLetter, cause: unknown): never {
  throw new Error(`letter of ${component} was not stored: ${messageOf(cause)}`, { cause });
}

export interface Queue {
  readonly url: string;
  readonly client: AwsJsonClient;
}

export function openQueue(url: string, credentials: Credentials): Queue {
  const { hostname, origin } = new URL(url);
  const client = awsJsonClient({
    url: endpointOf("", "SQS") ?? `${origin}/`,
    region: /^sqs\.([\w-]+)\./.exec(hostname)?.[1] ?? regionOf(""),
    service: { name: "sqs", target: "AmazonSQS", version: "1.0" },
    credentials,
    timeoutMs: 20_000,
    maxBytes: 32 << 20,
  });
  return { url, client };
}

const policy: RetryPolicy = { minMs: 100, maxMs: 2000, maxRetries: 2 };
/** Who sends may have little time: a function has to answer its trigger. */
const sendTimeoutMs = 5000;

/** Calls an action of SQS; any refusal is an error. */
export function callQueue(
  { url, client }: Queue,
  action: string,
  input: object,
  options?: { readonly timeoutMs: number },
): Promise<Readonly<Record<string, unknown>>> {
  return deliver(
    async () => {
      const answer = await client.send(action, { QueueUrl: url, ...input }, options);
      if (answer.status === 200) return answer.fields ?? {};
      const kind = answer.status >= 500 || answer.code.includes("Throttl") ? "retry" : "reject";
      throw new DeliveryError(refusalOf(`${action} at ${url}`, answer), { kind, status: answer.status });
    },
    { policy },
  );
}

/** Of a message, less what its attributes take. */
const maxBodyBytes = 1024 * 1024 - 1024;

/** What a FIFO queue needs of a message. */
export interface MessageFields {
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

/** Sends a letter under its id as a message, or a message of it alone. */
export async function sendLetter(
  queue: Queue,
  larger: BucketLetters | undefined,
  id: string,
  letter: DeadLetter,
  more: MessageFields = {},
): Promise<void> {
  const header = `${ascii(headerOf(letter))}\n`;
  const size = header.length + Math.ceil(letter.body.length / 3) * 4;
  if (size <= maxBodyBytes) {
    const body = header + Buffer.from(letter.body).toString("base64");
    const refused = await sendMessage(queue, id, body, more).then(
      () => undefined,
      cause => (larger && isTooLong(cause) ? cause : failStored(letter, cause)),
    );
    if (refused === undefined) return;
  }
  if (!larger)
    failStored(
      letter,
      `a message should have at most ${maxBodyBytes} bytes where no bucket takes larger ones (sqs:URL,s3://BUCKET/PREFIX), got ${size}`,
    );
  await putLetter(larger, id, letter);
  const spilled = { spilled: { DataType: "String", StringValue: "1" } };
  await sendMessage(queue, id, header, more, spilled).catch(cause => failStored(letter, cause));
}

/** Queues may allow less than others. */
const isTooLong = (error: unknown): boolean => error instanceof DeliveryError && /\bshorter than\b/.test(error.message);

async function sendMessage(
  queue: Queue,
  id: string,
  MessageBody: string,
  more: MessageFields,
  attributes: Readonly<Record<string, object>> = {},
): Promise<void> {
  const MessageAttributes = { id: { DataType: "String", StringValue: id }, ...attributes };
  await callQueue(queue, "SendMessage", { MessageBody, MessageAttributes, ...more }, { timeoutMs: sendTimeoutMs });
}

/** Messages may not have every character; JSON can write all of them by others. */
const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
