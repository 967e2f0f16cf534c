/** A request as two: its first items, and the rest. Resources, scopes and metrics stand in each part that has items of theirs. */
import { type OtlpBatch, otlpBatch } from "../../../../graph/kinds.ts";
import type { Signal } from "../../../../graph/trigger.ts";
import type { View, ViewList } from "../../../../telemetry/otlp/view.ts";

export function cut(signal: Signal, bytes: Uint8Array, items: number): readonly [Uint8Array, Uint8Array] {
  let i = 0;
  const head = keep(otlpBatch(signal, bytes), () => i++ < items);
  let j = 0;
  const tail = keep(otlpBatch(signal, bytes), () => j++ >= items);
  return [head, tail];
}

/** Keeps the items that the test wants, and what stands around them. */
function keep({ signal, data }: OtlpBatch, wanted: () => boolean): Uint8Array {
  const prune = <T extends View>(list: ViewList<T> | readonly []): boolean => {
    if ("removeIf" in list) list.removeIf(() => !wanted());
    return list.length === 0;
  };
  switch (signal) {
    case "traces":
      data.resourceSpans.removeIf(({ scopeSpans }) => {
        scopeSpans.removeIf(({ spans }) => prune(spans));
        return scopeSpans.length === 0;
      });
      break;
    case "logs":
      data.resourceLogs.removeIf(({ scopeLogs }) => {
        scopeLogs.removeIf(({ logRecords }) => prune(logRecords));
        return scopeLogs.length === 0;
      });
      break;
    case "metrics":
      data.resourceMetrics.removeIf(({ scopeMetrics }) => {
        scopeMetrics.removeIf(({ metrics }) => {
          metrics.removeIf(({ dataPoints }) => prune(dataPoints as ViewList<View> | readonly [])); // points of one kind
          return metrics.length === 0;
        });
        return scopeMetrics.length === 0;
      });
      break;
    default:
      signal satisfies never;
  }
  return data.encode();
}
