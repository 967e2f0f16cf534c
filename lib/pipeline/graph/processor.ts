/**
 * What every processor of logs and metrics has: `forward_to`, the exported `receiver`, the way from one to the other. A
 * component file holds a transform only: batch in, batch out, no forwarding, no counting, no clock.
 */
import { type ObjectSchema, object, required } from "../eval/schema.ts";
import { list } from "../eval/types.ts";
import type { Consumer, Definition, Host, Instance, Problem, Stability } from "./component.ts";
import { droppedCounter } from "./dropped.ts";
import { fanOut } from "./gate.ts";
import { logs, metrics } from "./kinds.ts";
import { type ReceiverKind, receiver } from "./receiver.ts";

/** What a transform may know of its surroundings. */
export interface TransformContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Counts items that the transform dropped on purpose. */
  readonly dropped: (reason: string, items: number) => void;
}

export interface Transformer<Batch, Exports> {
  readonly transform: (batch: Batch, context: TransformContext) => Batch;
  /** What it exports besides `receiver`. */
  readonly exports?: Exports;
  readonly close?: () => Promise<void>;
}

export interface ProcessorDefinition<Batch, Args, Exports> {
  readonly name: string;
  readonly summary: string;
  readonly stability: Stability;
  readonly inFunctions?: string;
  /** Without `forward_to`. */
  readonly args: ObjectSchema<Args>;
  /** Without `receiver`. */
  readonly exports?: ObjectSchema<Exports>;
  readonly check?: (args: Args) => Iterable<Problem>;
  /** Compiles the arguments; throws `ProblemError`. */
  readonly build: (args: Args, host: Host) => Transformer<Batch, Exports>;
}

const define =
  <Batch>(kind: ReceiverKind<Batch>) =>
  <Args, Exports = object>(
    definition: ProcessorDefinition<Batch, Args, Exports>,
  ): Definition<Args & { readonly forward_to: readonly unknown[] }, unknown> => {
    const forward = { forward_to: required(list(receiver(kind)), "Where to send what comes out.") };
    const args = object({ ...definition.args.fields, ...forward }) as unknown as ObjectSchema<
      Args & { forward_to: never[] }
    >; // the fields of both
    const exports = object({
      receiver: required(receiver(kind), "Takes what comes in."),
      ...definition.exports?.fields,
    });
    return {
      ...definition,
      args,
      exports: exports as ObjectSchema<unknown>, // only encoded, never read by type
      build: (args, host): Instance<unknown> => {
        const { transform, exports: own, close } = definition.build(args, host);
        const next = fanOut(args.forward_to as readonly Consumer<Batch>[]);
        const dropped = droppedCounter(host);
        return {
          exports: {
            ...own,
            receiver: {
              async consume(batch: Batch, invocation: { readonly now: number; readonly random: () => number }) {
                const { now, random } = invocation;
                await next.consume(transform(batch, { now, random, dropped }), invocation as never); // passed on as it came
              },
            },
          },
          ...(close && { close }),
        };
      },
    };
  };

/** A component that takes and gives log batches. */
export const defineLogProcessor = define(logs);

/** A component that takes and gives batches of Prometheus samples. */
export const defineMetricProcessor = define(metrics);
