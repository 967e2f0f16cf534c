import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, type RequestOptions, request as startHttp } from "node:http";
import { request as startHttps } from "node:https";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { testInvocation, testLog } from "../../lib/pipeline/graph/testing.ts";
import type { HttpReply, HttpRequest, HttpTrigger, Route, TlsListener } from "../../lib/pipeline/graph/trigger.ts";
import { findRoute, Listener, type Service } from "./listener.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map(close => close()));
});

const pem = (name: string) =>
  readFileSync(new URL(`../../lib/pipeline/delivery/testdata/${name}`, import.meta.url), "utf8");

const trigger = (routes: readonly Partial<Route>[], tls?: TlsListener): HttpTrigger => ({
  kind: "http",
  host: "127.0.0.1",
  port: 0,
  authenticated: false,
  ...(tls && { tls }),
  routes: routes.map(route => ({ path: "/", maxBodyBytes: 10, handle: async () => ({ status: 204 }), ...route })),
});

const serviceOf = (...triggers: HttpTrigger[]): Service => ({
  triggers,
  invocation: ({ deadlineMs, signal }) => testInvocation({ deadline: deadlineMs, signal }),
});

async function listen(...triggers: HttpTrigger[]) {
  const log = testLog();
  const listener = new Listener(serviceOf(...triggers), log);
  const port = await listener.listen("127.0.0.1", 0);
  closing.push(() => listener.close());
  return { listener, log, port };
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly peer: string | undefined;
}

