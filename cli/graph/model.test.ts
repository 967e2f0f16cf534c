import { expect, test } from "vitest";
import { ancestorsOf, arrange, type Child, triggerText } from "./model.ts";
import { boxes, edges, example } from "./testing.ts";

const shape = (children: readonly Child[]): unknown[] =>
  children.map(child => (child.kind === "box" ? child.box.label : { [child.group.id]: shape(child.group.children) }));
const ends = (all: readonly { from: string; to: string }[]) => all.map(({ from, to }) => `${from} ${to}`);

test("members stand in their modules, and a module that is a component is drawn once", () => {
  expect(shape(example.root.children)).toEqual([
    "in",
    "end",
    { "clean.one": ["first", { "clean.one/deep.two": ["a", "b"] }] },
    "out",
  ]);
});

test("a line of a module as a whole is left out where its members have the same", () => {
  expect(ends(example.edges)).toEqual([
    "loki.source.api.in clean.one/loki.process.first",
    "clean.one/loki.process.first clean.one/deep.two/loki.process.a",
    "clean.one/deep.two/loki.process.a clean.one/deep.two/loki.process.b",
    "clean.one/deep.two/loki.process.b loki.write.out",
    "clean.one/loki.process.first loki.write.out",
    "local.file.end clean.one",
  ]);
});

test.for([
  { it: "to what is not there", edge: "a.a -> b.b", left: [] },
  { it: "from a module to its own member", edge: "m.m -> m.m/a.a", left: [] },
  { it: "between modules whose members have none", edge: "m.m ~> n.n", left: ["m.m n.n"] },
  { it: "to a module that has no members", edge: "a.a -> m.m", left: ["a.a m.m"] },
])("a line $it", ({ edge, left }) => {
  expect(ends(arrange(boxes("a.a", "m.m/a.a", "n.n/a.a"), edges(edge)).edges)).toEqual(left);
});

test("modules around an id, from the outside", () => {
  expect(ancestorsOf("foreach.x/1/loki.process.p")).toEqual(["foreach.x", "foreach.x/1"]);
  expect(ancestorsOf("loki.process.p")).toEqual([]);
});

test.for([
  { trigger: { kind: "http", host: "", port: 80, paths: [], authenticated: false }, says: "HTTP 0.0.0.0:80" },
  { trigger: { kind: "schedule", everySeconds: 30 }, says: "every 30 s" },
  {
    trigger: { kind: "records", format: "loki", sources: ["queue", "bucket"], logGroups: [], filterPattern: "" },
    says: "queue, bucket",
  },
] as const)("$says", ({ trigger, says }) => {
  expect(triggerText(trigger)).toBe(says);
});
