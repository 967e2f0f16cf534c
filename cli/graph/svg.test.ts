import { expect, test } from "vitest";
import { arrange, type Picture } from "./model.ts";
import { type PlacedGroup, placePicture } from "./place.ts";
import { svg } from "./svg.ts";
import { boxes, edges, example } from "./testing.ts";

const size = { width: 150, height: 52 };

interface Rect {
  readonly id: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Everything that stands directly in one group. */
const rectsOf = (placed: PlacedGroup): Rect[] => [
  ...placed.boxes.map(({ box, x, y, width, height }) => rect(box.id, { x, y, width, height })),
  ...placed.groups.map(({ placed: { group, width, height }, x, y }) => rect(group.id, { x, y, width, height })),
];

const rect = (id: string, { x, y, width, height }: { x: number; y: number; width: number; height: number }): Rect => ({
  id,
  left: x,
  top: y,
  right: x + width,
  bottom: y + height,
});

function groupsOf(placed: PlacedGroup): PlacedGroup[] {
  return [placed, ...placed.groups.flatMap(each => groupsOf(each.placed))];
}

const apart = (a: Rect, b: Rect): boolean =>
  a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;

/** 300 components: sixty pipelines of four into one writer, and a module with sixty members of which each sends out. */
const large: Picture = arrange(
  boxes(
    ...Array.from({ length: 60 }, (_, i) => [`a.a${i}`, `b.b${i}`, `c.c${i}`, `m.m/d.d${i}`]).flat(),
    ...Array.from({ length: 59 }, (_, i) => `e.e${i}`),
    "w.w",
  ),
  edges(
    ...Array.from({ length: 60 }, (_, i) => [
      `a.a${i} ~> b.b${i}`,
      `b.b${i} -> c.c${i}`,
      `c.c${i} -> m.m/d.d${i}`,
    ]).flat(),
    ...Array.from({ length: 60 }, (_, i) => `m.m/d.d${i} -> w.w`),
  ),
);

test.for([
  { it: "nested modules", picture: example },
  { it: "300 components", picture: large },
  {
    it: "modules in a circle",
    picture: arrange(
      boxes("m.m/a.a", "m.m/b.b", "n.n/a.a", "n.n/b.b"),
      edges("m.m/a.a -> n.n/a.a", "n.n/b.b -> m.m/b.b"),
    ),
  },
])("$it: nothing lies on anything, and all is inside its frame", ({ picture }) => {
  for (const placed of groupsOf(placePicture(picture, () => size))) {
    const rects = rectsOf(placed);
    const { width, height } = placed;
    expect(
      rects.filter(({ left, top, right, bottom }) => left < 0 || top < 0 || right > width || bottom > height),
    ).toEqual([]);
    const pairs = rects.flatMap((one, i) => rects.slice(i + 1).map(other => [one, other] as const));
    expect(pairs.filter(([one, other]) => !apart(one, other))).toEqual([]);
  }
});

test("a line that leaves one module and enters another is whole: each part begins where the one before ends", () => {
  const picture = arrange(boxes("m.m/a.a", "m.m/x.x", "n.n/y.y", "n.n/b.b"), edges("m.m/a.a -> n.n/b.b"));
  const root = placePicture(picture, () => size);
  const at = (id: string) => root.groups.find(({ placed }) => placed.group.id === id);
  const [from, to] = [at("m.m"), at("n.n")];
  const ends = (path: string | undefined) =>
    [...(path ?? "").matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
  const title = 26;
  const [outX, outY] = ends(from?.placed.lines[0]?.path).at(-1) ?? [];
  const middle = ends(root.lines[0]?.path);
  const [inX, inY] = ends(to?.placed.lines[0]?.path)[0] ?? [];
  expect(middle[0]).toEqual([(from?.x ?? 0) + (outX ?? 0), (from?.y ?? 0) + title + (outY ?? 0)]);
  expect(middle.at(-1)).toEqual([(to?.x ?? 0) + (inX ?? 0), (to?.y ?? 0) + title + (inY ?? 0)]);
  expect([from, to].map(each => each?.placed.lines[0]?.arrives)).toEqual([false, true]);
});

test("is well-formed, with every component, every module, and a legend of what is there", () => {
  const text = svg(example);
  const open: string[] = [];
  for (const [, close, name = "", empty] of text.matchAll(/<(\/?)([\w-]+)[^>]*?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
  }
  expect(open).toEqual([]);
  const texts = (kind: string) =>
    [...text.matchAll(new RegExp(`class="${kind}"[^>]*>([^<]*)</text>`, "g"))].map(([, each]) => each);
  expect(texts("label").sort()).toEqual(["a", "b", "end", "first", "in", "out"]);
  expect(texts("title").sort()).toEqual(["clean.one", "deep.two"]);
  expect(texts("call")).toEqual(["HTTP 0.0.0.0:3100"]);
  expect(texts("key")).toEqual(["logs", "a value, not data"]);
  expect(text).toContain("@media(prefers-color-scheme:dark)");
});

test("cuts a label that is too long, and has the whole one as its title", () => {
  const label = "x".repeat(60);
  const text = svg(arrange(boxes(`a.${label}`), []));
  expect(text).toContain(`<title>a.${label}</title>`);
  expect(text).toMatch(/class="label"[^>]*>x+…</);
});

test("escapes what XML reads otherwise", () => {
  expect(svg(arrange(boxes('a.<b>&"c"'), []))).toContain("<title>a.&#60;b&#62;&#38;&#34;c&#34;</title>");
});

test("says that there is nothing", () => {
  expect(svg(arrange([], []))).toContain("The configuration has no components.");
});
