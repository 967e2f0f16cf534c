/** Which records a processor touches: the `include` and `exclude` blocks of the attributes and span processors. */
import { formatFloat } from "../../../../eval/gofloat.ts";
import { block, blocks, type Infer, Mismatch, object, optional, required } from "../../../../eval/schema.ts";
import { any, bool, int, late, list, oneOf, string, text } from "../../../../eval/types.ts";
import type { Value as ConfigValue } from "../../../../eval/value.ts";
import { ProblemError } from "../../../../graph/component.ts";
import type { Signal } from "../../../../graph/trigger.ts";
import { sameValue } from "../../../../ottl/same.ts";
import { compileRegex, RegexError } from "../../../../regex/regex.ts";
import type { Resource, Scope } from "../../../../telemetry/otlp/common.ts";
import type { LogRecord } from "../../../../telemetry/otlp/logs.ts";
import type { Span } from "../../../../telemetry/otlp/traces.ts";
import { attributeKey, type Value, type ValueInput, ValueMap } from "../../../../telemetry/otlp/value.ts";
import { valueText } from "../../../../telemetry/otlp/value-text.ts";
import { inputOfConfig } from "./config-value.ts";

const names = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const severities: ReadonlyMap<string, number> = new Map(
  names.flatMap((name, i) => [1, 2, 3, 4].map(step => [`${name}${step === 1 ? "" : step}`, i * 4 + step] as const)),
);

/** A severity by its name, as a number. */
const severity = text("string(otelcol.SeverityLevel)", name => {
  const number = severities.get(name);
  if (number !== undefined) return number;
  throw new Mismatch(`unrecognized severity level ${JSON.stringify(name)}`, [], "use one such as INFO or ERROR2");
});

const attribute = object({
  key: required(string, "Key of the attribute."),
  value: optional(any, undefined, "What it must be; any value where unset."),
});

const match = object({
  match_type: required(late(oneOf("match_type", ["strict", "regexp"])), "How texts are compared."),
  regexp: block(
    object({
      cache_enabled: optional(bool, false, "Accepted; matching is fast enough."),
      cache_max_num_entries: optional(int, 0, "Accepted; there is no cache."),
    }),
    "Options of regular expressions.",
  ),
  services: optional(list(string), [], "Names of services, one of which must match."),
  span_names: optional(list(string), [], "Names of spans, one of which must match."),
  log_bodies: optional(list(string), [], "Bodies of log records, one of which must match."),
  log_severity_texts: optional(list(string), [], "Severity texts of log records, one of which must match."),
  log_severity: block(
    object({
      min: required(severity, "Least severity that matches."),
      match_undefined: required(bool, "Whether records without severity match."),
    }),
    "Severity of log records.",
  ),
  metric_names: optional(list(string), [], "Names of metrics, one of which must match."),
  attribute: blocks(attribute, "Attributes, all of which must match."),
  resource: blocks(attribute, "Attributes of the resource, all of which must match."),
  library: blocks(
    object({
      name: required(string, "Name of the instrumentation scope."),
      version: optional(string, undefined, "Version of it; any where unset."),
    }),
    "Instrumentation scopes, all of which must match.",
  ),
  span_kinds: optional(list(string), [], "Kinds of spans, as SPAN_KIND_SERVER."),
});
export type MatchArgs = Infer<typeof match>;

/** The two blocks, to be spread into a processor's arguments. */
export const matchFields = {
  include: block(match, "Only what matches is touched."),
  exclude: block(match, "What matches is not touched."),
};

export interface MatchBlocks {
  readonly include: MatchArgs | undefined;
  readonly exclude: MatchArgs | undefined;
}

/** Whether a record is to be touched. */
export interface Selection {
  readonly span: (span: Span, resource: Resource, scope: Scope) => boolean;
  readonly log: (log: LogRecord, resource: Resource, scope: Scope) => boolean;
  readonly metric: (name: string) => boolean;
}

/** Compiles both blocks for the wired signals; `undefined` where there are none: everything is touched. */
export function compileSelection(blocks: MatchBlocks, signals: ReadonlySet<Signal>): Selection | undefined {
  const { include, exclude } = blocks;
  if (!include && !exclude) return undefined;
  for (const [name, args] of [
    ["include", include],
    ["exclude", exclude],
  ] as const)
    if (args) checkFor(signals, args, name);
  const parts = {
    include: include && compileMatch(include, "include"),
    exclude: exclude && compileMatch(exclude, "exclude"),
  };
  return {
    span: (...record) => !(parts.include?.span(...record) === false || parts.exclude?.span(...record)),
    log: (...record) => !(parts.include?.log(...record) === false || parts.exclude?.log(...record)),
    metric: name => !(parts.include?.metric(name) === false || parts.exclude?.metric(name)),
  };
}

