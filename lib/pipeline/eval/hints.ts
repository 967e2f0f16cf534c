/** What the user may have meant by a name that does not exist. Hints stand beside messages, which stay Alloy's. */

/** `did you mean "x"?` where a name is near, in spelling or as the end of a longer one: `json` for `stage.json`. */
export function hintFor(name: string, known: Iterable<string>): string | undefined {
  const best = nearestOf(name, [...known]);
  return best === undefined ? undefined : didYouMean(best);
}

/** How a proposal is put. */
export const didYouMean = (name: string): string => `did you mean "${name}"?`;

/** `, did you mean "x"?` where a name is near, else nothing; for messages that are not Alloy's. */
export function suggest(name: string, known: Iterable<string>): string {
  const hint = hintFor(name, known);
  return hint === undefined ? "" : `, ${hint}`;
}

/** The name that is proposed. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = distanceOf(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined) return best;
  const longer = known.filter(candidate => candidate.endsWith(`.${name}`));
  return longer.length === 1 ? longer[0] : undefined;
}

/**
 * Part by part where both have as many, so that a long name leaves no more room for another label than a short one; where a dot
 * is missing or too much, with few other mistakes.
 */
function distanceOf(name: string, candidate: string): number {
  const [ours, theirs] = [name.split("."), candidate.split(".")];
  if (ours.length !== theirs.length) {
    const distance = wordDistance(name, candidate);
    return distance < 3 ? distance : Number.POSITIVE_INFINITY;
  }
  return ours.reduce((sum, part, i) => sum + wordDistance(part, theirs[i] ?? ""), 0);
}

/** How many letters are wrong; infinite above a third of the word. A capital counts less than another letter. */
function wordDistance(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.max(a.length, b.length);
  const limit = Math.min(Math.max(1, Math.floor(length / 3)), length - 1);
  const distance = editDistance(a.toLowerCase(), b.toLowerCase(), limit + 1);
  return distance > limit ? Number.POSITIVE_INFINITY : distance + 0.5 * Number(a.toLowerCase() !== a);
}

/** Levenshtein's distance with neighbours swapped counted once, given up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      // rows are filled up to b.length above
      let distance = Math.min(
        (previous[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (previous[j - 1] as number) + cost,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        distance = Math.min(distance, (before[j - 2] as number) + 1);
      row.push(distance);
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length] as number; // the row has b.length + 1 cells
}
