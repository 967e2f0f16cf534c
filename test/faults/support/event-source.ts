/** What Lambda's event source does with a queue of SQS: receives batches, calls the function, deletes what it took, and leaves the rest. */
import type { Moto } from "../../e2e/support/moto.ts";
import type { KillPoint, Worker } from "./worker.ts";

export interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue: string; readonly DataType: string }>>;
}

export interface Queues {
  readonly url: string;
  readonly arn: string;
  readonly dead: string;
}

let last: Promise<unknown> = Promise.resolve();

/** Calls an action of SQS. One call after the other: the emulator may fail where two of them put messages aside at the same time. */
export function callQueue(moto: Moto, action: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = last.then(() => moto.json("sqs", `AmazonSQS.${action}`, input));
  last = answer.catch(() => {});
  return answer as Promise<Readonly<Record<string, unknown>>>; // its answers are objects
}

/** Makes a queue whose messages go to another one when they were received too often; nothing becomes visible by itself. */
export async function makeQueues(moto: Moto, name: string, maxReceiveCount: number): Promise<Queues> {
  const { QueueUrl: dead } = await callQueue(moto, "CreateQueue", { QueueName: `${name}-dead` });
  const arnOf = (queue: string) => `arn:aws:sqs:eu-central-1:123456789012:${queue}`;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf(`${name}-dead`), maxReceiveCount });
  const Attributes = { VisibilityTimeout: "43200", RedrivePolicy };
  const { QueueUrl: url } = await callQueue(moto, "CreateQueue", { QueueName: name, Attributes });
  return { url: String(url), arn: arnOf(name), dead: String(dead) };
}

/** Sends messages, ten at a time. */
export async function sendAll(moto: Moto, QueueUrl: string, bodies: readonly string[]): Promise<void> {
  for (let i = 0; i < bodies.length; i += 10) {
    const Entries = bodies.slice(i, i + 10).map((MessageBody, n) => ({ Id: String(n), MessageBody }));
    const { Failed = [] } = await callQueue(moto, "SendMessageBatch", { QueueUrl, Entries });
    if ((Failed as readonly unknown[]).length)
      throw new Error(`messages should be sent, got ${JSON.stringify(Failed)}`);
  }
}

/** Up to so many messages; none where none is visible. */
export async function receive(moto: Moto, QueueUrl: string, count: number): Promise<Received[]> {
  const all: Received[] = [];
  while (all.length < count) {
    const MaxNumberOfMessages = Math.min(10, count - all.length);
    const { Messages = [] } = await callQueue(moto, "ReceiveMessage", { QueueUrl, MaxNumberOfMessages, AttributeNames: ["All"], MessageAttributeNames: ["All"] }); // biome-ignore format: one call
    const some = Messages as readonly Received[]; // its documented form
    all.push(...some);
    if (!some.length) break;
  }
  return all;
}

async function inTens(messages: readonly Received[], act: (entries: readonly object[]) => Promise<unknown>) {
  for (let i = 0; i < messages.length; i += 10)
    await act(messages.slice(i, i + 10).map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle })));
}

export interface SourceOptions {
  readonly moto: Moto;
  readonly queues: Queues;
  readonly batchSize: number;
  /** Where the next invocation is killed, and the time that it has. */
  readonly plan: () => { readonly kill?: KillPoint | undefined; readonly timeoutMs?: number };
  /** Told of each message whenever it is received. */
  readonly onReceive: (message: Received) => void;
}

export interface SourceCounts {
  invocations: number;
  kills: number;
  failures: number;
  /** Messages that stayed in the queue. */
  returned: number;
}

