import { describe, expect, test } from "vitest";
import { bordersOf, onlyExit, sendersOf, type Totals, totalsOfHolder } from "./borders.ts";
import type { Edge } from "./edges.ts";

const edgesOf = (text: string): Edge[] =>
  text.split(" ").map(each => {
    const [from = "", to = ""] = each.split(">");
    return { from, to, kind: "data", signals: [] };
  });

/** What has a name with `source` begins data, what is called `m` or `n` holds others. */
const isHolder = (id: string) => /(^|\/)[mn]$/.test(id);
const takesData = (id: string) => !id.includes("source");
const count = (received?: number, failed?: number): Totals => ({
  received,
  failed,
  dropped: undefined,
  sent: undefined,
});

describe("numbers of a holder", () => {
  test.for([
    { it: "are those of the component that data enters", edges: "a>m/x m/x>m/y", received: 10, failed: 1 },
    { it: "are the sums of several that data enters", edges: "a>m/x b>m/y", received: 30, failed: 3 },
    {
      it: "are unknown where data from outside and from inside enter the same component",
      edges: "a>m/x a>m/y m/x>m/y",
      received: undefined,
      failed: undefined,
    },
    {
      it: "are no number of what entered where data begins inside, but one of what failed",
      edges: "m/source>m/x m/x>m/y",
      received: undefined,
      failed: 1,
    },
    {
      it: "are unknown of what entered where data begins inside and joins it",
      edges: "a>m/x m/source>m/x",
      received: undefined,
      failed: 1,
    },
    { it: "are those of a component that lies deeper", edges: "a>m/n/z m/n/z>m/y", received: 40, failed: 4 },
    {
      it: "do not count a holder that was given a receiver as a sender",
      edges: "m>m/x a>m/x",
      received: 10,
      failed: 1,
    },
    { it: "are none where no data goes", edges: "a>b", received: undefined, failed: undefined },
  ])("$it", ({ edges, received, failed }) => {
    const counts = new Map([
      ["m/x", count(10, 1)],
      ["m/y", count(20, 2)],
      ["m/n/z", count(40, 4)],
    ]);
    const border = bordersOf(edgesOf(edges), isHolder, takesData).get("m");
    const totals = totalsOfHolder(border, [], id => counts.get(id));
    expect([totals.received, totals.failed]).toEqual([received, failed]);
  });

  test("that were dropped and sent are the sums of all inside", () => {
    const inside: Totals[] = [
      { received: 1, failed: 1, dropped: 2, sent: undefined },
      { received: 1, failed: 1, dropped: 3, sent: 5 },
      { received: 1, failed: 1, dropped: undefined, sent: undefined },
    ];
    const sum = { received: undefined, failed: undefined, dropped: 5, sent: 5 };
    expect(totalsOfHolder(undefined, inside, () => undefined)).toEqual(sum);
  });
});

test.for([
  { it: "is the component that all goes to", edges: "m/x>a", exit: "a" },
  { it: "is found from several inside", edges: "m/x>a m/y>a", exit: "a" },
  { it: "is unknown of two", edges: "m/x>a m/x>b", exit: undefined },
  { it: "is unknown where something else comes there too", edges: "m/x>a b>a", exit: undefined },
  { it: "is unknown where nothing leaves", edges: "m/x>m/y", exit: undefined },
])("the exit of a holder $it", ({ edges, exit }) => {
  const all = edgesOf(edges);
  const { exits } = bordersOf(all, isHolder, takesData).get("m") ?? {};
  expect(onlyExit("m", exits, sendersOf(all, isHolder))).toBe(exit);
});
