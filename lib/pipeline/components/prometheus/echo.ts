/** Prints samples on standard output, in an exposition format. */
import { object, optional, required } from "../../eval/schema.ts";
import { oneOf } from "../../eval/types.ts";
import { defineComponent } from "../../graph/component.ts";
import { metrics } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";
import { labelsFromMap, labelsToMap, labelValue } from "../../telemetry/labels.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import type { MetricBatch, Sample } from "../../telemetry/prometheus/model.ts";

const args = object({
  format: optional(oneOf("format", ["text", "openmetrics"]), "text", "Text 0.0.4 or OpenMetrics 1.0."),
});

export const prometheusEcho = defineComponent({
  name: "prometheus.echo",
  summary: "Prints samples on standard output, in an exposition format.",
  stability: "generally-available",
  inFunctions: "Standard output is the function's log, so every line is paid for there.",
  args,
  exports: object({ receiver: required(receiver(metrics), "Takes the samples to print.") }),
  build: ({ format }) => ({
    exports: {
      receiver: {
        consume: async (batch: MetricBatch) => {
          process.stdout.write(echoText(batch, format));
        },
      },
    },
  }),
});

/** A line a sample; OpenMetrics has its times in seconds and an end. */
export function echoText(batch: MetricBatch, format: "text" | "openmetrics"): string {
  const lines = batch.map(sample => {
    const labels = labelsToMap(sample.labels);
    labels.delete("__name__");
    const text = labels.size ? printLabels(labelsFromMap(labels)).replaceAll(", ", ",") : "";
    const time = format === "text" ? sample.timestamp : sample.timestamp / 1000;
    return `${labelValue(sample.labels, "__name__")}${text} ${valueText(sample)} ${time}\n`;
  });
  return lines.join("") + (format === "openmetrics" ? "# EOF\n" : "");
}

function valueText({ value, histogram, stale }: Sample): string {
  if (stale) return "NaN";
  if (histogram) return `{count:${histogram.count},sum:${histogram.sum},schema:${histogram.schema}}`;
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
