/** An exporter around another that says what became of the items, which the SDK itself only logs. */
import type { ExportResult } from "@opentelemetry/core";

interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

export class ReportingExporter<Items> {
  readonly #inner: Exporter<Items>;
  readonly #count: (items: Items) => number;
  #sent = 0;
  #error: Error | undefined;

  constructor(inner: Exporter<Items>, count: (items: Items) => number) {
    this.#inner = inner;
    this.#count = count;
  }

  export(items: Items, done: (result: ExportResult) => void): void {
    this.#inner.export(items, result => {
      if (result.code === 0) this.#sent += this.#count(items);
      else this.#error = result.error ?? new Error("export failed");
      done(result);
    });
  }

  /** Items that were taken since the last call; throws the error if some were not. */
  report(): number {
    const [sent, error] = [this.#sent, this.#error];
    this.#sent = 0;
    this.#error = undefined;
    if (error) throw error;
    return sent;
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}
