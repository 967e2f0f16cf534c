/** `amalgam cost`: what a configuration costs in a month on AWS, with everything that the number rests on. */
import { describeFollowed } from "../functions/aws/configuration/follows.ts";
import { createLogger } from "../functions/local/log.ts";
import { loadOffline } from "../functions/local/offline.ts";
import { planResources } from "../infra/resources.ts";
import type { Stability } from "../lib/pipeline/graph/component.ts";
import type { GraphDescription } from "../lib/pipeline/graph/describe.ts";
import { formatDiagnostics } from "../lib/pipeline/syntax/report.ts";
import { type CostLine, type CostOptions, type Estimate, estimate, problemOf, type Workload } from "./cost/estimate.ts";

interface Options extends CostOptions {
  readonly json: boolean;
  readonly stability: Stability;
}

/** Resolves to the exit code. */
export async function cost(config: string, options: Options): Promise<number> {
  const { stability, json } = options;
  const { pipeline, diagnostics } = await loadOffline(config, { stability, log: createLogger({ level: "warn" }) });
  if (!pipeline) {
    const hints = process.stderr.isTTY;
    process.stderr.write(`${formatDiagnostics(diagnostics, { hints })}\nError: the configuration does not load\n`);
    return 1;
  }
  const graph = describeFollowed(config, pipeline);
  await pipeline.close();
  const plan = planResources(graph);
  const problem = problemOf(options, plan);
  if (problem !== undefined) {
    process.stderr.write(`Error: ${problem}\n`);
    return 1;
  }
  const result = estimate(plan, workloadOf(graph), options);
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : text(result));
  return 0;
}

/** By the components that data goes through; logs cost most, since they are looked into. */
export function workloadOf({ components }: Pick<GraphDescription, "components">): Workload {
  const has = (family: string) => components.some(({ name }) => name.startsWith(`${family}.`));
  if (has("loki")) return "logs";
  return has("prometheus") ? "metrics" : "otlp";
}

/** An estimate for people. */
export function text(result: Estimate): string {
  const { prices, assumptions, lines, dollarsPerMonth, dollarsPerGb, idle, idleDollarsPerMonth, notIncluded } = result;
  const perGb = dollarsPerGb === undefined ? "" : `, ${dollars(dollarsPerGb)} per GB`;
  return [
    `A month costs ${dollars(dollarsPerMonth)}${perGb}; while nothing arrives ${dollars(idleDollarsPerMonth)}.`,
    "",
    ...table(lines),
    ...(idle.length ? ["", "While nothing arrives:", ...table(idle)] : []),
    "",
    "Assumptions:",
    ...assumptions.map(each => `  - ${each}`),
    "Not included:",
    ...notIncluded.map(each => `  - ${each}`),
    ...pricesText(prices),
    ...prices.sources.map(each => `  ${each}`),
    "",
  ].join("\n");
}

function pricesText({ region, asOf, assumed, assumedFrom }: Estimate["prices"]): string[] {
  const other = `${assumedFrom.region} as of ${assumedFrom.asOf}`;
  if (asOf === null) return [`List prices of ${other}, since those of ${region} are not known:`];
  const own = `List prices of ${region} as of ${asOf}`;
  return [
    assumed.length ? `${own}, and those of ${other} for what is not known of it, ${assumed.join(", ")}:` : `${own}:`,
  ];
}

function table(lines: readonly CostLine[]): string[] {
  const width = Math.max(...lines.map(({ service }) => service.length));
  return lines.map(
    ({ service, formula, dollars: n }) => `  ${service.padEnd(width)}  ${dollars(n).padStart(10)}  ${formula}`,
  );
}

/** Cents, or three digits of what is less. */
function dollars(n: number): string {
  if (n === 0) return "$0";
  return `$${n >= 0.1 ? n.toFixed(2) : Number(n.toPrecision(2))}`;
}
