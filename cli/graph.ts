/** `amalgam graph`: the components of a configuration, what calls them, and where their data goes. */
import { describeFollowed } from "../functions/aws/configuration/follows.ts";
import { createLogger } from "../functions/local/log.ts";
import { loadOffline } from "../functions/local/offline.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import { describePipeline } from "../lib/pipeline/graph/describe.ts";
import type { Pipeline } from "../lib/pipeline/graph/pipeline.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";

export type GraphFormat = "text" | "json" | "svg" | "mermaid" | "dot";

/** Resolves to the exit code. */
export async function graph(
  config: string,
  { format, stability }: { readonly format: GraphFormat; readonly stability: Stability },
): Promise<number> {
  const { pipeline, diagnostics } = await loadOffline(config, { stability, log: createLogger({ level: "warn" }) });
  if (!pipeline) {
    const hints = process.stderr.isTTY;
    process.stderr.write(`${formatDiagnostics(diagnostics, { hints })}\nError: the configuration does not load\n`);
    return 1;
  }
  process.stdout.write(await show(config, pipeline, format));
  await pipeline.close();
  return 0;
}

async function show(config: string, pipeline: Pipeline, format: GraphFormat): Promise<string> {
  switch (format) {
    case "text":
      return (await import("./graph/text.ts")).text(describePipeline(pipeline));
    case "json":
      return (await import("./graph/json.ts")).json(describeFollowed(config, pipeline));
    case "svg":
      return (await import("./graph/svg.ts")).svg((await import("./graph/model.ts")).pictureOf(pipeline));
    case "mermaid":
      return (await import("./graph/mermaid.ts")).mermaid((await import("./graph/model.ts")).pictureOf(pipeline));
    case "dot":
      return (await import("./graph/dot.ts")).dot((await import("./graph/model.ts")).pictureOf(pipeline));
    default:
      return format satisfies never;
  }
}
