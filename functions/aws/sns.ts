/** Topics that call the function. A failure fails the invocation, so that Lambda brings the notification again, then sets it aside. */
import type { SNSEvent, SNSEventRecord } from "aws-lambda";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { type Hints, recognise } from "./recognise.ts";
import { type Message, Takers } from "./records.ts";

/** Pushes notifications; there is one in an event, and if there were more, a failure would bring all of them again. */
export const snsHandler =
  (pipeline: Pipeline) =>
  async ({ Records }: SNSEvent, call: Call): Promise<void> => {
    const takers = new Takers(pipeline, "topic", call);
    const work = Promise.all(Records.map(async record => takers.push(messageIn(record))));
    await pipeline.drain(call.inTime(work));
  };

function messageIn(record: SNSEventRecord): Message {
  const { Sns } = record;
  const attributes = attributesOf(Sns.MessageAttributes);
  const hints: Hints = new Map(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    from: Sns.TopicArn,
    open: () => recognise(Sns.Message, hints),
    raw: () => ({
      format: "raw",
      body: Buffer.from(Sns.Message),
      from: Sns.TopicArn,
      id: Sns.MessageId,
      timestamp: timeOf(Sns.Timestamp),
      attributes: { ...subjectOf(Sns.Subject), ...attributes },
    }),
    id: Sns.MessageId,
    event: () => ({ Records: [record] }),
    component: hints.get("component"),
  };
}

/** What was published to a topic that a queue is subscribed to. */
export interface Notification {
  readonly message: string;
  readonly timestamp: number | undefined;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Opens the envelope that a topic puts around a message for a queue; `undefined` where the text is none. */
export function openNotification(text: string): Notification | undefined {
  if (!text.includes('"Notification"') || !text.includes('"TopicArn"')) return undefined;
  let envelope: Readonly<Record<string, unknown>>;
  try {
    envelope = JSON.parse(text) as typeof envelope; // checked below
  } catch {
    return undefined; // it only speaks of one
  }
  const { Type, Message, TopicArn, Timestamp, Subject, MessageAttributes } = envelope;
  if (Type !== "Notification" || typeof Message !== "string" || typeof TopicArn !== "string") return undefined;
  return {
    message: Message,
    timestamp: timeOf(Timestamp),
    attributes: { topic_arn: TopicArn, ...subjectOf(Subject), ...attributesOf(MessageAttributes) },
  };
}

const subjectOf = (subject: unknown): { readonly subject?: string } =>
  typeof subject === "string" && subject ? { subject } : {};

function timeOf(time: unknown): number | undefined {
  const milliseconds = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Names and values of attributes as SNS writes them. */
function attributesOf(attributes: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, attribute] of Object.entries((attributes ?? {}) as Readonly<Record<string, { Value?: unknown }>>)) // as SNS writes them
    if (typeof attribute?.Value === "string") found[name] = attribute.Value;
  return found;
}
