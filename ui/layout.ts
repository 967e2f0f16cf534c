/**
 * Where the graph's boxes and lines stand: layers by the longest way from a source, in each layer an order with few
 * crossings, long lines led past the boxes between. After Sugiyama, in its simplest form.
 */

export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
  /** How far from the middle of its side the line leaves a box and enters one. @default 0 */
  readonly leaves?: number;
  readonly enters?: number;
}

export interface LayoutOptions {
  readonly direction: "right" | "down";
  readonly width: number;
  readonly height: number;
  /** Boxes of another size. */
  readonly sizes?: ReadonlyMap<string, { readonly width: number; readonly height: number }>;
  /** What stands at the very beginning, and at the very end, of what it hangs together with. */
  readonly first?: ReadonlySet<string>;
  readonly last?: ReadonlySet<string>;
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
  /** Lengths in the direction of the stream and across it; a line on its way is as long as its layer. */
  readonly along: number;
  readonly across: number;
  readonly before: Link[];
  readonly after: Link[];
  /** Place across the layers: middle of the box. */
  at: number;
}

/** A neighbour, and how far its middle is from the place where a level line from this slot's middle would meet it. */
interface Link {
  readonly slot: Slot;
  readonly shift: number;
}

const sweeps = 12;
const lineAcross = 12;
const almostLevel = 16;
const margin = 18;
/** Room for a line that leads back. */
const backAcross = 14;

