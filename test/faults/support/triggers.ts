/** Triggers as AWS runs them: what the function does not take comes again, and what fails too often is put aside. */
import { gzipSync } from "node:zlib";
import type { Handler } from "../../../functions/aws/handler.ts";
import { lokiJson, queueArn, sqsEvent, type TestMessage, tracesJson } from "./messages.ts";

/** A record that a trigger brings: what has been put aside is known by its ids. */
export interface TestRecord {
  readonly ids: readonly string[];
  /** What the function can't read. */
  readonly broken?: boolean;
}

export interface Delivered {
  /** Ids that were given up, for a queue of dead letters or an on-failure destination. */
  readonly aside: readonly string[];
  /** How often each id was brought. */
  readonly brought: ReadonlyMap<string, number>;
}

export type Trigger = (handler: Handler, records: readonly TestRecord[]) => Promise<Delivered>;

/** Deliveries of one record, as `maxReceiveCount` and its relatives say. */
const maxDeliveries = 3;

const context = { getRemainingTimeInMillis: () => 60_000 };

class Ledger implements Delivered {
  readonly aside: string[] = [];
  readonly brought = new Map<string, number>();
  bring(records: readonly TestRecord[]): void {
    for (const { ids } of records) for (const id of ids) this.brought.set(id, (this.brought.get(id) ?? 0) + 1);
  }
  give(records: readonly TestRecord[]): void {
    this.aside.push(...records.flatMap(({ ids }) => ids));
  }
}

/** What begins like OTLP, has the ids of a record in it, and ends too soon. */
const cutOff = (text: string): string => text.slice(0, -3);

const tracesOf = ({ ids, broken }: TestRecord): string => (broken ? cutOff(tracesJson(ids)) : tracesJson(ids));
const linesOf = ({ ids, broken }: TestRecord): string => (broken ? cutOff(lokiJson(ids)) : lokiJson(ids));

interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: unknown }[];
}

/** The identifiers of what failed; all of the batch where the invocation did. */
async function failuresOf(handler: Handler, event: unknown): Promise<readonly unknown[] | "all"> {
  try {
    const { batchItemFailures } = (await handler(event, context)) as BatchAnswer; // of all that answer for a part
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  } catch {
    return "all";
  }
}

/** A queue: what failed is there again; of a FIFO queue all in one group. */
function queue(bodyOf: (record: TestRecord) => string, fifo: boolean): Trigger {
  return async (handler, records) => {
    const ledger = new Ledger();
    const messages = records.map((record, i) => ({
      record,
      message: { id: `m${i}`, ids: record.ids, body: bodyOf(record) } satisfies TestMessage,
      received: 0,
    }));
    for (let waiting = messages; waiting.length; ) {
      for (const each of waiting) each.received++;
      ledger.bring(waiting.map(({ record }) => record));
      const arn = fifo ? `${queueArn}.fifo` : queueArn;
      const event = sqsEvent(waiting.map(({ message }) => message), { arn, received: waiting[0]?.received ?? 1 }); // biome-ignore format: one call
      if (fifo) for (const { attributes } of event.Records) Object.assign(attributes, { MessageGroupId: "one" });
      const failures = await failuresOf(handler, event);
      const failed = waiting.filter(({ message }) => failures === "all" || failures.includes(message.id));
      waiting = failed.filter(({ received }) => received < maxDeliveries);
      ledger.give(failed.filter(each => !waiting.includes(each)).map(({ record }) => record));
    }
    return ledger;
  };
}

/** An ordered source: goes on from the first failure, then with ever smaller batches, and puts aside the one that still fails. */
async function inOrder(records: readonly TestRecord[], invoke: (batch: readonly TestRecord[]) => Promise<number>) {
  const ledger = new Ledger();
  let attempts = 0;
  let size = records.length;
  for (let at = 0; at < records.length; ) {
    const batch = records.slice(at, at + size);
    ledger.bring(batch);
    const taken = await invoke(batch);
    at += taken;
    if (taken === batch.length) {
      [attempts, size] = [0, records.length];
      continue;
    }
    attempts = taken > 0 ? 1 : attempts + 1;
    if (attempts < maxDeliveries) continue;
    attempts = 0;
    if (size === 1) ledger.give(records.slice(at, ++at));
    else size = Math.ceil(batch.length / 2);
  }
  return ledger;
}

