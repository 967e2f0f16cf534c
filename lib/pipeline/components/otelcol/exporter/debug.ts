/** Writes telemetry as text, to see what passes. */
import { appendFileSync } from "node:fs";
import path from "node:path";
import { type Infer, Mismatch, object, optional } from "../../../eval/schema.ts";
import { bool, int, late, list, string, text } from "../../../eval/types.ts";
import { defineComponent, type Host, type Problem } from "../../../graph/component.ts";
import type { Fields, Invocation } from "../../../graph/invocation.ts";
import { countItems, type OtlpBatch } from "../../../graph/kinds.ts";
import { debugMetrics } from "../args.ts";
import { inputExports } from "../processor.ts";
import { detailedText } from "./debug/detailed.ts";
import { normalText } from "./debug/normal.ts";
import { LogSampler } from "./debug/sampler.ts";

const verbosities = ["basic", "normal", "detailed"] as const;

const verbosity = text("string", word => {
  const found = verbosities.find(name => name === word.toLowerCase());
  if (found) return found;
  throw new Mismatch(`invalid verbosity ${JSON.stringify(word)}, expected ${verbosities.join(", ")}`);
});

const args = object({
  verbosity: optional(
    late(verbosity),
    "basic",
    "How much is written: `basic`, numbers; `normal`, a line for each record; `detailed`, all fields.",
  ),
  sampling_initial: optional(int, 2, "Equal messages that are written in each second."),
  sampling_thereafter: optional(int, 1, "Which of the further ones are written: every so manieth; 0 is none."),
  use_internal_logger: optional(bool, true, "Writes to the process' log."),
  output_paths: optional(list(string), undefined, "Where else to write: stdout, stderr, or files."),
  debug_metrics: debugMetrics,
});
type Args = Infer<typeof args>;

export const otelcolExporterDebug = defineComponent({
  name: "otelcol.exporter.debug",
  summary: "Writes telemetry as text, to see what passes.",
  stability: "experimental",
  inFunctions: "The function's log has it.",
  args,
  exports: inputExports,
  *check({ use_internal_logger, output_paths }): Iterable<Problem> {
    if (use_internal_logger && output_paths?.length)
      yield { path: ["output_paths"], message: "output_paths requires use_internal_logger = false" };
    if (output_paths && !output_paths.length) yield { path: ["output_paths"], message: "output_paths cannot be empty" };
  },
  build(args, host) {
    const sampler = new LogSampler(args.sampling_initial, args.sampling_thereafter);
    const write = writerOf(args, host);
    const input = {
      async consume(batch: OtlpBatch, { now }: Invocation) {
        const { title, counts } = summary(batch);
        if (sampler.admits(title, now)) write(title, counts);
        if (args.verbosity === "basic") return;
        const details = args.verbosity === "normal" ? normalText(batch) : detailedText(batch);
        if (sampler.admits(details, now)) write(details, undefined);
      },
    };
    return { exports: { input } };
  },
});

function summary(batch: OtlpBatch): { readonly title: string; readonly counts: Fields } {
  switch (batch.signal) {
    case "traces":
      return {
        title: "Traces",
        counts: { "resource spans": batch.data.resourceSpans.length, spans: countItems(batch) },
      };
    case "logs":
      return {
        title: "Logs",
        counts: { "resource logs": batch.data.resourceLogs.length, "log records": countItems(batch) },
      };
    case "metrics": {
      let metrics = 0;
      for (const { scopeMetrics } of batch.data.resourceMetrics)
        for (const { metrics: own } of scopeMetrics) metrics += own.length;
      return {
        title: "Metrics",
        counts: { "resource metrics": batch.data.resourceMetrics.length, metrics, "data points": countItems(batch) },
      };
    }
    default:
      return batch satisfies never;
  }
}

type Write = (message: string, fields: Fields | undefined) => void;

function writerOf({ use_internal_logger, output_paths }: Args, host: Host): Write {
  if (use_internal_logger) return (message, fields) => host.log.info(message, { component: host.id, ...fields });
  const outputs = (output_paths ?? ["stdout"]).map(name => outputOf(name, host.directory));
  return (message, fields) => {
    // as the Collector's console form: the message, and its fields as JSON with a space behind colons and commas
    const pairs = Object.entries(fields ?? {}).map(([name, value]) => `${JSON.stringify(name)}: ${value}`);
    const line = fields ? `${message}\t{${pairs.join(", ")}}\n` : `${message}\n`;
    for (const output of outputs) output(line);
  };
}

function outputOf(name: string, directory: string): (line: string) => void {
  if (name === "stdout") return line => void process.stdout.write(line);
  if (name === "stderr") return line => void process.stderr.write(line);
  const file = path.resolve(directory, name.replace(/^file:\/\//, ""));
  return line => appendFileSync(file, line);
}
