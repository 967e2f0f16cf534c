/**
 * HTTP client of writers and scrapers over `node:http(s)`: keep-alive, TLS, proxies, redirects by Go's rules, bounded answers.
 *
 *     const client = createHttpClient({ timeoutMs: 10_000, headers: { "user-agent": "Amalgam" } });
 *     const { status, body } = await client.request({ method: "POST", url, headers: { "content-type": type }, body: bytes });
 *
 * Any status is an answer. What is no answer (no connection, no time left, too large) is thrown as a `DeliveryError`.
 * It speaks HTTP/1.1; `enable_http2` changes nothing but the speed of backends that are far away.
 * `node:https` and `node:tls` load at the first request that needs them, which keeps cold starts short.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { Connections } from "./connections.ts";
import { hideCredentials } from "./credentials.ts";
import { DeliveryError, messageOf } from "./errors.ts";
import type { ProxySettings } from "./proxy.ts";
import { redirected } from "./redirects.ts";
import { nameOf, sameSite } from "./sites.ts";

export interface TlsSettings {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
  readonly minVersion?: TlsVersion | undefined;
  readonly maxVersion?: TlsVersion | undefined;
}

export type TlsVersion = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** A request as an authorizer sees it; it may add headers. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Record<string, string | readonly string[]>;
  readonly body: Uint8Array | undefined;
}

export interface Authorize {
  (request: OutgoingRequest): Promise<void> | void;
  /** Told of a request that was refused; whether there are other credentials now, with which it is tried once more. */
  readonly renew?: ((refused: OutgoingRequest, answer: HttpResponse) => Promise<boolean> | boolean) | undefined;
}

export interface HttpClientOptions {
  /** A function is asked before each request; connections start anew when its result is another object. */
  readonly tls?: TlsSettings | (() => TlsSettings | undefined) | undefined;
  readonly proxy?: ProxySettings | undefined;
  /** For the whole request, redirects and body included. 0: unlimited. @default 0 */
  readonly timeoutMs?: number;
  /** @default true */
  readonly followRedirects?: boolean;
  /** Sent with each request, under those of the request. Names in any case. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Adds credentials to each request, also after a redirect within the same host. */
  readonly authorize?: Authorize | undefined;
  /** @default true */
  readonly keepAlive?: boolean;
  /** Connections to one host at the same time. @default unlimited */
  readonly maxSockets?: number;
  /** @default Date.now */
  readonly now?: () => number;
}

export interface HttpRequestOptions {
  /** @default GET, with a body POST */
  readonly method?: string;
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Runs after the client's: for credentials that depend on what is sent. */
  readonly authorize?: Authorize | undefined;
  /** Replaces the client's. */
  readonly timeoutMs?: number | undefined;
  /** Bytes of the answer's body. @default 64 KiB */
  readonly maxBytes?: number;
  /** What a larger body does: it is cut, or the request fails while it streams in. @default truncate */
  readonly overflow?: "truncate" | "fail";
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case, repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  readonly truncated: boolean;
  /** After redirects. */
  readonly url: string;
}

export interface HttpClient {
  request(options: HttpRequestOptions): Promise<HttpResponse>;
  /** Ends all connections. */
  close(): void;
}

const defaultMaxBytes = 64 * 1024;
const maxRedirects = 10;

/** Makes a client; nothing is loaded or connected before its first request. */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const connections = new Connections(options);
  const common = lowerCase(options.headers);
  return {
    request: request => follow(connections, options, common, request),
    close: () => connections.close(),
  };
}

/** What is sent in one hop, and what bounds it. */
interface Hop {
  readonly request: OutgoingRequest;
  readonly maxBytes: number;
  readonly overflow: "truncate" | "fail";
  readonly signal: AbortSignal | undefined;
}