/** Polls until no message is left, with a worker at a time for each of the pollers. */
export async function runEventSource(workers: readonly Worker[], options: SourceOptions): Promise<SourceCounts> {
  const counts: SourceCounts = { invocations: 0, kills: 0, failures: 0, returned: 0 };
  let busy = 0;
  let next = Promise.withResolvers<void>();
  const poll = async (worker: Worker) => {
    for (;;) {
      const ends = next.promise;
      busy++;
      const worked = await once(worker, options, counts);
      busy--;
      if (worked) {
        next.resolve();
        next = Promise.withResolvers();
      } else if (busy === 0) return next.resolve();
      else await ends; // another worker may give some back
    }
  };
  await Promise.all(workers.map(poll));
  return counts;
}

async function once(worker: Worker, { moto, queues, batchSize, plan, onReceive }: SourceOptions, counts: SourceCounts) {
  const batch = await receive(moto, queues.url, batchSize);
  if (!batch.length) return false;
  for (const message of batch) onReceive(message);
  counts.invocations++;
  const { killed, error, result } = await worker.invoke(receivedEvent(batch, queues.arn), plan());
  const failed = new Set(batch.map(({ MessageId }) => MessageId));
  if (killed) counts.kills++;
  else if (error) counts.failures++;
  else {
    const { batchItemFailures } = result as {
      readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
    }; // what the adapter of queues gives
    failed.clear();
    for (const { itemIdentifier } of batchItemFailures) failed.add(itemIdentifier);
  }
  const QueueUrl = queues.url;
  const done = batch.filter(({ MessageId }) => !failed.has(MessageId));
  const back = batch.filter(({ MessageId }) => failed.has(MessageId));
  counts.returned += back.length;
  await inTens(done, Entries => callQueue(moto, "DeleteMessageBatch", { QueueUrl, Entries }));
  // in the place of their timeout
  await inTens(
    back,
    entries =>
    callQueue(moto, "ChangeMessageVisibilityBatch", { QueueUrl, Entries: entries.map(entry => ({ ...entry, VisibilityTimeout: 0 })) }), // biome-ignore format: one call
  );
  return true;
}

/** The event of messages. */
export const receivedEvent = (batch: readonly Received[], arn: string) => ({
  Records: batch.map(({ MessageId, ReceiptHandle, Body, Attributes, MessageAttributes = {} }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(MessageAttributes).map(([name, { StringValue: stringValue, DataType: dataType }]) => [
        name,
        { stringValue, dataType },
      ]),
    ),
    eventSource: "aws:sqs",
    eventSourceARN: arn,
    awsRegion: "eu-central-1",
  })),
});

export interface DeliverOptions {
  readonly kill?: KillPoint | undefined;
  /** How much later than it was the messages were sent, as the function is told. @default 0 */
  readonly laterMs?: number;
}

/** Calls a function with all that waits in a FIFO queue, once; what it does not take is there again. */
export async function deliverWaiting(
  { moto, url, arn }: Pick<Queues, "url" | "arn"> & { readonly moto: Moto },
  worker: Worker,
  { kill, laterMs = 0 }: DeliverOptions = {},
): Promise<{ readonly messages: number; readonly killed: boolean }> {
  const messages = await receive(moto, url, 10);
  if (!messages.length) return { messages: 0, killed: false };
  const told = messages.map(message => {
    const SentTimestamp = String(Number(message.Attributes["SentTimestamp"]) + laterMs);
    return { ...message, Attributes: { ...message.Attributes, SentTimestamp } };
  });
  const { killed, result } = await worker.invoke(receivedEvent(told, arn), { kill });
  const { batchItemFailures = [] } = (result ?? {}) as {
    readonly batchItemFailures?: readonly { readonly itemIdentifier: string }[];
  }; // what the adapter gives
  for (const { MessageId, ReceiptHandle } of messages) {
    const failed = killed || batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === MessageId);
    await (failed
      ? callQueue(moto, "ChangeMessageVisibility", { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }) // in the place of time
      : callQueue(moto, "DeleteMessage", { QueueUrl: url, ReceiptHandle }));
  }
  return { messages: messages.length, killed };
}
