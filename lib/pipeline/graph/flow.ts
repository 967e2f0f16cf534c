/**
 * Says when writers and batchers may send. In the local process it is always open: whoever collects sends as soon as it can.
 * In a function it is closed while records are pushed, so that all of them meet in few requests, and opened by the handler
 * when the last one is in.
 */
export class Flow {
  #open: boolean;
  readonly #listeners = new Set<() => void>();

  constructor(open: boolean) {
    this.#open = open;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Calls back each time the flow opens. Returns how to stop that. */
  onOpen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    if (open) for (const listener of this.#listeners) listener();
  }
}
