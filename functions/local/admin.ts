/** The process' own HTTP server: health, metrics, reload, and the status page. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { formatDiagnostics } from "../../lib/pipeline/syntax/report.ts";
import { type Page, statusPage } from "../../ui/status.ts";
import { ConfigurationError, type LocalProcess } from "./process.ts";
import { SwitchingServer } from "./switching-server.ts";

const text = (status: number, body: string): Page => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${body}\n`,
});

/** Serves a process on an address; resolves when it listens. */
export async function serveAdmin(
  local: LocalProcess,
  { host, port }: { readonly host: string; readonly port: number },
  log: Logger,
): Promise<SwitchingServer> {
  const page = statusPage(local);
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    void answer(local, page, request, host).then(
      reply => write(request, response, reply),
      error => {
        log.error("status page failed", { error: messageOf(error) });
        write(request, response, text(500, "internal error"));
      },
    );
  };
  const server = new SwitchingServer(onRequest, log);
  const follow = () => server.use(local.server.tls);
  follow();
  local.onServerChange = follow;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host === "" ? undefined : host, resolve);
  });
  return server;
}

async function answer(
  local: LocalProcess,
  page: ReturnType<typeof statusPage>,
  request: IncomingMessage,
  host: string,
): Promise<Page> {
  const { method = "GET", url = "/" } = request;
  const { pathname, searchParams } = new URL(`http://localhost${url.startsWith("/") ? url : "/"}`);
  if (!local.server.admits(pathname, request.headers.authorization))
    return { ...text(401, "unauthorized"), headers: { "www-authenticate": 'Basic realm="Restricted"' } };
  if (pathname !== "/-/reload" && method !== "GET" && method !== "HEAD") return text(405, "method not allowed");
  switch (pathname) {
    case "/metrics":
      return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: local.metrics.expose() };
    case "/-/ready":
      return local.pipeline ? text(200, "Amalgam is ready.") : text(503, "Amalgam is not ready.");
    case "/-/healthy":
      return healthy(local);
  }
  // What monitoring asks for is above; the rest shows arguments and data.
  if (isLoopback(host) && !namesThisMachine(request.headers.host ?? ""))
    return text(421, "this address answers for localhost and IP addresses only");
  if (pathname === "/-/reload") return reload(local, request);
  return page(pathname, searchParams) ?? text(404, "404 page not found");
}

const isLoopback = (host: string): boolean => host === "localhost" || host.startsWith("127.") || host === "::1";

/** A page from elsewhere can have its own name lead to this machine (DNS rebinding), but it can't take these. */
function namesThisMachine(header: string): boolean {
  const name = header.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");
  return name === "" || name === "localhost" || name.endsWith(".localhost") || isIP(name) !== 0;
}

function healthy(local: LocalProcess): Page {
  const ill = local.components.filter(({ health }) => health.state === "unhealthy").map(({ id }) => id);
  if (local.remote?.problem !== undefined) ill.push("remotecfg");
  if (!ill.length) return text(200, "All Amalgam components are healthy.");
  return text(500, `unhealthy components: ${ill.join(", ")}`);
}

/** As in Alloy both methods do it, but from a browser only the page's own button: neither a link nor another page. */
async function reload(local: LocalProcess, { method = "GET", headers, socket }: IncomingMessage): Promise<Page> {
  if (method !== "POST" && method !== "GET") return text(405, "method not allowed");
  const site = headers["sec-fetch-site"];
  const scheme = (socket as Partial<TLSSocket>).encrypted ? "https" : "http"; // sockets of TLS have the field
  const elsewhere = headers.origin !== undefined && headers.origin !== `${scheme}://${headers.host}`;
  if (elsewhere || (site !== undefined && site !== "same-origin" && site !== "none"))
    return text(403, "a page from elsewhere can't reload the configuration");
  if (site !== undefined && method !== "POST") return text(405, "browsers reload with POST; use the page's button");
  try {
    await local.load();
    return text(200, "config reloaded");
  } catch (error) {
    const reason =
      error instanceof ConfigurationError
        ? formatDiagnostics(error.diagnostics)
        : error instanceof Error
          ? error.message
          : String(error);
    return text(400, `error during reload, the old configuration goes on: ${reason}`);
  }
}

function write(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Page): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
