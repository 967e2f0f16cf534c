import { describe, expect, test } from "vitest";
import { type LayoutEdge, layout } from "./layout.ts";

const box = { width: 100, height: 40 };
const edgesOf = (text: string): LayoutEdge[] =>
  text
    .split(" ")
    .filter(Boolean)
    .map(pair => {
      const [from = "", to = ""] = pair.split(">");
      return { from, to };
    });

const graphs = [
  { it: "nothing", ids: "", edges: "" },
  { it: "one box", ids: "a", edges: "" },
  { it: "a chain", ids: "a b c", edges: "a>b b>c" },
  { it: "parts that do not hang together", ids: "a b c d e", edges: "a>b c>d" },
  { it: "a diamond with a short cut", ids: "a b c d", edges: "a>b a>c b>d c>d a>d" },
  { it: "many into one", ids: "a b c d e f", edges: "a>f b>f c>f d>f e>f" },
  { it: "one into many, written in another order", ids: "f e d c b a", edges: "a>f a>e a>d a>c a>b" },
  { it: "crossed pairs", ids: "a b c d", edges: "a>d b>c a>c" },
  { it: "a circle", ids: "a b c", edges: "a>b b>c c>a" },
  { it: "an edge to itself, and one to nothing", ids: "a b", edges: "a>b a>a a>x y>b" },
];

describe.for([{ direction: "right" as const }, { direction: "down" as const }])(
  "drawn to the $direction",
  ({ direction }) => {
    test.for(graphs)("$it: boxes stand apart, within the drawing", ({ ids: text, edges }) => {
      const ids = text.split(" ").filter(Boolean);
      const { places, width, height } = layout(ids, edgesOf(edges), { direction, ...box });
      expect([...places.keys()].toSorted()).toEqual(ids.toSorted());
      const all = [...places].map(([id, { x, y }]) => ({ id, x, y }));
      for (const { x, y } of all) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(x + box.width).toBeLessThanOrEqual(width);
        expect(y + box.height).toBeLessThanOrEqual(height);
      }
      const overlaps = all.flatMap((a, i) =>
        all
          .slice(i + 1)
          .filter(b => Math.abs(a.x - b.x) < box.width && Math.abs(a.y - b.y) < box.height)
          .map(b => `${a.id} and ${b.id}`),
      );
      expect(overlaps).toEqual([]);
    });
  },
);

test("every edge leads on, but for the one that closes a circle", () => {
  const edges = edgesOf("a>b b>c a>c c>d d>b");
  const { places } = layout(["d", "c", "b", "a"], edges, { direction: "right", ...box });
  const x = (id: string) => places.get(id)?.x ?? Number.NaN;
  expect(edges.filter(({ from, to }) => x(to) <= x(from))).toEqual([{ from: "d", to: "b" }]);
});

test("what only gives something to one box stands next to it", () => {
  const { places } = layout(["a", "b", "c", "secret"], edgesOf("a>b b>c secret>c"), { direction: "right", ...box });
  expect(places.get("secret")?.x).toBe(places.get("b")?.x);
});

test("a chain is one straight line", () => {
  expect(layout(["a", "b"], edgesOf("a>b"), { direction: "right", ...box })).toEqual({
    width: 308,
    height: 76,
    places: new Map([
      ["a", { x: 18, y: 18 }],
      ["b", { x: 190, y: 18 }],
    ]),
    paths: ["M118 38C154 38 154 38 190 38"],
  });
});

test("a path begins at its box and ends at the other", () => {
  const edges = edgesOf("a>b b>c a>c c>a");
  const { places, paths } = layout(["a", "b", "c"], edges, { direction: "down", ...box });
  for (const [i, { from, to }] of edges.entries()) {
    const [a, b] = [places.get(from), places.get(to)];
    expect(paths[i]?.startsWith(`M${(a?.x ?? 0) + 50} ${(a?.y ?? 0) + 40}`)).toBe(true);
    expect(paths[i]?.endsWith(` ${(b?.x ?? 0) + 50} ${b?.y}`)).toBe(true);
  }
});

test("an edge to what does not exist is not drawn", () => {
  expect(layout(["a"], edgesOf("a>x"), { direction: "right", ...box }).paths).toEqual([""]);
});

test("a box of another size has its room, and the next layer begins behind the longest", () => {
  const sizes = new Map([["b", { width: 300, height: 200 }]]);
  const { places, paths } = layout(["a", "b", "c", "d"], edgesOf("a>b a>c b>d c>d"), {
    direction: "right",
    ...box,
    sizes,
  });
  const at = (id: string) => places.get(id) ?? { x: Number.NaN, y: Number.NaN };
  expect([at("b").x, at("c").x, at("d").x]).toEqual([190, 190, 190 + 300 + 72]);
  expect(at("c").y - at("b").y).toBeGreaterThanOrEqual(200);
  expect(paths[3]).toContain(`L490 ${at("c").y + 20}C`); // on to the end of its layer, then over
});

test("what stands first and last stays there, whatever it leads to", () => {
  const edges = edgesOf("in>d a>b b>c c>d a>out");
  const options = { direction: "right", ...box, first: new Set(["in"]), last: new Set(["out"]) } as const;
  const { places } = layout(["in", "a", "b", "c", "d", "out"], edges, options);
  expect(places.get("in")?.x).toBe(places.get("a")?.x);
  expect(places.get("out")?.x).toBe(places.get("d")?.x);
});

test("a line that does not leave from the middle is level all the same", () => {
  const sizes = new Map([["a", { width: 100, height: 200 }]]);
  const edges = [{ from: "a", to: "b", leaves: 60 }];
  const { paths } = layout(["a", "b"], edges, { direction: "right", ...box, sizes });
  expect(paths).toEqual(["M118 178C154 178 154 178 190 178"]);
});

test("many that lead to one stand level with what they come from, and the one in their middle", () => {
  const many = Array.from({ length: 75 }, (_, i) => i);
  const edges = edgesOf(many.map(i => `a${i}>b${i} b${i}>z`).join(" "));
  const { places } = layout([...many.flatMap(i => [`a${i}`, `b${i}`]), "z"], edges, { direction: "right", ...box });
  const y = (id: string) => places.get(id)?.y ?? Number.NaN;
  expect(many.map(i => Math.abs(y(`a${i}`) - y(`b${i}`)) < 1)).toEqual(many.map(() => true));
  expect(Math.abs(y("z") - (y("b0") + y("b74")) / 2)).toBeLessThan(5);
});
