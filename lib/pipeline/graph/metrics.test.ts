import { expect, test } from "vitest";
import { MetricsRegistry } from "./metrics.ts";

test("an empty registry has no page", () => {
  expect(new MetricsRegistry().expose()).toBe("");
});

test("families by name, series by their labels, each once", () => {
  const metrics = new MetricsRegistry();
  metrics.counter("b_total", "B.", { y: "2", x: "1" }).add(1.5);
  metrics.gauge("a", "A.").set(-3);
  const again = metrics.counter("b_total", "B.", { x: "1", y: "2" });
  again.add(1);
  metrics.counter("b_total", "B.", {});
  expect(again.value).toBe(2.5);
  expect(metrics.expose()).toBe(
    '# HELP a A.\n# TYPE a gauge\na -3\n# HELP b_total B.\n# TYPE b_total counter\nb_total{x="1",y="2"} 2.5\nb_total 0\n',
  );
});

test("texts are escaped", () => {
  const metrics = new MetricsRegistry();
  metrics.counter("a_total", "one\ntwo \\", { x: 'say "hi"\n\\' }).add(1);
  expect(metrics.expose()).toBe(
    '# HELP a_total one\\ntwo \\\\\n# TYPE a_total counter\na_total{x="say \\"hi\\"\\n\\\\"} 1\n',
  );
});