/** Sends, and goes where redirects lead. */
async function follow(
  connections: Connections,
  { followRedirects = true, timeoutMs: clientTimeoutMs = 0, authorize }: HttpClientOptions,
  common: Readonly<Record<string, string | readonly string[]>>,
  options: HttpRequestOptions,
): Promise<HttpResponse> {
  const { maxBytes = defaultMaxBytes, overflow = "truncate" } = options;
  const first = parseUrl(options.url);
  let request = firstRequest(first, common, options);
  const limit = startLimit(options.signal, options.timeoutMs ?? clientTimeoutMs, nameOf(first));
  let renewed = false;
  try {
    for (let hops = 0; ; hops++) {
      // Credentials go on a copy: what a redirect leads to gets its own, or none.
      const signed = { ...request, headers: { ...request.headers } };
      if (sameSite(first, request.url)) await limit.race(authorizeAll(signed, authorize, options.authorize));
      const response = await send(connections, { request: signed, maxBytes, overflow, signal: limit.signal });
      if (!renewed && mayBeCredentials(response) && sameSite(first, request.url)) {
        renewed = true;
        if (await limit.race(renewAny(signed, response, authorize, options.authorize))) continue;
      }
      const next = followRedirects && response.status >= 300 ? redirected(request, response, first) : undefined;
      if (!next)
        return response.status < 300 ? response : { ...response, body: hideCredentials(response.body, signed.headers) };
      if (hops >= maxRedirects) {
        throw new DeliveryError(`${nameOf(first)}: stopped after ${maxRedirects} redirects`, { kind: "reject" });
      }
      request = next;
    }
  } catch (error) {
    throw limit.explain(error);
  } finally {
    limit.end();
  }
}

async function authorizeAll(
  request: OutgoingRequest,
  ...authorizers: readonly (Authorize | undefined)[]
): Promise<void> {
  for (const authorize of authorizers) await authorize?.(request);
}

/** Services of AWS refuse what has expired with 400, too. */
const mayBeCredentials = ({ status }: HttpResponse): boolean => status === 401 || status === 403 || status === 400;

/** Whether one of them has other credentials than those of a request that was refused. */
export async function renewAny(
  refused: OutgoingRequest,
  answer: HttpResponse,
  ...authorizers: readonly (Authorize | undefined)[]
): Promise<boolean> {
  let any = false;
  for (const authorize of authorizers) if (await authorize?.renew?.(refused, answer)) any = true;
  return any;
}

function firstRequest(
  url: URL,
  common: Readonly<Record<string, string | readonly string[]>>,
  options: HttpRequestOptions,
): OutgoingRequest {
  const { body, method = body ? "POST" : "GET" } = options;
  const headers: Record<string, string | readonly string[]> = { ...common, ...lowerCase(options.headers) };
  if ((url.username || url.password) && headers["authorization"] === undefined) {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
  }
  return { method, url, headers, body };
}

/** One request; a connection that the server had closed while it was idle is replaced once. */
async function send(connections: Connections, hop: Hop): Promise<HttpResponse> {
  const name = nameOf(hop.request.url);
  try {
    return await exchange(connections, hop, name);
  } catch (error) {
    if (!(error instanceof StaleConnection)) throw error;
    connections.dropIdle();
  }
  try {
    return await exchange(connections, hop, name);
  } catch (error) {
    throw error instanceof StaleConnection ? networkError(name, error.cause) : error;
  }
}

/** A kept connection ended before any byte of the answer: the server closed it while it was idle. */
class StaleConnection extends Error {}

function exchange(
  connections: Connections,
  { request, maxBytes, overflow, signal }: Hop,
  name: string,
): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  let outgoing: ClientRequest;
  let answered = false;
  const onAbort = () => outgoing.destroy(signal?.reason as Error); // startLimit gives an Error as reason
  try {
    if (signal?.aborted) throw signal.reason;
    outgoing = connections.open(request);
  } catch (error) {
    reject(
      error instanceof DeliveryError || signal?.aborted
        ? error
        : new DeliveryError(`${name}: ${messageOf(error)}`, { kind: "reject", cause: error }),
    );
    return promise;
  }
  signal?.addEventListener("abort", onAbort);
  const settle = () => signal?.removeEventListener("abort", onAbort);
  outgoing.on("error", error => {
    if (answered) return; // such as EPIPE after an early 413: the answer counts, `collect` sees whether it is whole
    settle();
    if (signal?.aborted) return reject(signal.reason);
    reject(
      outgoing.reusedSocket && isReset(error) ? new StaleConnection("", { cause: error }) : networkError(name, error),
    );
  });
  outgoing.on("response", incoming => {
    answered = true;
    const status = incoming.statusCode ?? 0;
    collect(incoming, maxBytes, (error, body, excess) => {
      settle();
      if (signal?.aborted) return reject(signal.reason);
      // The status of a refusal says enough, even where its text is cut off.
      if (error && status < 300) return reject(networkError(name, error));
      if (excess) outgoing.destroy();
      if (excess && overflow === "fail") {
        const message = `${name}: the answer has more than ${maxBytes} bytes`;
        return reject(new DeliveryError(message, { kind: "reject", status }));
      }
      resolve({ status, headers: joined(incoming), body, truncated: excess || !!error, url: request.url.href });
    });
  });
  outgoing.end(request.body);
  return promise;
}

