// Items: a line each, that opens.
import { h } from "./dom.js";
import { ago, clock, linkTo } from "./format.js";

const names = { trace: "trace", log: "log", metric: "metric" };

/** A list of items, the newest first. Ids are unique, so an open item stays open as others come. */
export const itemList = (items, now, { withComponent = false } = {}) =>
  h(
    "ol",
    { class: "items" },
    items.map(item => itemView(item, now, withComponent)),
  );

function itemView(item, now, withComponent) {
  const { id, kind, title, about, note, seen, component, groups } = item;
  return h(
    "li",
    { key: id },
    h(
      "details",
      undefined,
      h(
        "summary",
        undefined,
        h("span", { class: `kind ${kind}` }, names[kind]),
        h("span", { class: "title" }, title === "" ? "(empty)" : title, " ", h("span", { class: "about" }, about)),
        h("span", { class: "note" }, note),
        h("time", { datetime: new Date(seen).toISOString(), title: clock(seen) }, ago(seen, now)),
      ),
      h(
        "div",
        { class: "inside" },
        withComponent &&
          h("p", { class: "soft" }, "entered ", h("a", { href: linkTo(component) }, component), ` at ${clock(seen)}`),
        title.length > 60 && h("pre", undefined, title),
        groups.map(groupView),
      ),
    ),
  );
}

const groupView = ({ name, pairs }) =>
  h(
    "div",
    { key: name, class: "group" },
    h("h4", undefined, name),
    h(
      "dl",
      undefined,
      pairs.map(([key, value], i) => h("div", { key: i }, h("dt", undefined, key), h("dd", undefined, value))),
    ),
  );