/** Lays out a graph: each part that hangs together by itself, one below the other. Edges that close a circle are led back below. */
export function layout(ids: readonly string[], edges: readonly LayoutEdge[], options: LayoutOptions): Layout {
  const sizes = sizesOf(options);
  const places = new Map<string, { x: number; y: number }>();
  const paths = new Map<LayoutEdge, string>();
  let [width, height] = [0, margin];
  for (const part of partsOf(ids, edges)) {
    const drawn = layoutPart(part, sizes, options, height);
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
function layoutPart({ ids, edges }: Part, sizes: Sizes, options: LayoutOptions, top: number): Drawn {
  const right = options.direction === "right";
  const forward = withoutCircles(ids, edges);
  const slots = slotsOf(ids, forward, { layers: layersOf(ids, forward, options), sizeOf: boxSizes(sizes, options) });
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

type Size = Pick<Slot, "along" | "across">;

const boxSizes =
  (usual: Sizes, { direction, sizes }: LayoutOptions) =>
  (id: string): Size => {
    const size = sizes?.get(id);
    if (!size) return usual;
    const { width, height } = size;
    return direction === "right" ? { along: width, across: height } : { along: height, across: width };
  };

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
function layersOf(
  ids: readonly string[],
  edges: readonly LayoutEdge[],
  { first, last }: LayoutOptions,
): Map<string, number> {
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
    if (targets.has(id) || first?.has(id)) continue;
    const next = edges.filter(({ from }) => from === id).map(({ to }) => layer(to));
    if (next.length) layers.set(id, Math.min(...next) - 1);
  }
  const end = Math.max(0, ...layers.values());
  for (const id of ids) if (last?.has(id)) layers.set(id, end);
  return layers;
}

interface Slots {
  readonly rows: Slot[][];
  readonly slots: ReadonlyMap<string, Slot>;
  /** The places that an edge goes through, its ends included. */
  readonly chains: ReadonlyMap<LayoutEdge, readonly Slot[]>;
}

function slotsOf(
  ids: readonly string[],
  edges: readonly LayoutEdge[],
  { layers, sizeOf }: { readonly layers: ReadonlyMap<string, number>; readonly sizeOf: (id: string) => Size },
): Slots {
  const rows: Slot[][] = [];
  const add = (id: string | undefined, layer: number): Slot => {
    const { along, across } = id === undefined ? { along: 0, across: lineAcross } : sizeOf(id);
    const slot: Slot = { id, layer, along, across, before: [], after: [], at: 0 };
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
      const shift = (i === 0 ? (edge.leaves ?? 0) : 0) - (next === to ? (edge.enters ?? 0) : 0);
      slot.after.push({ slot: next, shift: -shift });
      next.before.push({ slot, shift });
    }
    chains.set(edge, chain);
  }
  for (const row of rows) for (const [i, slot] of row.entries()) slot.at = i;
  return { rows, slots, chains };
}

/** Sorts a layer by where its neighbours stand. */
function reorder(row: Slot[], side: Side): void {
  const wish = new Map(
    row.map(slot => [slot, slot[side].length ? mean(slot[side].map(link => link.slot.at)) : slot.at]),
  );
  row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
  for (const [i, slot] of row.entries()) slot.at = i;
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

type Side = "before" | "after";

/** Turns orders into places: packed at first, then each slot drawn towards its neighbours as far as the next one lets it. */
function place(rows: readonly Slot[][], sizes: Sizes, start: number): void {
  for (const row of rows) {
    let at = 0;
    for (const slot of row) {
      slot.at = at + slot.across / 2;
      at += slot.across + sizes.gapAcross;
    }
  }
  for (let round = 0; round < sweeps; round++) {
    const down = round % 2 === 0;
    const sides: Side[] = round < sweeps - 4 ? [down ? "before" : "after"] : ["before", "after"];
    for (const row of down ? rows : rows.toReversed()) pull(row, sides, sizes);
  }
  for (const row of rows) straighten(row, "before", sizes);
  for (const row of rows.toReversed())
    straighten(
      row.filter(({ before }) => !before.length),
      "after",
      sizes,
      row,
    );
  const first = Math.min(...rows.flat().map(slot => slot.at - slot.across / 2));
  for (const slot of rows.flat()) slot.at += start - first;
}

/** Slots that stand as close as they may, and so move together. */
interface Cluster {
  readonly slots: { readonly slot: Slot; readonly offset: number }[];
  wish: number;
  weight: number;
  length: number;
}

/** Moves slots to where their neighbours are, as near as their order and sizes allow (isotonic regression: pool adjacent violators). */
function pull(row: readonly Slot[], sides: readonly Side[], { gapAcross }: Sizes): void {
  const clusters: Cluster[] = [];
  for (const slot of row) {
    const { at, weight } = wishOf(slot, sides);
    clusters.push({ slots: [{ slot, offset: 0 }], wish: at - slot.across / 2, weight, length: slot.across });
    for (let [one, next] = clusters.slice(-2); one && next; [one, next] = clusters.slice(-2)) {
      const distance = one.length + gapAcross;
      if (next.wish - one.wish >= distance) break;
      one.wish = (one.wish * one.weight + (next.wish - distance) * next.weight) / (one.weight + next.weight);
      one.weight += next.weight;
      one.slots.push(...next.slots.map(({ slot: each, offset }) => ({ slot: each, offset: offset + distance })));
      one.length = distance + next.length;
      clusters.pop();
    }
  }
  for (const { slots, wish } of clusters)
    for (const { slot, offset } of slots) slot.at = wish + offset + slot.across / 2;
}

/** Lines that are almost level look like a mistake: slots move the little way, where there is room. */
function straighten(slots: readonly Slot[], side: Side, { gapAcross }: Sizes, row = slots): void {
  for (const slot of slots) {
    const wishes = slot[side].map(link => link.slot.at + link.shift).sort((a, b) => away(a, slot) - away(b, slot));
    const [wish] = wishes;
    if (wish === undefined || away(wish, slot) > almostLevel) continue;
    const i = row.indexOf(slot);
    const fits = [row[i - 1], row[i + 1]].every(
      next => !next || Math.abs(next.at - wish) >= (next.across + slot.across) / 2 + gapAcross,
    );
    if (fits) slot.at = wish;
  }
}

const away = (at: number, slot: Slot): number => Math.abs(at - slot.at);

/** The mean of the neighbours; one that many are bound to counts little for each, so that lines of single ones are level. */
function wishOf(slot: Slot, sides: readonly Side[]): { readonly at: number; readonly weight: number } {
  let [sum, weight] = [0, 0];
  for (const side of sides) {
    for (const { slot: neighbour, shift } of slot[side]) {
      const share = 1 / neighbour[side === "before" ? "after" : "before"].length ** 2;
      sum += share * (neighbour.at + shift);
      weight += share;
    }
  }
  return weight ? { at: sum / weight, weight } : { at: slot.at, weight: 0.01 };
}

function draw(edges: readonly LayoutEdge[], { rows, slots, chains }: Slots, sizes: DrawSizes, right: boolean): Drawn {
  const { start } = sizes;
  const layers = extentsOf(rows, sizes);
  let end = Math.max(0, ...rows.flat().map(slot => slot.at + slot.across / 2));
  const places = new Map(
    [...slots].map(([id, { layer, at, across }]) => {
      const [a, b] = [start + (layers[layer]?.start ?? 0), at - across / 2];
      return [id, right ? { x: round(a), y: round(b) } : { x: round(b), y: round(a) }] as const;
    }),
  );
  const point = (a: number, b: number) =>
    right ? `${round(a + start)} ${round(b)}` : `${round(b)} ${round(a + start)}`;
  const paths = new Map<LayoutEdge, string>();
  for (const edge of edges) {
    const chain = chains.get(edge);
    const [from, to] = [slots.get(edge.from), slots.get(edge.to)];
    if (chain) paths.set(edge, pathOf(edge, chain, layers, point));
    else if (from && to) {
      end += backAcross;
      paths.set(edge, pathBack(edge, { from, to, below: end }, layers, point));
    }
  }
  const stream = start + (layers.at(-1)?.end ?? 0);
  return { places, paths, right: right ? stream : end, bottom: right ? end : stream };
}

/** Where a layer begins and ends in the direction of the stream. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

function extentsOf(rows: readonly Slot[][], { gapAlong }: Sizes): Extent[] {
  const lengths = rows.map(row => Math.max(0, ...row.map(({ along }) => along)));
  let at = 0;
  return lengths.map((length, i) => {
    const start = at;
    const end = start + length;
    // beside a layer in which nothing but the ends of lines are
    const narrow = length <= 1 || (lengths[i + 1] ?? 0) <= 1;
    at = end + (narrow ? gapAlong * 0.4 : gapAlong);
    return { start, end };
  });
}

type Point = (along: number, across: number) => string;

/** Below everything from the end of a box to the beginning of one that stands before it. */
function pathBack(
  { leaves = 0, enters = 0 }: LayoutEdge,
  { from, to, below }: { readonly from: Slot; readonly to: Slot; readonly below: number },
  layers: readonly Extent[],
  point: Point,
): string {
  const [a, b] = [(layers[from.layer]?.start ?? 0) + from.along, layers[to.layer]?.start ?? 0];
  const [out, back] = [from.at + leaves, to.at + enters];
  const bend = margin * 1.3;
  return (
    `M${point(a, out)}C${point(a + bend, out)} ${point(a + bend, below)} ${point(a - bend, below)}` +
    `L${point(b + bend, below)}C${point(b - bend, below)} ${point(b - bend, back)} ${point(b, back)}`
  );
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** From the end of one box to the beginning of another, level at every box and place on the way. */
function pathOf(
  { leaves = 0, enters = 0 }: LayoutEdge,
  chain: readonly Slot[],
  layers: readonly Extent[],
  point: Point,
): string {
  const [first, ...rest] = chain;
  if (!first) return "";
  const { start = 0, end = 0 } = layers[first.layer] ?? {};
  let a = start + first.along;
  let b = first.at + leaves;
  let path = `M${point(a, b)}`;
  if (a < end) path += `L${point(end, b)}`;
  a = end;
  for (const slot of rest) {
    const next = layers[slot.layer] ?? { start: 0, end: 0 };
    const across = slot.at + (slot.id === undefined ? 0 : enters);
    const bend = Math.max((next.start - a) / 2, 14);
    path += `C${point(a + bend, b)} ${point(next.start - bend, across)} ${point(next.start, across)}`;
    b = across;
    a = next.start;
    if (slot.id !== undefined) continue;
    a = next.end;
    path += `L${point(a, b)}`;
  }
  return path;
}
