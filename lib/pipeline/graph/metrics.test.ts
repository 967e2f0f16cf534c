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

test("a histogram counts in buckets, each with those below it in the exposition", () => {
  const metrics = new MetricsRegistry();
  const histogram = metrics.histogram("a_seconds", "A.", { y: "2", x: "1" }, [0.1, 1]);
  for (const n of [0.05, 0.1, 0.5, 7]) histogram.observe(n);
  expect(histogram.counts).toEqual([2, 1, 1]);
  expect(metrics.expose()).toBe(
    `# HELP a_seconds A.
# TYPE a_seconds histogram
a_seconds_bucket{x="1",y="2",le="0.1"} 2
a_seconds_bucket{x="1",y="2",le="1"} 3
a_seconds_bucket{x="1",y="2",le="+Inf"} 4
a_seconds_sum{x="1",y="2"} 7.65
a_seconds_count{x="1",y="2"} 4
`,
  );
});

test("a histogram that nothing was observed of has empty buckets", () => {
  const metrics = new MetricsRegistry();
  metrics.histogram("a_seconds", "A.", {}, [1]);
  expect(metrics.expose()).toBe(
    '# HELP a_seconds A.\n# TYPE a_seconds histogram\na_seconds_bucket{le="1"} 0\na_seconds_bucket{le="+Inf"} 0\na_seconds_sum 0\na_seconds_count 0\n',
  );
});

test("families give what is counted without text, and single observations since the last look", () => {
  const metrics = new MetricsRegistry();
  metrics.counter("a_total", "A.", { x: "1" }).add(2);
  const histogram = metrics.histogram("b_seconds", "B.", {}, [1]);
  histogram.observe(1);
  const look = () =>
    [...metrics.families()].map(family =>
      family.type === "histogram"
        ? { [family.name]: [...family.series].map(({ labels, value }) => ({ labels, recent: value.takeRecent() })) }
        : { [family.name]: [...family.series].map(({ labels, value }) => ({ labels, value: value.value })) },
    );
  const counted = { a_total: [{ labels: { x: "1" }, value: 2 }] };
  expect(look()).toEqual([counted, { b_seconds: [{ labels: {}, recent: [] }] }]);
  for (let i = 0; i < 150; i++) histogram.observe(i);
  expect(look()).toEqual([counted, { b_seconds: [{ labels: {}, recent: Array.from({ length: 100 }, (_, i) => i) }] }]);
  expect(look()).toEqual([counted, { b_seconds: [{ labels: {}, recent: [] }] }]);
});

test("labels that would read alike when they are joined are not the same", () => {
  const metrics = new MetricsRegistry();
  metrics.counter("a_total", "A.", { x: "1", y: "2" }).add(1);
  expect(metrics.counter("a_total", "A.", { x: "1,y=2" }).value).toBe(0);
});
