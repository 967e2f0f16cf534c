/**
 * What a function counts of its invocations, and where its counters go, by the variable `AMALGAM_METRICS`:
 *
 *     emf             to CloudWatch, as one line of its log for each invocation (the default)
 *     emf:components  the same, and a line for each component
 *     otlp:ID         to a component of its configuration, over OTLP
 *     off             nowhere
 */
import type { Metrics } from "../../lib/pipeline/graph/metrics.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import type { Call } from "./call.ts";
import { EmbeddedMetrics } from "./emf.ts";
import { eventSize } from "./event-size.ts";
import { type MetricsMode, metricsMode } from "./metrics-mode.ts";
import { otlpMetrics } from "./metrics-otlp.ts";
import type { Observer } from "./observer.ts";

/** Where metrics go: as the variable says, and without it to CloudWatch where that makes metrics of a log. */
export function modeOf(text = ""): MetricsMode {
  if (text) return metricsMode(text);
  return "AWS_LAMBDA_FUNCTION_NAME" in process.env ? { kind: "emf", components: false } : { kind: "off" };
}

export interface MetricsOptions {
  readonly mode: MetricsMode;
  readonly metrics: Metrics;
  readonly pipeline: Pipeline;
  /** Writes a line of the log. */
  readonly write: (line: string) => void;
  readonly clock: () => number;
  /** Milliseconds that the process took until the handler was ready. */
  readonly initMs: number;
}

/** What adapters answer, as far as it is counted. */
interface Answer {
  readonly statusCode?: number;
  readonly batchItemFailures?: readonly unknown[];
}

/** Counts invocations and gives the counters on after each. */
export function observeMetrics(options: MetricsOptions): Observer {
  const { metrics, initMs } = options;
  const counter = (name: string, help: string, labels?: Readonly<Record<string, string>>) =>
    metrics.counter(`amalgam_function_${name}_total`, help, labels);
  const received = counter("received_records", "Records of events; a request is one.");
  const bytes = counter("received_bytes", "Bytes of records, without base64.");
  const returned = counter("returned_records", "Records that go back, to come again.");
  const failed = counter("failed_invocations", "Invocations that failed.");
  const coldStarts = counter("cold_starts", "Instances that started.");
  const seconds = metrics.histogram("amalgam_function_duration_seconds", "Time of invocations.");
  metrics.gauge("amalgam_function_init_duration_seconds", "Time of the start.").set(initMs / 1000);
  coldStarts.add(1);
  const send = sender(options);
  return event => {
    const start = performance.now();
    const size = eventSize(event);
    return async (outcome, call) => {
      received.add(size.records);
      bytes.add(size.bytes);
      if ("error" in outcome) failed.add(1);
      const { statusCode, batchItemFailures } = Object(outcome.result) as Answer; // of anything else an object without them
      if (batchItemFailures) returned.add(batchItemFailures.length);
      if (statusCode !== undefined)
        counter("answers", "Answers to requests by their status.", { status: String(statusCode) }).add(1);
      seconds.observe((performance.now() - start) / 1000);
      await send(call);
    };
  };
}

function sender({ mode, metrics, pipeline, write, clock }: MetricsOptions): (call: Call) => Promise<void> {
  switch (mode.kind) {
    case "off":
      return async () => {};
    case "emf": {
      const functionName = process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "amalgam";
      const level = process.env["AWS_LAMBDA_LOG_LEVEL"] ?? "INFO";
      const embedded = new EmbeddedMetrics(metrics, { functionName, components: mode.components, level });
      return async ({ invocation }) => {
        for (const line of embedded.lines(clock(), invocation.id)) write(line);
      };
    }
    case "otlp":
      return otlpMetrics(metrics, pipeline, mode.component);
    default:
      return mode satisfies never;
  }
}
