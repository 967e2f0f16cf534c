/** What a backend's answer means for the data, and the error that says so. */
import { DeliveryError, type FailureKind } from "./errors.ts";

/** `loki` also stands for its relatives that answer alike, such as Pyroscope. */
export type Backend = "loki" | "remote_write" | "otlp";

export interface ClassifyOptions {
  /** `retry_on_http_429`. @default true */
  readonly retryOn429?: boolean;
}

/** `ok`, or what kind of failure a status is for a backend. Redirects that were not followed are refusals. */
export function classify(
  backend: Backend,
  status: number,
  { retryOn429 = true }: ClassifyOptions = {},
): "ok" | FailureKind {
  if (status >= 200 && status < 300) return "ok";
  if (status === 413) return "split";
  // OTLP names the statuses that a client may retry; all others are final: opentelemetry.io/docs/specs/otlp, "Failures".
  if (backend === "otlp") return status === 429 || (status >= 502 && status <= 504) ? "retry" : "reject";
  if (status === 429) return retryOn429 ? "retry" : "reject";
  return status >= 500 ? "retry" : "reject";
}

/** The parts of an answer that an error is made of. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** The error for an answer that is not `ok`: `push refused, got status 429: too many outstanding requests`. */
export function refusal(
  backend: Backend,
  answer: Answer,
  options: ClassifyOptions & { readonly now?: () => number } = {},
): DeliveryError {
  const { status, headers } = answer;
  const kind = classify(backend, status, options);
  const reason = reasonOf(answer);
  const message = `push refused, got status ${status}${reason && `: ${reason}`}`;
  if (kind === "ok") throw new Error(`status ${status} is no refusal`);
  const retryAfterMs =
    kind === "retry" ? parseRetryAfter(headers["retry-after"], (options.now ?? Date.now)()) : undefined;
  return new DeliveryError(message, { kind, status, retryAfterMs });
}

/** Milliseconds that a `Retry-After` header asks for: seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const time = /^[a-z]{3,9}, /i.test(text) ? Date.parse(text) : Number.NaN; // Date.parse takes "-1" for a year
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}

const maxReasonLength = 256;

/** The first line of the body, bounded and without credentials; of an OTLP error the message. */
export function reasonOf({ headers, body }: Omit<Answer, "status">): string {
  const text = headers["content-type"]?.startsWith("application/x-protobuf") ? statusMessage(body) : firstLine(body);
  return redact(text.length > maxReasonLength ? `${text.slice(0, maxReasonLength)}…` : text);
}

function firstLine(body: Uint8Array): string {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, 4 * maxReasonLength + 64))
    .toString("utf8")
    .trim();
  const end = text.search(/[\r\n]/);
  return end < 0 ? text : text.slice(0, end).trimEnd();
}

/** Field 2 of `google.rpc.Status`, as OTLP servers answer in protobuf. */
function statusMessage(body: Uint8Array): string {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; at < body.length; shift *= 128) {
      const byte = body[at++] as number; // at < length
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < body.length) {
    const tag = varint();
    if ((tag & 7) === 0) varint();
    else if ((tag & 7) === 2) {
      const length = varint();
      if (tag >> 3 === 2) return firstLine(body.subarray(at, at + length));
      at += length;
    } else break;
  }
  return "";
}

/** Takes credentials out of a text that goes into a log: of URLs and of authorization headers. */
export function redact(text: string): string {
  return text
    .replace(/\b(basic|bearer)\s+(?=\S*[\d=+/])[\w+/=.~-]{4,}/gi, "$1 (secret)")
    .replace(/(\w:\/\/)[^\s/@]+@/g, "$1(secret)@");
}