const spanKindNames = ["INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map(kind => `SPAN_KIND_${kind}`);

/** Properties that a signal doesn't have are a mistake where the signal is wired. */
function checkFor(signals: ReadonlySet<Signal>, args: MatchArgs, path: string): void {
  const problem = (message: string): never => {
    throw new ProblemError(message, [path]);
  };
  const common = args.attribute.length + args.library.length + args.resource.length;
  if (signals.has("traces")) {
    if (args.log_bodies.length) problem("log_bodies should not be specified for trace spans");
    if (args.log_severity_texts.length) problem("log_severity_texts should not be specified for trace spans");
    if (args.log_severity) problem("log_severity should not be specified for trace spans");
    if (!common && !args.services.length && !args.span_names.length && !args.span_kinds.length)
      problem(
        'at least one of "services", "span_names", "span_kinds", "attribute", "library" or "resource" must be set',
      );
    const unknown = args.match_type === "strict" && args.span_kinds.find(kind => !spanKindNames.includes(kind));
    if (unknown)
      problem(
        `span_kinds should be among ${spanKindNames.join(", ")} with match_type strict, got ${JSON.stringify(unknown)}`,
      );
  }
  if (signals.has("logs")) {
    if (args.span_names.length || args.services.length || args.span_kinds.length)
      problem("services, span_names, and span_kinds are not valid for log records");
    if (!common && !args.log_bodies.length && !args.log_severity_texts.length && !args.log_severity)
      problem(
        'at least one of "attribute", "library", "resource", "log_bodies", "log_severity_texts" or "log_severity" must be set',
      );
  }
}

type TextTest = (text: string) => boolean;

function compileMatch(args: MatchArgs, path: string): Selection {
  const texts = (wanted: readonly string[], name: string): TextTest | undefined =>
    wanted.length ? textTest(args.match_type, wanted, [path, name]) : undefined;
  const services = texts(args.services, "services");
  const spanNames = texts(args.span_names, "span_names");
  const spanKinds = texts(args.span_kinds, "span_kinds");
  const bodies = texts(args.log_bodies, "log_bodies");
  const severityTexts = texts(args.log_severity_texts, "log_severity_texts");
  const metricNames = texts(args.metric_names, "metric_names");
  const common = commonTest(args, path);
  return {
    span: (span, resource, scope) =>
      (!services || services(serviceOf(resource))) &&
      (!spanNames || spanNames(span.name)) &&
      (!spanKinds || spanKinds(spanKindText(span.kind))) &&
      common(span.attributes, resource, scope),
    log: (log, resource, scope) =>
      (!bodies || bodies(valueText(log.body))) &&
      (!severityTexts || severityTexts(log.severityText)) &&
      matchesSeverity(args, log.severityNumber) &&
      common(log.attributes, resource, scope),
    metric: name => metricNames?.(name) ?? false,
  };
}

const serviceName = attributeKey("service.name");

function serviceOf({ attributes }: Resource): string {
  return attributes.has(serviceName) ? valueText(attributes.get(serviceName)) : "<nil-service-name>";
}

const spanKindText = (kind: number): string => (kind === 0 ? "SPAN_KIND_UNSPECIFIED" : (spanKindNames[kind - 1] ?? ""));

function matchesSeverity({ log_severity }: MatchArgs, number: number): boolean {
  if (!log_severity) return true;
  return number === 0 ? log_severity.match_undefined : number >= log_severity.min;
}

/** Strict: one of the texts. Otherwise one of the expressions finds something in it. */
function textTest(
  type: MatchArgs["match_type"],
  wanted: readonly string[],
  path: readonly (string | number)[],
): TextTest {
  if (type === "strict") {
    const set = new Set(wanted);
    return value => set.has(value);
  }
  const regexes = wanted.map((pattern, i) => {
    try {
      return compileRegex(pattern);
    } catch (error) {
      if (error instanceof RegexError) throw new ProblemError(error.message, [...path, i]);
      throw error;
    }
  });
  return value => regexes.some(regex => regex.test(value));
}

function commonTest(
  args: MatchArgs,
  path: string,
): (attributes: ValueMap, resource: Resource, scope: Scope) => boolean {
  const libraries = args.library.map(({ name, version }, i) => ({
    name: textTest(args.match_type, [name], [path, "library", i, "name"]),
    version: version === undefined ? undefined : textTest(args.match_type, [version], [path, "library", i, "version"]),
  }));
  const resources = attributesTest(args, "resource", path);
  const own = attributesTest(args, "attribute", path);
  return (attributes, resource, scope) => {
    for (const { name, version } of libraries) {
      if (!name(scope.name) || (version && !version(scope.version))) return false;
    }
    if (resources && !resources(resource.attributes)) return false;
    return !own || own(attributes);
  };
}

function attributesTest(
  args: MatchArgs,
  which: "attribute" | "resource",
  path: string,
): ((attributes: ValueMap) => boolean) | undefined {
  const tests = args[which].map(({ key, value }, i) => {
    if (key === "") throw new ProblemError("can't have empty key in the list of attributes", [path, which, i, "key"]);
    return { key: attributeKey(key), test: valueTest(args.match_type, value, [path, which, i, "value"]) };
  });
  if (!tests.length) return undefined;
  return attributes => {
    for (const { key, test } of tests) {
      const value = attributes.get(key);
      if (value === undefined && !attributes.has(key)) return false;
      if (test && !test(value)) return false;
    }
    return true;
  };
}

function valueTest(
  type: MatchArgs["match_type"],
  wanted: ConfigValue | undefined,
  path: readonly (string | number)[],
): ((value: Value) => boolean) | undefined {
  if (wanted === undefined || wanted === null) return undefined;
  if (type === "regexp") {
    if (typeof wanted !== "string")
      throw new ProblemError("match_type regexp compares texts only, the value should be a string", path);
    const test = textTest(type, [wanted], path);
    return value => {
      const own = scalarText(value);
      return own !== undefined && test(own);
    };
  }
  const input = inputOfConfig(wanted, path);
  if (typeof input !== "object") return value => value === input;
  const expected = held(input);
  return value => sameValue(value, expected);
}

/** A plain list or map as the value that it becomes. */
function held(input: ValueInput): Value {
  const map = new ValueMap();
  map.add("value", input);
  return map.get("value");
}

/** Texts, numbers and truth values as texts; other kinds don't match any expression. */
function scalarText(value: Value): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return formatFloat(value, "f", -1);
    default:
      return undefined;
  }
}
