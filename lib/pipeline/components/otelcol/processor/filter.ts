/** Drops spans, span events, metrics, data points and log records for which an OTTL condition holds. */
import { DeliveryError, messageOf } from "../../../delivery/errors.ts";
import { toText } from "../../../eval/convert.ts";
import { block, blocks, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { list, oneOf, string } from "../../../eval/types.ts";
import { type Host, ProblemError } from "../../../graph/component.ts";
import type { OtlpBatch } from "../../../graph/kinds.ts";
import { Context, type ContextName } from "../../../ottl/context.ts";
import { EvaluationFailure, OttlError } from "../../../ottl/error.ts";
import { filterConverters } from "../../../ottl/functions/index.ts";
import { inferFromConditions } from "../../../ottl/infer.ts";
import { ConditionError, compileAny, type ErrorMode, errorModes } from "../../../ottl/sequence.ts";
import type { Logs } from "../../../telemetry/otlp/logs.ts";
import type { Metrics } from "../../../telemetry/otlp/metrics.ts";
import type { Traces } from "../../../telemetry/otlp/traces.ts";
import { defineOtelProcessor, type OtelContext } from "../processor.ts";

const conditions = (what: string) => optional(list(string), undefined, `Conditions, any of which drops ${what}.`);

const contextConditions = object({
  context: optional(
    string,
    "",
    "What the conditions look at, as OTTL names it: `span`, `resource`; found from their paths where unset.",
  ),
  conditions: required(list(string), "Conditions, any of which drops the record."),
});

const lowercase = oneOf("error mode", errorModes, text => `unknown error mode ${text}`);
const errorMode: typeof lowercase = { ...lowercase, decode: value => lowercase.decode(toText(value).toLowerCase()) };

const args = object({
  error_mode: optional(errorMode, "ignore", "What a condition that fails does."),
  traces: block(object({ span: conditions("the span"), spanevent: conditions("the event") }), "Conditions for traces."),
  metrics: block(
    object({ metric: conditions("the metric"), datapoint: conditions("the data point") }),
    "Conditions for metrics.",
  ),
  logs: block(object({ log_record: conditions("the record") }), "Conditions for logs."),
  trace_conditions: blocks(
    contextConditions,
    "Conditions for traces with a context, applied one block after the other.",
  ),
  metric_conditions: blocks(contextConditions, "Conditions for metrics with a context."),
  log_conditions: blocks(contextConditions, "Conditions for logs with a context."),
});
type Args = Infer<typeof args>;
type ContextConditions = Infer<typeof contextConditions>;

/** Drops from a request; what an evaluation throws under `propagate` passes through. */
type Pass<Data> = (data: Data, context: Context) => void;

export const otelcolProcessorFilter = defineOtelProcessor<Args>({
  name: "otelcol.processor.filter",
  summary: "Drops spans, span events, metrics, data points and log records for which an OTTL condition holds.",
  stability: "generally-available",
  inFunctions: "It works on what an invocation brings, keeps nothing and needs no permissions.",
  args,
  *check(given) {
    for (const [conditions, block, names] of exclusive) {
      if (
        given[conditions].length &&
        given[block] &&
        names.some(name => name in (given[block] ?? {}) && hasList(given[block], name))
      )
        yield {
          path: [conditions, 0],
          message: `${conditions} and the block ${block} can't be used at the same time`,
        };
    }
  },
  build(args, _, host) {
    const compiler = new Compiler(args.error_mode, host);
    const filter: Filters = {
      traces: compiler.passes("traces", args.traces, args.trace_conditions),
      metrics: compiler.passes("metrics", args.metrics, args.metric_conditions),
      logs: compiler.passes("logs", args.logs, args.log_conditions),
    };
    const context = new Context();
    return (batch, surroundings) => {
      apply(filter, batch, context, surroundings);
      compiler.tellErrors();
      return batch;
    };
  },
});

const exclusive = [
  ["trace_conditions", "traces", ["span", "spanevent"]],
  ["metric_conditions", "metrics", ["metric", "datapoint"]],
  ["log_conditions", "logs", ["log_record"]],
] as const;

const hasList = (block: object | undefined, name: string): boolean =>
  block !== undefined && (block as Readonly<Record<string, unknown>>)[name] !== undefined; // names come from the schema

interface Filters {
  readonly traces: readonly Pass<Traces>[];
  readonly metrics: readonly Pass<Metrics>[];
  readonly logs: readonly Pass<Logs>[];
}

function apply(filters: Filters, { signal, data }: OtlpBatch, context: Context, surroundings: OtelContext): void {
  const { now, random, metadata, dropped } = surroundings;
  Object.assign(context, { now, random, metadata });
  const before = data.itemCount;
  try {
    switch (signal) {
      case "traces":
        for (const pass of filters.traces) pass(data, context);
        break;
      case "metrics":
        for (const pass of filters.metrics) pass(data, context);
        break;
      case "logs":
        for (const pass of filters.logs) pass(data, context);
        break;
      default:
        signal satisfies never;
    }
  } catch (error) {
    if (!(error instanceof EvaluationFailure)) throw error;
    throw new DeliveryError(messageOf(error), { kind: "retry", status: 503, cause: error }); // as the Collector answers
  }
  const gone = before - data.itemCount;
  if (gone > 0) dropped("condition", gone);
}

/** Conditions of one list, by the name of the context. */
type Lists = Readonly<Partial<Record<string, readonly string[] | undefined>>>;

const signalContexts = {
  traces: { own: ["span", "spanevent"], all: ["resource", "scope", "span", "spanevent"] },
  metrics: { own: ["metric", "datapoint"], all: ["resource", "scope", "metric", "datapoint"] },
  logs: { own: ["log_record"], all: ["resource", "scope", "log"] },
} as const satisfies Record<string, { own: readonly string[]; all: readonly ContextName[] }>;

type Predicate = (context: Context) => boolean;

class Compiler {
  readonly #errorMode: ErrorMode;
  readonly #host: Host;
  readonly #errors = new Map<string, { message: string; count: number }>();

  constructor(errorMode: ErrorMode, host: Host) {
    this.#errorMode = errorMode;
    this.#host = host;
  }

  passes<S extends keyof Filters>(
    signal: S,
    lists: Lists | undefined,
    blocks: readonly ContextConditions[],
  ): Filters[S] {
    const result: Pass<never>[] = blocks.map(({ context, conditions }, i) => {
      const path = [`${signal.slice(0, -1)}_conditions`, i] as const;
      const name = this.#contextOf(signal, context, conditions, path);
      const drops = this.#compile(conditions, name, [...path, "conditions"]);
      return passOf(signal, { [name]: drops });
    });
    const own: Partial<Record<ContextName, Predicate>> = {};
    for (const name of signalContexts[signal].own) {
      const conditions = lists?.[name];
      if (!conditions) continue;
      own[name === "log_record" ? "log" : name] = this.#compile(conditions, name === "log_record" ? "log" : name, [
        signal,
        name,
      ]);
    }
    if (Object.keys(own).length) result.push(passOf(signal, own));
    return result as unknown as Filters[S]; // made for the signal
  }

  #contextOf(
    signal: keyof Filters,
    given: string,
    conditions: readonly string[],
    path: readonly (string | number)[],
  ): ContextName {
    const { all } = signalContexts[signal];
    if (given !== "") {
      const known = all.find(name => name === given);
      if (known) return known;
      throw new ProblemError(`unknown context ${JSON.stringify(given)}, expected one of ${all.join(", ")}`, [
        ...path,
        "context",
      ]);
    }
    try {
      const found = inferFromConditions(conditions, all, filterConverters);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof OttlError)) throw error;
      throw new ProblemError(error.message, [...path, "conditions"]);
    }
    throw new ProblemError(`unable to infer the context from the conditions; name it with context`, [
      ...path,
      "conditions",
    ]);
  }

  #compile(conditions: readonly string[], context: ContextName, path: readonly (string | number)[]): Predicate {
    try {
      return compileAny(conditions, {
        context,
        functions: filterConverters,
        errorMode: this.#errorMode,
        onError: (condition, message) => this.#note(condition, message),
      });
    } catch (error) {
      if (error instanceof ConditionError) throw new ProblemError(error.message, [...path, error.index]);
      throw error;
    }
  }

  #note(condition: string, message: string): void {
    const known = this.#errors.get(condition);
    if (known) known.count++;
    else this.#errors.set(condition, { message, count: 1 });
  }

  /** One line for each condition that failed in a batch, not one for each record. */
  tellErrors(): void {
    if (!this.#errors.size) return;
    for (const [condition, { message, count }] of this.#errors)
      this.#host.log.warn("failed to eval condition", { component: this.#host.id, condition, error: message, count });
    this.#errors.clear();
  }
}

type Drops = Readonly<Partial<Record<ContextName, Predicate>>>;

function passOf(signal: keyof Filters, drops: Drops): Pass<never> {
  switch (signal) {
    case "traces":
      return (data: Traces, context) => filterTraces(data, context, drops);
    case "metrics":
      return (data: Metrics, context) => filterMetrics(data, context, drops);
    case "logs":
      return (data: Logs, context) => filterLogs(data, context, drops);
    default:
      return signal satisfies never;
  }
}

function filterTraces({ resourceSpans }: Traces, context: Context, { resource, scope, span, spanevent }: Drops): void {
  resourceSpans.removeIf(group => {
    context.resourceGroup = group;
    if (resource?.(context)) return true;
    const { scopeSpans } = group;
    scopeSpans.removeIf(scopeGroup => {
      context.scopeGroup = scopeGroup;
      if (scope?.(context)) return true;
      const { spans } = scopeGroup;
      if (span || spanevent) {
        spans.removeIf(own => {
          context.span = own;
          if (span?.(context)) return true;
          if (spanevent) {
            own.events.removeIf(event => {
              context.event = event;
              return spanevent(context);
            });
          }
          return false;
        });
      }
      return spans.length === 0;
    });
    return scopeSpans.length === 0;
  });
}

function filterMetrics({ resourceMetrics }: Metrics, context: Context, drops: Drops): void {
  const { resource, scope, metric, datapoint } = drops;
  resourceMetrics.removeIf(group => {
    context.resourceGroup = group;
    if (resource?.(context)) return true;
    const { scopeMetrics } = group;
    scopeMetrics.removeIf(scopeGroup => {
      context.scopeGroup = scopeGroup;
      if (scope?.(context)) return true;
      const { metrics } = scopeGroup;
      if (metric || datapoint) {
        metrics.removeIf(own => {
          context.metric = own;
          if (metric?.(context)) return true;
          if (!datapoint) return false;
          const points = own.data?.dataPoints;
          if (!points) return false;
          points.removeIf(point => {
            context.point = point;
            return datapoint(context);
          });
          return points.length === 0;
        });
      }
      return metrics.length === 0;
    });
    return scopeMetrics.length === 0;
  });
}

function filterLogs({ resourceLogs }: Logs, context: Context, { resource, scope, log }: Drops): void {
  resourceLogs.removeIf(group => {
    context.resourceGroup = group;
    if (resource?.(context)) return true;
    const { scopeLogs } = group;
    scopeLogs.removeIf(scopeGroup => {
      context.scopeGroup = scopeGroup;
      if (scope?.(context)) return true;
      const { logRecords } = scopeGroup;
      if (log) {
        logRecords.removeIf(record => {
          context.log = record;
          return log(context);
        });
      }
      return logRecords.length === 0;
    });
    return scopeLogs.length === 0;
  });
}
