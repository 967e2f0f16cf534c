/**
 * What a statement looks at: one record and what stands around it. Whoever runs statements keeps one object for each
 * pipeline and moves it from record to record; a context's name says which of its fields are set.
 */
import type { ResourceGroup, ScopeGroup } from "../telemetry/otlp/common.ts";
import type { LogRecord } from "../telemetry/otlp/logs.ts";
import type { DataPoint, Metric } from "../telemetry/otlp/metrics.ts";
import type { Span, SpanEvent } from "../telemetry/otlp/traces.ts";
import { type AttributeKey, ValueMap } from "../telemetry/otlp/value.ts";
import type { OttlValue } from "./value.ts";

export type ContextName = "resource" | "scope" | "span" | "spanevent" | "metric" | "datapoint" | "log";

export class Context {
  // assigned before statements run, as far as the context's name promises them
  resourceGroup!: ResourceGroup;
  scopeGroup!: ScopeGroup;
  span!: Span;
  event!: SpanEvent;
  metric!: Metric;
  point!: DataPoint;
  log!: LogRecord;
  /** Milliseconds since the epoch. */
  now = 0;
  random: () => number = Math.random;
  metadata: ReadonlyMap<string, readonly string[]> | undefined = undefined;
  #cache: ValueMap | undefined = undefined;

  /** What statements keep for later ones of the same record. */
  get cache(): ValueMap {
    this.#cache ??= new ValueMap();
    return this.#cache;
  }

  set cache(cache: ValueMap) {
    this.#cache = cache;
  }

  /** To be called before each record where statements may write to the cache. */
  clearCache(): void {
    this.#cache = undefined;
  }
}

/** Computes a value. */
export interface Getter<T = OttlValue> {
  (context: Context): T;
  /** Always gives the same. */
  readonly constant?: boolean;
  /** Is written in the statement: what can't work then fails the load. */
  readonly literal?: boolean;
  /** What it gives is the value of a key in a map. */
  readonly entry?: { readonly map: (context: Context) => ValueMap; readonly key: AttributeKey };
}

/** A place that can be read and written. */
export interface Accessor {
  readonly get: Getter;
  readonly set: (context: Context, value: OttlValue) => void;
}

/** A getter that always gives the same value. */
export const constant = <T>(value: T, literal: boolean): Getter<T> =>
  Object.assign(() => value, { constant: true, literal });

/** For getters that are constant: they look at nothing. */
export const nowhere = new Context();
