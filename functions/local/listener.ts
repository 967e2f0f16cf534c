/** HTTP on the addresses that components name: reads a body within its limit, finds the route, writes the answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Invocation, Logger } from "../../lib/pipeline/graph/invocation.ts";
import type {
  ClientCertificates,
  HttpReply,
  HttpRequest,
  HttpTrigger,
  Route,
  TlsListener,
} from "../../lib/pipeline/graph/trigger.ts";

/** Routes of an address, and how to make an invocation for the pipeline that they belong to. */
export interface Service {
  readonly triggers: readonly HttpTrigger[];
  readonly invocation: (options: { deadlineMs: number; signal: AbortSignal }, route: Route) => Invocation;
}

/** Surrounds the work for a request. */
export type TraceRequest = (request: HttpRequest, work: () => Promise<HttpReply>) => Promise<HttpReply>;

const defaultAnswerMs = 30_000;
/** Time kept back to write the answer. */
const reserveMs = 500;
/** Time for requests that are under way when the listener closes. */
const gracefulMs = 30_000;
/** Time in which a client that sends too much can see that it is refused. */
const lingerMs = 2000;

/** One listening socket, whose routes can be exchanged while it listens. */
export class Listener {
  readonly #server: Server;
  readonly #log: Logger;
  readonly #trace: TraceRequest;
  #service: Service;
  #closing = false;
  /** What it listens on, with the port as it was asked for. */
  address: { readonly host: string; readonly port: number } | undefined;

  constructor(service: Service, log: Logger, trace: TraceRequest = (_, work) => work()) {
    this.#service = service;
    this.#log = log;
    this.#trace = trace;
    const tls = tlsOf(service);
    const onRequest = (request: IncomingMessage, response: ServerResponse) => {
      void this.#answer(request, response);
    };
    this.#server = tls ? tlsServer(tls, onRequest) : createServer(onRequest);
    this.#server.keepAliveTimeout = 65_000;
  }

  get service(): Service {
    return this.#service;
  }

  /** Connections that are made from now on see the certificates of the new one. */
  set service(service: Service) {
    const tls = tlsOf(service);
    if (tls && "setSecureContext" in this.#server && JSON.stringify(tls) !== JSON.stringify(tlsOf(this.#service)))
      (this.#server as TlsServer).setSecureContext(secureContext(tls)); // it has the method
    this.#service = service;
  }

  /** Resolves to the port, which the system chooses where it is 0. */
  listen(host: string, port: number): Promise<number> {
    this.address = { host, port };
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host === "" ? undefined : host, () => {
        this.#server.off("error", reject);
        resolve((this.#server.address() as AddressInfo).port); // listening on TCP
      });
    });
  }

  /** Takes no new request; resolves when the last answer is written. */
  close(): Promise<void> {
    this.#closing = true;
    return new Promise(resolve => {
      // a client that never ends its request is not waited for; Node's own time limits end with the listening
      const timer = setTimeout(() => this.#server.closeAllConnections(), gracefulMs);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  /** Clients keep connections and would go on: while it closes each answer is the last of its connection. */
  #send(request: IncomingMessage, response: ServerResponse, reply: HttpReply): void {
    if (this.#closing) response.shouldKeepAlive = false;
    send(request, response, reply);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "/", query = ""] = splitOnce(request.url ?? "/", "?");
    try {
      const { method = "GET" } = request;
      const find = () => findRoute(this.#service.triggers, method, path);
      const { route: first } = find();
      const body = first && (await readBody(request, first.maxBodyBytes));
      if (first && !body) {
        this.#send(request, response, { status: 413, body: `request body exceeds ${first.maxBodyBytes} bytes\n` });
        return dropRest(request);
      }
      const { route, known } = find(); // another pipeline may have come while the body did
      if (!route || !body)
        return this.#send(request, response, {
          status: known ? 405 : 404,
          body: known ? "method not allowed\n" : "404 page not found\n",
        });
      const gone = new AbortController();
      response.on("close", () => gone.abort());
      const deadlineMs = (route.answerWithinMs ?? defaultAnswerMs) - reserveMs;
      const invocation = this.#service.invocation({ deadlineMs, signal: gone.signal }, route);
      const headers = request.headers as Readonly<Record<string, string | undefined>>; // only set-cookie is a list, and that isn't sent by clients
      const asked = { method, path, query, headers, body };
      this.#send(request, response, await this.#trace(asked, () => route.handle(asked, invocation)));
    } catch (error) {
      this.#log.error("request failed", { path, error: messageOf(error) });
      this.#send(request, response, { status: 500, body: "internal error\n" });
    }
  }
}

const tlsOf = ({ triggers }: Service): TlsListener | undefined => triggers.find(({ tls }) => tls)?.tls;

type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;

/** Node's server either takes no connection without a good certificate or any; what is between is judged here. */
function tlsServer(tls: TlsListener, onRequest: OnRequest): Server {
  const { clientCertificates: wanted } = tls;
  const strict = wanted === "require-and-verify";
  const server = createTlsServer(
    { ...secureContext(tls), ...(wanted && { requestCert: true, rejectUnauthorized: strict }) },
    onRequest,
  );
  judgeCertificates(server, wanted);
  return server;
}

/** Ends connections whose certificate is missing or not signed by a CA, where Node's server can't be told to. */
export function judgeCertificates(server: TlsServer, wanted: ClientCertificates | undefined): void {
  if (wanted !== "require-any" && wanted !== "verify-if-given") return;
  server.on("secureConnection", socket => {
    const given = Object.keys(socket.getPeerCertificate()).length > 0;
    if (wanted === "require-any" ? !given : given && !socket.authorized) socket.destroy();
  });
}

const secureContext = ({ cert, key, clientCa }: TlsListener) => ({
  cert,
  key,
  ...(clientCa !== undefined && { ca: clientCa }),
});

const splitOnce = (text: string, separator: string): string[] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
};

/** The route of a method and path; `known` tells whether the path exists for another method. */
export function findRoute(
  triggers: readonly HttpTrigger[],
  method: string,
  path: string,
): { route: Route | undefined; known: boolean } {
  let known = false;
  for (const { routes } of triggers) {
    for (const route of routes) {
      if (route.path !== path) continue;
      if (route.method === undefined || route.method === method) return { route, known: true };
      known = true;
    }
  }
  return { route: undefined, known };
}

/** The whole body, or `undefined` as soon as it is longer than the limit. */
function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > limit) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= limit) return;
      request.off("data", onData);
      resolve(undefined);
    };
    request.on("data", onData);
    request.once("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length))); // the only one
    request.once("error", reject);
  });
}

/**
 * Reads on for a moment after the answer and forgets it, as Go's server does: if the connection ended at once, a client
 * that is still sending would see that instead of the answer.
 */
function dropRest(request: IncomingMessage): void {
  request.on("error", () => {}); // it may end it first
  request.resume();
  const timer = setTimeout(() => request.socket.destroy(), lingerMs);
  request.once("close", () => clearTimeout(timer));
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: HttpReply): void {
  if (response.headersSent || response.destroyed) return;
  const data = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, {
    "content-length": data?.length ?? 0,
    ...(typeof body === "string" && { "content-type": "text/plain; charset=utf-8" }),
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : data);
}
