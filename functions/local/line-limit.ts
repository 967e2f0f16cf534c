/** Bounds log lines that repeat: `rate_limiting` of a `logging` block. */

export interface LineLimitOptions {
  readonly enabled: boolean;
  /** Window in milliseconds. */
  readonly tick: number;
  /** Equal lines that a window lets through. */
  readonly threshold: number;
  /** Fraction of the others that is let through. */
  readonly rate: number;
  /** Kinds of lines to remember. */
  readonly max_signatures: number;
}

/** As where a configuration says nothing of it. */
export const usualLineLimit: LineLimitOptions = {
  enabled: true,
  tick: 1000,
  threshold: 10,
  rate: 0,
  max_signatures: 1000,
};

interface Count {
  /** When its window began. */
  since: number;
  lines: number;
  dropped: number;
}

export class LineLimit {
  readonly #options: LineLimitOptions;
  readonly #random: () => number;
  /** The one that was longest not seen comes first. */
  readonly #counts = new Map<string, Count>();

  constructor(options: LineLimitOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  /** Whether a line is written, and how many like it were not since the last window in which one was. */
  admit(signature: string, now: number): { readonly written: boolean; readonly dropped: number } {
    const { tick, threshold, rate } = this.#options;
    const count = this.#take(signature, now);
    if (now - count.since >= tick || now < count.since) {
      const { dropped } = count;
      Object.assign(count, { since: now, lines: 1, dropped: 0 });
      return { written: true, dropped };
    }
    const written = ++count.lines <= threshold || this.#random() < rate;
    if (!written) count.dropped++;
    return { written, dropped: 0 };
  }

  #take(signature: string, now: number): Count {
    const known = this.#counts.get(signature);
    if (known) this.#counts.delete(signature);
    else if (this.#counts.size >= this.#options.max_signatures) {
      const [oldest] = this.#counts.keys();
      if (oldest !== undefined) this.#counts.delete(oldest);
    }
    const count = known ?? { since: now, lines: 0, dropped: 0 };
    this.#counts.set(signature, count);
    return count;
  }
}
