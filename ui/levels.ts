/**
 * Edges as one level of the tree shows them. An end that lies deeper is drawn at the holder that the level shows; an end that
 * lies outside is drawn at what stands beside the level, or beside one of the holders around it.
 */
import type { Edge, EdgeSignal } from "./edges.ts";

export interface LevelEdge extends Edge {
  /** The pairs of components between which data goes. Empty for values. */
  readonly pairs: readonly (readonly [string, string])[];
}

/** Edges with an end in a level (the id of a holder, empty for the configuration), each once and none from a box to itself. */
export function edgesOfLevel(edges: readonly Edge[], level: string): LevelEdge[] {
  const merged = new Map<string, LevelEdge & { signals: EdgeSignal[]; pairs: [string, string][] }>();
  for (const { from, to, kind, signals } of edges) {
    const [a, b] = [shownAt(from, level), shownAt(to, level)];
    if (a === undefined || b === undefined || a === b || !(stands(a, level) || stands(b, level))) continue;
    const key = `${kind} ${a} ${b}`;
    const edge = merged.get(key) ?? { from: a, to: b, kind, signals: [], pairs: [] };
    merged.set(key, edge);
    for (const signal of signals) if (!edge.signals.includes(signal)) edge.signals.push(signal);
    if (kind === "data") edge.pairs.push([from, to]);
  }
  // Who gives data to what is inside a holder refers to the holder as a whole for that, and takes no value of it.
  return [...merged.values()].filter(({ kind, from, to }) => kind === "data" || !merged.has(`data ${to} ${from}`));
}

/** The box for an id; `undefined` for the level itself and what is around it. */
function shownAt(id: string, level: string): string | undefined {
  if (level === "") return upTo(id, 0);
  if (id.startsWith(level) && id[level.length] === "/") return upTo(id, level.length + 1);
  let shared = 0; // where the first part begins that differs
  for (let i = 0; ; i++) {
    const [one, other] = [id[i], level[i]];
    if (one === undefined || (one === "/" && other === undefined)) return undefined;
    if (one !== other) return upTo(id, shared);
    if (one === "/") shared = i + 1;
  }
}

/** The id up to the end of the part that begins there. */
function upTo(id: string, start: number): string {
  const end = id.indexOf("/", start);
  return end < 0 ? id : id.slice(0, end);
}

/** Whether a box is one of the level, and not outside. */
export const stands = (id: string, level: string): boolean =>
  level === "" ? !id.includes("/") : id.lastIndexOf("/") === level.length && id.startsWith(level);
