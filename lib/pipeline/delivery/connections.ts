/** The kept connections of one HTTP client: by protocol and proxy, remade when the TLS settings change. */
import type { Agent, ClientRequest, OutgoingHttpHeaders, RequestOptions } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import type { HttpClientOptions, OutgoingRequest, TlsSettings } from "./http.ts";
import { connectThroughProxy, proxyAuthorization, proxySelector } from "./proxy.ts";

/** Load balancers and gateways forget idle connections, some without a word; a function that was frozen finds them dead. */
const maxIdleMs = 50_000;

/** Opens requests on agents. */
export class Connections {
  readonly #options: HttpClientOptions;
  readonly #selectProxy: ((url: URL) => URL | undefined) | undefined;
  readonly #agents = new Map<string, Agent | HttpsAgent>();
  readonly #idleSince = new WeakMap<object, number>();
  readonly #now: () => number;
  #tls: TlsSettings | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#selectProxy = options.proxy && proxySelector(options.proxy);
  }

  open({ method, url, headers, body }: OutgoingRequest): ClientRequest {
    this.#refreshTls();
    this.#dropForgotten();
    const proxy = this.#selectProxy?.(url);
    const secure = url.protocol === "https:";
    const all = { ...headers } as OutgoingHttpHeaders; // its arrays are not readonly, though Node only reads them
    if (body) all["content-length"] = String(body.length);
    else if (method !== "GET" && method !== "HEAD") all["content-length"] = "0";
    const options: RequestOptions = {
      method,
      headers: all,
      host: bareHost(url.hostname),
      port: url.port || (secure ? 443 : 80),
      path: `${url.pathname}${url.search}`,
    };
    if (!secure && proxy) {
      all["host"] ??= url.host;
      const authorization = proxyAuthorization(proxy);
      if (authorization) all["proxy-authorization"] ??= authorization;
      options.host = bareHost(proxy.hostname);
      options.port = proxy.port || (proxy.protocol === "https:" ? 443 : 80);
      options.path = `http://${url.host}${url.pathname}${url.search}`;
      options.agent = this.#agent(proxy.protocol === "https:" ? "https" : "http", undefined);
      return this.#request(proxy.protocol === "https:", options);
    }
    options.agent = this.#agent(secure ? "https" : "http", proxy);
    return this.#request(secure, options);
  }

  #request(secure: boolean, options: RequestOptions): ClientRequest {
    return secure
      ? process.getBuiltinModule("node:https").request(options)
      : process.getBuiltinModule("node:http").request(options);
  }

  #agent(protocol: "http" | "https", tunnel: URL | undefined): Agent | HttpsAgent {
    const key = tunnel ? `${protocol} ${tunnel.href}` : protocol;
    const known = this.#agents.get(key);
    if (known) return known;
    const { keepAlive = true, maxSockets = Number.POSITIVE_INFINITY, proxy } = this.#options;
    const options = { keepAlive, maxSockets, scheduling: "lifo" as const };
    let agent: Agent | HttpsAgent;
    if (protocol === "http") agent = new (process.getBuiltinModule("node:http").Agent)(options);
    else {
      agent = new (process.getBuiltinModule("node:https").Agent)({ ...options, ...tlsOptions(this.#tls) });
      if (tunnel) agent.createConnection = connectThroughProxy(tunnel, proxy?.connectHeaders);
    }
    agent.on("free", (socket: object) => this.#idleSince.set(socket, this.#now()));
    this.#agents.set(key, agent);
    return agent;
  }

  /** By the clock, not by a timer, which stands still while a function is frozen. */
  #dropForgotten(): void {
    const before = this.#now() - maxIdleMs;
    for (const agent of this.#agents.values()) {
      dropIdle(agent, socket => (this.#idleSince.get(socket) ?? before) <= before);
    }
  }

  #refreshTls(): void {
    const { tls } = this.#options;
    const current = typeof tls === "function" ? tls() : tls;
    if (current === this.#tls) return;
    this.#tls = current;
    // Requests under way keep their agent until they end.
    for (const agent of this.#agents.values()) dropIdle(agent);
    this.#agents.clear();
  }

  dropIdle(): void {
    for (const agent of this.#agents.values()) dropIdle(agent);
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}

function dropIdle(agent: Agent | HttpsAgent, when: (socket: object) => boolean = () => true): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) if (when(socket)) socket.destroy();
  }
}

function tlsOptions(tls: TlsSettings | undefined) {
  if (!tls) return {};
  return {
    ...(tls.ca && { ca: tls.ca }),
    ...(tls.cert && { cert: tls.cert }),
    ...(tls.key && { key: tls.key }),
    ...(tls.serverName && { servername: tls.serverName }),
    ...(tls.insecureSkipVerify && { rejectUnauthorized: false }),
    ...(tls.minVersion && { minVersion: tls.minVersion }),
    ...(tls.maxVersion && { maxVersion: tls.maxVersion }),
  };
}

function bareHost(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}
