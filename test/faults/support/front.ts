/**
 * Stands between one worker and all that it calls: the backend, the state store, buckets, queues. It knows each call of the worker, so that
 * the worker can be killed at any of them: before the call does anything, or when it is done and the answer is not there yet.
 */
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request as send } from "node:http";
import type { AddressInfo } from "node:net";

export interface FrontCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FrontAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
}

/** Where a call goes: to another server, or it is answered here. */
export type Route = (call: FrontCall) => string | FrontAnswer | Promise<FrontAnswer>;

export interface Front {
  readonly url: string;
  /** Calls since the last `watch`, by what they do. */
  readonly calls: readonly string[];
  /** From now on this is asked around each call; the call stands still where it gives true. */
  watch(stops?: (call: number, side: "before" | "behind") => boolean): void;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback address. */
export async function startFront(route: Route): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  let calls: string[] = [];
  let stops: (call: number, side: "before" | "behind") => boolean = () => false;
  const server = createServer(async (request, response) => {
    const [asked, list] = [stops, calls];
    const call = await callOf(request).catch(() => undefined);
    if (!call) return; // who was calling is dead
    const number = list.push(nameOf(call)) - 1;
    if (asked(number, "before")) return;
    const to = route(call);
    const answer = typeof to === "string" ? await forward(to, call, agent) : await to;
    if (asked(number, "behind")) return;
    response.writeHead(answer.status, answer.headers as Record<string, string | string[]>).end(answer.body); // not written to
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    get calls() {
      return calls;
    },
    watch(next = () => false) {
      stops = next;
      calls = [];
    },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

async function callOf(request: IncomingMessage): Promise<FrontCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const { method = "GET", url = "/", headers } = request;
  return { method, url, headers, body: Buffer.concat(chunks) };
}

const nameOf = ({ method, url, headers }: FrontCall): string =>
  String(headers["x-amz-target"] ?? `${method} ${url.split(/[?]|\/logs\//, 1)[0]}`);

function forward(to: string, { method, url, headers, body }: FrontCall, agent: Agent): Promise<FrontAnswer> {
  return new Promise((resolve, reject) => {
    const { connection: _, ...kept } = headers;
    const outgoing = send(`${to}${url}`, { method, headers: kept, agent }, async incoming => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
      const { "transfer-encoding": __, connection: ___, "keep-alive": ____, ...answered } = incoming.headers;
      resolve({ status: incoming.statusCode ?? 0, headers: answered as Record<string, string>, body: Buffer.concat(chunks) }); // biome-ignore format: none is undefined
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
