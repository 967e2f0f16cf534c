/** `amalgam run`: the local process with its signals. */
import type { AddressInfo } from "node:net";
import { serveAdmin } from "../functions/local/admin.ts";
import { createLogger } from "../functions/local/log.ts";
import { ConfigurationError, LocalProcess } from "../functions/local/process.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";

export interface RunOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly storagePath: string;
  readonly stability: Stability;
}

/** Runs until SIGTERM or SIGINT; resolves to the exit code. */
export async function run(config: string, { listen, ...options }: RunOptions): Promise<number> {
  const log = createLogger();
  const local = new LocalProcess({ config, ...options, log });
  try {
    await local.load();
  } catch (error) {
    await local.stop();
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(
      `${formatDiagnostics(error.diagnostics)}\nError: could not perform the initial load successfully\n`,
    );
    return 1;
  }
  const admin = await serveAdmin(local, listen, log);
  const { port } = admin.address() as AddressInfo; // listening on TCP
  log.info("running", {
    config,
    components: local.pipeline?.components.length,
    ui: `http://${listen.host.includes(":") ? `[${listen.host}]` : listen.host}:${port}/`,
  });
  process.on("SIGHUP", () => {
    local.load().then(
      () => log.info("configuration reloaded", { config }),
      error => log.error("configuration not reloaded, the old one goes on", { config, error: reasonOf(error) }),
    );
  });
  const signal = await new Promise<string>(resolve => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  log.info("stopping, finishing what is under way", { signal });
  await local.stop();
  admin.close();
  admin.closeAllConnections();
  log.info("stopped");
  return 0;
}

const reasonOf = (error: unknown): string =>
  error instanceof ConfigurationError
    ? formatDiagnostics(error.diagnostics)
    : error instanceof Error
      ? error.message
      : String(error);
