/** For tests: values in JavaScript as OTLP and back, records to evaluate statements on. */
import { requestFromJson } from "../telemetry/otlp/json-read.ts";
import { Logs } from "../telemetry/otlp/logs.ts";
import { Metrics } from "../telemetry/otlp/metrics.ts";
import { Traces } from "../telemetry/otlp/traces.ts";
import { type Value, ValueList, ValueMap } from "../telemetry/otlp/value.ts";
import { compileStatement } from "./compile.ts";
import { Context, type ContextName } from "./context.ts";
import { EvaluationFailure, OttlError } from "./error.ts";
import type { FunctionTable } from "./functions/define.ts";
import { allFunctions } from "./functions/index.ts";

/** bigint is int, number is double, undefined is a value that is empty. */
export type Plain =
  | undefined
  | string
  | bigint
  | number
  | boolean
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain };

const isPlainList = (value: Plain): value is readonly Plain[] => Array.isArray(value);

/** A value as OTLP's JSON has it. */
export function anyValue(value: Plain): object {
  switch (typeof value) {
    case "undefined":
      return {};
    case "string":
      return { stringValue: value };
    case "bigint":
      return { intValue: String(value) };
    case "number":
      return { doubleValue: Number.isFinite(value) ? value : String(value) };
    case "boolean":
      return { boolValue: value };
    default:
      if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
      if (isPlainList(value)) return { arrayValue: { values: value.map(anyValue) } };
      return { kvlistValue: { values: keyValues(value) } };
  }
}

/** Attributes as OTLP's JSON has them. */
export const keyValues = (attributes: { readonly [key: string]: Plain }): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

/** What a view holds. */
export function plain(value: Value): Plain {
  if (value instanceof ValueMap) return plainMap(value);
  return value instanceof ValueList ? Array.from(value, plain) : value;
}

/** What a map of attributes holds. */
export const plainMap = (map: ValueMap): { [key: string]: Plain } =>
  Object.fromEntries(Array.from(map, ([key, value]) => [key, plain(value)]));

/** A record for statements: the first span, event, data point or log of a request, and what is around it. */
export function contextOf(name: ContextName, request: object): Context {
  const context = new Context();
  const text = JSON.stringify(request);
  if ("resourceSpans" in request) {
    const [group] = new Traces(requestFromJson("traces", text)).resourceSpans;
    const [scope] = group?.scopeSpans ?? [];
    const [span] = scope?.spans ?? [];
    const [event] = span?.events ?? [];
    Object.assign(context, { resourceGroup: group, scopeGroup: scope, span, event });
  } else if ("resourceMetrics" in request) {
    const [group] = new Metrics(requestFromJson("metrics", text)).resourceMetrics;
    const [scope] = group?.scopeMetrics ?? [];
    const [metric] = scope?.metrics ?? [];
    Object.assign(context, { resourceGroup: group, scopeGroup: scope, metric });
    if (name === "datapoint") for (const point of metric?.dataPoints ?? []) context.point ??= point;
  } else {
    const [group] = new Logs(requestFromJson("logs", text)).resourceLogs;
    const [scope] = group?.scopeLogs ?? [];
    const [log] = scope?.logRecords ?? [];
    Object.assign(context, { resourceGroup: group, scopeGroup: scope, log });
  }
  return context;
}

/** A log record as a request. */
export const logRequest = (record: object, resource: object = {}, scope: object = {}): object => ({
  resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }],
});

/** A span as a request. */
export const spanRequest = (span: object, resource: object = {}, scope: object = {}): object => ({
  resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }],
});

/** A metric as a request. */
export const metricRequest = (metric: object, resource: object = {}, scope: object = {}): object => ({
  resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: [metric] }] }],
});

/** What an expression gives on a log record with attributes, or how it fails: `load: …` or `fails: …`. */
export function evaluate(
  expression: string,
  attributes: { readonly [key: string]: Plain } = {},
  options: { readonly now?: number; readonly functions?: FunctionTable } = {},
): Plain {
  const context = contextOf(
    "log",
    logRequest({ attributes: keyValues(attributes), body: { stringValue: "the body" } }),
  );
  context.now = options.now ?? 0;
  const failure = run(`set(cache["result"], ${expression})`, "log", context, options.functions);
  return failure ?? plain(context.cache.get("result"));
}

/** Runs statements on a record; gives how the first of them fails. */
export function run(
  statements: string | readonly string[],
  name: ContextName,
  context: Context,
  functions: FunctionTable = allFunctions,
): string | undefined {
  try {
    for (const statement of [statements].flat())
      compileStatement(statement as string, { context: name, functions })(context); // flat gives texts
    return undefined;
  } catch (error) {
    if (error instanceof OttlError) return `load: ${error.message}, at ${error.position}`;
    if (error instanceof EvaluationFailure) return `fails: ${error.message}`;
    throw error;
  }
}
