/**
 * Events of S3, from wherever they come: direct, in a notification of SNS, in a message of a queue, from EventBridge. Each names
 * objects, which components read. What is left of an object when time is short goes back to the queue as a message of its own; where
 * there is no queue the event fails, and its retry goes on where the state store says.
 */
import { DeliveryError } from "../../lib/pipeline/delivery/errors.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type {
  ObjectCreated,
  ObjectProgress,
  ObjectSelection,
  ObjectsTrigger,
} from "../../lib/pipeline/graph/trigger.ts";
import { orAside, type Push, UntakenError } from "./aside.ts";
import type { Call } from "./call.ts";
import type { Message } from "./records.ts";
import { sendToQueue } from "./send-to-queue.ts";

/** Where an event came from, if that is a queue. */
export interface QueueDelivery {
  /** ARN. */
  readonly queue: string;
  /** How often it was delivered. */
  readonly attempt: number;
}

/** Reads what events of S3 name that call the function themselves. */
export const objectsHandler =
  (pipeline: Pipeline) =>
  async (event: Fields, call: Call): Promise<void> => {
    const readers = new ObjectReaders(pipeline, call);
    const read = orAside(call, { ...sourceOf(event), event: () => event }, () => {
      const found = readers.prepare({ event, component: undefined, delivery: undefined });
      if (found) return found;
      throw new UntakenError("a component should read objects of S3, got none in the configuration that does");
    });
    await pipeline.drain(call.inTime(read()));
  };

interface Reader {
  readonly component: string;
  readonly trigger: ObjectsTrigger;
}

/** An event, and how it came. */
interface Given {
  readonly event: Fields;
  readonly component: string | undefined;
  readonly delivery: QueueDelivery | undefined;
  /** Others came with it. */
  readonly shared?: true;
}

/** What reads objects, for the time of an invocation. */
export class ObjectReaders {
  readonly #readers: readonly Reader[];
  readonly #call: Call;

  constructor(pipeline: Pipeline, call: Call) {
    this.#call = call;
    this.#readers = pipeline.triggers.flatMap(({ component, trigger }) =>
      trigger.kind === "objects" ? [{ component, trigger }] : [],
    );
  }

  /** Reads the objects of a message; `undefined` where it is no event of S3, or nothing here reads objects. */
  prepareMessage({ raw, component, delivery }: Message): (() => Promise<unknown>) | undefined {
    if (!this.#readers.length) return undefined;
    const { body } = raw();
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (!marks.some(mark => bytes.includes(mark))) return undefined;
    const event = parsed(bytes.toString("utf8"));
    return event && this.prepare({ event, component, delivery });
  }

  /** Throws where nothing reads an object, unless that can be set aside; of several the others are read. */
  prepare(given: Given): Push | undefined {
    if (!this.#readers.length) return undefined;
    const records = this.#call.setAside ? recordsIn(given.event) : undefined;
    if (!records || records.length < 2) return this.#prepareAll(given);
    const reads = records.map(record => {
      const event = { Records: [record] };
      return orAside(this.#call, { ...sourceOf(event), event: () => event }, () => {
        const read = this.#prepareAll({ ...given, event, shared: true });
        return read ?? (async () => {}); // there are readers, and it is of S3
      });
    });
    return () => settleAll(reads.map(read => read()));
  }

  #prepareAll({ event, component, delivery, shared }: Given): Push | undefined {
    const { log } = this.#call.invocation;
    if (event["Event"] === "s3:TestEvent") {
      log.info("S3 tests its notifications", { bucket: String(event["Bucket"]) });
      return async () => {};
    }
    const handedOn = event[handedOnMark];
    const found = isFields(handedOn) ? handedOnObject(handedOn) : { objects: objectsIn(event), component };
    if (!found.objects) return undefined;
    const more = { ...(delivery && { attempt: delivery.attempt }), ...(shared && { shared }) };
    const reads = found.objects.flatMap(object =>
      this.#readersOf(object, found.component).map(reader => ({
        reader,
        object: { time: this.#call.invocation.now, ...object, ...more },
      })),
    );
    if (!reads.length) log.info("event of S3 tells of no new object", { event: eventNameOf(event) });
    return () => settleAll(reads.map(({ reader, object }) => this.#read(reader, object, delivery?.queue)));
  }

  #readersOf(object: ObjectCreated, component: string | undefined): readonly Reader[] {
    const readers = this.#readers.filter(reader =>
      component === undefined ? selects(reader.trigger.buckets, object) : reader.component === component,
    );
    if (readers.length) return readers;
    throw new UntakenError(
      `${component ?? "a component"} should read s3://${object.bucket}/${object.key}, got none in the configuration that does`,
    );
  }

  async #read({ component, trigger }: Reader, object: ObjectCreated, queue: string | undefined): Promise<void> {
    const rest = await trigger.read(object, this.#call.invocation);
    if (!rest) return;
    const { bucket, key } = object;
    if (queue === undefined)
      throw new DeliveryError(
        `s3://${bucket}/${key} was read up to byte ${rest.offset} of its content, the rest is read when its event comes again`,
        { kind: "retry" },
      );
    await sendToQueue(queue, handedOnText(component, object, rest), key);
    this.#call.invocation.log.info("the rest of an object is handed on", { component, bucket, key, from: rest.offset });
  }
}

