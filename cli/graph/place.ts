/**
 * Where everything in a picture stands. Each module is laid out by itself and is then one box of the module around it; a line
 * that leads out of it goes in parts, and passes its frame at a gate that all lines to or from the same member share.
 */
import { layout } from "../../ui/layout.ts";
import { ancestorsOf, type Box, type Group, type Picture, type PictureEdge } from "./model.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A group whose members stand relative to its own left upper corner. */
export interface PlacedGroup extends Size {
  readonly group: Group;
  readonly boxes: readonly (Size & { readonly box: Box; readonly x: number; readonly y: number })[];
  readonly groups: readonly { readonly placed: PlacedGroup; readonly x: number; readonly y: number }[];
  readonly lines: readonly Line[];
}

/** A part of an edge, or of several that share it. Its path begins below the group's title. */
export interface Line {
  readonly path: string;
  readonly edges: readonly PictureEdge[];
  /** Leads to the end of its edges, and not only into or out of a module. */
  readonly arrives: boolean;
}

/** The part of an edge inside one group, from child to child; a gate where it comes from or goes outside. */
interface Part {
  readonly from: string;
  readonly to: string;
  readonly edges: PictureEdge[];
}

/** A placed group with its gates: how far each is from the middle of its side. */
interface WithGates {
  readonly placed: PlacedGroup;
  readonly gates: ReadonlyMap<string, number>;
}

/** Height of a module's title. */
export const titleHeight = 26;
const gateSize = { width: 1, height: 10 };

const gateIn = ({ to, kind }: PictureEdge): string => `in ${kind} ${to}`;
const gateOut = ({ from, kind }: PictureEdge): string => `out ${kind} ${from}`;

/** Lays a picture out; `sizeOf` says how large a box has to be. */
export function placePicture({ root, edges }: Picture, sizeOf: (box: Box) => Size): PlacedGroup {
  const parts = Map.groupBy(edges.flatMap(partsOf), ({ group }) => group);
  const merged = new Map([...parts].map(([group, each]) => [group, merge(each)]));
  return placeGroup(root, merged, sizeOf).placed;
}

/** The way of an edge through the groups, from the inside out and back in. */
function partsOf(edge: PictureEdge): (Part & { readonly group: string })[] {
  const [out, back] = [edge.from, edge.to].map(id => ["", ...ancestorsOf(id), id]) as [string[], string[]]; // as many as given
  let shared = 0;
  while (shared + 2 < out.length && shared + 2 < back.length && out[shared + 1] === back[shared + 1]) shared++;
  const part = (group = "", from = "", to = "") => ({ group, from, to, edges: [edge] });
  const leaving = out.slice(shared + 1, -1).map((group, i) => part(group, out[shared + 2 + i], gateOut(edge)));
  const entering = back.slice(shared + 1, -1).map((group, i) => part(group, gateIn(edge), back[shared + 2 + i]));
  return [...leaving.reverse(), part(out[shared], out[shared + 1], back[shared + 1]), ...entering];
}

/** Parts that would be drawn on each other are one. */
function merge(parts: readonly Part[]): Part[] {
  const merged = new Map<string, Part>();
  for (const { from, to, edges } of parts) {
    const [edge] = edges as [PictureEdge]; // made from one
    // a module's side has several gates
    const leaves = from === edge.from || from === gateIn(edge) ? "" : gateOut(edge);
    const enters = to === edge.to || to === gateOut(edge) ? "" : gateIn(edge);
    const key = JSON.stringify([from, to, edge.kind, leaves, enters]);
    const known = merged.get(key);
    if (known) known.edges.push(edge);
    else merged.set(key, { from, to, edges: [edge] });
  }
  // circles that data and values make together are cut at a value
  return [...merged.values()].sort(
    (a, b) => Number(a.edges[0]?.kind === "value") - Number(b.edges[0]?.kind === "value"),
  );
}

function placeGroup(
  group: Group,
  partsOfGroups: ReadonlyMap<string, readonly Part[]>,
  sizeOf: (box: Box) => Size,
): WithGates {
  const groups = new Map<string, WithGates>();
  const sizes = new Map<string, Size>();
  for (const child of group.children) {
    if (child.kind === "box") sizes.set(child.box.id, sizeOf(child.box));
    else {
      const inner = placeGroup(child.group, partsOfGroups, sizeOf);
      groups.set(child.group.id, inner);
      sizes.set(child.group.id, inner.placed);
    }
  }
  const parts = partsOfGroups.get(group.id) ?? [];
  const first = new Set(parts.flatMap(({ from }) => (sizes.has(from) ? [] : [from])));
  const last = new Set(parts.flatMap(({ to }) => (sizes.has(to) ? [] : [to])));
  const ids = [...first, ...sizes.keys(), ...last];
  for (const gate of [...first, ...last]) sizes.set(gate, gateSize);
  const edges = parts.map(({ from, to, edges: [edge] }) => ({
    ...{ from, to },
    leaves: (edge && groups.get(from)?.gates.get(gateOut(edge))) ?? 0,
    enters: (edge && groups.get(to)?.gates.get(gateIn(edge))) ?? 0,
  }));
  const drawn = layout(ids, edges, { direction: "right", ...gateSize, sizes, first, last });
  const title = group.id ? titleHeight : 0;
  const width = Math.max(drawn.width, title && group.name.length * 7.5 + 40);
  const height = drawn.height + title;
  const placeOf = (id: string) => {
    const { x, y } = drawn.places.get(id) ?? { x: 0, y: 0 };
    return { x, y: y + title };
  };
  const placed: PlacedGroup = {
    ...{ group, width, height },
    boxes: group.children.flatMap(child =>
      child.kind === "box" ? [{ box: child.box, ...placeOf(child.box.id), ...sizeOf(child.box) }] : [],
    ),
    groups: [...groups].map(([id, inner]) => ({ placed: inner.placed, ...placeOf(id) })),
    lines: parts.map((part, i) => ({
      path: throughFrame(drawn.paths[i] ?? "", {
        enters: first.has(part.from),
        leavesAt: last.has(part.to) ? width : 0,
      }),
      edges: part.edges,
      arrives: part.to === part.edges[0]?.to,
    })),
  };
  const gates = [...first, ...last].map(gate => [gate, placeOf(gate).y + gateSize.height / 2 - height / 2] as const);
  return { placed, gates: new Map(gates) };
}

/** Goes on from a gate's place in the layout to the frame. */
function throughFrame(
  path: string,
  { enters, leavesAt }: { readonly enters: boolean; readonly leavesAt: number },
): string {
  const [, start = "0", rest = ""] = /^M\S+ ([-\d.]+)(.*)$/.exec(path) ?? [];
  const begun = enters ? `M0 ${start}${path.replace("M", "L")}` : path;
  const [end = "0"] = /[-\d.]+$/.exec(path) ?? [];
  return leavesAt && rest ? `${begun}L${leavesAt} ${end}` : begun;
}
