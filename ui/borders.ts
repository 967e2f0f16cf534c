/**
 * Where data goes into holders and out of them, and from that what can be said of a holder's numbers. What can't be told apart
 * stays unknown: a wrong number is worse than none.
 */
import type { Edge } from "./edges.ts";
import { holdersOf, isInside } from "./tree.ts";

/** Items since the process began; `undefined` where it is not counted, or can't be told. */
export interface Totals {
  readonly received: number | undefined;
  readonly failed: number | undefined;
  readonly dropped: number | undefined;
  readonly sent: number | undefined;
}

/** The ways of data over the border of a holder. */
export interface Border {
  /** Components inside that get data from outside; those that get some from inside too count what is not of the border. */
  readonly entries: Set<string>;
  /** Whether all that enters the entries came over the border. */
  clean: boolean;
  /** The first components that data meets inside; what they refuse is what the holder refuses. */
  readonly first: Set<string>;
  /** Whether the first components get data from others inside as well. */
  firstClean: boolean;
  /** Components outside that get data from inside. */
  readonly exits: Set<string>;
}

/** Borders of all holders that data crosses or begins in. */
export function bordersOf(
  edges: readonly Edge[],
  isHolder: (id: string) => boolean,
  takesData: (id: string) => boolean,
): Map<string, Border> {
  const senders = sendersOf(edges, isHolder);
  const borders = new Map<string, Border>();
  const borderOf = (holder: string): Border => {
    const known = borders.get(holder);
    if (known) return known;
    const made: Border = { entries: new Set(), clean: true, first: new Set(), firstClean: true, exits: new Set() };
    borders.set(holder, made);
    return made;
  };
  for (const [to, froms] of senders) {
    for (const holder of holdersOf(to)) {
      const inside = froms.filter(from => isInside(from, holder));
      const border = borderOf(holder);
      if (inside.length < froms.length) {
        border.entries.add(to);
        if (inside.length) border.clean = false;
      }
      const fed = inside.filter(takesData).length;
      if (fed < froms.length) {
        border.first.add(to);
        if (fed) border.firstClean = false;
      }
    }
    for (const from of froms)
      for (const holder of holdersOf(from)) if (!isInside(to, holder)) borderOf(holder).exits.add(to);
  }
  return borders;
}

/** Who sends to each component. A holder that was given a receiver sends nothing by itself. */
export function sendersOf(edges: readonly Edge[], isHolder: (id: string) => boolean): Map<string, string[]> {
  const senders = new Map<string, string[]>();
  for (const { from, to, kind } of edges) {
    if (kind !== "data" || isHolder(from)) continue;
    const known = senders.get(to);
    if (known) known.push(from);
    else senders.set(to, [from]);
  }
  return senders;
}

/** The numbers of a holder, of those of the components inside. */
export function totalsOfHolder(
  border: Border | undefined,
  inside: Iterable<Totals | undefined>,
  totalsOf: (id: string) => Totals | undefined,
): Totals {
  let [dropped, sent]: (number | undefined)[] = [];
  for (const totals of inside) {
    dropped = plus(dropped, totals?.dropped);
    sent = plus(sent, totals?.sent);
  }
  let [received, failed]: (number | undefined)[] = [];
  if (border?.clean) for (const id of border.entries) received = plus(received, totalsOf(id)?.received);
  if (border?.firstClean) for (const id of border.first) failed = plus(failed, totalsOf(id)?.failed);
  return { received, failed, dropped, sent };
}

const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : a + b;

/** The only component that gets what leaves, if it gets nothing from elsewhere: what entered it is what left here. */
export function onlyExit(
  id: string,
  exits: ReadonlySet<string> | undefined,
  senders: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const [exit] = exits ?? [];
  if (exit === undefined || exits?.size !== 1) return undefined;
  return senders.get(exit)?.every(from => isInside(from, id)) ? exit : undefined;
}
