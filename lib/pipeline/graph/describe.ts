/**
 * What a pipeline is made of and needs, as plain data: `amalgam graph --json` prints it, the infrastructure is made from it.
 * Version 1; fields are added, never changed.
 */
import type { Instance } from "./component.ts";
import type { Pipeline } from "./pipeline.ts";
import type { BusRule, KafkaConnection, ObjectSelection, Trigger } from "./trigger.ts";

export interface GraphDescription {
  readonly version: 1;
  readonly components: readonly ComponentDescription[];
  /** From a component to those that its arguments refer to. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  /** Where functions read their configuration; absent where it is in their bundle. */
  readonly followed?: FollowedDescription;
}

/** A configuration that is read while the functions run. The last good one is kept in the state store. */
export interface FollowedDescription {
  /** Addresses, without credentials. */
  readonly from: readonly string[];
  readonly permissions: readonly {
    readonly actions: readonly string[];
    readonly resource: string;
    /** Nothing else of a bucket may be listed. */
    readonly prefix?: string;
    readonly reason: string;
  }[];
}

export interface ComponentDescription {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly triggers: readonly TriggerDescription[];
  readonly permissions: readonly { readonly action: string; readonly resource: string }[];
  /** Keeps something in the state store. */
  readonly state: boolean;
  /** Has dead letters: what its backend refuses for good. Absent where it has none. */
  readonly deadLetters?: true;
}

export type TriggerDescription =
  | {
      readonly kind: "http";
      readonly host: string;
      readonly port: number;
      readonly paths: readonly string[];
      readonly authenticated: boolean;
    }
  | {
      readonly kind: "schedule";
      readonly everySeconds: number;
      /** The function starts further invocations of itself when a run is too much for one. Absent where it does not. */
      readonly shards?: true;
    }
  | {
      readonly kind: "records";
      readonly format: string;
      readonly sources: readonly string[];
      readonly logGroups: readonly string[];
      readonly filterPattern: string;
      /** Names or ARNs of what it takes records of; absent where the component isn't made for its sources alone. */
      readonly from?: readonly string[];
      readonly kafka?: KafkaConnection;
      readonly bus?: BusRule;
    }
  | {
      readonly kind: "objects";
      readonly buckets: readonly ObjectSelection[];
      /** ARN of a queue that others made. */
      readonly queue?: string;
    };

export function describePipeline({ components }: Pipeline): GraphDescription {
  const ids = new Set(components.map(({ id }) => id)); // arguments and exports of modules are none
  return {
    version: 1,
    components: components.map(({ id, node, triggers, instance }) => ({
      id,
      name: node.definition.name,
      label: node.block.label?.name ?? "",
      triggers: [...triggers.map(describeTrigger), ...describeTick(instance?.tick)],
      permissions: instance?.needs?.permissions ?? [],
      state: instance?.needs?.state ?? false,
      ...(instance?.replay && { deadLetters: true }),
    })),
    edges: components.flatMap(({ id, references }) =>
      references.filter(to => ids.has(to)).map(to => ({ from: id, to })),
    ),
  };
}

/** Work on the second clock needs the same of the infrastructure as a schedule, and the same event runs it. */
const describeTick = (tick: Instance["tick"]): TriggerDescription[] =>
  tick ? [{ kind: "schedule", everySeconds: tick.everyMs / 1000 }] : [];

function describeTrigger(trigger: Trigger): TriggerDescription {
  switch (trigger.kind) {
    case "http": {
      const { host, port, routes, authenticated } = trigger;
      return { kind: "http", host, port, paths: [...new Set(routes.map(({ path }) => path))], authenticated };
    }
    case "schedule":
      return { kind: "schedule", everySeconds: trigger.everyMs / 1000, ...(trigger.shards && { shards: true }) };
    case "records": {
      const { format, sources, logGroups = [], filterPattern = "", from, kafka, bus } = trigger;
      const of = { ...(from && { from }), ...(kafka && { kafka }), ...(bus && { bus }) };
      return { kind: "records", format, sources, logGroups, filterPattern, ...of };
    }
    case "objects":
      return { kind: "objects", buckets: trigger.buckets, ...(trigger.queue && { queue: trigger.queue }) };
    default:
      return trigger satisfies never;
  }
}
