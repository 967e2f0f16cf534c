// The graph: boxes and lines where the process put them.
import { h } from "./dom.js";
import { count, linkTo, rate } from "./format.js";
import { holdsText, isHolder } from "./tree.js";

/** Wide graphs are drawn smaller, but not so that they can't be read. */
const smallest = 0.85;

/** One level of the graph; the component that the page is about is marked, and what it is connected with. */
export function graphView(state, { tall, frame, level }) {
  const { graph, id, tree } = state;
  if (!graph) return undefined;
  if (graph.left === "large" && level === "")
    return h(
      "section",
      { key: "graph", class: "card empty" },
      h("p", undefined, `${count(tree.inside.get("")?.length)} components are too many to draw.`),
      tall && h("p", undefined, h("a", { href: "/" }, "They are in the list.")),
    );
  if (!graph.drawings.length) {
    if (level !== "" || tree.byId.size) return undefined;
    return h(
      "section",
      { key: "graph", class: "card empty" },
      h("p", undefined, "The configuration has no components yet."),
      h("p", { class: "soft" }, "Write some, and press Reload."),
    );
  }
  const chosen = graph.drawings.some(({ boxes }) => boxes.some(box => box.id === id));
  return h(
    "section",
    {
      key: `graph ${level}`,
      class: tall ? "card graph tall" : "card graph",
      "aria-label": level === "" ? "Graph of components" : `Graph of what is inside ${level}`,
    },
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Graph, scrolls" },
      graph.drawings.map(drawing => [
        drawing.module !== level && itemTitle(tree.byId.get(drawing.module)),
        drawingView(drawing, state, { chosen, frame }),
      ]),
    ),
    legend(graph.drawings),
  );
}

/** Above the drawing of one item of a foreach. */
function itemTitle(row) {
  if (!row) return undefined;
  const { id, name, about, health } = row;
  return h(
    "h3",
    { key: `title ${id}`, class: "item-title" },
    h(
      "a",
      { href: linkTo(id) },
      h("span", { class: `dot ${health}`, title: health }),
      h("span", undefined, name, h("span", { class: "about" }, ` ${about}`)),
    ),
  );
}

function drawingView({ module, width, height, boxes, edges }, { id, tree, rates }, { chosen, frame }) {
  const scale = Math.max(smallest, Math.min(1, frame / width));
  const near = new Set(edges.filter(({ from, to }) => from === id || to === id).flatMap(({ from, to }) => [from, to]));
  return h(
    "svg",
    {
      key: `drawing ${module}`,
      viewBox: `0 0 ${width} ${height}`,
      width: Math.floor(width * scale),
      height: Math.floor(height * scale),
      class: chosen ? "chosen" : undefined,
    },
    h("defs", undefined, ["data", "value"].map(arrow)),
    edges.map(edge => edgeView(edge, { id, moves: moves(edge, tree, rates) })),
    boxes.map(box =>
      boxView(tree.byId.get(box.id), box, { rate: rates.get(box.id), here: box.id === id, near: near.has(box.id) }),
    ),
  );
}

const arrow = name =>
  h(
    "marker",
    {
      id: `arrow-${name}`,
      viewBox: "0 0 8 8",
      refX: 7,
      refY: 4,
      markerWidth: 9,
      markerHeight: 9,
      markerUnits: "userSpaceOnUse",
      orient: "auto",
      class: `arrow ${name}`,
    },
    h("path", { d: "M0.5 0.8 7 4 0.5 7.2z" }),
  );

// A source has no way in, so what leaves it is seen at the next component only.
const moves = ({ pairs }, { byId }, rates) =>
  pairs.some(([from, to]) => rates.get(to) > 0 && (rates.get(from) > 0 || !byId.get(from)?.takesData));

function edgeView({ from, to, kind, signals, path }, { id, moves }) {
  const touches = from === id || to === id;
  const signal = signals.length === 1 ? signals[0] : "";
  const classes = ["edge", kind, signal, touches && "near", moves && "moves"].filter(Boolean).join(" ");
  const title =
    kind === "data" ? `${from} sends ${signals.join(", ") || "data"} to ${to}` : `${to} takes a value from ${from}`;
  return h(
    "path",
    { key: `${from} ${to} ${kind}`, d: path, class: classes, "marker-end": `url(#arrow-${kind})` },
    h("title", undefined, title),
  );
}

