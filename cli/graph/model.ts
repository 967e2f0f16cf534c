/** What a picture of a configuration shows: components in the modules that they belong to, and what flows between them. */
import { describePipeline, type TriggerDescription } from "../../lib/pipeline/graph/describe.ts";
import type { Component, Pipeline } from "../../lib/pipeline/graph/pipeline.ts";
import { type EdgeSignal, edgesOf } from "../../ui/edges.ts";

export interface Picture {
  readonly root: Group;
  readonly edges: readonly PictureEdge[];
}

/** The members of a module; those of the configuration itself for the root, whose id is empty. */
export interface Group {
  readonly id: string;
  /** The last part of the id. */
  readonly name: string;
  /** In the order in which they are written. */
  readonly children: readonly Child[];
}

export interface Box {
  /** As it is in messages and metrics: `add.one/discovery.relabel.r` inside the module `add.one`. */
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly triggers: readonly TriggerDescription[];
}

export type Child = { readonly kind: "group"; readonly group: Group } | { readonly kind: "box"; readonly box: Box };

/** In the direction in which something flows. Ends are boxes, or modules as a whole. */
export interface PictureEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "data" | "value";
  readonly signals: readonly EdgeSignal[];
}

/** The picture of a pipeline. */
export function pictureOf(pipeline: Pipeline): Picture {
  const components = inFileOrder(pipeline.components);
  const triggers = new Map(describePipeline(pipeline).components.map(each => [each.id, each.triggers]));
  const boxes = components.map(({ id, node }) => ({
    id,
    name: node.definition.name,
    label: node.block.label?.name ?? "",
    triggers: triggers.get(id) ?? [],
  }));
  return arrange(boxes, edgesOf(components));
}

/** Puts boxes into the modules that their ids name. A module that is a component itself is drawn as the module. */
export function arrange(boxes: readonly Box[], edges: readonly PictureEdge[]): Picture {
  const children = new Map<string, Child[]>([["", []]]);
  const groupOf = (id: string): Child[] => {
    const known = children.get(id);
    if (known) return known;
    const made: Child[] = [];
    children.set(id, made);
    groupOf(moduleOf(id)).push({
      kind: "group",
      group: { id, name: id.slice(id.lastIndexOf("/") + 1), children: made },
    });
    return made;
  };
  const modules = new Set(boxes.flatMap(({ id }) => ancestorsOf(id)));
  for (const box of boxes) {
    if (modules.has(box.id)) groupOf(box.id);
    else groupOf(moduleOf(box.id)).push({ kind: "box", box });
  }
  const ids = new Set([...boxes.map(({ id }) => id), ...modules]);
  const known = edges.filter(
    ({ from, to }) => ids.has(from) && ids.has(to) && !isInside(from, to) && !isInside(to, from),
  );
  return { root: { id: "", name: "", children: children.get("") ?? [] }, edges: withoutRepeated(known, modules) };
}

/** Leaves out what a module as a whole is connected with where a line to or from one of its members says it better. */
function withoutRepeated(edges: readonly PictureEdge[], modules: ReadonlySet<string>): readonly PictureEdge[] {
  const said = new Set<string>();
  for (const { from, to } of edges) {
    for (const one of [from, ...ancestorsOf(from)]) {
      for (const other of [to, ...ancestorsOf(to)])
        if (one !== from || other !== to) said.add(`${one} ${other}`).add(`${other} ${one}`);
    }
  }
  return edges.filter(({ from, to }) => !(modules.has(from) || modules.has(to)) || !said.has(`${from} ${to}`));
}

/** `foreach.x/1` for `foreach.x/1/loki.process.p`; empty for what is in no module. */
export const moduleOf = (id: string): string => id.slice(0, Math.max(id.lastIndexOf("/"), 0));

/** The modules around an id, the outermost first. */
export function ancestorsOf(id: string): string[] {
  const found: string[] = [];
  for (let module = moduleOf(id); module; module = moduleOf(module)) found.unshift(module);
  return found;
}

const isInside = (id: string, module: string): boolean => id === module || id.startsWith(`${module}/`);

const inFileOrder = (components: readonly Component[]): readonly Component[] =>
  components.toSorted(
    (a, b) => a.node.source.name.localeCompare(b.node.source.name) || a.node.block.start - b.node.block.start,
  );

/** What calls a component, in a few words. */
export function triggerText(trigger: TriggerDescription): string {
  switch (trigger.kind) {
    case "http":
      return `HTTP ${trigger.host || "0.0.0.0"}:${trigger.port}`;
    case "schedule":
      return `every ${trigger.everySeconds} s`;
    case "records":
      return trigger.sources.join(", ");
    case "objects":
      return `objects of ${trigger.buckets.map(({ bucket }) => bucket).join(", ") || "any bucket"}`;
    default:
      return trigger satisfies never;
  }
}

/** What flows, in words; empty where a receiver takes everything. */
export const flowText = ({ kind, signals }: PictureEdge): string => (kind === "value" ? "" : signals.join(", "));
