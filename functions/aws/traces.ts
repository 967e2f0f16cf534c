/** A span for each invocation, sent before it is answered, where the block `tracing` says to whom. */
import { messageOf } from "../../lib/pipeline/delivery/errors.ts";
import type { Consumer } from "../../lib/pipeline/graph/component.ts";
import { fanOut } from "../../lib/pipeline/graph/gate.ts";
import type { Logger } from "../../lib/pipeline/graph/invocation.ts";
import { type OtlpBatch, otel } from "../../lib/pipeline/graph/kinds.ts";
import type { Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { OwnTraces } from "../local/own-traces.ts";
import type { Observer, Outcome } from "./observer.ts";

/** What the block says; strategies of a Jaeger server are read on a timer, which functions don't have. */
export interface FunctionTracing {
  readonly sampling_fraction: number;
  readonly write_to: readonly Consumer<OtlpBatch>[];
}

/** Follows invocations with spans. A caller that has a trace has decided whether its span is kept. */
export function observeTraces(
  pipeline: Pipeline,
  { sampling_fraction, write_to }: FunctionTracing,
  log: Logger,
): Observer {
  const traces = new OwnTraces(log);
  traces.configure({
    fraction: sampling_fraction,
    remote: undefined,
    consumer: fanOut(write_to, otel.fork),
    invocation: options => pipeline.invocation(options),
  });
  return (event, { awsRequestId = "" }) => {
    const answered = Promise.withResolvers<Outcome>();
    const attributes = { "faas.invocation_id": awsRequestId };
    const name = process.env["AWS_LAMBDA_FUNCTION_NAME"] ?? "invocation";
    const start = { name, kind: "server", attributes, traceparent: traceparentOf(event) } as const;
    const span = traces.span(start, () => answered.promise, endOf);
    return async (outcome, call) => {
      answered.resolve(outcome);
      await span;
      await pipeline.drain(call.inTime(traces.flush())).catch(error => {
        log.error("the function's own traces could not be sent", { error: messageOf(error) });
      });
    };
  };
}

const endOf = (outcome: Outcome) => ("error" in outcome ? { error: messageOf(outcome.error) } : {});

type Fields = Readonly<Record<string, unknown>>;

/** Of a request, whose headers have names in any case. */
function traceparentOf(event: unknown): string | undefined {
  const headers = (event as Fields | null)?.["headers"]; // any value but null has fields, if only undefined ones
  if (typeof headers !== "object" || headers === null) return undefined;
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === "traceparent") ?? [];
  return typeof value === "string" ? value : undefined;
}
