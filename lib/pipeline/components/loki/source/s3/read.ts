/**
 * Reads an object line by line: batches of bounded size, some of them under way at a time, acknowledged in their order. It
 * stops when the time comes to an end, and begins where another call stopped.
 */
import { DeliveryError, messageOf } from "../../../../delivery/errors.ts";
import { ObjectChanged, S3Reader, type S3ReaderOptions } from "../../../../delivery/s3-reader.ts";
import { type Packing, unpack } from "../../../../delivery/unpack.ts";
import type { Invocation, Logger } from "../../../../graph/invocation.ts";
import type { ObjectCreated, ObjectProgress, ObjectRestart } from "../../../../graph/trigger.ts";
import { Elements } from "./elements.ts";
import { type LineOptions, Lines, type TakeLine } from "./lines.ts";
import { ObjectRecord, TakenOver } from "./record.ts";

export interface ReadOptions {
  /** The component's. */
  readonly id: string;
  readonly log: Logger;
  readonly clock: () => number;
  readonly lines: LineOptions;
  /** A list in objects that are JSON, whose elements are taken for lines. */
  readonly list?: string | undefined;
  /** What the first bytes tell where unset. */
  readonly packing: Packing | undefined;
  readonly maxContentBytes: number;
  readonly batchBytes: number;
  readonly maxInFlight: number;
  /** Kept of the time of an invocation for what is under way and for the rest. */
  readonly reserveMs: number;
  readonly checkpointMs: number;
}

/** What becomes of an object's lines. */
export interface LineSink {
  /** Makes an entry of a line; `line` counts all that were taken of the object, from 0. */
  readonly take: (line: number, ...of: Parameters<TakeLine>) => void;
  /** Sends all entries that were taken since it was called last. */
  readonly send: (invocation: Invocation) => Promise<void>;
}

export interface ReadWork {
  readonly object: ObjectCreated;
  readonly invocation: Invocation;
  readonly source: Pick<S3ReaderOptions, "client" | "url">;
  readonly sink: LineSink;
}

/** Times of an invocation. */
interface Times {
  /** When reading stops. */
  readonly stopAt: number;
  /** When writers give up. */
  readonly giveUpAt: number;
}

export function timesOf({ deadline }: Invocation, { clock, reserveMs }: ReadOptions): Times {
  const reserve = Math.min(reserveMs, Math.max(0, deadline - clock()) / 3);
  return { stopAt: deadline - reserve, giveUpAt: deadline - reserve / 2 };
}

/** Resolves to how far it came where time was short, `undefined` when all is acknowledged. */
export async function readLines(work: ReadWork, options: ReadOptions): Promise<ObjectProgress | undefined> {
  const { object, invocation } = work;
  const { state } = invocation;
  const record = new ObjectRecord(object, { state, namespace: options.id, now: options.clock });
  const begin = await beginOf(object, record);
  if (begin === "done") {
    options.log.info("object was read already", fieldsOf(object, options));
    return undefined;
  }
  const times = timesOf(invocation, options);
  try {
    return await new Reading(work, options, record, begin, times).run();
  } catch (error) {
    if (!(error instanceof ObjectChanged)) throw error;
    options.log.warn("object has changed since its event, reading starts over", fieldsOf(object, options));
    return await new Reading(work, options, record, atBegin(""), times).run();
  }
}

const atBegin = (etag = ""): ObjectProgress => ({ etag, offset: 0, lines: 0 });

/** Where to begin: behind what this event, or another one of the object, has done. */
async function beginOf(object: ObjectCreated, record: ObjectRecord): Promise<ObjectProgress | "done"> {
  const own = object.progress ?? atBegin(object.etag);
  // nobody can have begun what comes for the first time
  if (object.attempt === 1 && !object.progress && !object.shared) return own;
  for (let tries = 1; ; tries++) {
    const stored = await record.load();
    if (stored && "done" in stored) return "done";
    const begin = stored && (stored.progress.offset > own.offset || !own.etag) ? stored.progress : own;
    if (!stored && !object.progress) return begin;
    try {
      await record.save({ progress: begin });
      return begin;
    } catch (error) {
      // who reads it now may just have come further
      if (!(error instanceof TakenOver) || tries === claims) throw error;
    }
  }
}