const kinesis: Trigger = (handler, records) => {
  const numberOf = (record: TestRecord) => `4959033827149025660855969253836157109592157598913658${1000 + records.indexOf(record)}`; // biome-ignore format: one text
  return inOrder(records, async batch => {
    const failures = await failuresOf(handler, {
      Records: batch.map(record => ({
        kinesis: {
          kinesisSchemaVersion: "1.0",
          partitionKey: "key",
          sequenceNumber: numberOf(record),
          data: Buffer.from(tracesOf(record)).toString("base64"),
          approximateArrivalTimestamp: 1_768_471_200.123,
        },
        eventSource: "aws:kinesis",
        eventVersion: "1.0",
        eventID: `shardId-000000000006:${numberOf(record)}`,
        eventSourceARN: "arn:aws:kinesis:eu-central-1:123456789012:stream/telemetry",
      })),
    });
    if (failures === "all") return 0;
    const first = batch.findIndex(record => failures.includes(numberOf(record)));
    return first < 0 ? batch.length : first;
  });
};

const kafka: Trigger = (handler, records) =>
  inOrder(records, async batch => {
    const failures = await failuresOf(handler, {
      eventSource: "aws:kafka",
      bootstrapServers: "b-1.shop.example.com:9094",
      records: {
        "otlp_spans-0": batch.map(record => ({
          topic: "otlp_spans",
          partition: 0,
          offset: records.indexOf(record),
          timestamp: 1_768_471_200_138,
          timestampType: "CREATE_TIME",
          value: Buffer.from(tracesOf(record)).toString("base64"),
          headers: [],
        })),
      },
    });
    if (failures === "all") return 0;
    const [failed] = failures as readonly { readonly offset: number }[]; // there is one partition
    return failed ? batch.findIndex(record => records.indexOf(record) === failed.offset) : batch.length;
  });

/** Lambda calls itself for what it was given to do later: an event comes again as it was, then goes to a queue. */
function asynchronous(eventOf: (record: TestRecord) => unknown): Trigger {
  return async (handler, records) => {
    const ledger = new Ledger();
    for (const record of records) {
      for (let attempt = 1; ; attempt++) {
        ledger.bring([record]);
        const failed = await handler(eventOf(record), context).then(() => false, () => true); // biome-ignore format: one line
        if (failed && attempt < maxDeliveries) continue;
        if (failed) ledger.give([record]);
        break;
      }
    }
    return ledger;
  };
}

const sns = asynchronous(record => ({
  Records: [
    {
      EventSource: "aws:sns",
      EventVersion: "1.0",
      Sns: {
        Type: "Notification",
        MessageId: record.ids[0],
        TopicArn: "arn:aws:sns:eu-central-1:123456789012:telemetry",
        Message: tracesOf(record),
        Timestamp: "2026-01-15T10:00:00.123Z",
        MessageAttributes: {},
      },
    },
  ],
}));

const subscription = asynchronous(record => {
  const logEvents = record.ids.map((message, i) => ({ id: String(i), timestamp: 1_768_471_200_000 + i, message }));
  const event = { messageType: "DATA_MESSAGE", owner: "1", logGroup: "/g", logStream: "s", subscriptionFilters: ["f"], logEvents }; // biome-ignore format: one event
  const data = gzipSync(JSON.stringify(event));
  return { awslogs: { data: (record.broken ? data.subarray(0, -12) : data).toString("base64") } };
});

/** The key of the object that has these records; who uses the trigger stores it. */
export const keyOf = ({ ids }: TestRecord): string => `logs/${ids[0]}.log`;

const s3Event = (...records: readonly TestRecord[]) => ({
  Records: records.map(record => ({
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "eu-central-1",
    eventTime: "2026-01-15T10:00:00.000Z",
    eventName: "ObjectCreated:Put",
    s3: { bucket: { name: "shop-logs" }, object: { key: keyOf(record), sequencer: "0055" } },
  })),
});

/** All kinds that bring records, by what users call them. */
export const triggers = {
  queue: queue(tracesOf, false),
  "queue of log lines": queue(linesOf, false),
  "FIFO queue": queue(tracesOf, true),
  stream: kinesis,
  topic: sns,
  Kafka: kafka,
  "log subscription": subscription,
  "bucket that calls the function": asynchronous(record => s3Event(record)),
  "bucket through a queue": queue(record => JSON.stringify(s3Event(record)), false),
} satisfies Readonly<Record<string, Trigger>>;
