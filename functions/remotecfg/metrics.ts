/** What is counted of the configuration that comes from a server, with Alloy's names. */
import type { Counter, Gauge, MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";

export class RemoteMetrics {
  readonly #metrics: MetricsRegistry;

  constructor(metrics: MetricsRegistry) {
    this.#metrics = metrics;
  }

  get attempts(): Counter {
    return this.#metrics.counter("remotecfg_load_attempts_total", "Attempts to load remote configuration");
  }

  get failures(): Counter {
    return this.#metrics.counter("remotecfg_load_failures_total", "Remote configuration load failures");
  }

  get successful(): Gauge {
    return this.#metrics.gauge("remotecfg_last_load_successful", "Remote config loaded successfully");
  }

  get notModified(): Gauge {
    return this.#metrics.gauge("remotecfg_last_load_not_modified", "Remote config not modified since last fetch");
  }

  get fetched(): Gauge {
    return this.#metrics.gauge(
      "remotecfg_last_load_success_timestamp_seconds",
      "Timestamp of the last successful remote configuration load",
    );
  }

  readonly loaded = this.#hash("remotecfg_hash", "Hash of the currently active remote configuration.");
  readonly received = this.#hash("remotecfg_last_received_hash", "Hash of the last received remote configuration.");

  /** A gauge that is 1 for one hash, and 0 for those before it. */
  #hash(name: string, help: string): { set(hash: string): void } {
    let last: Gauge | undefined;
    return {
      set: hash => {
        last?.set(0);
        last = this.#metrics.gauge(name, help, { hash });
        last.set(1);
      },
    };
  }
}
