/** Prints samples on standard output, in an exposition format. */
import { toText } from "../../eval/convert.ts";
import { object, optional, required } from "../../eval/schema.ts";
import { oneOf, string } from "../../eval/types.ts";
import { defineComponent } from "../../graph/component.ts";
import { metrics } from "../../graph/kinds.ts";
import { receiver } from "../../graph/receiver.ts";
import { labelsFromMap, labelsToMap, labelValue } from "../../telemetry/labels.ts";
import { printLabels } from "../../telemetry/loki/labels.ts";
import type { MetricBatch, Sample } from "../../telemetry/prometheus/model.ts";

/** Any other text is as `text`, with a warning. */
const format = { ...oneOf("format", ["text", "openmetrics"]), literal: string, decode: toText };

const args = object({ format: optional(format, "text", "Text 0.0.4 or OpenMetrics 1.0.") });

export const prometheusEcho = defineComponent({
  name: "prometheus.echo",
  summary: "Prints samples on standard output, in an exposition format.",
  stability: "generally-available",
  inFunctions: "Standard output is the function's log, so every line is paid for there.",
  args,
  exports: object({ receiver: required(receiver(metrics), "Takes the samples to print.") }),
  build({ format }, { log }) {
    const isKnown = format === "text" || format === "openmetrics" || format === "";
    if (!isKnown) log.warn("unknown format, using text", { format });
    const shown = format === "openmetrics" ? format : "text";
    return {
      exports: {
        receiver: {
          consume: async (batch: MetricBatch) => {
            process.stdout.write(echoText(batch, shown));
          },
        },
      },
    };
  },
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
