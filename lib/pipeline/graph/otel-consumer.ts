/** Ways in and out of OpenTelemetry components: one consumer for all three signals, one list of consumers for each. */
import type { Consumer } from "./component.ts";
import { fanOut } from "./gate.ts";
import { type OtlpBatch, otel } from "./kinds.ts";
import type { Signal } from "./trigger.ts";

/** The lists of an `output` block. */
export type Outputs = Readonly<Record<Signal, readonly Consumer<OtlpBatch>[]>>;

/** Sends each batch to the consumers of its signal; where there are none, it ends here. */
export function bySignal({ traces, logs, metrics }: Outputs): Consumer<OtlpBatch> {
  const next: Readonly<Record<Signal, Consumer<OtlpBatch>>> = {
    traces: fanOut(traces, otel.fork),
    logs: fanOut(logs, otel.fork),
    metrics: fanOut(metrics, otel.fork),
  };
  return { consume: (batch, invocation) => next[batch.signal].consume(batch, invocation) };
}
