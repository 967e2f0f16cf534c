import { expect, test } from "vitest";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { EmbeddedMetrics, type EmfOptions, emfName } from "./emf.ts";

const ms = 1_700_000_000_000;
const write = { component_id: "loki.write.out", destination: "https://loki" };

function embedded(options: Partial<EmfOptions> = {}) {
  const metrics = new MetricsRegistry();
  const histogram = metrics.histogram("amalgam_writer_request_duration_seconds", "", write);
  const emf = new EmbeddedMetrics(metrics, { functionName: "shop", components: false, level: "INFO", ...options });
  const add = (name: string, n: number, labels = {}) => metrics.counter(`amalgam_${name}_total`, "", labels).add(n);
  return { metrics, histogram, add, lines: () => emf.lines(ms, "r-1").map(line => JSON.parse(line) as unknown) };
}

test.for([
  { name: "amalgam_writer_sent_items_total", emf: "SentItems" },
  { name: "amalgam_component_dropped_items_total", emf: "DroppedItems" },
  { name: "amalgam_function_cold_starts_total", emf: "ColdStarts" },
  { name: "amalgam_function_init_duration_seconds", emf: "InitDuration" },
  { name: "amalgam_state_conflicts_total", emf: "StateConflicts" },
  { name: "alloy_logging_suppressed_lines_total", emf: undefined },
])("$name is $emf in CloudWatch", ({ name, emf }) => {
  expect(emfName(name)).toBe(emf);
});

test("a line has what changed, all components together, and what was dropped by reason", () => {
  const { metrics, histogram, add, lines } = embedded();
  metrics.gauge("amalgam_function_init_duration_seconds", "").set(0.1234567);
  add("writer_sent_items", 3, write);
  add("writer_sent_items", 4, { component_id: "loki.write.other", destination: "https://loki" });
  add("writer_sent_bytes", 100, write);
  add("writer_dead_items", 0, write);
  add("component_received_items", 7, { component_id: "loki.write.out" });
  add("component_dropped_items", 2, { component_id: "loki.process.p", reason: "drop_stage" });
  add("component_dropped_items", 1, { component_id: "loki.process.q", reason: "line_too_long" });
  for (const status of ["204", "429", "503", "none"]) add("writer_requests", 1, { ...write, status });
  histogram.observe(0.0123456);
  histogram.observe(2);
  const line = {
    FunctionName: "shop",
    InitDuration: 123.46,
    SentItems: 7,
    SentBytes: 100,
    DroppedItems: 3,
    FailedRequests: 3,
    ThrottledRequests: 1,
    RequestDuration: [12.35, 2000],
    requestId: "r-1",
    drops: [
      { component: "loki.process.p", reason: "drop_stage", items: 2 },
      { component: "loki.process.q", reason: "line_too_long", items: 1 },
    ],
  };
  const definitions = [
    { Name: "RequestDuration", Unit: "Milliseconds" },
    { Name: "InitDuration", Unit: "Milliseconds" },
    { Name: "SentItems" },
    { Name: "SentBytes", Unit: "Bytes" },
    { Name: "DroppedItems" },
    { Name: "FailedRequests" },
    { Name: "ThrottledRequests" },
  ];
  const directive = { Namespace: "Amalgam", Dimensions: [["FunctionName"]], Metrics: definitions };
  expect(lines()).toEqual([{ _aws: { Timestamp: ms, CloudWatchMetrics: [directive] }, ...line }]);
});

test("the next line has only what was added since, and there is none where nothing was", () => {
  const { histogram, add, lines } = embedded();
  add("writer_sent_items", 3, write);
  histogram.observe(1);
  lines();
  add("writer_sent_items", 2, write);
  expect(lines()).toEqual([expect.objectContaining({ SentItems: 2 })]);
  expect(lines()).toEqual([]);
});

test("a line for each component, where that is wanted, has its id as a dimension", () => {
  const { add, lines } = embedded({ components: true });
  add("writer_sent_items", 3, write);
  add("component_received_items", 3, { component_id: "loki.write.out" });
  add("component_failed_items", 1, { component_id: "loki.process.p" });
  add("function_received_records", 1);
  const dimensions = [["FunctionName", "Component"]];
  const own = (Component: string, values: Record<string, number>) => ({
    _aws: {
      Timestamp: ms,
      CloudWatchMetrics: [
        { Namespace: "Amalgam", Dimensions: dimensions, Metrics: Object.keys(values).map(Name => ({ Name })) },
      ],
    },
    FunctionName: "shop",
    Component,
    ...values,
  });
  expect(lines()).toEqual([
    expect.objectContaining({ SentItems: 3, ReceivedRecords: 1, requestId: "r-1" }),
    own("loki.write.out", { SentItems: 3, ReceivedItems: 3 }),
    own("loki.process.p", { FailedItems: 1 }),
  ]);
});

test("more values than the format takes are left out", () => {
  const { histogram, metrics, lines } = embedded();
  const other = metrics.histogram("amalgam_writer_request_duration_seconds", "", { component_id: "b" });
  lines();
  other.observe(1);
  lines();
  for (let i = 0; i < 60; i++) for (const each of [histogram, other]) each.observe(1);
  expect(lines()).toEqual([expect.objectContaining({ RequestDuration: Array.from({ length: 100 }, () => 1000) })]);
});

test.for([
  { level: "INFO", more: {} },
  { level: "ERROR", more: { timestamp: "2023-11-14T22:13:20.000Z", level: "ERROR" } },
])("a log from $level keeps the line", ({ level, more }) => {
  const { add, lines } = embedded({ level });
  add("function_received_records", 1);
  const [line] = lines() as Record<string, unknown>[]; // lines are objects
  const { timestamp, level: own } = line ?? {};
  expect({ ...(timestamp !== undefined && { timestamp }), ...(own !== undefined && { level: own }) }).toEqual(more);
});
