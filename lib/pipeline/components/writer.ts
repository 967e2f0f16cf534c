/**
 * What every component has that writes to a backend over HTTP: parts that are pending at the same time share requests,
 * failed requests are tried again within the deadline, what is refused for good becomes a dead letter, all is counted.
 * A component adds how its parts are encoded.
 *
 *     const writer = createWriter(host, { destination, backend: "loki", policy, client, maxBytes, concurrency: 1, encode, split });
 *     await writer.add(tenant, batch, size, invocation); // the backend has it, or the dead letters have
 */

import { type Backend, refusal } from "../delivery/classify.ts";
import { Coalescer } from "../delivery/coalesce.ts";
import type { LetterFormat } from "../delivery/dead-letters.ts";
import { DeliveryError, messageOf } from "../delivery/errors.ts";
import type { HttpClient, OutgoingRequest } from "../delivery/http.ts";
import { deliver, type RetryPolicy } from "../delivery/retry.ts";
import { senderHeader, senderName } from "../delivery/user-agent.ts";
import type { Host } from "../graph/component.ts";
import type { Invocation } from "../graph/invocation.ts";
import { countersOf } from "./writer-counters.ts";

/** A request's body as it goes over the wire. */
export interface Encoded {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Items in it: entries, samples, spans. */
  readonly items: number;
}

export interface WriterOptions<Part> {
  /** Names the backend in logs, counters and dead letters; no credentials. */
  readonly destination: string;
  readonly backend: Backend;
  /** What bodies are, for who reads dead letters. */
  readonly format: LetterFormat;
  readonly policy: RetryPolicy;
  readonly client: HttpClient;
  readonly timeoutMs: number;
  /** Sizes of the parts of one request. */
  readonly maxBytes: number;
  readonly maxItems?: number;
  /** Requests of one key at the same time; above 1 their order is not kept. */
  readonly concurrency?: number;
  readonly retryOn429?: boolean;
  /** Adds credentials that depend on whose data a request carries. */
  readonly authorize?: (request: OutgoingRequest, invocation: Invocation) => void | Promise<void>;
  /** Puts parts of one key into one request; `undefined`: there is nothing to send. Throws a `DeliveryError` for what can't be sent. */
  readonly encode: (key: string, parts: readonly Part[], invocation: Invocation) => Encoded | undefined;
  /** Cuts a part that the backend finds too large. */
  readonly split?: (part: Part) => readonly Part[] | undefined;
  /** Reads a good answer, as for partial success. */
  readonly onAnswer?: (body: Uint8Array, headers: Readonly<Record<string, string | undefined>>) => void;
}

export interface Writer<Part> {
  /** Settles when the part is with the backend or the dead letters; rejects where it must go back to the trigger. */
  add(key: string, part: Part, size: number, invocation: Invocation): Promise<void>;
  close(): void;
}

export function createWriter<Part>(host: Host, options: WriterOptions<Part>): Writer<Part> {
  const counters = countersOf(host, options.destination);
  const { deadLetters } = host;
  /** Requests that ended in an error. */
  const attempts = new WeakMap<object, number>();
  const coalescer = new Coalescer<Part, Invocation>({
    flush: host.mode === "local" ? "idle" : "drain",
    maxBytes: options.maxBytes,
    ...(options.maxItems !== undefined && { maxItems: options.maxItems }),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(options.split && { splitPart: options.split }),
    // the earliest deadline holds, since its trigger waits for an honest answer
    mergeContext: (a, b) => (b.deadline < a.deadline ? b : a),
    send: (key, parts, invocation) => send(key, parts, invocation),
    ...(deadLetters && { onReject: bury }),
  });
  const stop = host.flow.onOpen(() => void coalescer.drain());

  async function send(key: string, parts: readonly Part[], invocation: Invocation): Promise<void> {
    const encoded = options.encode(key, parts, invocation);
    if (!encoded) return;
    const { url, headers, body, items } = encoded;
    const { authorize } = options;
    let made = 0;
    const sender = senderName();
    await deliver(
      async ({ remainingMs }) => {
        made++;
        const request = options.client.request({
          method: "POST",
          url,
          headers: { ...headers, ...(sender !== undefined && { [senderHeader]: sender }) },
          body,
          timeoutMs: Math.min(options.timeoutMs, Math.max(1, remainingMs)),
          ...(authorize && { authorize: (request: OutgoingRequest) => authorize(request, invocation) }),
        });
        const answer = await counters.timed(request);
        if (answer.status < 200 || answer.status > 299)
          throw refusal(options.backend, answer, { retryOn429: options.retryOn429 ?? true, now: host.clock });
        options.onAnswer?.(answer.body, answer.headers);
      },
      {
        policy: options.policy,
        deadline: invocation.deadline,
        now: host.clock,
        random: invocation.random,
        onRetry: (error, waitMs) => {
          counters.retried.add(items);
          host.log.warn("delivery failed, trying again", {
            component: host.id,
            destination: options.destination,
            error: error.message,
            waitMs: Math.round(waitMs),
          });
        },
      },
    ).catch(error => {
      if (error instanceof DeliveryError) attempts.set(error, made);
      throw error;
    });
    counters.sent.add(items);
    counters.bytes.add(body.length);
  }

  async function bury(
    key: string,
    parts: readonly Part[],
    error: DeliveryError,
    invocation: Invocation,
  ): Promise<void> {
    const encoded = options.encode(key, parts, invocation);
    if (!encoded || !deadLetters) return;
    const { headers, body, items } = encoded;
    await deadLetters.put({
      component: host.id,
      destination: options.destination,
      reason: error.message,
      status: error.status,
      time: host.clock(),
      attempts: attempts.get(error) ?? attempts.get(Object(error.cause)),
      format: options.format,
      contentType: headers["content-type"] ?? "application/octet-stream",
      body,
      metadata: {
        ...(headers["content-encoding"] !== undefined && { contentEncoding: headers["content-encoding"] }),
        ...(key !== "" && { key }),
      },
    });
    counters.dead.add(items);
    host.log.error("backend refused data for good, it is in the dead letters", {
      component: host.id,
      destination: options.destination,
      error: error.message,
      items,
    });
  }

  return {
    add(key, part, size, invocation) {
      const done = coalescer.add(key, part, size, invocation);
      if (host.mode === "function" && host.flow.open) void coalescer.drain();
      return done;
    },
    close() {
      stop();
      options.client.close();
    },
  };
}

/** A URL without its credentials, for logs and counters. */
export function withoutCredentials(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`;
  } catch (error) {
    return messageOf(error);
  }
}
