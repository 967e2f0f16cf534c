/** The process' own HTTP server: health, metrics, reload, and the status page. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { formatDiagnostics } from "../../lib/pipeline/syntax/report.ts";
import { statusPage } from "../../ui/status.ts";
import { ConfigurationError, type LocalProcess } from "./process.ts";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const text = (status: number, body: string): Answer => ({
  status,
  type: "text/plain; charset=utf-8",
  body: `${body}\n`,
});

/** Serves a process on an address; resolves when it listens. */
export async function serveAdmin(
  local: LocalProcess,
  { host, port }: { readonly host: string; readonly port: number },
  log: Logger,
): Promise<Server> {
  const page = statusPage(local);
  const server = createServer((request, response) => {
    void answer(local, page, request).then(
      reply => write(response, reply),
      error => {
        log.error("status page failed", { error: error instanceof Error ? error.message : String(error) });
        write(response, text(500, "internal error"));
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

async function answer(
  local: LocalProcess,
  page: ReturnType<typeof statusPage>,
  { method = "GET", url = "/" }: IncomingMessage,
): Promise<Answer> {
  const { pathname } = new URL(url, "http://localhost");
  switch (pathname) {
    case "/metrics":
      return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: local.metrics.expose() };
    case "/-/ready":
      return local.pipeline ? text(200, "Amalgam is ready.") : text(503, "Amalgam is not ready.");
    case "/-/healthy":
      return healthy(local);
    case "/-/reload":
      return method === "POST" || method === "GET" ? reload(local) : text(405, "method not allowed");
    default:
      return page(pathname) ?? text(404, "404 page not found");
  }
}

function healthy(local: LocalProcess): Answer {
  const ill = local.pipeline?.components.filter(({ health }) => health.state === "unhealthy") ?? [];
  if (!ill.length) return text(200, "All Amalgam components are healthy.");
  return text(500, `unhealthy components: ${ill.map(({ node }) => node.id).join(", ")}`);
}

async function reload(local: LocalProcess): Promise<Answer> {
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

function write(response: ServerResponse, { status, type, body }: Answer): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}
