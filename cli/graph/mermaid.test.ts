import DOMPurify from "dompurify";
import { beforeAll, expect, test } from "vitest";
import { mermaid } from "./mermaid.ts";
import { arrange } from "./model.ts";
import { boxes, edges, example } from "./testing.ts";

/** What Mermaid itself reads in a flowchart. */
interface Chart {
  getVertices(): Map<string, { id: string; text: string }>;
  getEdges(): { start: string; end: string; text: string; stroke: string }[];
  getSubGraphs(): { id: string; title: string; nodes: string[] }[];
}

let read: (text: string) => Promise<Chart>;

beforeAll(async () => {
  // it cleans labels for a page, and there is none
  Object.assign(DOMPurify, { addHook: () => {}, sanitize: (text: string) => text });
  const { default: library } = await import("mermaid");
  await library.parse("flowchart LR\n  a --> b"); // loads the grammar
  read = async text => (await library.mermaidAPI.getDiagramFromText(text)).db as unknown as Chart; // a flowchart's
});

test("is what Mermaid reads as the same graph", async () => {
  const chart = await read(mermaid(example));
  const titles = new Map(chart.getSubGraphs().map(({ id, title }) => [id, title]));
  const text = (id: string) => titles.get(id) ?? chart.getVertices().get(id)?.text;
  expect(chart.getSubGraphs().map(({ title, nodes }) => [title, nodes.map(text)])).toEqual([
    ["deep.two", ["loki.process<br/><b>a</b>", "loki.process<br/><b>b</b>"]],
    ["clean.one", ["loki.process<br/><b>first</b>", "deep.two"]],
  ]);
  expect(chart.getEdges().map(each => [text(each.start), text(each.end), each.text, each.stroke])).toEqual([
    [
      "loki.source.api<br/><b>in</b><br/><small>HTTP 0.0.0.0:3100</small>",
      "loki.process<br/><b>first</b>",
      "logs",
      "normal",
    ],
    ["loki.process<br/><b>first</b>", "loki.process<br/><b>a</b>", "logs", "normal"],
    ["loki.process<br/><b>a</b>", "loki.process<br/><b>b</b>", "logs", "normal"],
    ["loki.process<br/><b>b</b>", "loki.write<br/><b>out</b>", "logs", "normal"],
    ["loki.process<br/><b>first</b>", "loki.write<br/><b>out</b>", "logs", "normal"],
    ["local.file<br/><b>end</b>", "clean.one", "", "dotted"],
  ]);
});

test("is read with names that are words of Mermaid, and letters that are none of ASCII", async () => {
  const picture = arrange(
    boxes("end.end", "graph.subgraph", "x.größe", 'x."quoted"'),
    edges("end.end -> graph.subgraph"),
  );
  const labels = [...(await read(mermaid(picture))).getVertices().values()].map(({ text }) => text);
  expect(labels).toHaveLength(4);
  expect(labels[2]).toBe("x<br/><b>größe</b>");
  expect(labels[3]).toMatch(/^x<br\/><b>\S+quoted\S+<\/b>$/);
});

test("without components is an empty flowchart", () => {
  expect(mermaid(arrange([], []))).toBe("flowchart LR\n");
});
