/** Exports a target that gives the metrics of this process. */
import { hostname } from "node:os";
import { object, required } from "../../../eval/schema.ts";
import { list, target } from "../../../eval/types.ts";
import { Target } from "../../../eval/value.ts";
import { defineComponent, internalAddress } from "../../../graph/component.ts";

export const prometheusExporterSelf = defineComponent({
  name: "prometheus.exporter.self",
  summary: "Exports a target that gives the metrics of this process.",
  stability: "generally-available",
  inFunctions: "The metrics are those of the instance that scrapes, since its start.",
  args: object({}),
  exports: object({ targets: required(list(target), "The target, for `prometheus.scrape`.") }),
  build(_, { id, metrics, internalPages }) {
    const path = `/api/v0/component/${id}/metrics`;
    internalPages.set(path, () => metrics.expose());
    const labels = new Map([
      ["__address__", internalAddress],
      ["__metrics_path__", path],
      ["__scheme__", "http"],
      ["instance", hostname()],
      ["job", "integrations/self"],
    ]);
    return { exports: { targets: [new Target(labels)] } };
  },
});
