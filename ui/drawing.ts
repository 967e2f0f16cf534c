/** Where the boxes and lines of one level of the tree stand. */
import { layout } from "./layout.ts";
import { edgesOfLevel, type LevelEdge, stands } from "./levels.ts";
import { holds, type Snapshot } from "./snapshot.ts";
import type { TreeNode } from "./tree.ts";

export type Direction = "right" | "down";

export interface BoxJson {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Not of this level: where its data comes from, or goes. */
  readonly outside?: true;
}

export interface DrawingJson {
  /** The holder whose inside is drawn; empty for the configuration. */
  readonly module: string;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly BoxJson[];
  readonly edges: readonly (LevelEdge & { readonly path: string })[];
}

export interface GraphJson {
  readonly module: string;
  /** One drawing; of a `foreach` one for each item. None where there is nothing to draw, or too much. */
  readonly drawings: readonly DrawingJson[];
  /** Why there is none. */
  readonly left?: "empty" | "large";
}

/** Narrow screens have smaller boxes, so that two stand side by side. */
const widths = { right: 236, down: 164 };
const heights = { component: 64, holder: 84, outside: 44 };

/** A drawing with more boxes can't be read, and the lists are there. */
const mostBoxes = 300;
const mostOutside = 30;
/** More items of a `foreach`, or more boxes in all of them, are listed. */
const mostItems = 12;
const mostItemBoxes = 60;

/** What is inside a holder, or at the top; `undefined` where there is no such holder. */
export function drawLevel(snapshot: Snapshot, module: string, direction: Direction): GraphJson | undefined {
  const node = snapshot.node(module);
  if (module !== "" && !holds(node)) return undefined;
  const members = node?.children ?? snapshot.tree.top;
  // an import holds declares and further imports: there is no way between them
  if (!members.length || node?.role === "import") return { module, drawings: [], left: "empty" };
  if (node?.role === "foreach") return drawItems(snapshot, node, direction);
  if (members.length > mostBoxes) return { module, drawings: [], left: "large" };
  return { module, drawings: [draw(snapshot, { id: module, members }, direction)] };
}

function drawItems(snapshot: Snapshot, { id: module, children }: TreeNode, direction: Direction): GraphJson {
  const boxes = children.reduce((sum, item) => sum + item.children.length, 0);
  if (!boxes) return { module, drawings: [], left: "empty" };
  if (children.length > mostItems || boxes > mostItemBoxes) return { module, drawings: [], left: "large" };
  return { module, drawings: children.map(({ id, children: members }) => draw(snapshot, { id, members }, direction)) };
}

function draw(
  snapshot: Snapshot,
  { id: module, members }: { readonly id: string; readonly members: readonly TreeNode[] },
  direction: Direction,
): DrawingJson {
  const all = edgesOfLevel(snapshot.edges, module);
  const outside = new Set(all.flatMap(({ from, to }) => [from, to]).filter(id => !stands(id, module)));
  const edges =
    outside.size > mostOutside ? all.filter(({ from, to }) => stands(from, module) && stands(to, module)) : all;
  if (outside.size > mostOutside) outside.clear();
  // Circles that data edges and value edges make together are cut at a value.
  const ordered = [...edges.filter(({ kind }) => kind === "data"), ...edges.filter(({ kind }) => kind === "value")];
  const width = widths[direction];
  const sizes = new Map([
    ...members.map(node => [node.id, { width, height: holds(node) ? heights.holder : heights.component }] as const),
    ...[...outside].map(id => [id, { width, height: heights.outside }] as const),
  ]);
  const drawn = layout([...sizes.keys()], ordered, { direction, width, height: heights.component, sizes });
  return {
    module,
    width: drawn.width,
    height: drawn.height,
    boxes: [...drawn.places].map(([id, place]) => ({
      id,
      ...place,
      ...(sizes.get(id) ?? { width, height: heights.component }),
      ...(outside.has(id) && { outside: true }),
    })),
    edges: ordered.map((edge, i) => ({
      ...edge,
      // a holder that was given a receiver sends nothing by itself
      pairs: edge.pairs.filter(([from]) => !holds(snapshot.node(from))),
      path: drawn.paths[i] ?? "",
    })),
  };
}
