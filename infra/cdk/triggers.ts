/** What calls a graph, by the kind of resource that does it. */
import type { GraphDescription, TriggerDescription } from "../../lib/pipeline/graph/describe.ts";
import type { RecordSource } from "../../lib/pipeline/graph/trigger.ts";

/** Each has a function of its own, since permissions, concurrency and dead letters differ. */
export type TriggerKind = "http" | "schedule" | "objects" | RecordSource;

const triggerKinds: readonly TriggerKind[] = [
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
];

interface TriggerOf {
  readonly http: Extract<TriggerDescription, { kind: "http" }>;
  readonly schedule: Extract<TriggerDescription, { kind: "schedule" }>;
  readonly objects: Extract<TriggerDescription, { kind: "objects" }>;
  readonly records: Extract<TriggerDescription, { kind: "records" }>;
}

type OfKind<Kind extends TriggerKind> = TriggerOf[Kind extends "http" | "schedule" | "objects" ? Kind : "records"];

/** Triggers of one kind, each with the component that it calls. */
export function triggersOf<Kind extends TriggerKind>(
  { components }: GraphDescription,
  kind: Kind,
): { readonly component: string; readonly trigger: OfKind<Kind> }[] {
  return components.flatMap(({ id, triggers }) =>
    triggers.filter(trigger => isOfKind(trigger, kind)).map(trigger => ({ component: id, trigger })),
  );
}

const isOfKind = <Kind extends TriggerKind>(trigger: TriggerDescription, kind: Kind): trigger is OfKind<Kind> =>
  trigger.kind === "records" ? trigger.sources.some(source => source === kind) : trigger.kind === kind;

/** Names and ARNs that components take records of; a pattern names nothing that could be connected. */
export const namesOf = (graph: GraphDescription, kind: "queue" | "stream" | "topic"): string[] => [
  ...new Set(triggersOf(graph, kind).flatMap(({ trigger }) => trigger.from ?? [])),
];

export const isPattern = (name: string): boolean => name.includes("*");

/** Kinds that the graph of a configuration has and the user wants; `given` are those for which the user brings a source. */
export function selectKinds(
  graph: GraphDescription,
  config: string,
  wanted: readonly TriggerKind[] | undefined,
  given: ReadonlySet<TriggerKind> = new Set(),
): ReadonlySet<TriggerKind> {
  const possible = triggerKinds.filter(kind => triggersOf(graph, kind).length);
  const missing = [...given].find(kind => !possible.includes(kind));
  if (missing) throw new Error(`config ${config} should have a component that a ${missing} calls, got none`);
  const present = possible.filter(kind => given.has(kind) || hasSource(graph, kind));
  if (!present.length) throw new Error(`config ${config} should have a component that something calls, got none`);
  const absent = wanted?.find(kind => !present.includes(kind));
  if (absent || wanted?.length === 0)
    throw new Error(`triggers should be some of ${present.join(", ")}, which ${config} has, got ${absent ?? "none"}`);
  return new Set(wanted ?? present);
}

/** Whether the configuration says enough: a queue is made where none is named, log groups may be subscribed later. */
function hasSource(graph: GraphDescription, kind: TriggerKind): boolean {
  switch (kind) {
    case "stream":
    case "topic":
      return namesOf(graph, kind).some(name => !isPattern(name));
    case "firehose":
      return false; // its role calls the function, which only the user knows
    default:
      return true;
  }
}
