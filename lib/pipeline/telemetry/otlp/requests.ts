/** Export requests as they travel between components: bytes, until somebody looks into them. */
import { countBelow, countItems } from "./batch.ts";
import { type ResourceLogs, resourceLogsOf } from "./logs.ts";
import { type ResourceMetrics, resourceMetricsOf } from "./metrics.ts";
import { type Document, type Node, openDocument } from "./node.ts";
import type { Signal } from "./schema.ts";
import { type ResourceSpans, resourceSpansOf } from "./traces.ts";
import type { ViewList } from "./view.ts";

/** A request of one signal. */
export abstract class Request {
  abstract readonly signal: Signal;
  readonly #bytes: Uint8Array;
  #document: Document | undefined;

  /** From the bytes of an export request; nothing is read before it is looked at. Nobody may write to the bytes afterwards. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = bytes;
  }

  /** What views stand on. */
  get node(): Node {
    this.#document ??= openDocument(this.#bytes);
    return this.#document.root;
  }

  /** Whether somebody has looked into it. */
  get isOpen(): boolean {
    return this.#document !== undefined;
  }

  /** The request's bytes: the very same ones that came in, if nothing was written. */
  encode(): Uint8Array {
    return this.#document?.encode() ?? this.#bytes;
  }

  /** Hands the request's bytes to a function that keeps nothing of them, which saves a copy where something was written. */
  lend<T>(use: (bytes: Uint8Array) => T): T {
    return this.#document ? this.#document.lend(use) : use(this.#bytes);
  }

  /** How many spans, log records or data points the request holds; nothing else of it is read. */
  get itemCount(): number {
    return this.#document ? countBelow(this.signal, this.#document.root) : countItems(this.signal, this.#bytes);
  }

  get byteLength(): number {
    if (!this.#document) return this.#bytes.length;
    return this.#document.encoded?.length ?? this.#document.root.measure();
  }
}

export class Traces extends Request {
  readonly signal = "traces";

  get resourceSpans(): ViewList<ResourceSpans> {
    return resourceSpansOf(this.node);
  }

  /** How many spans the request holds; nothing else of it is read. */
  get spanCount(): number {
    return this.itemCount;
  }

  /** An independent view of the request as it is now. */
  fork(): Traces {
    return new Traces(this.encode());
  }
}

export class Logs extends Request {
  readonly signal = "logs";

  get resourceLogs(): ViewList<ResourceLogs> {
    return resourceLogsOf(this.node);
  }

  /** How many log records the request holds; nothing else of it is read. */
  get logRecordCount(): number {
    return this.itemCount;
  }

  /** An independent view of the request as it is now. */
  fork(): Logs {
    return new Logs(this.encode());
  }
}

export class Metrics extends Request {
  readonly signal = "metrics";

  get resourceMetrics(): ViewList<ResourceMetrics> {
    return resourceMetricsOf(this.node);
  }

  /** How many data points the request holds; nothing else of it is read. */
  get dataPointCount(): number {
    return this.itemCount;
  }

  /** An independent view of the request as it is now. */
  fork(): Metrics {
    return new Metrics(this.encode());
  }
}