function send(
  port: number,
  { body, tls, ...options }: RequestOptions & { body?: string; tls?: object } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const start = tls ? startHttps : startHttp;
    const request = start({ host: "127.0.0.1", port, method: "POST", agent: false, ...options, ...tls }, response => {
      const peer = tls ? (response.socket as TLSSocket).getPeerCertificate().subject?.CN : undefined; // it is one
      let text = "";
      response.on("data", chunk => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text, peer: String(peer) }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

describe("a request", () => {
  const echo: Route["handle"] = async ({ method, path, query, headers, body }: HttpRequest, { deadline }) => ({
    status: 200,
    headers: { "content-type": "application/json" },
    body: Buffer.from(
      JSON.stringify({ method, path, query, mine: headers["x-mine"], body: Buffer.from(body).toString(), deadline }),
    ),
  });
  const routes = [
    { method: "POST", path: "/push", handle: echo },
    { method: "GET", path: "/push", handle: async (): Promise<HttpReply> => ({ status: 200, body: "got" }) },
    { method: "PUT", path: "/put" },
    { path: "/any", handle: echo, answerWithinMs: 5000 },
    { path: "/broken", handle: () => Promise.reject(new Error("oh no")) },
  ];

  test.for<{ it: string; request: Parameters<typeof send>[1]; status: number; body: string }>([
    {
      it: "comes as it was sent, with the time to answer",
      request: { path: "/push?a=1&b=?", body: "hello", headers: { "X-Mine": "yes" } },
      status: 200,
      body: '{"method":"POST","path":"/push","query":"a=1&b=?","mine":"yes","body":"hello","deadline":29500}',
    },
    {
      it: "has the route's own time",
      request: { path: "/any", method: "DELETE" },
      status: 200,
      body: '{"method":"DELETE","path":"/any","query":"","body":"","deadline":4500}',
    },
    { it: "goes to the route of its method", request: { path: "/push", method: "GET" }, status: 200, body: "got" },
    { it: "of an unknown path is 404", request: { path: "/nope" }, status: 404, body: "404 page not found\n" },
    {
      it: "of a path with another slash is 404",
      request: { path: "/push/" },
      status: 404,
      body: "404 page not found\n",
    },
    { it: "of another method is 405", request: { path: "/put" }, status: 405, body: "method not allowed\n" },
    {
      it: "as large as allowed passes",
      request: { path: "/any", body: "1234567890" },
      status: 200,
      body: '{"method":"POST","path":"/any","query":"","body":"1234567890","deadline":4500}',
    },
    {
      it: "that says it is too large is 413",
      request: { path: "/any", body: "12345678901" },
      status: 413,
      body: "request body exceeds 10 bytes\n",
    },
    {
      it: "that is too large without saying so is 413",
      request: { path: "/any", body: "12345678901", headers: { "transfer-encoding": "chunked" } },
      status: 413,
      body: "request body exceeds 10 bytes\n",
    },
    { it: "whose handler fails is 500", request: { path: "/broken" }, status: 500, body: "internal error\n" },
  ])("$it", async ({ request, status, body }) => {
    const { port } = await listen(trigger(routes));
    expect(await send(port, request)).toMatchObject({ status, body });
  });

  test("whose handler fails is logged without what it sent", async () => {
    const { port, log } = await listen(trigger(routes));
    await send(port, { path: "/broken", body: "secret" });
    expect(log.lines).toEqual(['error request failed {"path":"/broken","error":"oh no"}']);
  });

  test("of HEAD has the headers of the answer and no body", async () => {
    const { port } = await listen(trigger([{ path: "/", handle: async () => ({ status: 200, body: "text" }) }]));
    const { status, headers, body } = await send(port, { method: "HEAD" });
    expect({ status, length: headers["content-length"], type: headers["content-type"], body }).toEqual({
      status: 200,
      length: "4",
      type: "text/plain; charset=utf-8",
      body: "",
    });
  });

  test("of a client that goes away aborts", async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const handle: Route["handle"] = (_, { signal }) => {
      signal?.addEventListener("abort", () => resolve());
      reach();
      return new Promise(() => {});
    };
    const { port } = await listen(trigger([{ handle }]));
    const request = startHttp({ host: "127.0.0.1", port, method: "POST", agent: false }).on("error", () => {});
    request.end();
    await reached;
    request.destroy();
    await aborted;
  });
});

test("routes are exchanged while it listens, also while a body comes in", async () => {
  const answer = (body: string): Route => ({
    path: "/",
    maxBodyBytes: 10,
    handle: async () => ({ status: 200, body }),
  });
  const { listener, port } = await listen(trigger([answer("old")]));
  const { promise, resolve } = Promise.withResolvers<string>();
  const request = startHttp({ host: "127.0.0.1", port, method: "POST", agent: false }, response => {
    response.on("data", chunk => resolve(String(chunk)));
  });
  request.write("a");
  await new Promise(next => setTimeout(next, 20)); // the first part arrives
  listener.service = serviceOf(trigger([answer("new")]));
  request.end("b");
  expect(await promise).toBe("new");
});

describe("an end", () => {
  test("waits for answers that are under way, and ends the connections of clients that would go on", async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<HttpReply>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    const handle = () => {
      reach();
      return answered;
    };
    const { listener, port } = await listen(trigger([{ handle }]));
    const agent = new Agent({ keepAlive: true });
    const sent = send(port, { agent });
    await reached;
    const closed = listener.close();
    answer({ status: 200, body: "done" });
    expect(await sent).toMatchObject({ status: 200, body: "done", headers: { connection: "close" } });
    await closed;
    agent.destroy();
  });
});

test("an address that is taken is refused", async () => {
  const { port } = await listen(trigger([{}]));
  await expect(new Listener(serviceOf(trigger([{}])), testLog()).listen("127.0.0.1", port)).rejects.toThrow(
    "EADDRINUSE",
  );
});

describe("TLS", () => {
  const ca = pem("ca.pem");
  const server = { cert: pem("server.pem"), key: pem("server.key") };
  const client = { cert: pem("client.pem"), key: pem("client.key") };

  test("is spoken with the given certificate, and with another one as soon as it is there", async () => {
    const { listener, port } = await listen(trigger([{}], server));
    const tls = { rejectUnauthorized: false }; // the other certificate is made for a client
    const first = await send(port, { tls });
    listener.service = serviceOf(trigger([{}], client));
    const second = await send(port, { tls });
    expect([first.status, second.status]).toEqual([204, 204]);
    expect(first.peer).not.toBe(second.peer);
  });

  test.for<{ wanted?: TlsListener["clientCertificates"]; none: string; own: string; strange: string }>([
    { none: "204", own: "204", strange: "204" },
    { wanted: "request", none: "204", own: "204", strange: "204" },
    { wanted: "require-any", none: "refused", own: "204", strange: "204" },
    { wanted: "verify-if-given", none: "204", own: "204", strange: "refused" },
    { wanted: "require-and-verify", none: "refused", own: "204", strange: "refused" },
  ])(
    "with $wanted a client without a certificate is $none, with one of the CA $own, with another $strange",
    async ({ wanted, ...expected }) => {
      const trusted = wanted === undefined ? {} : { clientCa: ca, clientCertificates: wanted };
      const others = { clientCa: client.cert, ...(wanted && { clientCertificates: wanted }) }; // the CA is none of theirs
      const outcome = async (tls: TlsListener, identity: object) => {
        const { port } = await listen(trigger([{}], tls));
        return send(port, { tls: { ca, ...identity } }).then(
          ({ status }) => String(status),
          () => "refused",
        );
      };
      expect({
        none: await outcome({ ...server, ...trusted }, {}),
        own: await outcome({ ...server, ...trusted }, client),
        strange: await outcome({ ...server, ...(wanted && others) }, client),
      }).toEqual(expected);
    },
  );
});

test.for<{ method: string; path: string; known: boolean; index: number | undefined }>([
  { method: "GET", path: "/a", known: true, index: 0 },
  { method: "POST", path: "/a", known: true, index: undefined },
  { method: "POST", path: "/b", known: true, index: 1 },
  { method: "PUT", path: "/c", known: false, index: undefined },
  { method: "PUT", path: "/d", known: true, index: 2 },
])("$method $path", ({ method, path, known, index }) => {
  const triggers = [trigger([{ method: "GET", path: "/a" }, { path: "/b" }]), trigger([{ method: "PUT", path: "/d" }])];
  const routes = triggers.flatMap(each => each.routes);
  expect(findRoute(triggers, method, path)).toEqual({ route: index === undefined ? undefined : routes[index], known });
});
