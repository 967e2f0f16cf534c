/** `docs/metrics.md` has what is counted: its table is written by `UPDATE=1 npx vitest run test/docs/metrics.test.ts`. */
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { ConfigurationMetrics } from "../../functions/aws/configuration/metrics.ts";
import { emfName } from "../../functions/aws/emf.ts";
import { loadFunction } from "../../functions/aws/entry.ts";
import { createHandler } from "../../functions/aws/handler.ts";
import { modeOf, observeMetrics } from "../../functions/aws/metrics.ts";
import { setAside } from "../../functions/aws/set-aside.ts";
import { WaitingDeliveries } from "../../functions/local/hand-over.ts";
import { RemoteMetrics } from "../../functions/remotecfg/metrics.ts";
import { definitions } from "../../lib/pipeline/components/index.ts";
import { memoryDeadLetters } from "../../lib/pipeline/delivery/dead-letters.ts";
import { SqliteHandOver } from "../../lib/pipeline/delivery/hand-over-sqlite.ts";
import { type Family, MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { recorded } from "../functions/events.ts";
import { startSink } from "../functions/sink.ts";

const page = path.resolve(import.meta.dirname, "../../docs/metrics.md");
const root = path.resolve(import.meta.dirname, "../..");

const config = (url: string) => `
loki.source.api "in" {
  http { }
  forward_to = [loki.process.p.receiver]
}
loki.process "p" {
  stage.drop { expression = "card" }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint { url = "${url}" }
}
`;

/** Everything that a function counts that gets a request, drops a part of it and delivers the rest. */
async function counted(): Promise<MetricsRegistry> {
  const metrics = new MetricsRegistry();
  const sink = await startSink();
  const { file } = parseFile({ name: "a.alloy", text: config(sink.url) });
  const pipeline = await loadFunction([file], {
    definitions: [...definitions.values()],
    stability: "generally-available",
    directory: "/",
    log: testLog(),
    metrics,
    environment: { deadLetters: memoryDeadLetters() },
  });
  const mode = modeOf("off");
  const observe = observeMetrics({ mode, metrics, pipeline, write: () => {}, clock: Date.now, initMs: 1 });
  const letters = memoryDeadLetters();
  const handler = createHandler(pipeline, {
    observe,
    setAside: (record, invocation) => setAside({ letters, metrics }, record, invocation),
  });
  for (const event of ["function-url-loki-push", "malformed/unknown"]) await handler(recorded(event));
  await pipeline.close();
  await sink.close();
  const elsewhere = new ConfigurationMetrics(metrics);
  for (const each of [elsewhere.changes, elsewhere.refusals, elsewhere.unread, elsewhere.stale]) each.add(0);
  const remote = new RemoteMetrics(metrics);
  for (const each of [remote.attempts, remote.failures]) each.add(0);
  for (const each of [remote.successful, remote.notModified, remote.fetched]) each.set(0);
  for (const each of [remote.loaded, remote.received]) each.set("a");
  const waiting = { log: testLog(), metrics, deadLetters: memoryDeadLetters(), pipelines: () => [] };
  new WaitingDeliveries({ ...waiting, store: new SqliteHandOver(":memory:") }).start();
  const suppressed = "Total log lines dropped by the logger's rate limiter, by level and component.";
  metrics.counter("alloy_logging_suppressed_lines_total", suppressed, { level: "info", component_id: "a" });
  return metrics;
}

/** A row of the table: name, type and unit, labels, CloudWatch's names, meaning. */
function rowOf({ name, type, help, series }: Family): string {
  const labels = new Set([...series].flatMap(each => Object.keys(each.labels)));
  const emf = emfName(name);
  const shown = labels.has("status") ? `\`Failed${emf}\`, \`Throttled${emf}\`` : `\`${emf}\``;
  return `| \`${name}\` | ${type} | ${unitOf(name)} | ${[...labels].map(label => `\`${label}\``).join(", ")} | ${emf === undefined ? "" : shown} | ${help} |`;
}

function unitOf(name: string): string {
  if (/_seconds$/.test(name)) return "seconds";
  if (/_bytes(_total)?$/.test(name)) return "bytes";
  return /_(items|records)_total$/.exec(name)?.[1] ?? "";
}

const marked = /(<!-- metrics: [^\n]*-->\n)[\s\S]*?(<!-- \/metrics -->)/;
const head = "| name | type | unit | labels | in CloudWatch | meaning |\n| --- | --- | --- | --- | --- | --- |";

let metrics: MetricsRegistry;
beforeAll(async () => {
  metrics = await counted();
});

test("the table has each metric with its unit and meaning", () => {
  const rows = [...metrics.families()].map(rowOf).sort();
  const table = [head, ...rows].join("\n");
  const text = readFileSync(page, "utf8");
  const wanted = text.replace(marked, (_, start: string, end: string) => `${start}${table}\n${end}`);
  if (process.env["UPDATE"]) writeFileSync(page, wanted);
  else expect(text).toBe(wanted);
});

test("no metric is counted that the test does not see", () => {
  const sources = globSync("{lib,functions}/**/*.ts", { cwd: root }).filter(file => !/test(ing)?\.ts$/.test(file));
  const called = sources.flatMap(file =>
    [...readFileSync(path.join(root, file), "utf8").matchAll(/\.(?:counter|gauge|histogram)\(\s*"(\w+)"/g)].map(
      ([, name = ""]) => name,
    ),
  );
  const known = new Set([...metrics.families()].map(({ name }) => name));
  expect(called.filter(name => !known.has(name))).toEqual([]);
  expect(called.length).toBeGreaterThan(10);
});
