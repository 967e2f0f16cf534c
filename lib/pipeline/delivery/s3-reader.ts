/**
 * The bytes of an object of S3 in requests of 1 MiB, some ahead of who reads: the object may have any size, and a reader that is
 * slow holds no connection.
 *
 *     const reader = new S3Reader({ client, url, name: "s3://logs/a.gz", etag, deadline });
 *     for await (const chunk of reader.bytes(0)) …
 */
import { DeliveryError } from "./errors.ts";
import type { HttpClient, HttpResponse } from "./http.ts";
import { deliver, type RetryPolicy } from "./retry.ts";
import { s3Reason } from "./s3.ts";

export interface S3ReaderOptions {
  /** Signs as S3 wants it. */
  readonly client: HttpClient;
  readonly url: URL;
  /** The object, for messages. */
  readonly name: string;
  /** Only the object that has it is read; that of the first answer where unset. */
  readonly etag?: string | undefined;
  /** Milliseconds since the epoch, for retries. */
  readonly deadline?: number;
  readonly signal?: AbortSignal | undefined;
  /** @default Date.now */
  readonly now?: () => number;
  /** Of one request. @default 1 MiB */
  readonly chunkBytes?: number;
}

/** There is no such object, or no such version of it. */
export class ObjectMissing extends Error {
  override readonly name = "ObjectMissing";
}

/** There is an object, but another one than that which was asked for. */
export class ObjectChanged extends Error {
  override readonly name = "ObjectChanged";
}

const policy: RetryPolicy = { minMs: 100, maxMs: 5000, spread: [1, 2], maxRetries: 6 };
const timeoutMs = 60_000;
const defaultChunkBytes = 1 << 20;
/** Requests under way while a chunk is worked on: S3 takes tens of milliseconds to begin with an answer. */
const ahead = 2;

export class S3Reader {
  readonly #options: S3ReaderOptions;
  readonly #stop = new AbortController();
  #etag: string | undefined;
  #size: number | undefined;

  constructor(options: S3ReaderOptions) {
    this.#options = options;
    this.#etag = options.etag;
  }

  /** Without quotes; known after the first bytes. */
  get etag(): string | undefined {
    return this.#etag;
  }

  /** Bytes of the whole object; known after the first ones. */
  get size(): number | undefined {
    return this.#size;
  }

  /** From a byte to the end. Throws `ObjectMissing`, `ObjectChanged`, or a `DeliveryError`. */
  async *bytes(from: number): AsyncGenerator<Buffer, void, undefined> {
    const { chunkBytes = defaultChunkBytes } = this.#options;
    const waiting = [this.#get(from)];
    for (let at = from + chunkBytes; ; ) {
      const chunk = await waiting.shift();
      if (!chunk?.length) return;
      for (; waiting.length < ahead && at < (this.#size ?? 0); at += chunkBytes) {
        const next = this.#get(at);
        next.catch(() => {}); // it is awaited when its turn comes, or not at all
        waiting.push(next);
      }
      yield chunk;
    }
  }

  /** Cancels what is under way. */
  close(): void {
    this.#stop.abort();
  }

  #get(from: number): Promise<Buffer> {
    const { deadline, signal, now } = this.#options;
    const all = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    return deliver(({ remainingMs }) => this.#request(from, all, remainingMs), {
      policy,
      ...(now && { now }),
      signal: all,
      ...(deadline !== undefined && { deadline }),
    });
  }

  async #request(from: number, signal: AbortSignal, remainingMs: number): Promise<Buffer> {
    const { client, url, name, chunkBytes = defaultChunkBytes } = this.#options;
    const headers = {
      range: `bytes=${from}-${from + chunkBytes - 1}`,
      ...(this.#etag !== undefined && { "if-match": `"${this.#etag}"` }),
    };
    const answer = await client.request({
      url,
      headers,
      signal,
      timeoutMs: Math.min(timeoutMs, remainingMs),
      maxBytes: chunkBytes,
      overflow: "fail",
    });
    const isRange = answer.status === 206;
    if (isRange || (answer.status === 200 && from === 0)) {
      this.#note(answer, isRange ? sizeOf(answer) : answer.body.length, from);
      const expected = Math.min(chunkBytes, (this.#size ?? 0) - from);
      if (answer.body.length !== expected)
        throw new DeliveryError(`${name} should give ${expected} bytes from ${from}, got ${answer.body.length}`, {
          kind: "retry",
        });
      const { buffer, byteOffset, byteLength } = answer.body;
      return Buffer.from(buffer, byteOffset, byteLength);
    }
    if (answer.status === 416 && from >= (sizeOf(answer) ?? 0)) {
      this.#size = sizeOf(answer) ?? 0;
      return Buffer.alloc(0);
    }
    throw this.#refusal(answer);
  }

  /** What is read in several requests must be one object. */
  #note({ headers }: HttpResponse, size: number | undefined, from: number): void {
    const etag = headers["etag"]?.replace(/^(W\/)?"|"$/g, "");
    if (this.#etag !== undefined && etag !== undefined && etag !== this.#etag) throw this.#changed();
    this.#etag ??= etag;
    if (size === undefined)
      throw new DeliveryError(`${this.#options.name} should come with its size, got none at byte ${from}`, {
        kind: "retry",
      });
    this.#size = size;
  }

  #changed(): ObjectChanged {
    return new ObjectChanged(`${this.#options.name} should have the etag ${this.#etag}, got another one`);
  }

  #refusal(answer: HttpResponse): Error {
    const { status } = answer;
    const reason = s3Reason(answer);
    const { name } = this.#options;
    if (status === 404 && !reason.startsWith("NoSuchBucket")) return new ObjectMissing(`${name} does not exist`);
    if (status === 405) return new ObjectMissing(`${name} is deleted`); // a version that is a delete marker
    if (status === 412) return this.#changed();
    const kind = status >= 500 || status === 429 ? "retry" : "reject";
    const text = `GetObject of ${name} was refused, got status ${status}${reason && `: ${reason}`}`;
    return new DeliveryError(text, { kind, status });
  }
}

/** `1234` of `bytes 0-99/1234` and of `bytes *\/1234`. */
function sizeOf({ headers }: HttpResponse): number | undefined {
  const text = /\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1];
  return text === undefined ? undefined : Number(text);
}
