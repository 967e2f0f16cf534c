// Components in the blocks that hold them: what is known of the tree, and the list of it.
import { h } from "./dom.js";
import { ago, breakable, count, linkTo, rate } from "./format.js";

/** Small trees are shown whole. */
const small = 40;
/** Of each holder so many are shown at first, and of what a filter finds. */
const first = 100;

const holderOf = id => id.slice(0, Math.max(id.lastIndexOf("/"), 0));
const localOf = id => id.slice(id.lastIndexOf("/") + 1);

/** Rows by id, and by what holds them. */
export function indexOf(rows) {
  return { byId: new Map(rows.map(row => [row.id, row])), inside: Map.groupBy(rows, ({ id }) => holderOf(id)) };
}

/** What is itself ill, and not only as ill as something inside. */
export const illOf = ({ inside }, rows) =>
  rows.filter(({ id, health }) => health === "unhealthy" && !inside.get(id)?.some(each => each.health === "unhealthy"));

/** A holder is as ill as something inside: which that is, with what it says itself. */
export function causeOf({ inside }, row) {
  let cause = row;
  for (let next = row; next; ) {
    cause = next;
    const { id, health, why } = cause;
    const says = why?.message ?? "";
    next = inside.get(id)?.find(each => each.health === health && says.startsWith(each.id));
  }
  return cause;
}

/** Items of a foreach have no block of their own. */
export const isBlock = ({ role }) => role !== "item" && role !== "remotecfg";

export const isHolder = ({ role }) => role !== "component";

