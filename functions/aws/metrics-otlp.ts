/**
 * A function's counters over OTLP, through a component of its own configuration. They are cumulative since the start of the instance,
 * so that an invocation that does not send them loses nothing; what comes after an instance's last sending is lost with it.
 */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import { userAgent } from "../../lib/pipeline/delivery/user-agent.ts";
import { Capsule } from "../../lib/pipeline/eval/value.ts";
import type { Consumer } from "../../lib/pipeline/graph/component.ts";
import { type OtlpBatch, otel, otlpBatch } from "../../lib/pipeline/graph/kinds.ts";
import type { Family, Histogram, MetricLabels, Metrics } from "../../lib/pipeline/graph/metrics.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { requestFromJson } from "../../lib/pipeline/telemetry/otlp/json-read.ts";
import type { Call } from "./call.ts";

/** An instance sends at its first invocation, then at the first one after as long as this. */
const everyMs = 60_000;

/** Sends the counters through a component. Throws where that takes no OTLP. */
export function otlpMetrics(metrics: Metrics, pipeline: Pipeline, component: string): (call: Call) => Promise<void> {
  const otlp = new OtlpMetrics(metrics, pipeline, component);
  return call => otlp.send(call);
}

class OtlpMetrics {
  readonly #metrics: Metrics;
  readonly #pipeline: Pipeline;
  readonly #component: string;
  #start: number | undefined;
  #due = 0;

  constructor(metrics: Metrics, pipeline: Pipeline, component: string) {
    this.#metrics = metrics;
    this.#pipeline = pipeline;
    this.#component = component;
    this.#consumer();
  }

  /** Sends what is counted, if that is due. A failure is told in the log and fails nothing else. */
  async send(call: Call): Promise<void> {
    const { now, log } = call.invocation;
    this.#start ??= now;
    if (now < this.#due) return;
    this.#due = now + everyMs;
    try {
      const batch = otlpBatch("metrics", requestFromJson("metrics", JSON.stringify(this.#request(this.#start, now))));
      const sent = this.#consumer().consume(batch, call.invocation);
      await this.#pipeline.drain(call.inTime(sent));
    } catch (error) {
      log.error("the function's own metrics could not be sent", {
        component: this.#component,
        error: messageOf(error),
      });
    }
  }

  /** Looked up each time, since the component may export another one. */
  #consumer(): Consumer<OtlpBatch> {
    const input = this.#pipeline.component(this.#component)?.exports.get("input");
    if (!(input instanceof Capsule) || input.type !== otel.type)
      throw new Error(
        `AMALGAM_METRICS should name a component of the configuration that takes OTLP, got ${this.#component}`,
      );
    return input.value as Consumer<OtlpBatch>; // the type's name stands for it
  }

  #request(start: number, now: number): object {
    const times = { startTimeUnixNano: nanoseconds(start), timeUnixNano: nanoseconds(now) };
    const metrics = [...this.#metrics.families()].map(family => metricOf(family, times));
    return {
      resourceMetrics: [
        {
          resource: {
            attributes: attributesOf({
              "service.name": "amalgam",
              "service.version": userAgent.split("/")[1] ?? "",
              "service.instance.id": process.env["AWS_LAMBDA_LOG_STREAM_NAME"] ?? "",
              "faas.name": process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "",
              "cloud.region": process.env["AWS_REGION"] ?? "",
            }),
          },
          scopeMetrics: [{ scope: { name: "amalgam" }, metrics }],
        },
      ],
    };
  }
}

const nanoseconds = (ms: number): string => `${Math.round(ms)}000000`;

const attributesOf = (labels: MetricLabels): object[] =>
  Object.entries(labels).flatMap(([key, stringValue]) => (stringValue ? [{ key, value: { stringValue } }] : []));

type Times = Readonly<Record<"startTimeUnixNano" | "timeUnixNano", string>>;

/** With the names of the exposition, which backends of Prometheus' kind keep. */
function metricOf(family: Family, times: Times): object {
  const { name, help: description } = family;
  const cumulative = { aggregationTemporality: 2 };
  switch (family.type) {
    case "histogram": {
      const points = [...family.series].map(({ labels, value }) => bucketsOf(labels, value, times));
      return { name, description, histogram: { ...cumulative, dataPoints: points } };
    }
    case "counter":
      return { name, description, sum: { ...cumulative, isMonotonic: true, dataPoints: pointsOf(family, times) } };
    case "gauge":
      return { name, description, gauge: { dataPoints: pointsOf(family, times) } };
    default:
      return family satisfies never;
  }
}

const pointsOf = ({ series }: Exclude<Family, { type: "histogram" }>, times: Times): object[] =>
  [...series].map(({ labels, value }) => ({ attributes: attributesOf(labels), ...times, asDouble: value.value }));

const bucketsOf = (labels: MetricLabels, { bounds, counts, sum, count }: Histogram, times: Times): object => ({
  attributes: attributesOf(labels),
  ...times,
  explicitBounds: bounds,
  bucketCounts: counts.map(String),
  sum,
  count: String(count),
});
