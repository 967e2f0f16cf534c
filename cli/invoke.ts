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
  const event = readEvent(eventFile);
  const { pipeline, diagnostics } = await loadOffline(config, { stability, log: createLogger(), readValues: true });
  if (!pipeline) {
    const hints = process.stderr.isTTY;
    process.stderr.write(`${formatDiagnostics(diagnostics, { hints })}\nError: the configuration does not load\n`);
    return 1;
  }
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

function readEvent(file: string): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} should be JSON, but ${messageOf(error)}`, { cause: error });
  }
}
