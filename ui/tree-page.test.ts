/** What the page makes of the rows: which lines a list has, what is ill, what a holder is said to hold. */
import { describe, expect, test } from "vitest";

interface Row {
  readonly id: string;
  readonly role: string;
  readonly health: string;
  readonly about?: string;
  readonly why?: { readonly message: string; readonly since: number };
}
interface Line {
  readonly row?: Row;
  readonly root?: string;
  readonly depth: number;
  readonly open?: boolean;
  readonly left?: number;
  readonly leads?: boolean;
}

type Tree = object;
interface State {
  readonly status: { readonly components: readonly Row[] };
  readonly tree: Tree;
  readonly filters: ReadonlyMap<string, string>;
  readonly open: ReadonlyMap<string, boolean>;
  readonly whole: ReadonlySet<string>;
}
// Scripts of the page have no types; these are what they say of themselves.
interface TreePage {
  indexOf(rows: readonly Row[]): Tree;
  linesOf(state: State, root: string): readonly Line[];
  illOf(tree: Tree, rows: readonly Row[]): readonly Row[];
  causeOf(tree: Tree, row: Row | undefined): Row;
  holdsText(holder: { role: string; inside: number; items?: number; declares?: number }): string;
}
const page = new URL("./page/tree.js", import.meta.url).href;
const { causeOf, holdsText, illOf, indexOf, linesOf } = (await import(page)) as TreePage; // as above

const row = (id: string, more: Partial<Row> = {}): Row => ({ id, role: "component", health: "healthy", ...more });

const small = [
  row("foreach.f", { role: "foreach" }),
  row("foreach.f/foreach_a_1", { role: "item", about: '{name = "Shop"}' }),
  row("foreach.f/foreach_a_1/loki.process.p"),
  row("foreach.f/foreach_b_1", { role: "item", about: '{name = "bank"}', health: "unhealthy" }),
  row("foreach.f/foreach_b_1/loki.process.p", { health: "unhealthy" }),
  row("foreach.f/foreach_b_1/loki.relabel.r"),
  row("loki.write.out"),
];
const large = [
  row("foreach.f", { role: "foreach" }),
  ...Array.from({ length: 250 }, (_, i) => row(`foreach.f/foreach_${i}_1`, { role: "item" })),
  row("loki.write.out"),
];

function lines(
  rows: readonly Row[],
  {
    root = "",
    filter = "",
    open = {},
    whole = [],
  }: { root?: string; filter?: string; open?: Readonly<Record<string, boolean>>; whole?: readonly string[] },
): string[] {
  const state = {
    status: { components: rows },
    tree: indexOf(rows),
    filters: new Map([[root, filter]]),
    open: new Map(Object.entries(open)),
    whole: new Set(whole),
  };
  return linesOf(state, root).map(({ row: each, depth, left, leads }) => {
    const name = each ? each.id.slice(each.id.lastIndexOf("/") + 1) : `${left} more`;
    return `${"  ".repeat(depth)}${leads ? `(${name})` : name}`;
  });
}

