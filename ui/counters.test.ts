import { expect, test } from "vitest";
import { MetricsRegistry } from "../lib/pipeline/graph/metrics.ts";
import { countersByComponent, totalOf } from "./counters.ts";

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

test.for([
  { it: "adds what has the name", name: "dropped_total", total: 7 },
  { it: "tells none from zero", name: "sent_total", total: undefined },
])("a total $it", ({ name, total }) => {
  const counters = [
    { name: "dropped_total", labels: { reason: "a" }, value: 3 },
    { name: "dropped_total", labels: { reason: "b" }, value: 4 },
    { name: "received_total", labels: {}, value: 9 },
  ];
  expect(totalOf(counters, name)).toBe(total);
});
