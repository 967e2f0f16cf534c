/** The kinds of telemetry that flow between components, as their receivers are typed in the language. */
import type { LogBatch } from "../telemetry/loki/model.ts";
import { Logs, Metrics, Traces } from "../telemetry/otlp/requests.ts";
import type { MetricBatch } from "../telemetry/prometheus/model.ts";
import type { ReceiverKind } from "./receiver.ts";
import type { Signal } from "./trigger.ts";

export const logs: ReceiverKind<LogBatch> = {
  type: "loki.LogsReceiver",
  count: batch => batch.reduce((sum, { entries }) => sum + entries.length, 0),
};

export const metrics: ReceiverKind<MetricBatch> = { type: "storage.Appendable", count: batch => batch.length };

/** Telemetry of OpenTelemetry's data model; views on bytes, which processors write into. */
export type OtlpBatch =
  | { readonly signal: "traces"; readonly data: Traces }
  | { readonly signal: "logs"; readonly data: Logs }
  | { readonly signal: "metrics"; readonly data: Metrics };

export const otel: ReceiverKind<OtlpBatch> = {
  type: "otelcol.Consumer",
  count: batch => countItems(batch),
  fork: forkBatch,
};

/** A view of the bytes of an export request. */
export function otlpBatch(signal: Signal, bytes: Uint8Array): OtlpBatch {
  switch (signal) {
    case "traces":
      return { signal, data: new Traces(bytes) };
    case "logs":
      return { signal, data: new Logs(bytes) };
    case "metrics":
      return { signal, data: new Metrics(bytes) };
    default:
      return signal satisfies never;
  }
}

function forkBatch(batch: OtlpBatch): OtlpBatch {
  return otlpBatch(batch.signal, batch.data.encode());
}

/** Spans, log records, data points. */
export const countItems = ({ data }: OtlpBatch): number => data.itemCount;
