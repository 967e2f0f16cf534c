/** `amalgam run`: the local process with its signals. */
import type { AddressInfo } from "node:net";
import { nameOfConfiguration } from "../functions/aws/configuration/follows.ts";
import { isAddress } from "../functions/aws/configuration/place.ts";
import { serveAdmin } from "../functions/local/admin.ts";
import { createLogger } from "../functions/local/log.ts";
import { ConfigurationError, LocalProcess } from "../functions/local/process.ts";
import type { SwitchingServer } from "../functions/local/switching-server.ts";
import { messageOf } from "../lib/pipeline/delivery/errors.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";
import { welcome } from "./welcome.ts";

export interface RunOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly storagePath: string;
  readonly stability: Stability;
  readonly community: boolean;
}

/** Runs until SIGTERM or SIGINT; resolves to the exit code. */
export async function run(config: string, { listen, ...options }: RunOptions): Promise<number> {
  if (isAddress(config))
    throw new Error(`run should have a file or a folder, got ${nameOfConfiguration(config)}: ${elsewhere}`);
  const log = createLogger({ hold: true });
  const local = new LocalProcess({ config, ...options, log });
  try {
    await local.load();
  } catch (error) {
    log.configure({}); // what was said until now may tell why
    await local.stop();
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(
      `${formatDiagnostics(error.diagnostics, { hints: true })}\nError: could not perform the initial load successfully\n`,
    );
    return 1;
  }
  const admin = await serveAdmin(local, listen, log);
  const page = pageUrl(admin, local.server.tls !== undefined);
  log.info("running", {
    config,
    components: local.pipeline?.components.length,
    ui: page,
  });
  // For people only: where lines are collected each is an event.
  const started = process.env["npm_lifecycle_event"] === "start";
  if (started || process.stderr.isTTY)
    process.stderr.write(`\n${welcome(page, local.pipeline?.triggers ?? [], started ? "npm run send" : undefined)}\n`);
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

/** This process follows what is elsewhere in the way of Alloy. */
const elsewhere =
  "a file with a remotecfg block has a server send the configuration; a file with import.http (with import.string and remote.s3 for a bucket) takes components of its declare blocks; both see what changes";

/** Where the page is, also if the port was left to the system or all addresses listen. */
function pageUrl(admin: Pick<SwitchingServer, "address">, secure: boolean): string {
  const { address, port, family } = admin.address() as AddressInfo; // listening on TCP
  const host = address === "0.0.0.0" || address === "::" ? "127.0.0.1" : address;
  return `${secure ? "https" : "http"}://${family === "IPv6" && host === address ? `[${host}]` : host}:${port}/`;
}

const reasonOf = (error: unknown): string =>
  error instanceof ConfigurationError ? formatDiagnostics(error.diagnostics, { hints: true }) : messageOf(error);
