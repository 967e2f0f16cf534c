/** Components in the blocks that hold them: bodies of custom components, items of a `foreach`, imported modules, a configuration that came from a server. */
import type { Component, Pipeline } from "../lib/pipeline/graph/pipeline.ts";
import type { Scope } from "../lib/pipeline/graph/scope.ts";

export type Role = "component" | "custom" | "foreach" | "import" | "item" | "remotecfg";

export interface TreeNode {
  readonly id: string;
  readonly role: Role;
  readonly parent: TreeNode | undefined;
  /** Absent where no block of its own stands for it: an item of a `foreach`, the configuration from a server. */
  readonly component: Component | undefined;
  /** Of an item: what runs for it. */
  readonly scope: Scope | undefined;
  /** In the order of the text, items in that of their collection. */
  readonly children: TreeNode[];
  /** Components inside, at all depths. */
  inside: number;
}

export interface Tree {
  /** By id. Holders stand before what they hold, siblings in order. */
  readonly nodes: ReadonlyMap<string, TreeNode>;
  readonly top: readonly TreeNode[];
}

/** Puts components where their ids say. */
export function treeOf(pipelines: readonly Pipeline[]): Tree {
  const found = new Map<string, TreeNode>();
  const top: TreeNode[] = [];
  const add = (id: string, role: Role, { component, scope }: Partial<Pick<TreeNode, "component" | "scope">> = {}) => {
    const known = found.get(id);
    if (known) return known;
    const above = holderOf(id);
    const parent: TreeNode | undefined =
      above === "" ? undefined : (found.get(above) ?? add(above, virtualRole(above)));
    const node: TreeNode = { id, role, parent, component, scope, children: [], inside: 0 };
    found.set(id, node);
    (parent?.children ?? top).push(node);
    if (component) for (let at = parent; at; at = at.parent) at.inside++;
    return node;
  };
  for (const pipeline of pipelines) {
    if (pipeline.path !== "") add(pipeline.path, "remotecfg");
    for (const component of pipeline.components) {
      const { role } = component.node;
      if (role === "argument" || role === "export") continue;
      add(component.id, role, { component });
      if (role === "foreach") for (const scope of component.scopes) add(scope.path, "item", { scope });
    }
  }
  return inOrder(top);
}

/** Above a component there is nothing without a block but an item, and at the top what stands before a whole pipeline. */
const virtualRole = (id: string): Role => (id.includes("/") ? "item" : "remotecfg");

function inOrder(top: TreeNode[]): Tree {
  const nodes = new Map<string, TreeNode>();
  const visit = (siblings: TreeNode[]) => {
    siblings.sort(byPlace);
    for (const node of siblings) {
      nodes.set(node.id, node);
      visit(node.children);
    }
  };
  visit(top);
  return { nodes, top };
}

/** As the user wrote them; a pipeline has them in the order in which they are built. What has no place stays where it is, last. */
function byPlace({ component: a }: TreeNode, { component: b }: TreeNode): number {
  if (!a || !b) return a ? -1 : b ? 1 : 0;
  const [one, other] = [a.node.source.name, b.node.source.name];
  if (one !== other) return one < other ? -1 : 1;
  return a.node.block.start - b.node.block.start;
}

/** The module that an id stands in; empty for the configuration itself. */
export const holderOf = (id: string): string => id.slice(0, Math.max(id.lastIndexOf("/"), 0));

/** An id within its module. */
export const localOf = (id: string): string => id.slice(id.lastIndexOf("/") + 1);

/** Whether a component is a holder or stands somewhere inside it. */
export const isInside = (id: string, holder: string): boolean =>
  id.startsWith(holder) && (id.length === holder.length || id[holder.length] === "/");

/** The holders around an id, the innermost first. */
export function* holdersOf(id: string): Generator<string> {
  for (let above = holderOf(id); above !== ""; above = holderOf(above)) yield above;
}
