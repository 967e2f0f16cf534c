/** What calls a graph, by the kind of resource that does it. */
import type { GraphDescription, TriggerDescription } from "../../lib/pipeline/graph/describe.ts";
import type { RecordSource } from "../../lib/pipeline/graph/trigger.ts";

/** Each has a function of its own, since permissions, concurrency and dead letters differ. */
export type FunctionKind = "http" | "schedule" | "objects" | RecordSource | "hand-over";

export const functionKinds: readonly FunctionKind[] = [
  "http",
  "log-subscription",
  "queue",
  "schedule",
  "stream",
  "topic",
  "firehose",
  "kafka",
  "bus",
  "objects",
  "hand-over",
];

interface TriggerOf {
  readonly http: Extract<TriggerDescription, { kind: "http" }>;
  readonly schedule: Extract<TriggerDescription, { kind: "schedule" }>;
  readonly objects: Extract<TriggerDescription, { kind: "objects" }>;
  readonly records: Extract<TriggerDescription, { kind: "records" }>;
}

type OfKind<Kind extends FunctionKind> = TriggerOf[Kind extends "http" | "schedule" | "objects" ? Kind : "records"];

interface Calling<Trigger> {
  readonly component: string;
  readonly trigger: Trigger;
}

/** Triggers of one kind, each with the component that it calls, whether or not the configuration names a source for it. */
export function possibleTriggers<Kind extends FunctionKind>(
  { components }: GraphDescription,
  kind: Kind,
): Calling<OfKind<Kind>>[] {
  return components.flatMap(({ id, triggers }) =>
    triggers.filter(trigger => isOf(trigger, kind)).map(trigger => ({ component: id, trigger })),
  );
}

const isOf = <Kind extends FunctionKind>(trigger: TriggerDescription, kind: Kind): trigger is OfKind<Kind> =>
  trigger.kind === "records" ? trigger.sources.some(source => source === kind) : trigger.kind === kind;

/** Those for which the configuration says enough to make what calls them. */
export const triggersOf = <Kind extends FunctionKind>(graph: GraphDescription, kind: Kind): Calling<OfKind<Kind>>[] =>
  possibleTriggers(graph, kind).filter(
    ({ trigger }) => trigger.kind !== "records" || anonymous.includes(kind) || isNamed(trigger),
  );

/** A queue is made for what has none, log groups are subscribed by others, too; of all else a name is needed. */
const anonymous: readonly FunctionKind[] = ["queue", "log-subscription"];

const isNamed = ({ from, kafka, bus }: TriggerOf["records"]): boolean =>
  Boolean(from?.some(name => !name.includes("*")) || kafka || bus);

/** Kinds that a graph has, in a fixed order. What its writers hand over is delivered by a function of its own. */
export const kindsOf = (graph: GraphDescription): readonly FunctionKind[] => {
  const called = functionKinds.filter(kind => triggersOf(graph, kind).length);
  const works = called.length || connectableKinds(graph).length;
  return works && writersOf(graph).length ? [...called, "hand-over"] : called;
};

/** Kinds of which a deployment may bring sources besides those that the configuration names, or in their place. */
export const connectableKinds = (graph: GraphDescription): readonly FunctionKind[] =>
  bringable.filter(kind => possibleTriggers(graph, kind).length);

const bringable: readonly FunctionKind[] = ["log-subscription", "queue", "stream", "topic", "firehose", "objects"];

/** Components whose backends may not take data, now or for good. */
export const writersOf = ({ components }: GraphDescription): string[] =>
  components.filter(({ deadLetters = false }) => deadLetters).map(({ id }) => id);
