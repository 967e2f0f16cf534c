/**
 * What every component has that writes to a backend over HTTP: parts that are pending at the same time share requests,
 * failed requests are tried again within the deadline, what is refused for good becomes a dead letter, what is not taken in time
 * is handed over, all is counted.
 * A component adds how its parts are encoded.
 *
 *     const writer = createWriter(host, { destination, backend: "loki", policy, client, maxBytes, concurrency: 1, encode, split });
 *     await writer.add(tenant, batch, size, invocation); // the backend has it, or the dead letters have
 */

import { type Backend, refusal } from "../delivery/classify.ts";
import { Coalescer, type CoalescerOptions } from "../delivery/coalesce.ts";
import type { LetterFormat } from "../delivery/dead-letters.ts";
import { DeliveryError, messageOf } from "../delivery/errors.ts";
import { handOverTime, laneOf } from "../delivery/hand-over.ts";
import type { HttpClient, OutgoingRequest } from "../delivery/http.ts";
import { Outage } from "../delivery/outage.ts";
import { deliver, type RetryPolicy } from "../delivery/retry.ts";
import { senderHeader, senderName } from "../delivery/user-agent.ts";
import type { Host } from "../graph/component.ts";
import type { Invocation } from "../graph/invocation.ts";
import { countersOf } from "./writer-counters.ts";
import { bury, leave, type Undelivered } from "./writer-letters.ts";

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
  /** The backend takes data of one key only in its order, also what was handed over. */
  readonly ordered?: boolean;
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
  const { deadLetters, handOver } = host;
  const outage = new Outage();
  /** What requests had that ended in an error, which need not be encoded again to be stored, and how often they were sent. */
  const ended = new WeakMap<object, Pick<Undelivered, "encoded" | "attempts">>();
  const coalescer = new Coalescer<Part, Invocation>({
    flush: host.mode === "local" ? "idle" : "drain",
    maxBytes: options.maxBytes,
    ...(options.maxItems !== undefined && { maxItems: options.maxItems }),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(options.split && { splitPart: options.split }),
    mergeContext: earlier,
    send: (key, parts, invocation) => send(key, parts, invocation),
    ...(deadLetters && { onReject: async (...given) => bury(host, options, undelivered(...given), counters.dead) }),
    ...(handOver && { onGiveUp: (...given) => (mayHandOver(given[3]) ? handOverParts(...given) : undefined) }),
  });
  const stop = host.flow.onOpen(() => void coalescer.drain());

  async function send(key: string, parts: readonly Part[], invocation: Invocation): Promise<void> {
    const encoded = options.encode(key, parts, invocation);
    if (!encoded) return;
    const { url, headers, body, items } = encoded;
    const { authorize } = options;
    const blocked = await blockedBy(key, invocation);
    if (blocked) {
      ended.set(blocked, { encoded, attempts: undefined });
      throw blocked;
    }
    const start = host.clock();
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
        // what waits, or is to wait, is not tried again and again while somebody waits for an answer
        policy: invocation.handedOver || outage.lasts ? { ...options.policy, maxRetries: 0 } : options.policy,
        deadline: mayHandOver(invocation)
          ? handOverTime(start, invocation.deadline, handOver?.afterMs ?? 0)
          : invocation.deadline,
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
      if (error instanceof DeliveryError) {
        ended.set(error, { encoded, attempts: made });
        if (handOver && error.kind === "retry") outage.failed(error, host.clock(), invocation.id);
      }
      throw error;
    });
    outage.ended();
    counters.sent.add(items);
    counters.bytes.add(body.length);
  }

  /** What waits already stays where it is, and a sender that is gone will send again. */
  const mayHandOver = ({ handedOver, signal }: Invocation): boolean =>
    handOver !== undefined && !handedOver && !signal?.aborted;

  /** Why a request should not be sent now. */
  async function blockedBy(key: string, { handedOver, id }: Invocation): Promise<DeliveryError | undefined> {
    if (!handOver) return undefined;
    if (handedOver) return outage.blocksRestOf(id);
    const down = outage.blocks(host.clock());
    if (down || !options.ordered || !(await waits(laneOf(host.id, options.destination, key)))) return down;
    return new DeliveryError("data that came before waits to be delivered", { kind: "retry" });
  }

  /** Where nobody knows, data is better sent than kept. */
  const waits = async (lane: string): Promise<boolean> => {
    try {
      return (await handOver?.waits(lane)) ?? false;
    } catch (error) {
      host.log.warn("whether older data waits is not known, so it may be overtaken", {
        component: host.id,
        error: messageOf(error),
      });
      return false;
    }
  };

  type Given = Parameters<NonNullable<CoalescerOptions<Part, Invocation>["onReject"]>>;

  const undelivered = (...[key, parts, error, invocation]: Given): Undelivered => {
    const known = ended.get(error) ?? ended.get(Object(error.cause)); // what could not be cut failed as it is
    return { key, error, ...(known ?? { encoded: options.encode(key, parts, invocation), attempts: undefined }) };
  };

  const handOverParts = async (...given: Given): Promise<void> =>
    leave(host, options, undelivered(...given), counters.handedOver);

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

/** The earliest deadline holds, since its trigger waits for an honest answer; what never waited before may be handed over. */
function earlier(a: Invocation, b: Invocation): Invocation {
  const first = b.deadline < a.deadline ? b : a;
  return first.handedOver && !(a.handedOver && b.handedOver) ? { ...first, handedOver: false } : first;
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