describe("the list", () => {
  test.for([
    {
      it: "shows a small tree whole",
      rows: small,
      shows: [
        "foreach.f",
        "  foreach_a_1",
        "    loki.process.p",
        "  foreach_b_1",
        "    loki.process.p",
        "    loki.relabel.r",
        "loki.write.out",
      ],
    },
    {
      it: "leaves out what a reader has closed",
      rows: small,
      open: { "foreach.f/foreach_b_1": false, "foreach.f/foreach_a_1": false },
      shows: ["foreach.f", "  foreach_a_1", "  foreach_b_1", "loki.write.out"],
    },
    { it: "shows a large tree closed", rows: large, shows: ["foreach.f", "loki.write.out"] },
    { it: "begins at a holder", rows: small, root: "foreach.f/foreach_a_1", shows: ["loki.process.p"] },
    { it: "shows nothing of what holds nothing", rows: small, root: "loki.write.out", shows: [] },
    {
      it: "finds a name with what holds it",
      rows: small,
      filter: "relabel",
      shows: ["(foreach.f)", "  (foreach_b_1)", "    loki.relabel.r"],
    },
    {
      it: "finds by words in the way to it, the last word in itself",
      rows: small,
      filter: "foreach_a process",
      shows: ["(foreach.f)", "  (foreach_a_1)", "    loki.process.p"],
    },
    { it: "does not show all that is in what has the word", rows: small, filter: "foreach.f", shows: ["foreach.f"] },
    { it: "finds an item by its value", rows: small, filter: "SHOP", shows: ["(foreach.f)", "  foreach_a_1"] },
    {
      it: "finds what is ill",
      rows: small,
      filter: "unhealthy",
      shows: ["(foreach.f)", "  foreach_b_1", "    loki.process.p"],
    },
    { it: "finds nothing", rows: small, filter: "nothing", shows: [] },
    { it: "does not find what is outside", rows: small, root: "foreach.f/foreach_a_1", filter: "relabel", shows: [] },
  ])("$it", ({ rows, shows, ...more }) => {
    expect(lines(rows, more)).toEqual(shows);
  });

  test("shows a hundred of each holder until all are wanted", () => {
    const some = lines(large, { open: { "foreach.f": true } });
    expect([some.length, some.at(-2), some.at(-1)]).toEqual([103, "  150 more", "loki.write.out"]);
    expect(lines(large, { open: { "foreach.f": true }, whole: ["foreach.f"] })).toHaveLength(252);
  });

  test("shows a hundred of what a filter finds until all are wanted", () => {
    const some = lines(large, { filter: "foreach_" });
    expect([some.length, some.at(-1)]).toEqual([102, "150 more"]);
    expect(lines(large, { filter: "foreach_", whole: ["filter "] })).toHaveLength(251);
  });
});

test("ill is what is ill itself, and not what holds it", () => {
  expect(illOf(indexOf(small), small).map(({ id }) => id)).toEqual(["foreach.f/foreach_b_1/loki.process.p"]);
});

test.for([
  {
    it: "of a holder is what its message is about, as deep as it lies",
    rows: [
      row("m.a", { health: "unhealthy", why: { message: "m.a/n.b: m.a/n.b/x.c: no file", since: 1 } }),
      row("m.a/y.d", { health: "unhealthy", why: { message: "something else", since: 1 } }),
      row("m.a/n.b", { health: "unhealthy", why: { message: "m.a/n.b/x.c: no file", since: 1 } }),
      row("m.a/n.b/x.c", { health: "unhealthy", why: { message: "no file", since: 1 } }),
    ],
    cause: "m.a/n.b/x.c",
  },
  {
    it: "of a holder that is ill itself is the holder",
    rows: [
      row("m.a", { health: "unhealthy", why: { message: "no such argument", since: 1 } }),
      row("m.a/x.c", { health: "unhealthy", why: { message: "no file", since: 1 } }),
    ],
    cause: "m.a",
  },
  { it: "of what is well is that", rows: [row("m.a"), row("m.a/x.c")], cause: "m.a" },
])("the cause $it", ({ rows, cause }) => {
  expect(causeOf(indexOf(rows), rows[0]).id).toBe(cause);
});

test.for([
  { role: "custom", inside: 1, text: "1 component inside" },
  { role: "custom", inside: 0, text: "values only" },
  { role: "item", inside: 0, text: "nothing inside" },
  { role: "item", inside: 3, text: "3 components inside" },
  { role: "foreach", inside: 5000, items: 1000, text: "1,000 items, 5,000 components" },
  { role: "foreach", inside: 1, items: 1, text: "1 item, 1 component" },
  { role: "import", inside: 0, declares: 2, text: "declares 2" },
  { role: "import", inside: 1, declares: 0, text: "declares 0, imports 1" },
])("a $role holds: $text", ({ text, ...holder }) => {
  expect(holdsText(holder)).toBe(text);
});