const claims = 5;

export const fieldsOf = ({ bucket, key }: ObjectCreated, { id }: { readonly id: string }) => ({
  component: id,
  bucket,
  key,
});

interface Sent {
  readonly end: ObjectProgress;
  /** Resolves to the failure, if there is one. */
  readonly failure: Promise<{ readonly error: unknown } | undefined>;
}

/** One way through an object. */
class Reading {
  readonly #work: ReadWork;
  readonly #options: ReadOptions;
  readonly #record: ObjectRecord;
  readonly #begin: ObjectProgress;
  readonly #times: Times;
  readonly #reader: S3Reader;
  readonly #lines: Lines;
  readonly #elements: Elements | undefined;
  #count: number;
  /** Bytes of what was taken and not sent. */
  #taken = 0;
  #sent: Sent[] = [];
  #acknowledged: ObjectProgress;
  /** Where decompression can begin: the last place before what was taken, and those behind it. */
  #restarts: ObjectRestart[];
  #packing: Packing = "none";
  #checkpointAt: number;

  constructor(work: ReadWork, options: ReadOptions, record: ObjectRecord, begin: ObjectProgress, times: Times) {
    const { object, source, invocation } = work;
    this.#work = work;
    this.#options = options;
    this.#record = record;
    this.#begin = begin;
    this.#times = times;
    this.#acknowledged = begin;
    this.#count = begin.lines;
    this.#restarts = begin.restart ? [begin.restart] : [];
    this.#checkpointAt = options.clock() + options.checkpointMs;
    this.#reader = new S3Reader({
      ...source,
      name: `s3://${object.bucket}/${object.key}`,
      etag: begin.etag || undefined,
      deadline: times.stopAt,
      now: options.clock,
      signal: invocation.signal,
    });
    if (options.list !== undefined) this.#elements = new Elements(options.list, begin);
    this.#lines = new Lines(options.lines, { offset: begin.offset, parts: begin.parts ?? 0 }, (line, ...rest) => {
      const text = this.#elements ? line.trim() : line;
      if (this.#elements && !text) return;
      work.sink.take(this.#count++, text, ...rest);
      this.#taken += text.length + entryBytes;
    });
  }

  async run(): Promise<ObjectProgress | undefined> {
    try {
      const stopped = await this.#read();
      while (this.#sent.length) await this.#settleFirst();
      return stopped ? await this.#handOn() : await this.#finish();
    } catch (error) {
      await this.#remember(error);
      // a batch that found no time comes again with the rest; where nothing went through, the backend may be the reason
      if (this.#isLate(error) && this.#acknowledged.lines > this.#begin.lines) return this.#acknowledged;
      throw error;
    } finally {
      this.#reader.close();
    }
  }

  /** Resolves to whether it stopped before the end. */
  async #read(): Promise<boolean> {
    const { clock, batchBytes, maxContentBytes } = this.#options;
    const restart = this.#begin.restart;
    let offset = restart?.offset ?? 0;
    const pieces = unpack(this.#reader.bytes(restart?.at ?? 0), {
      packing: restart?.packing ?? this.#options.packing,
      at: restart?.at ?? 0,
      maxBytes: maxContentBytes - offset,
      onPacking: packing => {
        this.#packing = packing;
      },
    });
    try {
      for await (const { bytes, at } of pieces) {
        if (clock() >= this.#times.stopAt) return true;
        if (at !== undefined) this.#noteRestart(at, offset);
        const known = this.#begin.offset - offset;
        offset += bytes.length;
        if (known < bytes.length) this.#push(known > 0 ? bytes.subarray(known) : bytes);
        if (this.#taken >= batchBytes) await this.#send();
      }
    } catch (error) {
      // S3 gave no answer until the time was over
      if (this.#isLate(error) && !this.#sent.length) return true;
      throw error;
    }
    if (this.#elements) this.#lines.push(this.#elements.end());
    this.#lines.end();
    await this.#send();
    return false;
  }

  #push(bytes: Buffer): void {
    this.#lines.push(this.#elements ? this.#elements.push(bytes) : bytes);
  }

  #noteRestart(at: number, offset: number): void {
    if (this.#packing === "none") return; // any byte will do
    this.#restarts.push({ at, offset, packing: this.#packing });
    const { offset: done } = this.#lines.place;
    while ((this.#restarts[1]?.offset ?? Number.POSITIVE_INFINITY) <= done) this.#restarts.shift();
  }

  /** All lines that were taken are before it. */
  #place(): ObjectProgress {
    const { offset, parts } = this.#lines.place;
    const restart =
      this.#packing === "none"
        ? { at: offset, offset, packing: this.#packing }
        : this.#restarts.findLast(each => each.offset <= offset);
    return {
      etag: this.#reader.etag ?? "",
      offset,
      lines: this.#count,
      ...(parts && { parts }),
      ...(this.#elements?.isList && { list: true }),
      ...(restart && { restart }),
    };
  }

  /** Sends what was taken when there is room for one more batch. */
  async #send(): Promise<void> {
    if (!this.#taken) return;
    const end = this.#place();
    this.#taken = 0;
    while (this.#sent.length >= this.#options.maxInFlight) await this.#settleFirst();
    await this.#checkpoint();
    const { sink, invocation } = this.#work;
    const sending = sink.send({ ...invocation, deadline: this.#times.giveUpAt });
    const failure = sending.then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    this.#sent.push({ end, failure });
  }

  async #checkpoint(): Promise<void> {
    if (this.#options.clock() < this.#checkpointAt || this.#acknowledged === this.#begin) return;
    await this.#record.save({ progress: this.#acknowledged });
    this.#checkpointAt = this.#options.clock() + this.#options.checkpointMs;
  }

  /** Waits for the oldest batch. */
  async #settleFirst(): Promise<void> {
    const first = this.#sent[0];
    if (!first) return;
    const failed = await first.failure;
    if (failed) throw failed.error;
    this.#sent.shift();
    this.#acknowledged = first.end;
  }

  #isLate(error: unknown): boolean {
    const canRetry = error instanceof DeliveryError && error.retryable && !(error instanceof TakenOver);
    return canRetry && this.#options.clock() >= this.#times.stopAt;
  }

  async #finish(): Promise<undefined> {
    const { object } = this.#work;
    if (this.#record.isKept || object.shared)
      await this.#record.save({ done: true }).catch((error: unknown) => {
        // all is delivered; it only matters to who may come again
        this.#options.log.warn("that an object was read can't be remembered", {
          ...fieldsOf(object, this.#options),
          error: messageOf(error),
        });
      });
    return undefined;
  }

  async #handOn(): Promise<ObjectProgress> {
    const { object } = this.#work;
    if (this.#acknowledged.offset <= this.#begin.offset && this.#acknowledged.lines <= this.#begin.lines)
      throw new DeliveryError(
        `s3://${object.bucket}/${object.key} should come further than byte ${this.#begin.offset} of its content in one invocation: it needs a longer timeout or more memory`,
        { kind: "retry" },
      );
    await this.#record.save({ progress: this.#acknowledged });
    return this.#acknowledged;
  }

  /** A failure: what was acknowledged need not come again. */
  async #remember(error: unknown): Promise<void> {
    if (error instanceof TakenOver || error instanceof ObjectChanged) {
      await Promise.all(this.#sent.map(({ failure }) => failure));
      return;
    }
    for (const { end, failure } of this.#sent) {
      if (await failure) break;
      this.#acknowledged = end;
    }
    await Promise.all(this.#sent.map(({ failure }) => failure));
    if (this.#acknowledged.lines <= this.#begin.lines) return;
    await this.#record.save({ progress: this.#acknowledged }).catch((cause: unknown) => {
      this.#options.log.warn("how far an object was read can't be remembered, some of it will come again", {
        ...fieldsOf(this.#work.object, this.#options),
        error: messageOf(cause),
      });
    });
  }
}

/** What an entry takes besides its text. */
const entryBytes = 64;
