import { expect, test } from "vitest";
import { MetricsRegistry } from "../lib/pipeline/graph/metrics.ts";
import { countersByComponent, totalsByComponent } from "./counters.ts";

test("series are found by their component, with what else their labels say", () => {
  const metrics = new MetricsRegistry();
  metrics.counter("received_total", "Items.", { component_id: "loki.process.a" }).add(3);
  metrics
    .counter("dropped_total", "Items\nthat are gone.", { component_id: "loki.process.a", reason: 'a "b"\\\nc' })
    .add(2);
  metrics.counter("dropped_total", "Items.", { component_id: "loki.process.a", reason: "late" }).add(5);
  metrics.counter("received_total", "Items.", { component_id: "declare.x/loki.echo.b" });
  metrics.gauge("up", "Whether it is up.").set(1);
  expect(countersByComponent(metrics.expose())).toEqual(
    new Map([
      [
        "loki.process.a",
        [
          { name: "dropped_total", labels: { reason: 'a "b"\\\nc' }, value: 2 },
          { name: "dropped_total", labels: { reason: "late" }, value: 5 },
          { name: "received_total", labels: {}, value: 3 },
        ],
      ],
      ["declare.x/loki.echo.b", [{ name: "received_total", labels: {}, value: 0 }]],
    ]),
  );
});

test("totals are the sums of the named counters, by component", () => {
  const metrics = new MetricsRegistry();
  metrics.counter("dropped_total", "Items.", { component_id: "loki.process.a", reason: 'late "x"' }).add(3);
  metrics.counter("dropped_total", "Items.", { component_id: "loki.process.a", reason: "long" }).add(4);
  metrics.counter("dropped_total", "Items.", { component_id: "add.one/loki.echo.b" });
  metrics.counter("dropped_total", "Items.", { reason: "of no component" }).add(9);
  metrics.counter("received_total", "Items.", { component_id: "loki.process.a" }).add(5);
  metrics.counter("received_total_of_others", "Items.", { component_id: "loki.process.a" }).add(6);
  metrics.counter("sent_total", "Items.", { component_id: "loki.process.a" }).add(7);
  expect(totalsByComponent(metrics.expose(), { dropped_total: "dropped", received_total: "received" })).toEqual(
    new Map([
      ["loki.process.a", { dropped: 7, received: 5 }],
      ["add.one/loki.echo.b", { dropped: 0 }],
    ]),
  );
});
