/**
 * Where the graph's boxes and lines stand: layers by the longest way from a source, in each layer an order with few
 * crossings, long lines led past the boxes between. After Sugiyama, in its simplest form.
 */

export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}

export interface LayoutOptions {
  readonly direction: "right" | "down";
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  /** Left upper corners. */
  readonly places: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  /** SVG paths, one an edge. */
  readonly paths: readonly string[];
}

/** A place in a layer: of a box, or of a line on its way. */
interface Slot {
  readonly id: string | undefined;
  readonly layer: number;
  readonly before: Slot[];
  readonly after: Slot[];
  /** Place across the layers: middle of the box. */
  at: number;
}

const sweeps = 12;
const lineAcross = 12;
const margin = 18;
/** Room for a line that leads back. */
const backAcross = 14;

/** Lays out a graph: each part that hangs together by itself, one below the other. Edges that close a circle are led back below. */
export function layout(ids: readonly string[], edges: readonly LayoutEdge[], options: LayoutOptions): Layout {
  const sizes = sizesOf(options);
  const right = options.direction === "right";
  const places = new Map<string, { x: number; y: number }>();
  const paths = new Map<LayoutEdge, string>();
  let [width, height] = [0, margin];
  for (const part of partsOf(ids, edges)) {
    const drawn = layoutPart(part, sizes, right, height);
    for (const [id, place] of drawn.places) places.set(id, place);
    for (const [edge, path] of drawn.paths) paths.set(edge, path);
    width = Math.max(width, Math.ceil(drawn.right + margin));
    height = Math.ceil(drawn.bottom + sizes.gapParts);
  }
  height = places.size ? height - sizes.gapParts + margin : 2 * margin;
  return { width, height, places, paths: edges.map(edge => paths.get(edge) ?? "") };
}

interface Part {
  readonly ids: string[];
  readonly edges: LayoutEdge[];
}

/** What hangs together, in the order of first members. */
function partsOf(ids: readonly string[], edges: readonly LayoutEdge[]): Part[] {
  const known = new Map(ids.map(id => [id, id]));
  const root = (id: string): string => {
    const above = known.get(id) ?? id;
    return above === id ? id : root(above);
  };
  const inside = edges.filter(({ from, to }) => known.has(from) && known.has(to));
  for (const { from, to } of inside) known.set(root(to), root(from));
  const parts = new Map<string, Part>();
  for (const id of ids) {
    const part = parts.get(root(id)) ?? { ids: [], edges: [] };
    part.ids.push(id);
    parts.set(root(id), part);
  }
  for (const edge of inside) parts.get(root(edge.from))?.edges.push(edge);
  return [...parts.values()];
}

interface Drawn {
  readonly places: ReadonlyMap<string, { x: number; y: number }>;
  readonly paths: ReadonlyMap<LayoutEdge, string>;
  readonly right: number;
  readonly bottom: number;
}

/** One part, below `top`. */
function layoutPart({ ids, edges }: Part, sizes: Sizes, right: boolean, top: number): Drawn {
  const forward = withoutCircles(ids, edges);
  const slots = slotsOf(ids, forward, layersOf(ids, forward));
  const { rows } = slots;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : rows.toReversed()) reorder(row, down ? "before" : "after");
  }
  place(rows, sizes, right ? top : margin);
  return draw(edges, slots, { ...sizes, start: right ? margin : top }, right);
}

/** Lengths in the direction of the stream and across it. */
interface Sizes {
  readonly along: number;
  readonly across: number;
  readonly gapAlong: number;
  readonly gapAcross: number;
  /** Between parts that do not hang together. */
  readonly gapParts: number;
}

interface DrawSizes extends Sizes {
  /** Where the stream begins. */
  readonly start: number;
}

const sizesOf = ({ direction, width, height }: LayoutOptions): Sizes =>
  direction === "right"
    ? { along: width, across: height, gapAlong: 72, gapAcross: 24, gapParts: 24 }
    : { along: height, across: width, gapAlong: 44, gapAcross: 14, gapParts: 36 };