/** All come to their end, so that none works on when the answer is given; then the first failure counts. */
async function settleAll(work: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(work);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

const selects = (buckets: readonly ObjectSelection[], { bucket, key }: ObjectCreated): boolean =>
  !buckets.length ||
  buckets.some(each => each.bucket === bucket && key.startsWith(each.prefix ?? "") && key.endsWith(each.suffix ?? ""));

const handedOnMark = "amalgam.object";

/** What only events of S3 have, and what is handed on. */
const marks = ["aws:s3", "aws.s3", "s3:TestEvent", handedOnMark];

/** A message that says how far an object was read. */
export function handedOnText(component: string, object: ObjectCreated, progress: ObjectProgress): string {
  const { attempt: _, shared: __, ...rest } = object;
  return JSON.stringify({ [handedOnMark]: { component, object: { ...rest, progress } } });
}

const handedOnObject = ({ component, object }: Fields) => ({
  objects: [object as unknown as ObjectCreated], // written above
  component: component as string,
});

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined; // it only speaks of S3; who knows its format tells what is wrong
  }
}

/** New objects that an event tells of; `undefined` where it is none of S3. */
export function objectsIn(event: Fields): readonly ObjectCreated[] | undefined {
  const { source, detail } = event;
  if (source === "aws.s3" && isFields(detail)) {
    if (event["detail-type"] !== "Object Created") return [];
    return [objectOfBus(event, detail)];
  }
  const objects = recordsIn(event)
    ?.filter(record => /^(s3:)?ObjectCreated:/.test(String(record["eventName"])))
    .map(objectOfRecord);
  return objects && objects.length > 1 ? objects.map(object => ({ ...object, shared: true })) : objects;
}

/** The records of a notification; `undefined` where it is none of S3. */
function recordsIn({ Records }: Fields): readonly Fields[] | undefined {
  if (!Array.isArray(Records) || !Records.length) return undefined;
  const records = Records.filter(record => isFields(record) && record["eventSource"] === "aws:s3") as Fields[]; // just looked at
  return records.length === Records.length ? records : undefined;
}

/** What letters say of where an event is from, as far as it can be read. */
function sourceOf({ Records, detail }: Fields) {
  const [record] = Array.isArray(Records) ? Records : [];
  const { bucket, object } = fieldsOf(fieldsOf(record)["s3"] ?? detail);
  const [name, key] = [fieldsOf(bucket)["name"], fieldsOf(object)["key"]];
  return { source: "aws.s3", from: typeof name === "string" ? name : "", id: typeof key === "string" ? key : "" };
}

/** Anything as an object; what is none has no fields. */
const fieldsOf = (value: unknown): Fields => Object(value) as Fields;

/** docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function objectOfRecord({ s3, awsRegion, eventTime }: Fields): ObjectCreated {
  const { bucket, object } = isFields(s3) ? s3 : {};
  const { key, versionId, eTag, size, sequencer } = isFields(object) ? object : {};
  return objectOf({
    bucket: isFields(bucket) ? bucket["name"] : undefined,
    key: typeof key === "string" ? decodeKey(key) : undefined,
    versionId,
    etag: eTag,
    size,
    region: awsRegion,
    time: eventTime,
    sequencer,
  });
}

/** docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; its keys are not encoded. */
function objectOfBus({ region, time }: Fields, { bucket, object }: Fields): ObjectCreated {
  const { key, "version-id": versionId, etag, size, sequencer } = isFields(object) ? object : {};
  const name = isFields(bucket) ? bucket["name"] : undefined;
  return objectOf({ bucket: name, key, versionId, etag, size, region, time, sequencer });
}

/** As forms are encoded: `a+b%3D1` is `a b=1`. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key; // not encoded at all
  }
}

function objectOf({ bucket, key, size, time, ...texts }: Record<keyof Fields, unknown>): ObjectCreated {
  if (typeof bucket !== "string" || typeof key !== "string" || !bucket || !key)
    throw new Error(
      `event of S3 should name a bucket and a key, got ${JSON.stringify(bucket) ?? "none"} and ${JSON.stringify(key) ?? "none"}`,
    );
  const milliseconds = typeof time === "string" ? Date.parse(time) : Number.NaN;
  const given = Object.entries(texts).filter(([, text]) => typeof text === "string" && text !== "");
  return {
    bucket,
    key,
    ...(Object.fromEntries(given) as Partial<ObjectCreated>), // named as its fields, and texts as they are
    ...(typeof size === "number" && { size }),
    ...(!Number.isNaN(milliseconds) && { time: milliseconds }),
  };
}

function eventNameOf(event: Fields): string {
  const { Records, "detail-type": type } = event;
  const names = Array.isArray(Records) ? Records.map(record => isFields(record) && record["eventName"]) : [type];
  return names.join(", ");
}
