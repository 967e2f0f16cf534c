import { readFileSync } from "node:fs";
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createSecureServer } from "node:https";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Authorize,
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpResponse,
  type OutgoingRequest,
} from "./http.ts";

const pem = (name: string) => readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8");
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array) => new TextDecoder().decode(body);

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listen(server: Server | TcpServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port; // listens on TCP
}

type Handler = (seen: Seen, response: ServerResponse) => void;
const echo: Handler = (seen, response) => response.end(`${seen.method} ${seen.path} ${seen.body}`);

/** A backend that notes what it gets. */
async function backend(handle: Handler = echo, tls?: { requestCert: boolean }) {
  const seen: Seen[] = [];
  const listener = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url: path = "", headers } = request;
    const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    handle(one, response);
  };
  const server = tls
    ? createSecureServer(
        {
          ...tls,
          rejectUnauthorized: tls.requestCert,
          ...(tls.requestCert && { ca: pem("ca.pem") }),
          cert: pem("server.pem"),
          key: pem("server.key"),
        },
        listener,
      )
    : createServer(listener);
  let connections = 0;
  server.on(tls ? "secureConnection" : "connection", () => connections++);
  const port = await listen(server);
  return { seen, port, url: `${tls ? "https" : "http"}://127.0.0.1:${port}`, connections: () => connections, server };
}

function client(options: HttpClientOptions = {}): HttpClient {
  const made = createHttpClient(options);
  cleanups.push(() => made.close());
  return made;
}

const failureOf = (promise: Promise<unknown>) => promise.then(() => undefined, (error: unknown) => error); // biome-ignore format: a pair

