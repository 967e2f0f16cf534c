/** Changes the attributes of spans, log records and data points. */
import { blocks, type Infer, object } from "../../../eval/schema.ts";
import { ProblemError } from "../../../graph/component.ts";
import type { Logs } from "../../../telemetry/otlp/logs.ts";
import type { Metrics } from "../../../telemetry/otlp/metrics.ts";
import type { Traces } from "../../../telemetry/otlp/traces.ts";
import { defineOtelProcessor, type OtelContext, wiredSignals } from "../processor.ts";
import { type Apply, action, actionProblems, compileActions } from "./attributes/actions.ts";
import { compileSelection, matchFields, type Selection } from "./attributes/match.ts";

const args = object({
  ...matchFields,
  action: blocks(action, "What is done to attributes, in order."),
});
type Args = Infer<typeof args>;

export const otelcolProcessorAttributes = defineOtelProcessor<Args>({
  name: "otelcol.processor.attributes",
  summary: "Changes the attributes of spans, log records and data points.",
  stability: "generally-available",
  inFunctions: "It works on what an invocation brings, keeps nothing and needs no permissions.",
  args,
  *check({ action, include, exclude, output }) {
    if (!action.length) yield { path: [], message: 'missing required block "action"' };
    yield* actionProblems(action);
    try {
      compileSelection({ include, exclude }, wiredSignals(output));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      yield error;
    }
  },
  build({ action, include, exclude }, signals) {
    const apply = compileActions(action);
    const selection = compileSelection({ include, exclude }, signals);
    return (batch, context) => {
      switch (batch.signal) {
        case "traces":
          changeTraces(batch.data, apply, selection, context);
          break;
        case "logs":
          changeLogs(batch.data, apply, selection, context);
          break;
        case "metrics":
          changeMetrics(batch.data, apply, selection, context);
          break;
        default:
          batch satisfies never;
      }
      return batch;
    };
  },
});

function changeTraces(traces: Traces, apply: Apply, selection: Selection | undefined, context: OtelContext): void {
  for (const { resource, scopeSpans } of traces.resourceSpans)
    for (const { scope, spans } of scopeSpans)
      for (const span of spans) {
        if (!selection || selection.span(span, resource, scope)) apply(span.attributes, context);
      }
}

function changeLogs(logs: Logs, apply: Apply, selection: Selection | undefined, context: OtelContext): void {
  for (const { resource, scopeLogs } of logs.resourceLogs)
    for (const { scope, logRecords } of scopeLogs)
      for (const log of logRecords) {
        if (!selection || selection.log(log, resource, scope)) apply(log.attributes, context);
      }
}

function changeMetrics(metrics: Metrics, apply: Apply, selection: Selection | undefined, context: OtelContext): void {
  for (const { scopeMetrics } of metrics.resourceMetrics)
    for (const { metrics: own } of scopeMetrics)
      for (const metric of own) {
        if (selection && !selection.metric(metric.name)) continue;
        for (const point of metric.dataPoints) apply(point.attributes, context);
      }
}
