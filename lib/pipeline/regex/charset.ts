/** Sets of code points as flat ranges `[lo, hi, lo, hi, …]`, sorted, neither overlapping nor touching. */
export type Charset = readonly number[];

export const maxCodePoint = 0x10ffff;
export const anyChar: Charset = [0, maxCodePoint];
export const anyButNewline: Charset = [0, 9, 11, maxCodePoint];
export const newline: Charset = [10, 10];
export const noChar: Charset = [];

/** Sorts and merges ranges. */
export function charset(ranges: readonly number[]): Charset {
  const pairs: [number, number][] = [];
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i] as number, ranges[i + 1] as number]); // pairs
  pairs.sort((a, b) => a[0] - b[0]);
  const merged: number[] = [];
  for (const [lo, hi] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && lo <= (merged[last] as number) + 1) merged[last] = Math.max(merged[last] as number, hi);
    else merged.push(lo, hi);
  }
  return merged;
}

export function negate(set: Charset): Charset {
  const result: number[] = [];
  let next = 0;
  for (let i = 0; i < set.length; i += 2) {
    const lo = set[i] as number; // pairs
    if (next < lo) result.push(next, lo - 1);
    next = (set[i + 1] as number) + 1;
  }
  if (next <= maxCodePoint) result.push(next, maxCodePoint);
  return result;
}

export const union = (a: Charset, b: Charset): Charset =>
  a.length === 0 || a === b ? b : b.length === 0 ? a : charset([...a, ...b]);

export function overlaps(a: Charset, b: Charset): boolean {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if ((a[i + 1] as number) < (b[j] as number)) i += 2;
    else if ((b[j + 1] as number) < (a[i] as number)) j += 2;
    else return true;
  }
  return false;
}

export function contains(set: Charset, codePoint: number): boolean {
  let low = 0;
  let high = set.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codePoint > (set[2 * middle + 1] as number)) low = middle + 1;
    else if (codePoint < (set[2 * middle] as number)) high = middle;
    else return true;
  }
  return false;
}

/** How many code points a set has. */
export function sizeOf(set: Charset): number {
  let size = 0;
  for (let i = 0; i < set.length; i += 2) size += (set[i + 1] as number) - (set[i] as number) + 1;
  return size;
}

/** Adds what equals a member of the set but for its case, by Unicode's simple folding. */
export function fold(set: Charset): Charset {
  const added: number[] = [...set];
  for (let i = 0; i < set.length; i += 2) {
    const lo = set[i] as number;
    const hi = set[i + 1] as number;
    if (lo <= 0x41 && hi >= 0x1e943) continue; // holds all letters that fold
    for (let c = Math.max(lo, 0x41); c <= Math.min(hi, 0x7a); c++) addAscii(c, added);
    if (hi > 0x7f)
      for (const [c, same] of foldings()) if (c >= lo && c <= hi) for (const other of same) added.push(other, other);
  }
  return charset(added);
}

function addAscii(c: number, added: number[]): void {
  const lower = c | 0x20;
  if (lower < 0x61 || lower > 0x7a) return;
  added.push(lower, lower, lower - 0x20, lower - 0x20);
  if (lower === 0x6b) added.push(0x212a, 0x212a); // the Kelvin sign
  if (lower === 0x73) added.push(0x17f, 0x17f); // the long s
}

/** Where letters with case are; looking at all characters would take tens of milliseconds. */
const casedBlocks: readonly (readonly [number, number])[] = [
  [0x80, 0x2dff],
  [0xa640, 0xabff],
  [0xfb00, 0xffff],
  [0x10400, 0x118ff],
  [0x16e00, 0x16eff],
  [0x1e900, 0x1e943],
];

let orbits: ReadonlyMap<number, ReadonlySet<number>> | undefined;

/** From each letter outside ASCII to those that differ from it in case only; made at the first need, from the engine's own tables. */
function foldings(): ReadonlyMap<number, ReadonlySet<number>> {
  if (orbits) return orbits;
  const found = new Map<number, Set<number>>();
  const join = (a: number, b: number) => {
    const merged = new Set([a, b, ...(found.get(a) ?? []), ...(found.get(b) ?? [])]);
    for (const member of merged) found.set(member, merged);
  };
  for (const [lo, hi] of casedBlocks) {
    for (let c = lo; c <= hi; c++) {
      if (c === 0x130 || c === 0x131) continue; // the Turkish i does not fold
      const char = String.fromCodePoint(c);
      for (const other of [char.toLowerCase(), char.toUpperCase()]) {
        const code = other.codePointAt(0) as number; // never empty
        if (other !== char && other.length === String.fromCodePoint(code).length) join(c, code);
      }
    }
  }
  for (const c of found.keys()) if (c < 0x80) found.delete(c);
  orbits = found;
  return orbits;
}