/** What a holder holds, in words; in a list, where the head of the column says the rest, in fewer. */
export function holdsText({ role, inside, items, declares }, short = false) {
  const many = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`;
  if (role === "import") return `declares ${count(declares)}${inside ? `, imports ${count(inside)}` : ""}`;
  const components = many(inside, "component", "components");
  if (role === "foreach") return `${many(items, "item", "items")}, ${components}`;
  if (!inside) return role === "custom" ? "values only" : "nothing inside";
  return short ? `${count(inside)} inside` : `${components} inside`;
}

/** The way from the top to a component. */
export function crumbs(id) {
  const parts = id.split("/");
  return h(
    "nav",
    { key: "crumbs", class: "crumbs", "aria-label": "Where this component is" },
    h("ol", undefined, [
      h("li", { key: "" }, h("a", { href: "/" }, "All components")),
      ...parts.map((part, i) => {
        const here = i === parts.length - 1;
        const to = parts.slice(0, i + 1).join("/");
        return h(
          "li",
          { key: to },
          here ? h("span", { "aria-current": "page" }, part) : h("a", { href: linkTo(to) }, part),
        );
      }),
    ]),
  );
}

/** The list of what is inside a holder, or of all; `root` is its id, empty for all. */
export function treeList(state, actions, { root, title, none }) {
  const { status, tree } = state;
  const filter = state.filters.get(root) ?? "";
  const all = tree.inside.get(root) ?? [];
  const lines = linesOf(state, root);
  const toggles = lines.some(({ open, fixed }) => open !== undefined && !fixed);
  const sends = status.components.some(({ id, totals }) => totals.sent !== undefined && isInside(id, root));
  return h(
    "section",
    { key: `list ${root}`, class: "card" },
    h(
      "div",
      { class: "head" },
      h("h2", undefined, title),
      h("input", {
        id: "filter",
        type: "search",
        placeholder: "Filter  /",
        value: filter,
        "aria-label": "Filter components by name or health",
        oninput: event => actions.filter(root, event.target.value),
      }),
    ),
    lines.length
      ? h(
          "table",
          { class: "tree" },
          h(
            "thead",
            undefined,
            h(
              "tr",
              undefined,
              h("th", { scope: "col" }, "Component"),
              ["In", "Now", "Dropped", "Failed", sends && "Sent"]
                .filter(Boolean)
                .map(name => h("th", { scope: "col", class: "n" }, name)),
            ),
          ),
          h(
            "tbody",
            undefined,
            lines.map(line => (line.row ? rowView(line, { state, actions, sends, toggles }) : moreView(line, actions))),
          ),
        )
      : h("p", { class: "soft none" }, all.length ? `No component fits “${filter}”.` : none),
  );
}

/** What the list of a holder shows: rows with their depth, and where some are left out how many. */
export function linesOf(state, root) {
  const words = (state.filters.get(root) ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return words.length ? found(state, root, words) : unfolded(state, root, 0, []);
}

const isInside = (id, root) => root === "" || id.startsWith(`${root}/`);

/** The lines below a holder, as far as it and those in it are open. */
function unfolded(state, root, depth, lines) {
  const rows = state.tree.inside.get(root) ?? [];
  const shown = state.whole.has(root) ? rows : rows.slice(0, first);
  for (const row of shown) {
    const open = isOpen(state, row);
    lines.push({ row, depth, open });
    if (open) unfolded(state, row.id, depth + 1, lines);
  }
  if (shown.length < rows.length) lines.push({ root, depth, left: rows.length - shown.length });
  return lines;
}

/** `undefined` for what holds nothing. */
function isOpen({ tree, open, status }, { id }) {
  if (!tree.inside.has(id)) return undefined;
  return open.get(id) ?? status.components.length <= small;
}

/** What fits a filter, below what holds it. Every word stands somewhere in the id, and one in its last part. */
function found(state, root, words) {
  const { components } = state.status;
  const fits = ({ id, health, about = "", role }) => {
    const own = `${localOf(id)} ${health} ${about} ${role}`.toLowerCase();
    const all = `${id} ${own}`.toLowerCase();
    return words.some(word => own.includes(word)) && words.every(word => all.includes(word));
  };
  const hits = components.filter(row => isInside(row.id, root) && fits(row));
  const shown = state.whole.has(`filter ${root}`) ? hits : hits.slice(0, first);
  const wanted = new Set(shown.map(({ id }) => id));
  const around = new Set();
  for (const id of wanted)
    for (let above = holderOf(id); above !== root && above !== "" && !around.has(above); above = holderOf(above))
      around.add(above);
  const lines = [];
  const visit = (at, depth) => {
    for (const row of state.tree.inside.get(at) ?? []) {
      const leads = around.has(row.id);
      if (!leads && !wanted.has(row.id)) continue;
      const open = leads || (state.tree.inside.has(row.id) ? (state.open.get(row.id) ?? false) : undefined);
      lines.push({ row, depth, open, leads: leads && !wanted.has(row.id), fixed: leads });
      if (leads) visit(row.id, depth + 1);
      else if (open) unfolded(state, row.id, depth + 1, lines);
    }
  };
  visit(root, 0);
  if (shown.length < hits.length) lines.push({ root: `filter ${root}`, depth: 0, left: hits.length - shown.length });
  return lines;
}

const moreView = ({ root, depth, left }, actions) =>
  h(
    "tr",
    { key: `more ${root}`, class: "more" },
    h(
      "td",
      undefined,
      indent(depth),
      h("button", { type: "button", class: "link", onclick: () => actions.showAll(root) }, `Show ${count(left)} more`),
    ),
  );

const indent = depth => Array.from({ length: depth }, (_, i) => h("span", { key: `indent ${i}`, class: "indent" }));

function rowView({ row, depth, open, leads, fixed }, { state, actions, sends, toggles }) {
  const { id, name, label, health, why, totals, about } = row;
  const number = (value, bad) =>
    h("td", { class: value && bad ? "n bad" : value ? "n" : "n zero" }, value === undefined ? "" : count(value));
  const toggle =
    open !== undefined && !fixed
      ? h(
          "button",
          {
            key: "toggle",
            type: "button",
            class: "toggle",
            "aria-expanded": open ? "true" : "false",
            "aria-label": `What is inside ${id}`,
            onclick: () => actions.fold(id, !open),
          },
          h(
            "svg",
            { viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
            h("path", { d: "M4 2.5 8 6 4 9.5" }),
          ),
        )
      : h("span", { key: "toggle", class: "toggle" });
  return h(
    "tr",
    { key: id, class: leads ? "leads" : undefined },
    h(
      "th",
      { scope: "row" },
      h(
        "div",
        { class: "line" },
        indent(depth),
        toggles && toggle,
        h(
          "div",
          { class: "what" },
          h(
            "a",
            { href: linkTo(id), title: id },
            h("span", { class: `dot ${health}`, title: health }),
            h(
              "span",
              undefined,
              h("span", { class: "family" }, breakable(name)),
              label && [" ", h("strong", undefined, label)],
              about && h("span", { class: "about" }, ` ${about}`),
              isHolder(row) && h("span", { class: "soft holds" }, ` ${holdsText(row, true)}`),
            ),
          ),
          why && !(open && inherits(state.tree, row)) && whyView(row, state),
        ),
      ),
    ),
    number(totals.received),
    h("td", { class: "n busy" }, rate(state.rates.get(id))),
    number(totals.dropped),
    number(totals.failed, true),
    sends && number(totals.sent),
  );
}

/** Said by what is inside, which is seen. */
const inherits = ({ inside }, { id, health }) => inside.get(id)?.some(each => each.health === health);

function whyView(row, { tree, status: { now } }) {
  const { id, health, why } = causeOf(tree, row);
  return h(
    "p",
    { class: `why ${health}` },
    `${health}, ${ago(why.since, now)}: `,
    id !== row.id && [h("a", { href: linkTo(id) }, id.slice(row.id.length + 1)), ": "],
    why.message,
  );
}
