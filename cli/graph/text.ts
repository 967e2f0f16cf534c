/** A picture as text. */
import type { GraphDescription, TriggerDescription } from "../../lib/pipeline/graph/describe.ts";

/** Each component with what calls it and what its arguments refer to; members of a module stand together. */
export function text({ components, edges }: GraphDescription): string {
  return components
    .map(({ id, triggers }) => {
      const to = edges.filter(edge => edge.from === id).map(edge => edge.to);
      return [
        id,
        ...triggers.map(trigger => `  called by ${triggerText(trigger)}`),
        ...to.map(target => `  refers to ${target}`),
        "",
      ].join("\n");
    })
    .join("");
}

function triggerText(trigger: TriggerDescription): string {
  switch (trigger.kind) {
    case "http":
      return `HTTP on ${trigger.host || "0.0.0.0"}:${trigger.port}: ${trigger.paths.join(", ")}`;
    case "schedule":
      return `a schedule, every ${trigger.everySeconds} s`;
    case "records":
      return `${trigger.sources.join(" or ")}${namesOf(trigger)} with ${trigger.format}`;
    case "objects":
      return `objects of ${trigger.buckets.map(({ bucket, prefix = "" }) => `${bucket}/${prefix}`).join(", ") || "any bucket"}`;
    default:
      return trigger satisfies never;
  }
}

/** What a component names of its sources. */
const namesOf = ({ from = [] }: { readonly from?: readonly string[] }): string =>
  from.length ? ` ${from.join(", ")}` : "";