/** The edges, in their order, but for those that lead back to where they come from. */
function withoutCircles(ids: readonly string[], edges: readonly LayoutEdge[]): LayoutEdge[] {
  const after = new Map(ids.map(id => [id, new Set<string>()]));
  const reaches = (from: string, to: string): boolean => {
    const open = [from];
    const seen = new Set(open);
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (id === to) return true;
      for (const next of after.get(id) ?? []) {
        if (!seen.has(next)) open.push(next);
        seen.add(next);
      }
    }
    return false;
  };
  return edges.filter(({ from, to }) => {
    if (!after.has(from) || !after.has(to) || reaches(to, from)) return false;
    after.get(from)?.add(to);
    return true;
  });
}

/** The longest way from a source; what nothing precedes then moves right, next to what it leads to. */
function layersOf(ids: readonly string[], edges: readonly LayoutEdge[]): Map<string, number> {
  const layers = new Map(ids.map(id => [id, 0]));
  const layer = (id: string) => layers.get(id) ?? 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to } of edges) {
      if (layer(to) > layer(from)) continue;
      layers.set(to, layer(from) + 1);
      changed = true;
    }
  }
  const targets = new Set(edges.map(({ to }) => to));
  for (const id of ids) {
    if (targets.has(id)) continue;
    const next = edges.filter(({ from }) => from === id).map(({ to }) => layer(to));
    if (next.length) layers.set(id, Math.min(...next) - 1);
  }
  return layers;
}

interface Slots {
  readonly rows: Slot[][];
  readonly slots: ReadonlyMap<string, Slot>;
  /** The places that an edge goes through, its ends included. */
  readonly chains: ReadonlyMap<LayoutEdge, readonly Slot[]>;
}

function slotsOf(ids: readonly string[], edges: readonly LayoutEdge[], layers: ReadonlyMap<string, number>): Slots {
  const rows: Slot[][] = [];
  const add = (id: string | undefined, layer: number): Slot => {
    const slot: Slot = { id, layer, before: [], after: [], at: 0 };
    while (rows.length <= layer) rows.push([]);
    rows[layer]?.push(slot);
    return slot;
  };
  const slots = new Map(ids.map(id => [id, add(id, layers.get(id) ?? 0)]));
  const chains = new Map<LayoutEdge, readonly Slot[]>();
  for (const edge of edges) {
    const [from, to] = [slots.get(edge.from), slots.get(edge.to)];
    if (!from || !to) continue;
    const chain = [from];
    for (let layer = from.layer + 1; layer < to.layer; layer++) chain.push(add(undefined, layer));
    chain.push(to);
    for (const [i, slot] of chain.entries()) {
      const next = chain[i + 1];
      if (!next) break;
      slot.after.push(next);
      next.before.push(slot);
    }
    chains.set(edge, chain);
  }
  for (const row of rows) for (const [i, slot] of row.entries()) slot.at = i;
  return { rows, slots, chains };
}

/** Sorts a layer by where its neighbours stand. */
function reorder(row: Slot[], side: "before" | "after"): void {
  const wish = new Map(row.map(slot => [slot, slot[side].length ? mean(slot[side]) : slot.at]));
  row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
  for (const [i, slot] of row.entries()) slot.at = i;
}

const mean = (slots: readonly Slot[]): number => slots.reduce((sum, { at }) => sum + at, 0) / slots.length;

/** Turns orders into places: packed at first, then each slot drawn towards its neighbours as far as the next one lets it. */
function place(rows: readonly Slot[][], sizes: Sizes, start: number): void {
  for (const row of rows) {
    let at = 0;
    for (const slot of row) {
      const size = sizeOf(slot, sizes);
      slot.at = at + size / 2;
      at += size + sizes.gapAcross;
    }
  }
  for (let round = 0; round < sweeps; round++) {
    const down = round % 2 === 0;
    for (const row of down ? rows : rows.toReversed()) pull(row, down ? "before" : "after", sizes);
  }
  const first = Math.min(...rows.flat().map(slot => slot.at - sizeOf(slot, sizes) / 2));
  for (const slot of rows.flat()) slot.at += start - first;
}

const sizeOf = ({ id }: Slot, { across }: Sizes): number => (id === undefined ? lineAcross : across);