/** Reads up to `maxBytes`; calls back once. */
function collect(
  incoming: IncomingMessage,
  maxBytes: number,
  done: (error: Error | undefined, body: Uint8Array, truncated: boolean) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  let finished = false;
  const finish = (error: Error | undefined, truncated: boolean) => {
    if (finished) return;
    finished = true;
    done(error, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks), truncated); // length checked
  };
  incoming.on("data", (chunk: Buffer) => {
    if (finished) return;
    const room = maxBytes - length;
    if (chunk.length > room) {
      if (room > 0) chunks.push(chunk.subarray(0, room));
      return finish(undefined, true);
    }
    chunks.push(chunk);
    length += chunk.length;
  });
  incoming.on("end", () => finish(undefined, false));
  incoming.on("error", error => finish(error, false));
  incoming.on("close", () => finish(new Error("the connection ended within the answer"), false));
}

/** What ends a request before its answer. */
export interface Limit {
  readonly signal: AbortSignal;
  /** Waits for something that doesn't know the signal. */
  readonly race: <T>(work: Promise<T>) => Promise<T>;
  /** Why the request failed, where it failed because of the limit. */
  readonly explain: (error: unknown) => unknown;
  /** Forgets the time and the caller's signal. */
  readonly end: () => void;
}

/** The time and the caller's signal that end a request, as one signal. */
export function startLimit(signal: AbortSignal | undefined, timeoutMs: number, name: string): Limit {
  const controller = new AbortController();
  const cancel = () =>
    controller.abort(new DeliveryError(`${name}: the request was cancelled`, { kind: "retry", cause: signal?.reason }));
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel);
  const expire = () =>
    controller.abort(new DeliveryError(`${name}: no answer within ${timeoutMs} ms`, { kind: "retry" }));
  const timer = timeoutMs > 0 ? setTimeout(expire, timeoutMs) : undefined;
  return {
    signal: controller.signal,
    race: async <T>(work: Promise<T>): Promise<T> => {
      const aborted = Promise.withResolvers<never>();
      const stop = () => aborted.reject(controller.signal.reason);
      if (controller.signal.aborted) stop();
      controller.signal.addEventListener("abort", stop);
      try {
        return await Promise.race([work, aborted.promise]);
      } finally {
        controller.signal.removeEventListener("abort", stop);
      }
    },
    explain: (error: unknown) => (controller.signal.aborted ? controller.signal.reason : error),
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", cancel);
    },
  };
}

function networkError(name: string, cause: unknown): DeliveryError {
  // Node wraps the attempts of several addresses of a host in an error that has no message.
  const first = cause instanceof AggregateError && !cause.message ? cause.errors[0] : cause;
  return new DeliveryError(`${name}: ${messageOf(first)}`, { kind: "retry", cause });
}

function isReset(error: Error & { code?: string }): boolean {
  return error.code === "ECONNRESET" || error.code === "EPIPE";
}

function parseUrl(url: string | URL): URL {
  if (url instanceof URL) return url;
  try {
    const parsed = new URL(url);
    if (parsed.protocol === "http:" || parsed.protocol === "https:") return parsed;
  } catch {
    // told below: the text may hold a password
  }
  throw new DeliveryError("the URL to request should start with http:// or https://", { kind: "reject" });
}

function lowerCase(
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): Record<string, string | readonly string[]> {
  const lower: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(headers)) lower[name.toLowerCase()] = value;
  return lower;
}

function joined({ headers }: IncomingMessage): Record<string, string | undefined> {
  const flat: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  return flat;
}
