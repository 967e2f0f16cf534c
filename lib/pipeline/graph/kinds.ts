/** The kinds of telemetry that flow between components, as their receivers are typed in the language. */

import type { LogBatch } from "../telemetry/loki/model.ts";
import type { MetricBatch } from "../telemetry/prometheus/model.ts";
import type { ReceiverKind } from "./receiver.ts";

export const logs: ReceiverKind<LogBatch> = {
  type: "loki.LogsReceiver",
  count: batch => batch.reduce((sum, { entries }) => sum + entries.length, 0),
};

export const metrics: ReceiverKind<MetricBatch> = { type: "storage.Appendable", count: batch => batch.length };
