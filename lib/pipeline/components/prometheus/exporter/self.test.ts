import { hostname } from "node:os";
import { expect, test } from "vitest";
import { internalAddress } from "../../../graph/component.ts";
import { testHost } from "../../../graph/testing.ts";
import { prometheusExporterSelf } from "./self.ts";

test("a target within the process, whose page has the process' own metrics", async () => {
  const host = testHost({ id: "prometheus.exporter.self.me" });
  const { exports } = await prometheusExporterSelf.build({}, host);
  const path = "/api/v0/component/prometheus.exporter.self.me/metrics";
  expect(exports?.targets.map(({ labels }) => Object.fromEntries(labels))).toEqual([
    {
      __address__: internalAddress,
      __metrics_path__: path,
      __scheme__: "http",
      instance: hostname(),
      job: "integrations/self",
    },
  ]);
  host.metrics.counter("things_total", "Things.", { a: "b" }).add(2);
  expect(host.internalPages.get(path)?.()).toBe(
    '# HELP things_total Things.\n# TYPE things_total counter\nthings_total{a="b"} 2\n',
  );
});
