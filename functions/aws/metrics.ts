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
import { OtlpMetrics } from "./metrics-otlp.ts";
import type { Observer, Outcome } from "./observer.ts";

export type MetricsMode =
  | { readonly kind: "off" }
  | { readonly kind: "emf"; readonly components: boolean }
  | { readonly kind: "otlp"; readonly component: string };

/** Where the variable says that metrics go. Only Lambda makes metrics of a log. */
export function metricsMode(text = "", onLambda = true): MetricsMode {
  if (text === "off" || (text === "" && !onLambda)) return { kind: "off" };
  if (text === "" || text === "emf" || text === "emf:components")
    return { kind: "emf", components: text === "emf:components" };
  const component = /^otlp:(\S+)$/.exec(text)?.[1];
  if (component !== undefined) return { kind: "otlp", component };
  throw new Error(
    `AMALGAM_METRICS should be emf, emf:components, otlp: and the id of a component, or off, got ${text}`,
  );
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

/** Counts invocations and gives the counters on after each. */
export function observeMetrics(options: MetricsOptions): Observer {
  const { metrics, initMs } = options;
  const counter = (name: string, help: string, labels?: Readonly<Record<string, string>>) =>
    metrics.counter(`amalgam_function_${name}_total`, help, labels);
  const received = counter("received_records", "Records that events brought; a request is one.");
  const bytes = counter("received_bytes", "Bytes of the records that events brought, without base64.");
  const returned = counter("returned_records", "Records that go back to their queue or stream, to come again.");
  const failed = counter("failed_invocations", "Invocations that failed as a whole.");
  const coldStarts = counter("cold_starts", "Instances of the function that started.");
  const seconds = metrics.histogram("amalgam_function_duration_seconds", "Time of invocations until their answers.");
  metrics
    .gauge("amalgam_function_init_duration_seconds", "Time from the start of the process until it took events.")
    .set(initMs / 1000);
  coldStarts.add(1);
  const send = sender(options);
  return event => {
    const start = performance.now();
    const size = eventSize(event);
    return async (outcome, call) => {
      received.add(size.records);
      bytes.add(size.bytes);
      returned.add(returnedOf(outcome));
      if ("error" in outcome) failed.add(1);
      const status = statusOf(outcome);
      if (status !== undefined) counter("answers", "Answers to requests by their status.", { status }).add(1);
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
    case "otlp": {
      const otlp = new OtlpMetrics(metrics, pipeline, mode.component);
      return call => otlp.send(call);
    }
    default:
      return mode satisfies never;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const fieldOf = ({ result }: Outcome, name: string): unknown =>
  typeof result === "object" && result !== null ? (result as Fields)[name] : undefined; // any object has fields

function returnedOf(outcome: Outcome): number {
  const failures = fieldOf(outcome, "batchItemFailures");
  return Array.isArray(failures) ? failures.length : 0;
}

function statusOf(outcome: Outcome): string | undefined {
  const status = fieldOf(outcome, "statusCode");
  return typeof status === "number" ? String(status) : undefined;
}
