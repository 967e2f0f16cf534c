/** `amalgam invoke`: one cloud event through a configuration, as a function would take it. */
import { readFileSync } from "node:fs";
import { createHandler } from "../functions/aws/handler.ts";
import { createLogger } from "../functions/local/log.ts";
import { loadOffline } from "../functions/local/offline.ts";
import { messageOf } from "../lib/pipeline/delivery/errors.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";

/** Prints the answer; resolves to 1 where the configuration does not load or the invocation fails. */
export async function invoke(
  config: string,
  eventFile: string,
  { stability }: { readonly stability: Stability },
): Promise<number> {
  const { pipeline, diagnostics } = await loadOffline(config, { stability, log: createLogger(), readValues: true });
  if (!pipeline) {
    process.stderr.write(`${formatDiagnostics(diagnostics)}\nError: the configuration does not load\n`);
    return 1;
  }
  const event: unknown = JSON.parse(readFileSync(eventFile, "utf8"));
  try {
    const answer = await createHandler(pipeline)(event);
    process.stdout.write(`${JSON.stringify(answer ?? null, null, 2)}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`Error: the invocation failed: ${messageOf(error)}\n`);
    return 1;
  } finally {
    await pipeline.close();
  }
}
