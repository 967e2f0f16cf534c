// The graph: boxes and lines where the process put them.
import { h } from "./dom.js";
import { count, linkTo, rate } from "./format.js";

/** Wide graphs are drawn smaller, but not so that they can't be read. */
const smallest = 0.85;

/** The whole graph; the component that the page is about is marked, and what it is connected with. */
export function graphView({ graph, status, id, rates }, { tall, frame }) {
  if (!graph) return undefined;
  const { box, width, height } = graph;
  const scale = Math.max(smallest, Math.min(1, frame / width));
  const byId = new Map(status.components.map(component => [component.id, component]));
  const near = new Set(
    graph.edges.filter(({ from, to }) => from === id || to === id).flatMap(({ from, to }) => [from, to]),
  );
  const chosen = id !== undefined && byId.has(id);
  if (!graph.boxes.length)
    return h(
      "section",
      { key: "graph", class: "card empty" },
      h("p", undefined, "The configuration has no components yet."),
      h("p", { class: "soft" }, "Write some, and press Reload."),
    );
  return h(
    "section",
    { key: "graph", class: tall ? "card graph tall" : "card graph", "aria-label": "Graph of components" },
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "group", "aria-label": "Graph, scrolls" },
      h(
        "svg",
        {
          viewBox: `0 0 ${width} ${height}`,
          width: Math.floor(width * scale),
          height: Math.floor(height * scale),
          class: chosen ? "chosen" : undefined,
        },
        h("defs", undefined, ["data", "value"].map(arrow)),
        graph.edges.map(edge => edgeView(edge, { id, moves: moves(edge, byId, rates) })),
        graph.boxes.map(({ id: each, x, y }) =>
          boxView(byId.get(each), { x, y, ...box }, { rate: rates.get(each), here: each === id, near: near.has(each) }),
        ),
      ),
    ),
    legend(graph),
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
const moves = ({ from, to, kind }, byId, rates) =>
  kind === "data" && rates.get(to) > 0 && (rates.get(from) > 0 || byId.get(from)?.takesData === false);

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

function boxView(component, { x, y, width, height }, { rate: perSecond, here, near }) {
  if (!component) return undefined;
  const { id, name, label, health, totals } = component;
  const text = totals.received === undefined ? "" : `${count(totals.received)} in`;
  const now = rate(perSecond);
  return h(
    "a",
    {
      key: id,
      href: linkTo(id),
      class: ["box", health.state, here && "here", near && "near"].filter(Boolean).join(" "),
      "aria-current": here ? "true" : undefined,
      "aria-label": `${id}, ${health.state}${text ? `, ${text}` : ""}`,
    },
    h("title", undefined, id),
    h("rect", { x, y, width, height, rx: 10 }),
    h("circle", { cx: x + 16, cy: y + 21, r: 4.5, class: `dot ${health.state}` }),
    h("text", { x: x + 28, y: y + 25, class: "name" }, tail(name, (width - 40) / 6.3)),
    h("text", { x: x + 16, y: y + 48, class: "label" }, head(label || "—", (width - (text ? 90 : 30)) / 8)),
    h("text", { x: x + width - 14, y: y + 48, class: now ? "number busy" : "number" }, now ? `${text} · ${now}` : text),
  );
}

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

function legend({ edges }) {
  const kindOf = ({ kind, signals }) => (kind === "value" ? "value" : signals.length === 1 ? signals[0] : "several");
  const kinds = new Set(edges.map(kindOf));
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
  );
}
