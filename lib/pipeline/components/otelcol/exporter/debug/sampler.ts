/** Of messages that are the same, the first few of each second, and then every so manieth. */
export class LogSampler {
  readonly #initial: number;
  readonly #thereafter: number;
  readonly #counts = new Map<string, { count: number; until: number }>();

  constructor(initial: number, thereafter: number) {
    this.#initial = initial;
    this.#thereafter = thereafter;
  }

  /** Whether the message is to be written; `now` is in milliseconds. */
  admits(message: string, now: number): boolean {
    let entry = this.#counts.get(message);
    if (!entry || now >= entry.until) {
      if (this.#counts.size >= 4096) this.#counts.clear(); // messages are made from data
      entry = { count: 0, until: now + 1000 };
      this.#counts.set(message, entry);
    }
    entry.count++;
    if (entry.count <= this.#initial) return true;
    return this.#thereafter > 0 && (entry.count - this.#initial) % this.#thereafter === 0;
  }
}
