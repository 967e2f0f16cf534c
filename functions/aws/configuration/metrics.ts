/** What is counted of configurations from elsewhere. */
import type { Counter, Metrics } from "../../../lib/pipeline/graph/metrics.ts";

export class ConfigurationMetrics {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  get changes(): Counter {
    return this.#metrics.counter(
      "amalgam_function_configuration_changes_total",
      "Configurations from elsewhere that took the place of another.",
    );
  }

  get refusals(): Counter {
    return this.#metrics.counter(
      "amalgam_function_configuration_refusals_total",
      "Configurations from elsewhere that did not load, each time they were tried.",
    );
  }

  get unread(): Counter {
    return this.#metrics.counter(
      "amalgam_function_configuration_unread_total",
      "Readings of a configuration from elsewhere that failed.",
    );
  }

  get stale(): Counter {
    return this.#metrics.counter(
      "amalgam_function_stale_invocations_total",
      "Invocations with an old configuration, since the newest could not be read or does not load.",
    );
  }
}