/** Moves slots to the mean of their neighbours, those that are most bound first, without changing the order. */
function pull(row: readonly Slot[], side: "before" | "after", sizes: Sizes): void {
  const distance = (a: Slot, b: Slot) => (sizeOf(a, sizes) + sizeOf(b, sizes)) / 2 + sizes.gapAcross;
  const byDegree = [...row.keys()].sort((a, b) => (row[b]?.[side].length ?? 0) - (row[a]?.[side].length ?? 0));
  const fixed = new Set<number>();
  for (const i of byDegree) {
    const slot = row[i];
    if (!slot?.[side].length) continue;
    slot.at = mean(slot[side]);
    fixed.add(i);
    // The neighbours give way, but not those that already have their place: then this one does.
    for (let j = i - 1; j >= 0 && fixed.has(j); j--) keepApart(row[j], slot, distance, "second");
    for (let j = i + 1; j < row.length && fixed.has(j); j++) keepApart(slot, row[j], distance, "first");
  }
  for (let i = 1; i < row.length; i++) keepApart(row[i - 1], row[i], distance, "second");
}

function keepApart(
  first: Slot | undefined,
  second: Slot | undefined,
  distance: (a: Slot, b: Slot) => number,
  moves: "first" | "second",
): void {
  if (!first || !second) return;
  const least = distance(first, second);
  if (second.at - first.at >= least) return;
  if (moves === "second") second.at = first.at + least;
  else first.at = second.at - least;
}

function draw(edges: readonly LayoutEdge[], { rows, slots, chains }: Slots, sizes: DrawSizes, right: boolean): Drawn {
  const { along, across, gapAlong, start } = sizes;
  const step = along + gapAlong;
  let end = Math.max(0, ...rows.flat().map(slot => slot.at + sizeOf(slot, sizes) / 2));
  const places = new Map(
    [...slots].map(([id, { layer, at }]) => {
      const [a, b] = [start + layer * step, at - across / 2];
      return [id, right ? { x: round(a), y: round(b) } : { x: round(b), y: round(a) }] as const;
    }),
  );
  const point = (a: number, b: number) =>
    right ? `${round(a + start)} ${round(b)}` : `${round(b)} ${round(a + start)}`;
  const paths = new Map<LayoutEdge, string>();
  for (const edge of edges) {
    const chain = chains.get(edge);
    const [from, to] = [slots.get(edge.from), slots.get(edge.to)];
    if (chain) paths.set(edge, pathOf(chain, sizes, point));
    else if (from && to) {
      end += backAcross;
      paths.set(edge, pathBack(from, to, end, sizes, point));
    }
  }
  const stream = start + rows.length * step - gapAlong;
  return { places, paths, right: right ? stream : end, bottom: right ? end : stream };
}

/** Below everything from the end of a box to the beginning of one that stands before it. */
function pathBack(
  from: Slot,
  to: Slot,
  below: number,
  { along, gapAlong }: Sizes,
  point: (along: number, across: number) => string,
): string {
  const step = along + gapAlong;
  const [a, b] = [from.layer * step + along, to.layer * step];
  const bend = margin * 1.3;
  return (
    `M${point(a, from.at)}C${point(a + bend, from.at)} ${point(a + bend, below)} ${point(a - bend, below)}` +
    `L${point(b + bend, below)}C${point(b - bend, below)} ${point(b - bend, to.at)} ${point(b, to.at)}`
  );
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** From the end of one box to the beginning of another, level at every box and place on the way. */
function pathOf(
  chain: readonly Slot[],
  { along, gapAlong }: Sizes,
  point: (along: number, across: number) => string,
): string {
  const step = along + gapAlong;
  const [first, ...rest] = chain;
  if (!first) return "";
  let a = first.layer * step + along;
  let b = first.at;
  let path = `M${point(a, b)}`;
  for (const slot of rest) {
    const next = slot.layer * step;
    const bend = Math.max((next - a) / 2, 24);
    path += `C${point(a + bend, b)} ${point(next - bend, slot.at)} ${point(next, slot.at)}`;
    b = slot.at;
    a = next;
    if (slot.id !== undefined) continue;
    a = next + along;
    path += `L${point(a, b)}`;
  }
  return path;
}
