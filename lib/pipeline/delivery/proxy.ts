/** Which proxy a request goes through, by the rules of Go's `httpproxy`, and the tunnel through it. */
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";

export interface ProxySettings {
  readonly url?: string | undefined;
  /** Hosts that are reached directly, separated by commas. */
  readonly noProxy?: string | undefined;
  /** From `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in capitals or not. */
  readonly fromEnvironment?: boolean | undefined;
  /** Sent to the proxy with `CONNECT`. */
  readonly connectHeaders?: Readonly<Record<string, readonly string[]>> | undefined;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Makes a function from URL to proxy; `undefined` where the host is reached directly. */
export function proxySelector(settings: ProxySettings): ((url: URL) => URL | undefined) | undefined {
  const { url, noProxy = "", fromEnvironment, environment = process.env } = settings;
  if (fromEnvironment) {
    const read = (name: string) => environment[name] || environment[name.toLowerCase()] || "";
    // A CGI program gets the client's `Proxy` header under this name (httpoxy).
    const http = environment["REQUEST_METHOD"] ? undefined : parseProxy(read("HTTP_PROXY"));
    const https = parseProxy(read("HTTPS_PROXY"));
    const direct = directHosts(read("NO_PROXY"));
    return http || https
      ? target => (direct(target) ? undefined : target.protocol === "https:" ? https : http)
      : undefined;
  }
  const proxy = parseProxy(url ?? "");
  if (!proxy) return undefined;
  if (!noProxy) return () => proxy;
  const direct = directHosts(noProxy);
  return target => (direct(target) ? undefined : proxy);
}

function parseProxy(text: string): URL | undefined {
  if (!text) return undefined;
  const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new Error(`proxy_url should start with http:// or https://, got ${url.protocol}//`);
}

/** Hosts without a proxy; the machine itself never has one. */
function directHosts(noProxy: string): (url: URL) => boolean {
  const rules = noProxy
    .split(",")
    .map(rule => rule.trim().toLowerCase())
    .filter(Boolean)
    .map(directRule);
  return url => {
    const host = (url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname)
      .toLowerCase()
      .replace(/\.$/, "");
    if (host === "localhost" || isLoopback(host)) return true;
    const port = url.port || (url.protocol === "https:" ? "443" : "80");
    return rules.some(rule => rule(host, port));
  };
}

function directRule(rule: string): (host: string, port: string) => boolean {
  if (rule === "*") return () => true;
  const { BlockList, isIP } = process.getBuiltinModule("node:net");
  const network = /^([^/]+)\/(\d+)$/.exec(rule);
  if (network?.[1] && isIP(network[1])) {
    const block = new BlockList();
    block.addSubnet(network[1], Number(network[2]), isIP(network[1]) === 6 ? "ipv6" : "ipv4");
    return host => isIP(host) !== 0 && block.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
  }
  const withPort = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(rule);
  const name = (withPort ? (withPort[1] ?? withPort[2] ?? "") : rule.replace(/^\[(.+)\]$/, "$1")).replace(/^\*\./, ".");
  const matchesPort = (port: string) => !withPort || withPort[3] === port;
  if (isIP(name)) return (host, port) => host === name && matchesPort(port);
  const suffix = name.startsWith(".") ? name : `.${name}`;
  return (host, port) => (host.endsWith(suffix) || host === name) && matchesPort(port);
}

function isLoopback(host: string): boolean {
  return host === "::1" || (/^127\.\d+\.\d+\.\d+$/.test(host) && process.getBuiltinModule("node:net").isIPv4(host));
}

/** The header that a proxy URL with a user asks for. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (!proxy.username && !proxy.password) return undefined;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

type Connected = (error: Error | null, socket: Socket) => void;

/** A `createConnection` for an agent: `CONNECT` to the proxy, then TLS with the target. */
export function connectThroughProxy(proxy: URL, connectHeaders: Readonly<Record<string, readonly string[]>> = {}) {
  return (options: ConnectionOptions & { host?: string; port?: number | string }, callback?: Connected): undefined => {
    const fail = (error: Error) => callback?.(error, undefined as unknown as Socket); // Node ignores the socket of an error
    const { request } =
      proxy.protocol === "https:" ? process.getBuiltinModule("node:https") : process.getBuiltinModule("node:http");
    const host = options.host?.includes(":") ? `[${options.host}]` : options.host;
    const authority = `${host}:${options.port}`;
    const authorization = proxyAuthorization(proxy);
    const outgoing = request({
      host: proxy.hostname.replace(/^\[(.+)\]$/, "$1"),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...(authorization && { "proxy-authorization": authorization }), ...connectHeaders },
      agent: false,
    });
    outgoing.on("error", fail);
    outgoing.on("connect", ({ statusCode, statusMessage }, socket: Socket) => {
      outgoing.off("error", fail);
      if (statusCode !== 200) {
        socket.destroy();
        return fail(
          new Error(
            `proxy ${proxy.host} refused the connection, got status ${statusCode}${statusMessage && ` ${statusMessage}`}`,
          ),
        );
      }
      const { servername = options.host ?? "" } = options;
      const { isIP } = process.getBuiltinModule("node:net");
      const secure = process
        .getBuiltinModule("node:tls")
        .connect({ ...options, socket, servername: isIP(servername) ? "" : servername });
      callback?.(null, secure);
    });
    outgoing.end();
    return undefined;
  };
}
