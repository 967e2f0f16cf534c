/** Objects of S3: buckets notify a queue of new ones, the function takes the queue's messages. */
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import type { ObjectSelection } from "../../lib/pipeline/graph/trigger.ts";
import type { NotificationPlan } from "../resources.ts";
import { triggersOf } from "./triggers.ts";

/** S3 refuses notifications that overlap, so one that another covers is left out. */
export function notificationsOf(graph: GraphDescription): NotificationPlan[] {
  const all = triggersOf(graph, "objects").flatMap(({ component, trigger: { buckets, queue } }) =>
    queue === undefined ? buckets.map(selection => ({ component, selection })) : [],
  );
  return all
    .filter(({ selection }, i) =>
      all.every(
        (other, j) => i === j || !covers(other.selection, selection) || (covers(selection, other.selection) && i < j),
      ),
    )
    .map(({ selection }) => ({
      ...selection,
      queue: "objects",
      reason: `${[...new Set(all.filter(each => covers(selection, each.selection)).map(each => each.component))].join(", ")} reads new objects`,
    }));
}

/** The own queue, and those that others made, as ARNs. */
export const objectQueues = (graph: GraphDescription): string[] => [
  ...new Set(["${queue:objects}", ...triggersOf(graph, "objects").flatMap(({ trigger }) => trigger.queue ?? [])]),
];

const covers = (a: ObjectSelection, b: ObjectSelection): boolean =>
  a.bucket === b.bucket && (b.prefix ?? "").startsWith(a.prefix ?? "") && (b.suffix ?? "").endsWith(a.suffix ?? "");

/** Components that name no bucket, so that nothing could be connected. */
export const objectNotes = (graph: GraphDescription): string[] =>
  triggersOf(graph, "objects")
    .filter(({ trigger }) => !trigger.buckets.length && trigger.queue === undefined)
    .map(({ component }) => `${component} names no bucket: send events of S3 to the queue when you deploy`);
