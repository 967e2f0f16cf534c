/** What calls a graph, by the kind of resource that does it. */
import type { GraphDescription, TriggerDescription } from "../../lib/pipeline/graph/describe.ts";

/** Each has a function of its own, since permissions, concurrency and dead letters differ. */
export type TriggerKind = "http" | "log-subscription" | "queue" | "schedule";

const triggerKinds: readonly TriggerKind[] = ["http", "log-subscription", "queue", "schedule"];

interface TriggerOf {
  readonly http: Extract<TriggerDescription, { kind: "http" }>;
  readonly schedule: Extract<TriggerDescription, { kind: "schedule" }>;
  readonly queue: Extract<TriggerDescription, { kind: "records" }>;
  readonly "log-subscription": Extract<TriggerDescription, { kind: "records" }>;
}

/** Triggers of one kind, each with the component that it calls. */
export function triggersOf<Kind extends TriggerKind>(
  { components }: GraphDescription,
  kind: Kind,
): { readonly component: string; readonly trigger: TriggerOf[Kind] }[] {
  return components.flatMap(({ id, triggers }) =>
    triggers.filter(trigger => isOfKind(trigger, kind)).map(trigger => ({ component: id, trigger })),
  );
}

const isOfKind = <Kind extends TriggerKind>(trigger: TriggerDescription, kind: Kind): trigger is TriggerOf[Kind] =>
  trigger.kind === "records" ? trigger.sources.some(source => source === kind) : trigger.kind === kind;

/** Kinds that the graph of a configuration has and the user wants. */
export function selectKinds(
  graph: GraphDescription,
  config: string,
  wanted: readonly TriggerKind[] | undefined,
): ReadonlySet<TriggerKind> {
  const present = triggerKinds.filter(kind => triggersOf(graph, kind).length);
  if (!present.length) throw new Error(`config ${config} should have a component that something calls, got none`);
  const absent = wanted?.find(kind => !present.includes(kind));
  if (absent || wanted?.length === 0)
    throw new Error(`triggers should be some of ${present.join(", ")}, which ${config} has, got ${absent ?? "none"}`);
  return new Set(wanted ?? present);
}
