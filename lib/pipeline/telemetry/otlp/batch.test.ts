import { describe, expect, test } from "vitest";
import { countItems, halveRequest, mergeRequests, splitRequest } from "./batch.ts";
import { requestFromJson } from "./json-read.ts";
import { requestToJson } from "./json-write.ts";
import { Metrics } from "./metrics.ts";
import type { Signal } from "./schema.ts";
import { decodePlain, encodePlain, randomRequest } from "./testing.ts";
import { Traces } from "./traces.ts";

const jsonOf = (signal: Signal, bytes: Uint8Array): string => Buffer.from(requestToJson(signal, bytes)).toString();

const signals: readonly Signal[] = ["traces", "logs", "metrics"];

/** Items in their order, each with the resource, scope and metric that it stands in. */
function itemsOf(signal: Signal, bytes: Uint8Array): unknown[] {
  const items: unknown[] = [];
  const plain = JSON.parse(jsonOf(signal, bytes));
  const suffix = { traces: "Spans", logs: "Logs", metrics: "Metrics" }[signal];
  for (const group of plain[`resource${suffix}`] ?? []) {
    const { [`scope${suffix}`]: scopes, ...resource } = group;
    for (const inner of scopes ?? []) {
      const { spans, logRecords, metrics, ...scope } = inner;
      for (const item of spans ?? logRecords ?? []) items.push({ resource, scope, item });
      for (const metric of metrics ?? []) {
        const kind =
          ["gauge", "sum", "histogram", "exponentialHistogram", "summary"].find(name => name in metric) ?? "";
        const { dataPoints, ...data } = metric[kind] ?? {};
        const name = { ...metric, [kind]: data };
        for (const item of dataPoints ?? []) items.push({ resource, scope, name, item });
      }
    }
  }
  return items;
}

describe.for(signals)("%s", signal => {
  test.for([1, 2, 3, 5, 100])("split into requests of at most %i items, nothing lost or moved", most => {
    for (let seed = 1; seed <= 8; seed++) {
      const bytes = encodePlain(signal, randomRequest(signal, seed));
      const parts = splitRequest(signal, bytes, most);
      const counts = parts.map(part => countItems(signal, part));
      expect(counts.slice(0, -1).every(count => count === most) && (counts.at(-1) ?? 0) <= most).toBe(true);
      expect(parts.flatMap(part => itemsOf(signal, part))).toEqual(itemsOf(signal, bytes));
    }
  });

  test("count as many items as there are", () => {
    for (let seed = 1; seed <= 8; seed++) {
      const bytes = encodePlain(signal, randomRequest(signal, seed));
      expect(countItems(signal, bytes)).toBe(itemsOf(signal, bytes).length);
    }
  });

  test("merge to all that they hold", () => {
    const [a, b] = [3, 4].map(seed => encodePlain(signal, randomRequest(signal, seed)));
    const merged = mergeRequests([a ?? [], b ?? []].map(part => new Uint8Array(part)));
    expect(itemsOf(signal, merged)).toEqual([a, b].flatMap(part => itemsOf(signal, part ?? new Uint8Array(0))));
    expect(Object.keys(decodePlain(signal, merged))).toHaveLength(1);
  });
});

const span = (name: string) => ({ name });
const request = (...groups: readonly (readonly string[])[]): Uint8Array =>
  requestFromJson(
    "traces",
    JSON.stringify({
      resourceSpans: groups.map((names, i) => ({
        resource: { attributes: [{ key: "r", value: { intValue: i } }] },
        schemaUrl: "u",
        scopeSpans: [{ scope: { name: "s" }, spans: names.map(span) }],
      })),
    }),
  );

test.for<{ it: string; groups: string[][]; most: number; out: string[][][] }>([
  { it: "gives back what is small enough", groups: [["a", "b"]], most: 2, out: [[["a", "b"]]] },
  { it: "cuts within a resource", groups: [["a", "b", "c"]], most: 2, out: [[["a", "b"]], [["c"]]] },
  { it: "cuts between resources", groups: [["a"], ["b"]], most: 1, out: [[["a"]], [["b"]]] },
  {
    it: "fills a request from several resources",
    groups: [["a", "b", "c"], ["d"]],
    most: 2,
    out: [[["a", "b"]], [["c"], ["d"]]],
  },
  { it: "keeps empty resources", groups: [["a"], [], ["b"]], most: 1, out: [[["a"], []], [["b"]]] },
])("a split $it", ({ groups, most, out }) => {
  const names = splitRequest("traces", request(...groups), most).map(part =>
    Array.from(new Traces(part).resourceSpans, ({ scopeSpans, schemaUrl }) => {
      expect(schemaUrl).toBe("u");
      return Array.from(scopeSpans, ({ spans }) => Array.from(spans, ({ name }) => name)).flat();
    }),
  );
  expect(names).toEqual(out);
});

test("what needs no split is the very same bytes", () => {
  const bytes = request(["a", "b"]);
  expect(splitRequest("traces", bytes, 2)[0]).toBe(bytes);
  expect(mergeRequests([bytes])).toBe(bytes);
  expect(() => splitRequest("traces", bytes, 0)).toThrow("items of a request should be at least 1, got 0");
});

test("halves, down to one item", () => {
  expect(halveRequest("traces", request(["a", "b", "c"])).map(part => countItems("traces", part))).toEqual([2, 1]);
  expect(halveRequest("traces", request(["a"])).map(part => countItems("traces", part))).toEqual([1]);
  expect(halveRequest("traces", new Uint8Array(0))).toEqual([new Uint8Array(0)]);
});

test("points of a metric are split with its name, unit and kind", () => {
  const metrics = new Metrics();
  const metric = metrics.resourceMetrics.append().scopeMetrics.append().metrics.append();
  metric.name = "m";
  metric.setKind("sum");
  if (metric.sum) metric.sum.isMonotonic = true;
  for (let i = 0; i < 3; i++) {
    const point = metric.sum?.dataPoints.append();
    if (point) point.value = BigInt(i);
  }
  expect(metrics.dataPointCount).toBe(3);
  const parts = splitRequest("metrics", metrics.encode(), 2).map(part => new Metrics(part));
  const values = parts.map(part => {
    const found = part.resourceMetrics.at(0)?.scopeMetrics.at(0)?.metrics.at(0);
    return [found?.name, found?.sum?.isMonotonic, ...Array.from(found?.sum?.dataPoints ?? [], ({ value }) => value)];
  });
  expect(values).toEqual([
    ["m", true, 0n, 1n],
    ["m", true, 2n],
  ]);
});

test("counts follow what was written", () => {
  const traces = new Traces(request(["a", "b", "c"], ["d"]));
  expect(traces.spanCount).toBe(4);
  for (const { scopeSpans } of traces.resourceSpans) {
    for (const { spans } of scopeSpans) spans.removeIf(({ name }) => name === "b");
  }
  expect(traces.spanCount).toBe(3);
  traces.resourceSpans.append().scopeSpans.append().spans.append();
  expect(traces.spanCount).toBe(4);
});
