/** `amalgam graph`: the components of a configuration, what calls them, and what they need of the cloud. */
import { createLogger } from "../functions/local/log.ts";
import { loadOffline } from "../functions/local/offline.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { describePipeline, type GraphDescription, type TriggerDescription } from "../lib/pipeline/graph/describe.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";

/** Resolves to the exit code. */
export async function graph(
  config: string,
  { json, stability }: { readonly json: boolean; readonly stability: Stability },
): Promise<number> {
  const { pipeline, diagnostics } = await loadOffline(config, { stability, log: createLogger({ level: "warn" }) });
  if (!pipeline) {
    process.stderr.write(`${formatDiagnostics(diagnostics)}\nError: the configuration does not load\n`);
    return 1;
  }
  const description = describePipeline(pipeline);
  process.stdout.write(json ? `${JSON.stringify(description, null, 2)}\n` : text(description));
  await pipeline.close();
  return 0;
}

function text({ components, edges }: GraphDescription): string {
  return components
    .map(({ id, triggers }) => {
      const to = edges.filter(edge => edge.from === id).map(edge => edge.to);
      return [
        id,
        ...triggers.map(trigger => `  called by ${triggerText(trigger)}`),
        ...to.map(target => `  refers to ${target}`),
        "",
      ].join("\n");
    })
    .join("");
}

function triggerText(trigger: TriggerDescription): string {
  switch (trigger.kind) {
    case "http":
      return `HTTP on ${trigger.host || "0.0.0.0"}:${trigger.port}: ${trigger.paths.join(", ")}`;
    case "schedule":
      return `a schedule, every ${trigger.everySeconds} s`;
    case "records":
      return `${trigger.sources.join(" or ")} with ${trigger.format}`;
    default:
      return trigger satisfies never;
  }
}
