import { expect, test } from "vitest";
import type { LogBatch } from "../lib/pipeline/telemetry/loki/model.ts";
import type { MetricBatch } from "../lib/pipeline/telemetry/prometheus/model.ts";
import { ItemLog } from "./items.ts";

const lines = (...texts: string[]): LogBatch => [
  { labels: [], entries: texts.map(line => ({ timestamp: 0n, line, metadata: [] })) },
];
const numbered = (from: number, to: number) =>
  lines(...Array.from({ length: to - from + 1 }, (_, i) => String(from + i)));
const sample: MetricBatch = [
  {
    labels: ["__name__", "up"],
    timestamp: 0,
    value: 1,
    histogram: undefined,
    exemplars: undefined,
    metadata: undefined,
    startTimestamp: undefined,
    stale: false,
  },
];

test.for([
  { it: "of a first batch ten items", pushes: [[0, numbered(1, 50)]], titles: "10 9 8 7 6 5 4 3 2 1" },
  {
    it: "nothing of a batch that comes at once",
    pushes: [
      [0, lines("a")],
      [249, lines("b")],
    ],
    titles: "a",
  },
  {
    it: "the next batch after a quarter of a second",
    pushes: [
      [0, lines("a")],
      [250, lines("b")],
    ],
    titles: "b a",
  },
  {
    it: "three items only of batches that come fast",
    pushes: [
      [0, lines("a")],
      [300, numbered(1, 9)],
    ],
    titles: "3 2 1 a",
  },
  {
    it: "ten items of a batch that comes after a pause",
    pushes: [
      [0, lines("a")],
      [2300, numbered(1, 9)],
    ],
    titles: "9 8 7 6 5 4 3 2 1 a",
  },
  {
    it: "the last ten",
    pushes: [
      [0, numbered(1, 10)],
      [300, lines("a", "b")],
    ],
    titles: "b a 10 9 8 7 6 5 4 3",
  },
  {
    it: "each kind by itself",
    pushes: [
      [0, lines("a")],
      [1, sample],
      [2, lines("b")],
    ],
    titles: "up a",
  },
] as const)("keeps $it", ({ pushes, titles }) => {
  let now = 0;
  const items = new ItemLog(() => now);
  const tap = items.tap("loki.echo.a");
  for (const [time, batch] of pushes) {
    now = time;
    tap(batch, 1);
  }
  expect(
    items
      .of("loki.echo.a")
      .map(({ title }) => title)
      .join(" "),
  ).toBe(titles);
});

test("a batch that can't be read is shown as that, and data goes on", () => {
  const items = new ItemLog(() => 5);
  items.tap("a")([{ labels: [], entries: [{ timestamp: "soon", line: "x", metadata: [] }] }], 1);
  expect(items.of("a")).toEqual([
    {
      id: 1,
      seen: 5,
      kind: "log",
      title: "an item that can't be shown",
      about: "",
      note: "Cannot mix BigInt and other types, use explicit conversions",
      groups: [],
    },
  ]);
});

test("what entered stays known when a reload watches again; what is unknown has nothing", () => {
  const items = new ItemLog(() => 0);
  items.tap("a")(lines("x"), 1);
  items.tap("a");
  expect(items.of("a").map(({ title }) => title)).toEqual(["x"]);
  expect(items.of("b")).toEqual([]);
});

test("of very many components the first to get something is forgotten, and each keeps fewer", () => {
  const items = new ItemLog(() => 0);
  for (let i = 0; i < 6001; i++) items.tap(`foreach.f/foreach_${i}_1/loki.echo.e`)(numbered(1, 10), 10);
  const titles = (i: number) => items.of(`foreach.f/foreach_${i}_1/loki.echo.e`).map(({ title }) => title);
  expect([titles(0), titles(1).length, titles(6000)]).toEqual([[], 10, ["3", "2", "1"]]);
});
