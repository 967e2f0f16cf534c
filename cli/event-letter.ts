/** Letters that are events of Lambda: what the record inside says, and the event handed to a function's handler once more. */
import { createHandler } from "../functions/aws/handler.ts";
import { compressionOf, decompress } from "../lib/pipeline/delivery/compress.ts";
import type { DeadLetter } from "../lib/pipeline/delivery/dead-letters.ts";
import type { Prepared } from "../lib/pipeline/delivery/dead-letters-replay.ts";
import { DeliveryError, messageOf } from "../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../lib/pipeline/graph/pipeline.ts";

/** Whether a letter is a record that nothing took, with the event that brought it. */
export const isEventLetter = ({ format }: DeadLetter): boolean => format === "aws_event";

function eventOf({ body }: DeadLetter): unknown {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`the letter should be an event in JSON: ${messageOf(cause)}`, { cause });
  }
}

/** An event for people: its record's content beside it, opened as far as that can be done. */
export function readableEvent(letter: DeadLetter): object {
  const event = eventOf(letter);
  for (const { path, base64 } of contents) {
    const holder = path.slice(0, -1).reduce<unknown>(inside, event);
    const name = path.at(-1) ?? "";
    const value = inside(holder, name);
    if (typeof value !== "string" || !value) continue;
    const content = base64 ? openedBytes(Buffer.from(value, "base64")) : opened(value);
    Object.assign(holder as object, { [name]: "(see content)" }); // a text was inside
    return { event, content };
  }
  return { event };
}

/** Where events have what their record holds; `*` is the first of any. */
const contents: readonly { readonly path: readonly string[]; readonly base64: boolean }[] = [
  { path: ["Records", "*", "body"], base64: false },
  { path: ["Records", "*", "Sns", "Message"], base64: false },
  { path: ["Records", "*", "kinesis", "data"], base64: true },
  { path: ["awslogs", "data"], base64: true },
  { path: ["records", "*", "data"], base64: true },
  { path: ["records", "*", "*", "value"], base64: true },
];

const inside = (value: unknown, name: string): unknown => {
  const fields = Object(value) as Readonly<Record<string, unknown>>; // of anything else an object without them
  return name === "*" ? Object.values(fields)[0] : fields[name];
};

/** JSON as what it says; other text as it is. */
function opened(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object") return value;
  } catch {
    // it is none
  }
  return text;
}

const maxBytes = 64 << 20;

function openedBytes(bytes: Uint8Array): unknown {
  const encoding = compressionOf(bytes);
  if (encoding)
    try {
      return openedBytes(decompress(bytes, encoding, { maxBytes }));
    } catch (error) {
      return { problem: messageOf(error), base64: Buffer.from(bytes).toString("base64") };
    }
  try {
    return opened(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { base64: Buffer.from(bytes).toString("base64") };
  }
}

/** How long a function may take for one event. */
const deadlineMs = 60_000;

interface Answer {
  readonly batchItemFailures?: readonly unknown[];
  readonly records?: readonly { readonly result?: string }[];
}

/** Hands the event to a function of the configuration, as its trigger did. */
export function prepareEvent(pipeline: Pipeline, letter: DeadLetter): Prepared {
  const event = eventOf(letter);
  return {
    destinations: ["the components that take it"],
    items: 1,
    async send() {
      const reasons: unknown[] = [];
      const handler = createHandler(pipeline, {
        withoutContextMs: deadlineMs,
        onFailure: reason => reasons.push(reason),
      });
      let answer: Answer;
      try {
        answer = Object(await handler(event)) as Answer; // of anything else an object without them
      } catch (error) {
        throw failureOf(error);
      }
      const { batchItemFailures = [], records = [] } = answer;
      if (batchItemFailures.length || records.some(({ result }) => result === "ProcessingFailed"))
        throw failureOf(reasons[0] ?? new Error("the function gave the record back without a reason"));
    },
  };
}

/** What is no matter of a backend that is away would fail again. */
const failureOf = (error: unknown): unknown =>
  error instanceof DeliveryError ? error : new DeliveryError(messageOf(error), { kind: "reject", cause: error });
