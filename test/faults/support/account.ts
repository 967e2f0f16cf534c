/** The account of a test: where every record is in the end, and how often. */
export interface Books {
  readonly sent: readonly string[];
  /** How often each is at the backend. */
  readonly stored: ReadonlyMap<string, number>;
  /** In dead letters. */
  readonly dead: readonly string[];
  /** With the trigger, which was told that it has to keep them, or has put them aside. */
  readonly returned: readonly string[];
  /** Came several times to the function, or may be at the backend although its answer did not come through. @default none */
  readonly mayRepeat?: (id: string) => boolean;
}

/** What is wrong; all lists are empty where in = out + dead + returned. */
export interface Balance {
  /** Nowhere. */
  readonly lost: readonly string[];
  /** Somewhere, but never sent. */
  readonly strange: readonly string[];
  /** In two places, or twice in one, without a reason. */
  readonly twice: readonly string[];
}

export const balanced: Balance = { lost: [], strange: [], twice: [] };

/** Counts every record. */
export function balanceOf({ sent, stored, dead, returned, mayRepeat = () => false }: Books): Balance {
  const places = new Map<string, number>(stored);
  for (const id of [...dead, ...returned]) places.set(id, (places.get(id) ?? 0) + 1);
  const known = new Set(sent);
  return {
    lost: sent.filter(id => !places.has(id)),
    strange: [...places.keys()].filter(id => !known.has(id)),
    twice: [...places].filter(([id, count]) => count > 1 && !mayRepeat(id)).map(([id]) => id),
  };
}

/** The numbers of a run, for people. */
export function summaryOf({ sent, stored, dead, returned }: Books): string {
  const repeated = [...stored.values()].reduce((sum, count) => sum + count - 1, 0);
  return `${sent.length} in = ${stored.size} out + ${dead.length} dead + ${returned.length} returned, ${repeated} of them repeated`;
}