describe("requests", () => {
  test("sends method, path, headers and body, and gives the answer", async () => {
    const { url, seen } = await backend((_, response) =>
      response.writeHead(204, { "X-Answer": ["a", "b"], "set-cookie": ["c", "d"] }).end(),
    );
    const headers = { "content-type": "text/x", "X-Both": "request", "X-Many": ["1", "2"] };
    const answer = await client({ headers: { "x-both": "client", "X-Common": "c" } }).request({
      method: "PUT",
      url: `${url}/a%20b?q=1&q=2`,
      headers,
      body: bytes("body"),
    });
    expect(answer).toMatchObject({
      status: 204,
      truncated: false,
      url: `${url}/a%20b?q=1&q=2`,
      body: Buffer.of(),
    });
    expect(answer.headers).toMatchObject({ "x-answer": "a, b", "set-cookie": "c, d" });
    expect(seen).toMatchObject([
      {
        method: "PUT",
        path: "/a%20b?q=1&q=2",
        body: "body",
        headers: {
          "content-type": "text/x",
          "x-both": "request",
          "x-common": "c",
          "x-many": "1, 2",
          "content-length": "4",
        },
      },
    ]);
  });

  test("is a POST with a body and a GET without", async () => {
    const { url } = await backend();
    expect(text((await client().request({ url, body: bytes("b") })).body)).toBe("POST / b");
    expect(text((await client().request({ url })).body)).toBe("GET / ");
  });

  test("keeps the connection", async () => {
    const { url, connections } = await backend();
    const one = client();
    for (let i = 0; i < 3; i++) await one.request({ url, body: bytes("b") });
    expect(connections()).toBe(1);
  });

  test("does not use a connection that was idle for 50 s", async () => {
    const { url, connections } = await backend();
    let now = 0;
    const one = client({ now: () => now });
    for (now of [0, 49_000, 98_999, 149_000]) await one.request({ url });
    expect(connections()).toBe(2);
  });

  test("an answer that comes before the body is sent counts", async () => {
    const server = createServer((_, response) => response.writeHead(413, { connection: "close" }).end("too large"));
    const url = `http://127.0.0.1:${await listen(server)}/`;
    const answer = await client().request({ url, body: Buffer.alloc(8 << 20) });
    expect([answer.status, text(answer.body)]).toEqual([413, "too large"]);
  });

  test("a request's own credentials are added after the client's", async () => {
    const { url, seen } = await backend();
    const add =
      (value: string): Authorize =>
      ({ headers }) => {
        headers["x-order"] = `${headers["x-order"] ?? ""}${value}`;
      };
    await client({ authorize: add("a") }).request({ url, authorize: add("b") });
    expect(seen[0]?.headers["x-order"]).toBe("ab");
  });

  test.for([
    { it: "others are there", status: 401, others: true, out: ["key 0", "key 1"] },
    { it: "there are none", status: 401, others: false, out: ["key 0"] },
    { it: "the new ones are refused, too", status: 403, others: true, forever: true, out: ["key 0", "key 1"] },
    { it: "it was refused for something else", status: 404, others: true, out: ["key 0"] },
  ])("what is refused for its credentials is sent once more where $it", async ({ status, others, forever, out }) => {
    const { url, seen } = await backend((_, response) =>
      response.writeHead(seen.length === 1 || forever ? status : 200).end(),
    );
    let key = 0;
    const refusals: unknown[] = [];
    const authorize = Object.assign(
      ({ headers }: OutgoingRequest) => {
        headers["x-key"] = `key ${key}`;
      },
      {
        renew: ({ headers }: OutgoingRequest, answer: HttpResponse) => {
          refusals.push([headers["x-key"], answer.status]);
          if (others) key++;
          return others;
        },
      },
    );
    const answer = await client({ authorize }).request({ url });
    expect(seen.map(({ headers }) => headers["x-key"])).toEqual(out);
    expect(answer.status).toBe(out.length > 1 && !forever ? 200 : status);
    expect(refusals).toEqual(status === 404 ? [] : [["key 0", status]]);
  });

  test("takes credentials from the URL", async () => {
    const { port, seen } = await backend();
    await client().request({ url: `http://us%40er:pa%3Ass@127.0.0.1:${port}/` });
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from("us@er:pa:ss").toString("base64")}`);
  });

  test.for([500, 404, 301])("status %i is an answer", async status => {
    const { url } = await backend((_, response) => response.writeHead(status).end("why"));
    const answer = await client().request({ url });
    expect([answer.status, text(answer.body)]).toEqual([status, "why"]);
  });
});

describe("bounds", () => {
  const megabyte: Handler = (_, response) => response.end("x".repeat(1 << 20));

  test("cuts an answer that is too long, by default at 64 KiB", async () => {
    const { url } = await backend(megabyte);
    const answer = await client().request({ url });
    expect([answer.body.length, answer.truncated]).toEqual([65536, true]);
    const small = await client().request({ url, maxBytes: 10 });
    expect([text(small.body), small.truncated]).toEqual(["x".repeat(10), true]);
  });

  test("gives an answer of just the limit whole", async () => {
    const { url } = await backend(megabyte);
    const answer = await client().request({ url, maxBytes: 1 << 20 });
    expect([answer.body.length, answer.truncated]).toEqual([1 << 20, false]);
  });

  test("fails while an answer streams that has no end", async () => {
    const { url } = await backend((_, response) => {
      const timer = setInterval(() => response.write("x".repeat(1000)), 1);
      response.on("close", () => clearInterval(timer));
    });
    expect(
      await failureOf(client().request({ url: `${url}/p?key=secret`, maxBytes: 5000, overflow: "fail" })),
    ).toMatchObject({
      name: "DeliveryError",
      kind: "reject",
      message: `${url}/p: the answer has more than 5000 bytes`,
    });
  });

  test("gives up after its time, also within the body", async () => {
    const { url } = await backend(() => {});
    const expected = { kind: "retry", message: `${url}/: no answer within 20 ms` };
    expect(await failureOf(client({ timeoutMs: 20 }).request({ url }))).toMatchObject(expected);
    expect(await failureOf(client({ timeoutMs: 60_000 }).request({ url, timeoutMs: 20 }))).toMatchObject(expected);
    const half = await backend((_, response) => response.write("half"));
    expect(await failureOf(client({ timeoutMs: 20 }).request({ url: half.url }))).toMatchObject({
      kind: "retry",
      message: `${half.url}/: no answer within 20 ms`,
    });
  });

  test("ends with the caller's signal, before and while it runs", async () => {
    const controller = new AbortController();
    const { url } = await backend(() => controller.abort());
    const expected = { kind: "retry", message: `${url}/: the request was cancelled` };
    expect(await failureOf(client().request({ url, signal: AbortSignal.abort() }))).toMatchObject(expected);
    expect(await failureOf(client().request({ url, signal: controller.signal }))).toMatchObject(expected);
  });
});

describe("network failures", () => {
  test("a refused connection is to be retried and names the address without secrets", async () => {
    const { server, port } = await backend();
    await new Promise(resolve => server.close(resolve));
    const error = await failureOf(client().request({ url: `http://user:password@127.0.0.1:${port}/push?token=t` }));
    expect(error).toMatchObject({
      kind: "retry",
      retryable: true,
      message: `http://127.0.0.1:${port}/push: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test("an answer that breaks off is to be retried", async () => {
    const { url } = await backend((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.socket?.destroy());
    });
    expect(await failureOf(client().request({ url }))).toMatchObject({ kind: "retry", message: `${url}/: aborted` });
  });

  test("a refusal counts although its text breaks off", async () => {
    const { url } = await backend((_, response) => {
      response.writeHead(413, { "content-length": "100" });
      response.write("too", () => response.socket?.destroy());
    });
    const answer = await client().request({ url, body: bytes("b") });
    expect([answer.status, answer.truncated]).toEqual([413, true]);
  });

  test.for(["ftp://host/", "no url", "http://"])("%s is no address", async url => {
    expect(await failureOf(client().request({ url }))).toMatchObject({
      kind: "reject",
      message: "the URL to request should start with http:// or https://",
    });
  });

  test("a header that can't be sent is refused", async () => {
    const { url } = await backend();
    expect(await failureOf(client().request({ url, headers: { x: "a\nb" } }))).toMatchObject({ kind: "reject" });
  });

  test("a kept connection that the server has closed is replaced once", async () => {
    // Answers the first request of a connection and resets it at the second.
    let connections = 0;
    let requests = 0;
    const server = createTcpServer(socket => {
      connections++;
      let mine = 0;
      socket.on("error", () => {});
      socket.on("data", () => {
        requests++;
        if (++mine > 1) return socket.resetAndDestroy();
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    const one = client();
    for (let i = 0; i < 3; i++) expect(text((await one.request({ url, body: bytes("b") })).body)).toBe("ok");
    expect([connections, requests]).toEqual([3, 5]);
  });

  test("a new connection that is reset is not tried again", async () => {
    let connections = 0;
    const server = createTcpServer(socket => {
      connections++;
      socket.on("error", () => {});
      socket.once("data", () => socket.resetAndDestroy());
    });
    const url = `http://127.0.0.1:${await listen(server)}/`;
    expect(await failureOf(client().request({ url }))).toMatchObject({ kind: "retry" });
    expect(connections).toBe(1);
  });
});

describe("redirects", () => {
  const redirect =
    (status: number, location: string): Handler =>
    (seen, response) => {
      if (seen.path === "/end") return echo(seen, response);
      response.writeHead(status, location ? { location } : {}).end();
    };

  test.for([
    { it: "301 turns a POST into a GET", status: 301, method: "POST", out: "GET /end " },
    { it: "302 turns a POST into a GET", status: 302, method: "POST", out: "GET /end " },
    { it: "303 turns a PUT into a GET", status: 303, method: "PUT", out: "GET /end " },
    { it: "307 keeps method and body", status: 307, method: "POST", out: "POST /end body" },
    { it: "308 keeps method and body", status: 308, method: "PUT", out: "PUT /end body" },
  ])("$it", async ({ status, method, out }) => {
    const { url, seen } = await backend(redirect(status, "/end"));
    const answer = await client().request({
      method,
      url: `${url}/start`,
      body: bytes("body"),
      headers: { "content-type": "x", "x-kept": "k" },
    });
    expect([answer.status, text(answer.body), answer.url]).toEqual([200, out, `${url}/end`]);
    expect(seen[1]?.headers).toMatchObject({ "x-kept": "k" });
    expect(seen[1]?.headers["content-type"]).toBe(status >= 307 ? "x" : undefined);
  });

  test.for([
    { it: "gives the redirect where it is not to be followed", status: 302, location: "/end", followRedirects: false },
    { it: "gives a redirect without a location", status: 302, location: "", followRedirects: true },
    { it: "gives other statuses of 3xx", status: 304, location: "/end", followRedirects: true },
  ])("$it", async ({ status, location, followRedirects }) => {
    const { url } = await backend(redirect(status, location));
    expect((await client({ followRedirects }).request({ url })).status).toBe(status);
  });

  test("stops after ten", async () => {
    const { url, seen } = await backend(redirect(302, "/again"));
    expect(await failureOf(client().request({ url }))).toMatchObject({
      kind: "reject",
      message: `${url}/: stopped after 10 redirects`,
    });
    expect(seen.length).toBe(11);
  });

  test("does not leave the web", async () => {
    const { url } = await backend(redirect(302, "file:///etc/passwd"));
    expect(await failureOf(client().request({ url }))).toMatchObject({
      kind: "reject",
      message: `${url}/: redirected to an unsupported protocol, got file:`,
    });
  });

  test("credentials go to the same host only", async () => {
    const other = await backend();
    const { url } = await backend(redirect(307, `http://localhost:${other.port}/end`));
    const same = await backend(redirect(307, `${other.url}/end`));
    const one = client({
      authorize: ({ headers }) => void Object.assign(headers, { authorization: "Bearer t" }),
      headers: { cookie: "c", "x-api": "a" },
    });
    await one.request({ url });
    await one.request({ url: same.url });
    expect(other.seen.map(({ headers }) => [headers.authorization, headers.cookie, headers["x-api"]])).toEqual([
      [undefined, undefined, "a"],
      ["Bearer t", "c", "a"],
    ]);
  });
});

describe("tls", () => {
  const ca = pem("ca.pem");
  const identity = { cert: pem("client.pem"), key: pem("client.key") };

  test.for<{ it: string; tls: HttpClientOptions["tls"]; requestCert?: boolean; out: unknown }>([
    { it: "trusts the given authority", tls: { ca }, out: { status: 200 } },
    {
      it: "does not trust an unknown authority",
      tls: undefined,
      out: { kind: "retry", cause: { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" } },
    },
    { it: "trusts anyone with insecure_skip_verify", tls: { insecureSkipVerify: true }, out: { status: 200 } },
    { it: "checks the server_name", tls: { ca, serverName: "backend.test" }, out: { status: 200 } },
    {
      it: "refuses another server_name",
      tls: { ca, serverName: "other.test" },
      out: { kind: "retry", cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" } },
    },
    { it: "shows its certificate", tls: { ca, ...identity }, requestCert: true, out: { status: 200 } },
    {
      it: "fails without a certificate that is asked for",
      tls: { ca, maxVersion: "TLSv1.2" },
      requestCert: true,
      out: { kind: "retry" },
    },
    { it: "speaks min_version", tls: { ca, minVersion: "TLSv1.3" }, out: { status: 200 } },
  ])("$it", async ({ tls, requestCert = false, out }) => {
    const { url } = await backend(echo, { requestCert });
    const one = client({ tls });
    expect(await one.request({ url, body: bytes("b") }).catch((error: unknown) => error)).toMatchObject(out as object);
  });

  test("keeps connections until the settings change", async () => {
    let settings = { ca };
    const { url, connections } = await backend(echo, { requestCert: false });
    const one = client({ tls: () => settings });
    await one.request({ url });
    await one.request({ url });
    expect(connections()).toBe(1);
    settings = { ca: `${ca}\n` };
    await one.request({ url });
    expect(connections()).toBe(2);
  });
});

describe("proxies", () => {
  /** A proxy that notes what it is asked for, and passes on. */
  async function proxy(refuse?: number) {
    const asked: { line: string; headers: IncomingMessage["headers"] }[] = [];
    const server = createServer((request, response) => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers });
      const { "proxy-authorization": _, ...headers } = request.headers;
      request.pipe(
        httpRequest(request.url ?? "", { method: request.method, headers, agent: false }, answer =>
          answer.pipe(response.writeHead(answer.statusCode ?? 0)),
        ),
      );
    });
    server.on("connect", (request, socket: Socket) => {
      asked.push({ line: `CONNECT ${request.url}`, headers: request.headers });
      if (refuse) return socket.end(`HTTP/1.1 ${refuse} No Way\r\n\r\n`);
      const target = connect(Number(request.url?.split(":")[1]), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connected\r\n\r\n");
        socket.pipe(target).pipe(socket);
      });
      for (const end of [socket, target]) end.on("error", () => {});
      cleanups.push(() => target.destroy());
    });
    const port = await listen(server);
    return { asked, url: `http://us:pw@127.0.0.1:${port}`, port };
  }

  test("plain requests go through it by their full address", async () => {
    const { url, seen, port } = await backend();
    const through = await proxy();
    const one = client({ proxy: { url: through.url } });
    const answer = await one.request({ url: `${url}/p?q=1`, body: bytes("b") });
    expect(text(answer.body)).toBe("POST /p?q=1 b");
    expect(through.asked).toMatchObject([
      { line: `POST ${url}/p?q=1`, headers: { host: `127.0.0.1:${port}`, "proxy-authorization": "Basic dXM6cHc=" } },
    ]);
    expect(seen[0]?.headers["proxy-authorization"]).toBeUndefined();
  });

  test("secure requests go through a tunnel, which is kept", async () => {
    const { url, port, seen } = await backend(echo, { requestCert: false });
    const through = await proxy();
    const one = client({
      tls: { ca: pem("ca.pem") },
      proxy: { url: through.url, connectHeaders: { "X-Proxy": ["p"] } },
    });
    expect(text((await one.request({ url, body: bytes("b") })).body)).toBe("POST / b");
    expect(text((await one.request({ url })).body)).toBe("GET / ");
    expect(through.asked).toMatchObject([
      { line: `CONNECT 127.0.0.1:${port}`, headers: { "x-proxy": "p", "proxy-authorization": "Basic dXM6cHc=" } },
    ]);
    expect(through.asked.length).toBe(1);
    expect(seen[0]?.headers["x-proxy"]).toBeUndefined();
  });

  test("the tunnel checks the certificate of the target", async () => {
    const { url } = await backend(echo, { requestCert: false });
    const through = await proxy();
    const error = await failureOf(client({ proxy: { url: through.url } }).request({ url }));
    expect(error).toMatchObject({ kind: "retry", cause: { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" } });
  });

  test("a tunnel that is refused names the proxy", async () => {
    const through = await proxy(407);
    const error = await failureOf(client({ proxy: { url: through.url } }).request({ url: "https://backend.test/x" }));
    expect(error).toMatchObject({
      kind: "retry",
      message: `https://backend.test/x: proxy 127.0.0.1:${through.port} refused the connection, got status 407 No Way`,
    });
  });

  test("hosts of no_proxy are reached directly", async () => {
    const { url, seen } = await backend();
    await client({ proxy: { url: "http://127.0.0.1:1", noProxy: "127.0.0.1" } }).request({ url });
    expect(seen.length).toBe(1);
  });
});
