/** A picture as SVG: light or dark as the reader's screen is, without script, font or anything else from elsewhere. */
import { type Box, type Picture, triggerText } from "./model.ts";
import { type Line, type PlacedGroup, placePicture, type Size, titleHeight } from "./place.ts";

const style = `
svg{color-scheme:light dark;--page:#f5f6f8;--card:#fff;--frame:#eceef3;--line:#c3cad5;--text:#171c24;--soft:#5b6675;--accent:#3b4cca;--begin:#e9ebfb;--traces:#7a3fc4;--logs:#0b7a86;--metrics:#b35900}
@media(prefers-color-scheme:dark){svg{--page:#0f1216;--card:#1b2028;--frame:#151a20;--line:#414b59;--text:#e6e9ee;--soft:#97a2b1;--accent:#93a0ff;--begin:#222844;--traces:#bd94f5;--logs:#4cc4cf;--metrics:#f0a35a}}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--text)}
.page{fill:var(--page)}
.box{fill:var(--card);stroke:var(--line)}
.begin{fill:var(--begin);stroke:var(--accent)}
.frame{fill:var(--frame);stroke:var(--line);stroke-dasharray:5 4}
.name{font-size:12px;fill:var(--soft)}
.label{font-size:14px;font-weight:600}
.call{font-size:11.5px;fill:var(--accent)}
.title{font-size:12.5px;font-weight:600;fill:var(--soft)}
.key{font-size:12px;fill:var(--soft)}
.edge{fill:none;stroke:var(--soft);stroke-width:1.6}
.value{stroke-dasharray:2 4;stroke-linecap:round}
.traces{stroke:var(--traces)}.logs{stroke:var(--logs)}.metrics{stroke:var(--metrics)}
.head{fill:var(--soft)}.head.traces{fill:var(--traces)}.head.logs{fill:var(--logs)}.head.metrics{fill:var(--metrics)}.head{stroke:none}
`.replaceAll("\n", "");

/** Widths of text are guessed: letters are this wide on average. */
const widths = { name: 6.9, label: 8.6, call: 6.6 } as const;
const padding = 14;
const [narrowest, widest] = [150, 250];
const heights = { head: 52, call: 18 } as const;
const legendHeight = 34;

/** The picture, as large as it needs to be read without zooming. */
export function svg(picture: Picture): string {
  const root = placePicture(picture, sizesOf(picture));
  const kinds = Object.keys(words).filter(kind => picture.edges.some(edge => kindOf([edge]) === kind)) as Kind[]; // its keys
  const empty = !root.group.children.length;
  const width = Math.max(Math.ceil(root.width), empty ? 320 : legendWidth(kinds));
  const height = Math.ceil(root.height) + (kinds.length ? legendHeight : 0) + (empty ? 24 : 0);
  const body = empty
    ? `<text class="key" x="18" y="34">The configuration has no components.</text>`
    : groupBody(root) + legend(kinds, Math.ceil(root.height));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Graph of components">`,
    `<style>${style}</style>`,
    `<defs>${markers}</defs>`,
    `<rect class="page" width="100%" height="100%"/>`,
    body,
    "</svg>\n",
  ].join("\n");
}

/** All boxes are as wide as the longest text needs, so that they stand in columns. */
function sizesOf({ root }: Picture): (box: Box) => Size {
  const boxes = boxesOf(root);
  const needed = boxes.map(box =>
    Math.max(
      box.name.length * widths.name,
      titleOf(box).length * widths.label,
      ...callsOf(box).map(call => call.length * widths.call),
    ),
  );
  const width = Math.ceil(Math.min(widest, Math.max(narrowest, ...needed.map(each => each + 2 * padding))));
  return box => ({ width, height: heights.head + callsOf(box).length * heights.call });
}

const boxesOf = (group: Picture["root"]): Box[] =>
  group.children.flatMap(child => (child.kind === "box" ? [child.box] : boxesOf(child.group)));

