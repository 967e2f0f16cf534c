/**
 * What every OpenTelemetry processor has: `output`, `debug_metrics`, the exported `input`, the way from one to the other. A
 * component file holds a transform only, which writes into the batch it is given or gives another one back.
 */
import { type ObjectSchema, object, required } from "../../eval/schema.ts";
import type { Definition, Host, Problem, Stability } from "../../graph/component.ts";
import { droppedCounter } from "../../graph/dropped.ts";
import type { Invocation } from "../../graph/invocation.ts";
import { type OtlpBatch, otel } from "../../graph/kinds.ts";
import { bySignal } from "../../graph/otel-consumer.ts";
import { receiver } from "../../graph/receiver.ts";
import type { Signal } from "../../graph/trigger.ts";
import { debugMetrics, type OutputArgs, output } from "./args.ts";

/** What a transform may know of its surroundings. */
export interface OtelContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Of the client, where the receiver includes them. Names in lower case. */
  readonly metadata: ReadonlyMap<string, readonly string[]> | undefined;
  /** What the receiver's authentication established of the client. */
  readonly auth: ReadonlyMap<string, string> | undefined;
  /** Counts items that the transform dropped on purpose. */
  readonly dropped: (reason: string, items: number) => void;
}

export interface OtelProcessorDefinition<Args> {
  readonly name: string;
  readonly summary: string;
  readonly stability: Stability;
  readonly inFunctions?: string;
  /** Without `output` and `debug_metrics`. */
  readonly args: ObjectSchema<Args>;
  readonly check?: (args: Args & { readonly output: OutputArgs }) => Iterable<Problem>;
  /**
   * Compiles the arguments for the signals that are wired; throws `ProblemError`. The transform owns the batch: it writes
   * into it and returns it. A batch without items goes no further.
   */
  readonly build: (
    args: Args,
    signals: ReadonlySet<Signal>,
    host: Host,
  ) => (batch: OtlpBatch, context: OtelContext) => OtlpBatch;
  /** The transform never writes, so that a fan-out need not copy for it. */
  readonly readonly?: boolean;
}

export const inputExports = object({ input: required(receiver(otel), "Takes telemetry of all three signals.") });

/** A component that takes and gives OpenTelemetry's data. */
export function defineOtelProcessor<Args>(
  definition: OtelProcessorDefinition<Args>,
): Definition<Args & { readonly output: OutputArgs }, { input: unknown }> {
  const args = object({ ...definition.args.fields, output, debug_metrics: debugMetrics }) as unknown as ObjectSchema<
    Args & { readonly output: OutputArgs }
  >; // the fields of both
  return {
    name: definition.name,
    summary: definition.summary,
    stability: definition.stability,
    ...(definition.inFunctions !== undefined && { inFunctions: definition.inFunctions }),
    args,
    exports: inputExports as ObjectSchema<{ input: unknown }>, // only encoded
    ...(definition.check && { check: definition.check }),
    build(args, host) {
      const transform = definition.build(args, wiredSignals(args.output), host);
      const next = bySignal(args.output);
      const dropped = droppedCounter(host);
      const input = {
        mutates: !definition.readonly,
        async consume(batch: OtlpBatch, invocation: Invocation) {
          const { now, random, metadata, auth } = invocation;
          await next.consume(transform(batch, { now, random, metadata, auth, dropped }), invocation);
        },
      };
      return { exports: { input } };
    },
  };
}

/** The signals that lead somewhere. */
export const wiredSignals = (args: OutputArgs): ReadonlySet<Signal> =>
  new Set((["traces", "logs", "metrics"] as const).filter(signal => args[signal].length > 0));
