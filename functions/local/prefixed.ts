/** The surroundings of a pipeline that runs beside another one: what it keeps, counts and logs has names of its own. */
import type { DeadLetterSink } from "../../lib/pipeline/delivery/dead-letters.ts";
import type { Fields, Logger } from "../../lib/pipeline/graph/invocation.ts";
import {
  type Counter,
  type Family,
  type Gauge,
  type Histogram,
  type MetricLabels,
  MetricsRegistry,
} from "../../lib/pipeline/graph/metrics.ts";
import type { Environment } from "../../lib/pipeline/graph/pipeline.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";

/** The same surroundings, where every component's id has a prefix. */
export function prefixed(environment: Environment, prefix: string): Environment {
  const { log, state, deadLetters, metrics } = environment;
  return {
    ...environment,
    log: prefixedLog(log, prefix),
    state: prefixedState(state, prefix),
    ...(deadLetters && { deadLetters: prefixedLetters(deadLetters, prefix) }),
    metrics: new PrefixedMetrics(metrics, prefix),
  };
}

function prefixedLog(log: Logger, prefix: string): Logger {
  const name = (fields?: Fields): Fields | undefined =>
    fields?.["component"] === undefined ? fields : { ...fields, component: `${prefix}${fields["component"]}` };
  return {
    debug: (message, fields) => log.debug(message, name(fields)),
    info: (message, fields) => log.info(message, name(fields)),
    warn: (message, fields) => log.warn(message, name(fields)),
    error: (message, fields) => log.error(message, name(fields)),
  };
}

const prefixedState = (state: StateStore, prefix: string): StateStore => ({
  get: (namespace, ...rest) => state.get(prefix + namespace, ...rest),
  put: (namespace, ...rest) => state.put(prefix + namespace, ...rest),
  delete: (namespace, ...rest) => state.delete(prefix + namespace, ...rest),
  getMany: (namespace, ...rest) => state.getMany(prefix + namespace, ...rest),
  putMany: (namespace, ...rest) => state.putMany(prefix + namespace, ...rest),
  list: (namespace, ...rest) => state.list(prefix + namespace, ...rest),
  close: async () => {}, // it belongs to the other one
});

const prefixedLetters = (letters: DeadLetterSink, prefix: string): DeadLetterSink => ({
  put: letter => letters.put({ ...letter, component: prefix + letter.component }),
});

class PrefixedMetrics extends MetricsRegistry {
  readonly #all: MetricsRegistry;
  readonly #prefix: string;

  constructor(all: MetricsRegistry, prefix: string) {
    super();
    this.#all = all;
    this.#prefix = prefix;
  }

  override counter(name: string, help: string, labels?: MetricLabels): Counter {
    return this.#all.counter(name, help, this.#name(labels));
  }

  override gauge(name: string, help: string, labels?: MetricLabels): Gauge {
    return this.#all.gauge(name, help, this.#name(labels));
  }

  override histogram(name: string, help: string, labels?: MetricLabels, buckets?: readonly number[]): Histogram {
    return this.#all.histogram(name, help, this.#name(labels), buckets);
  }

  override families(): Iterable<Family> {
    return this.#all.families();
  }

  override expose(): string {
    return this.#all.expose();
  }

  #name(labels: MetricLabels = {}): MetricLabels {
    const id = labels["component_id"];
    return id === undefined ? labels : { ...labels, component_id: this.#prefix + id };
  }
}