const titleOf = ({ label }: Box): string => label || "—";
const callsOf = ({ triggers }: Box): string[] => [...new Set(triggers.map(triggerText))];

/** Frames below lines below boxes. */
function groupBody(placed: PlacedGroup): string {
  const title = placed.group.id ? titleHeight : 0;
  const groups = placed.groups.map(({ placed: inner, x, y }) => {
    const frame = `<rect class="frame" width="${inner.width}" height="${inner.height}" rx="12"/>`;
    const name = `<text class="title" x="14" y="20">${escaped(inner.group.name)}</text>`;
    return `<g transform="translate(${x} ${y})"><title>${escaped(inner.group.id)}</title>${frame}${name}${groupBody(inner)}</g>`;
  });
  const lines = placed.lines.length
    ? `<g${title ? ` transform="translate(0 ${title})"` : ""}>${placed.lines.map(lineView).join("\n")}</g>`
    : "";
  return [...groups, lines, ...placed.boxes.map(boxView)].filter(Boolean).join("\n");
}

function boxView({ box, x, y, width, height }: PlacedGroup["boxes"][number]): string {
  const room = width - 2 * padding;
  const calls = callsOf(box);
  const line = (kind: keyof typeof widths, at: number, text: string) =>
    `<text class="${kind}" x="${padding}" y="${at}">${escaped(shorten(text, room / widths[kind]))}</text>`;
  return [
    `<g transform="translate(${x} ${y})"><title>${escaped([box.id, ...calls].join("\n"))}</title>`,
    `<rect class="${calls.length ? "box begin" : "box"}" width="${width}" height="${height}" rx="10"/>`,
    line("name", 21, box.name),
    line("label", 40, titleOf(box)),
    ...calls.map((call, i) => line("call", 59 + i * heights.call, call)),
    "</g>",
  ].join("");
}

/** Of a text that is too long, the beginning. */
const shorten = (text: string, most: number): string =>
  text.length > most + 1 ? `${text.slice(0, Math.floor(most) - 1)}…` : text;

function lineView({ path, edges, arrives }: Line): string {
  const kind = kindOf(edges);
  const title = edges.map(({ from, to, kind: what, signals }) =>
    what === "value" ? `${to} takes a value from ${from}` : `${from} sends ${signals.join(", ") || "data"} to ${to}`,
  );
  const end = arrives ? ` marker-end="url(#${kind})"` : "";
  return `<path class="edge ${kind}" d="${path}"${end}><title>${escaped(title.join("\n"))}</title></path>`;
}

type Kind = keyof typeof words;

const words = {
  traces: "traces",
  logs: "logs",
  metrics: "metrics",
  several: "several signals",
  value: "a value, not data",
} as const;

function kindOf(edges: readonly Picture["edges"][number][]): Kind {
  if (edges.every(({ kind }) => kind === "value")) return "value";
  const signals = new Set(edges.flatMap(each => each.signals));
  const [only] = signals;
  return only !== undefined && signals.size === 1 ? only : "several";
}

const markers = Object.keys(words)
  .map(
    kind =>
      `<marker id="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="head ${kind}" d="M.5.8 7 4 .5 7.2z"/></marker>`,
  )
  .join("");

const keyWidth = (kind: Kind): number => 34 + words[kind].length * 6.4 + 22;
const legendWidth = (kinds: readonly Kind[]): number =>
  Math.ceil(36 + kinds.reduce((sum, kind) => sum + keyWidth(kind), 0));

/** What the lines mean. */
function legend(kinds: readonly Kind[], top: number): string {
  let x = 18;
  return kinds
    .map(kind => {
      const at = x;
      x += keyWidth(kind);
      return `<g transform="translate(${at} ${top + 8})"><path class="edge ${kind}" d="M0 0H26"/><text class="key" x="34" y="4">${words[kind]}</text></g>`;
    })
    .join("\n");
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, char => `&#${char.charCodeAt(0)};`);