function boxView(component, box, { rate: perSecond, here, near }) {
  if (!component) return undefined;
  const { id, health, totals } = component;
  const { x, y, width, height, outside } = box;
  const holder = isHolder(component) && !outside;
  const text = outside ? "" : numberText(totals);
  const classes = ["box", health, outside && "outside", holder && "holder", here && "here", near && "near"];
  const holds = holder ? holdsText(component) : "";
  return h(
    "a",
    {
      key: id,
      href: linkTo(id),
      class: classes.filter(Boolean).join(" "),
      "aria-current": here ? "true" : undefined,
      "aria-label": [outside ? `${id}, outside` : id, health, holds, text].filter(Boolean).join(", "),
    },
    h("title", undefined, outside ? `${id}, outside of what is drawn here` : id),
    holder && h("rect", { x: x + 5, y: y - 5, width: width - 2, height, rx: 10, class: "behind" }),
    h("rect", { x, y, width, height, rx: 10 }),
    outside ? outsideText(component, box) : boxText(component, box, { text, now: rate(perSecond), holds }),
  );
}

/** What is known of a component in a number: what entered, or else what left, or else what arrived at backends. */
function numberText({ received, left, sent }) {
  if (received !== undefined) return `${count(received)} in`;
  if (left !== undefined) return `${count(left)} out`;
  return sent === undefined ? "" : `${count(sent)} sent`;
}

function boxText({ name, label, health, role }, { x, y, width }, { text, now, holds }) {
  const space = width - (text ? 90 : 30);
  return [
    h("circle", { cx: x + 16, cy: y + 21, r: 4.5, class: `dot ${health}` }),
    h("text", { x: x + 28, y: y + 25, class: "name" }, tail(name, (width - 40) / 6.3)),
    h(
      "text",
      { x: x + 16, y: y + 48, class: "label" },
      head(label || (role === "remotecfg" ? "from a server" : "—"), space / 8),
    ),
    h("text", { x: x + width - 14, y: y + 48, class: now ? "number busy" : "number" }, now ? `${text} · ${now}` : text),
    holds && h("text", { x: x + 16, y: y + 69, class: "holds" }, head(holds, (width - 30) / 6.2)),
  ];
}

/** On one line. */
const outsideText = ({ name, label, health }, { x, y, width, height }) => [
  h("circle", { cx: x + 16, cy: y + height / 2, r: 4.5, class: `dot ${health}` }),
  h("text", { x: x + 28, y: y + height / 2 + 4, class: "name" }, tail(`${name} ${label}`.trim(), (width - 40) / 6.3)),
];

// By the width of an ordinary letter; text in a drawing can't end by itself. Of a name, its end tells most.
const head = (text, most) => (text.length > most ? `${text.slice(0, Math.floor(most) - 1)}…` : text);
function tail(text, most) {
  if (text.length <= most) return text;
  const end = text.slice(1 - Math.floor(most));
  return `…${end.slice(end.indexOf(".") + 1)}`;
}

/** Brings the chosen component into sight, where the graph is larger than its frame. */
export function reveal(id) {
  const frame = document.querySelector(".graph .scroll");
  const box = frame?.querySelector(".box.here rect");
  if (id === undefined || !box) return;
  const [outer, inner] = [frame.getBoundingClientRect(), box.getBoundingClientRect()];
  frame.scrollBy({
    left: inner.left + inner.width / 2 - outer.left - outer.width / 2,
    top: inner.top + inner.height / 2 - outer.top - outer.height / 2,
  });
}

const legendWords = {
  traces: "traces",
  logs: "logs",
  metrics: "metrics",
  several: "several signals",
  value: "a value, not data",
};

const outsideSign = h(
  "svg",
  { width: 26, height: 12, "aria-hidden": "true", class: "sign" },
  h("rect", { x: 1, y: 1, width: 24, height: 10, rx: 3 }),
);

function legend(drawings) {
  const edges = drawings.flatMap(drawing => drawing.edges);
  const kindOf = ({ kind, signals }) => (kind === "value" ? "value" : signals.length === 1 ? signals[0] : "several");
  const kinds = new Set(edges.map(kindOf));
  if (!kinds.size) return undefined;
  const entry = kind =>
    h(
      "li",
      { key: kind },
      h(
        "svg",
        { width: 26, height: 8, "aria-hidden": "true" },
        h("path", { d: "M1 4H25", class: kind === "value" ? "edge value" : `edge data ${kind}` }),
      ),
      legendWords[kind],
    );
  return h(
    "ul",
    { class: "legend" },
    Object.keys(legendWords)
      .filter(kind => kinds.has(kind))
      .map(entry),
    drawings.some(({ boxes }) => boxes.some(({ outside }) => outside)) &&
      h("li", { key: "outside" }, outsideSign, "outside"),
  );
}
