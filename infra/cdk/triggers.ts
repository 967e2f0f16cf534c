/** What calls a graph, as the construct takes it: sources may be given by who uses it. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { type FunctionKind, functionKinds, possibleTriggers } from "../resources/triggers.ts";

export type TriggerKind = FunctionKind;

/** Names and ARNs that components take records of; a pattern names nothing that could be connected. */
export const namesOf = (graph: GraphDescription, kind: "queue" | "stream" | "topic"): string[] => [
  ...new Set(possibleTriggers(graph, kind).flatMap(({ trigger }) => trigger.from ?? [])),
];

export const isPattern = (name: string): boolean => name.includes("*");

/** Kinds that the graph of a configuration has and the user wants; `given` are those for which the user brings a source. */
export function selectKinds(
  graph: GraphDescription,
  config: string,
  wanted: readonly TriggerKind[] | undefined,
  given: ReadonlySet<TriggerKind> = new Set(),
): ReadonlySet<TriggerKind> {
  const possible = functionKinds.filter(kind => possibleTriggers(graph, kind).length);
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
