import { describe, expect, test } from "vitest";
import type { Edge, EdgeSignal } from "./edges.ts";
import { edgesOfLevel, stands } from "./levels.ts";

/** `a>b`: data, `a>b:logs,traces`: data of these signals, `a~b`: a value. */
const edgesOf = (text: string): Edge[] =>
  text.split(" ").map(each => {
    const [, from = "", arrow, to = "", signals] = /^([^>~]+)([>~])([^:]+):?(.*)$/.exec(each) ?? [];
    const flowing = (signals ? signals.split(",") : []) as EdgeSignal[]; // as the test says
    return { from, to, kind: arrow === ">" ? "data" : "value", signals: flowing };
  });

const textOf = ({ from, to, kind, signals }: Edge): string =>
  `${from}${kind === "data" ? ">" : "~"}${to}${signals.length ? `:${signals.join(",")}` : ""}`;

describe("edges of a level", () => {
  test.for([
    { it: "stay as they are between components of the level", level: "", edges: "a>b c~b", shown: "a>b c~b" },
    { it: "end at the box that holds their ends", level: "", edges: "a>m/x m/y>b m/z~c", shown: "a>m m>b m~c" },
    { it: "are not drawn inside a box", level: "", edges: "m/x>m/y m/x>m/n/z", shown: "" },
    {
      it: "are drawn once, with the signals of all",
      level: "",
      edges: "a>m/x:logs a>m/y:traces a>m/z:logs",
      shown: "a>m:logs,traces",
    },
    { it: "join two boxes that hold their ends", level: "", edges: "m/a/b>n/c/d", shown: "m>n" },
    { it: "keep data and values apart", level: "", edges: "m/x>n/x m/x~n/y", shown: "m>n m~n" },
    {
      it: "leave out the value that a holder seems to give to who sends data into it",
      level: "",
      edges: "a>m/x m~a",
      shown: "a>m",
    },
    {
      it: "inside a holder are those of its members",
      level: "m",
      edges: "a>b m/x>m/y m/n/x>m/y",
      shown: "m/x>m/y m/n>m/y",
    },
    { it: "come from outside, and go there", level: "m", edges: "a>m/x m/y>b", shown: "a>m/x m/y>b" },
    { it: "outside end at what stands beside the level", level: "m", edges: "k/a>m/x m/y>l/b/c", shown: "k>m/x m/y>l" },
    {
      it: "outside end at what stands beside a holder around",
      level: "m/n",
      edges: "m/k/a>m/n/x m/n/y>l/b",
      shown: "m/k>m/n/x m/n/y>l",
    },
    { it: "do not end at the level itself or around it", level: "m/n", edges: "m/n>a m~b a>m/n m/n~m/x", shown: "" },
    {
      it: "tell names that begin alike apart",
      level: "m",
      edges: "mm/x>m/a m/a>mm m/ab>m/a mb>m/ab",
      shown: "mm>m/a m/a>mm m/ab>m/a mb>m/ab",
    },
    {
      it: "tell names that begin alike apart, deeper",
      level: "m/n",
      edges: "m/nn/x>m/n/a m/na>m/n/a",
      shown: "m/nn>m/n/a m/na>m/n/a",
    },
  ])("$it", ({ level, edges, shown }) => {
    expect(edgesOfLevel(edgesOf(edges), level).map(textOf).join(" ")).toBe(shown);
  });

  test("know between which components data goes", () => {
    const [edge, value] = edgesOfLevel(edgesOf("a>m/x a>m/y m~b"), "");
    expect([edge?.pairs, value?.pairs]).toEqual([
      [
        ["a", "m/x"],
        ["a", "m/y"],
      ],
      [],
    ]);
  });
});

test.for([
  { id: "a", level: "", is: true },
  { id: "m/a", level: "", is: false },
  { id: "m/a", level: "m", is: true },
  { id: "m/a/b", level: "m", is: false },
  { id: "mm/a", level: "m", is: false },
  { id: "m", level: "m", is: false },
  { id: "n/a", level: "m", is: false },
])("$id stands in the level “$level”: $is", ({ id, level, is }) => {
  expect(stands(id, level)).toBe(is);
});
