// One component: what entered it last, its counters, its arguments and exports.
import { h } from "./dom.js";
import { ago, breakable, count, linkTo, span, urlOf } from "./format.js";
import { itemList } from "./items.js";
import { remoteView } from "./overview.js";
import { causeOf, holdsText, isHolder, treeList } from "./tree.js";

/** What stands below the graph when a component is chosen. */
export function componentView(state, actions) {
  const { detail, status, id, missing } = state;
  if (missing)
    return h(
      "section",
      { key: "missing", class: "card empty" },
      h("p", undefined, "There is no component ", h("code", undefined, id), "."),
      h("p", undefined, h("a", { href: "/" }, "All components")),
    );
  if (!detail) return h("p", { key: "loading", class: "waiting" }, "Loading");
  const holder = detail.role !== "component";
  const nothingThrough = holder && !detail.items.length && !detail.takesData;
  return h(
    "article",
    { key: `component ${id}`, class: "component" },
    heading(detail, state),
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        undefined,
        detail.module && moduleView(detail.module),
        holder && (detail.role !== "import" || state.tree.inside.has(id)) && insideView(state, actions),
        !nothingThrough && items(detail, status),
        counters(detail),
      ),
      h(
        "div",
        undefined,
        detail.role === "remotecfg" && remoteView(status),
        triggers(detail),
        detail.role !== "remotecfg" &&
          body(detail.role === "item" ? "Item" : "Arguments", detail.arguments, "none are set", state, actions),
        (detail.role === "component" || detail.role === "custom") &&
          body("Exports", detail.exports, "it exports nothing", state, actions),
      ),
    ),
  );
}

const insideView = (state, actions) =>
  treeList(state, actions, {
    root: state.id,
    title: state.detail.role === "foreach" ? "Items" : "Inside",
    none: insideNone[state.detail.role] ?? "Nothing runs inside.",
  });

const insideNone = {
  custom: "Nothing runs inside: what it exports is computed from its arguments.",
  foreach: "The collection has no items.",
};

/** What an import brought. */
const moduleView = ({ files, declares, everySeconds }) => [
  h(
    "section",
    { key: "files", class: "card" },
    h(
      "div",
      { class: "head" },
      h("h2", undefined, files.length === 1 ? "Comes from" : "Comes from these files"),
      everySeconds !== undefined && h("span", { class: "soft" }, `looked at every ${span(everySeconds)}`),
    ),
    files.length
      ? h(
          "ul",
          { class: "files" },
          files.map(({ name, characters }) =>
            h(
              "li",
              { key: name },
              h("code", undefined, name),
              h("span", { class: "soft" }, `${count(characters)} characters`),
            ),
          ),
        )
      : h("p", { class: "soft none" }, "It declares nothing."),
  ),
  declares.length > 0 &&
    h(
      "section",
      { key: "declares", class: "card" },
      h("div", { class: "head" }, h("h2", undefined, "Custom components that it declares")),
      h("ul", { class: "declares" }, declares.map(declareView)),
    ),
];

function declareView({ name, file, arguments: args, exports, uses }) {
  return h(
    "li",
    { key: `${file} ${name}` },
    h("strong", undefined, name),
    h(
      "span",
      { class: "soft" },
      args.length
        ? `takes ${args.map(({ name: each, optional }) => (optional ? `${each} (optional)` : each)).join(", ")}`
        : "takes no arguments",
      exports.length ? `, exports ${exports.join(", ")}` : ", exports nothing",
    ),
    h(
      "span",
      { class: "uses" },
      uses.length ? uses.map(id => h("a", { key: id, class: "chip", href: linkTo(id) }, id)) : "No component uses it.",
    ),
  );
}

const roles = { custom: "custom component", foreach: "foreach", import: "import", item: "item", remotecfg: "module" };

function heading({ id, name, label, health, summary, stability, edges, role, declaredIn }, { tree, status: { now } }) {
  const others = (kind, end) =>
    edges
      .filter(edge => edge.kind === kind && edge[end] !== id)
      .map(edge => ({ id: edge[end], signals: edge.signals }));
  const row = tree.byId.get(id);
  return h(
    "section",
    { class: "card heading" },
    h(
      "h1",
      undefined,
      h("span", { class: "family" }, breakable(name)),
      label && ` ${label}`,
      row?.about && h("span", { class: "about" }, ` ${row.about}`),
    ),
    h(
      "p",
      { class: "soft" },
      summary,
      declaredIn !== undefined && [" Declared in ", h("code", undefined, declaredIn), "."],
    ),
    h(
      "p",
      { class: "chips" },
      h("span", { class: `pill ${health.state}` }, health.state),
      roles[role] && h("span", { class: "pill" }, roles[role]),
      row && isHolder(row) && h("span", { class: "pill" }, holdsText(row)),
      stability !== "generally-available" && h("span", { class: "pill" }, stability.replace("-", " ")),
      health.message !== "" && healthText(health, row, { tree, now }),
    ),
    h(
      "dl",
      { class: "ways" },
      way("Gets data from", others("data", "from"), id),
      way("Sends data to", others("data", "to"), id),
      way("Takes values from", others("value", "from"), id),
      way("Is used by", others("value", "to"), id),
    ),
  );
}

/** What it says of its health; where something inside is what is ill, which one, and what that says. */
function healthText({ message, updatedTime }, row, { tree, now }) {
  const cause = row && causeOf(tree, row);
  if (!cause?.why || cause === row)
    return h("span", { class: "soft" }, `${message}, ${ago(Date.parse(updatedTime), now)}`);
  const { id, why } = cause;
  return h(
    "span",
    { class: "soft" },
    h("a", { href: linkTo(id) }, id.slice(row.id.length + 1)),
    `: ${why.message}, ${ago(why.since, now)}`,
  );
}

const moduleOf = id => id.slice(0, id.lastIndexOf("/") + 1);

/** What stands in the same module is named as it is there. */
const way = (name, others, beside) =>
  others.length > 0 &&
  h(
    "div",
    { key: name },
    h("dt", undefined, name),
    h(
      "dd",
      undefined,
      others.map(({ id, signals }) =>
        h(
          "a",
          { key: id, class: "chip", href: linkTo(id), title: id },
          moduleOf(id) === moduleOf(beside) ? id.slice(moduleOf(id).length) : id,
          signals.length > 0 && h("span", { class: "soft" }, signals.join(", ")),
        ),
      ),
    ),
  );

function items({ id, items: list, takesData, edges }, { now, showsItems }) {
  const next = edges.filter(({ kind, from }) => kind === "data" && from === id).map(({ to }) => to);
  return h(
    "section",
    { key: "items", class: "card" },
    h(
      "div",
      { class: "head" },
      h("h2", undefined, takesData || !list.length ? "Last items that entered" : "Last items that left"),
    ),
    list.length ? itemList(list, now) : h("p", { class: "soft none" }, why(takesData, next, showsItems)),
  );
}

function why(takesData, next, showsItems) {
  if (!takesData && next.length)
    return [
      "Data begins here. What leaves is seen at ",
      next.map((id, i) => [i > 0 && ", ", h("a", { key: id, href: linkTo(id) }, id)]),
      ".",
    ];
  if (!takesData) return "No data goes through this component.";
  return showsItems
    ? "Nothing has entered since Amalgam began."
    : "Switched off by livedebugging { enabled = false } in the configuration.";
}

const words = {
  amalgam_component_received_items_total: "received",
  amalgam_component_dropped_items_total: "dropped",
  amalgam_component_failed_items_total: "failed",
  amalgam_writer_sent_items_total: "sent",
  amalgam_writer_sent_bytes_total: "sent bytes",
  amalgam_writer_retried_items_total: "retried",
  amalgam_writer_handed_over_items_total: "waited",
  amalgam_writer_dead_items_total: "refused for good",
};

function counters({ counters: unsorted }) {
  if (!unsorted.length) return undefined;
  const order = Object.keys(words);
  const rank = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
  const list = unsorted.toSorted((a, b) => rank(a) - rank(b));
  const bad = /failed|dead|error/;
  return h(
    "section",
    { key: "counters", class: "card" },
    h("div", { class: "head" }, h("h2", undefined, "Counters"), h("a", { href: "/metrics" }, "all metrics")),
    h(
      "table",
      { class: "counters" },
      h(
        "tbody",
        undefined,
        list.map(({ name, labels, value }) =>
          h(
            "tr",
            { key: `${name} ${JSON.stringify(labels)}` },
            h(
              "th",
              { scope: "row", title: name },
              words[name] ??
                name
                  .replace(/^amalgam_/, "")
                  .replace(/_total$/, "")
                  .replaceAll("_", " "),
              Object.entries(labels).map(([key, text]) => h("span", { key, class: "soft" }, ` ${key} ${text}`)),
            ),
            h("td", { class: value && bad.test(name) ? "n bad" : value ? "n" : "n zero" }, count(value)),
          ),
        ),
      ),
    ),
  );
}

function triggers({ triggers: list }) {
  if (!list.length) return undefined;
  return h(
    "section",
    { key: "triggers", class: "card" },
    h("div", { class: "head" }, h("h2", undefined, "Called by")),
    h(
      "ul",
      { class: "triggers" },
      list.map((trigger, i) => h("li", { key: i }, trigger_(trigger))),
    ),
  );
}

function trigger_(trigger) {
  switch (trigger.kind) {
    case "http":
      return [
        h("span", { class: "kind" }, "HTTP"),
        trigger.paths.map(path => h("code", { key: path }, `${urlOf(trigger)}${path}`)),
        trigger.authenticated && h("span", { class: "soft" }, "authenticated"),
      ];
    case "schedule":
      return [h("span", { class: "kind" }, "schedule"), `every ${span(trigger.everySeconds)}`];
    default:
      return [
        h("span", { class: "kind" }, "records"),
        `${trigger.format} from ${trigger.sources.join(" or ")}, in a function`,
      ];
  }
}

/** Longer lists are shown so far, until a reader wants all. */
const mostOfList = 50;

function body(title, statements, none, { id, whole }, actions) {
  const all = `${title} ${id}`;
  const most = whole.has(all) ? Number.POSITIVE_INFINITY : mostOfList;
  return h(
    "section",
    { key: title, class: "card" },
    h("div", { class: "head" }, h("h2", undefined, title)),
    statements.length
      ? h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": title }, bodyLines(statements, "", most))
      : h("p", { class: "soft none" }, none),
    isCut(statements, most) &&
      h(
        "p",
        { key: "all", class: "none" },
        h("button", { type: "button", class: "link", onclick: () => actions.showAll(all) }, "Show all values"),
      ),
  );
}

/** Whether a list is longer than what is shown. */
const isCut = (parts, most) =>
  parts.some(part => {
    const value = part.body ?? (part.type === "attr" ? [part.value] : part.value);
    return Array.isArray(value) && ((part.type === "array" && value.length > most) || isCut(value, most));
  });

// As in the configuration, with values in the place of expressions; receivers have no value that reads, so their expression stays.
function bodyLines(statements, indent, most) {
  return statements.map((statement, i) => {
    const { name, type } = statement;
    if (type === "attr")
      return h(
        "span",
        { key: i },
        indent,
        h("span", { class: "key" }, name),
        " = ",
        attribute(statement, indent, most),
        "\n",
      );
    const label = statement.label && [" ", h("span", { class: "string" }, JSON.stringify(statement.label))];
    if (!statement.body.length)
      return h("span", { key: i }, indent, h("span", { class: "block" }, name), label, " {}\n");
    return h(
      "span",
      { key: i },
      indent,
      h("span", { class: "block" }, name),
      label,
      " {\n",
      bodyLines(statement.body, `${indent}  `, most),
      indent,
      "}\n",
    );
  });
}

function attribute({ value, expression }, indent, most) {
  if (expression === undefined) return valueText(value, indent, most);
  if (onlyCapsules(value)) return h("span", { class: "reference" }, expression);
  return [
    valueText(value, indent, most),
    h("span", { class: "comment" }, `  // ${expression.replaceAll(/\s+/g, " ")}`),
  ];
}

function onlyCapsules(value) {
  if (value.type === "array") return value.value.length > 0 && value.value.every(onlyCapsules);
  return value.type === "capsule" && value.value !== "(secret)";
}

const plainKey = /^[A-Za-z_]\w*$/;

function valueText(value, indent, most) {
  const deeper = `${indent}  `;
  switch (value.type) {
    case "null":
      return h("span", { class: "number" }, "null");
    case "string":
      return h("span", { class: "string" }, JSON.stringify(value.value));
    case "number":
    case "bool":
      return h("span", { class: "number" }, String(value.value));
    case "array":
      return listText(value.value, indent, most);
    case "object":
      if (!value.value.length) return "{}";
      return [
        "{\n",
        value.value.map(({ key, value: each }) => [
          deeper,
          h("span", { class: "key" }, plainKey.test(key) ? key : JSON.stringify(key)),
          " = ",
          valueText(each, deeper, most),
          ",\n",
        ]),
        indent,
        "}",
      ];
    default:
      return h("span", { class: value.value === "(secret)" ? "secret" : "reference" }, value.value);
  }
}

function listText(all, indent, most) {
  const deeper = `${indent}  `;
  const shown = all.slice(0, most);
  const left = all.length - shown.length;
  const more = left > 0 && h("span", { class: "comment" }, `// ${count(left)} more`);
  if (!all.some(({ type }) => type === "object" || type === "array"))
    return ["[", shown.map((each, i) => [i > 0 && ", ", valueText(each, indent, most)]), more && [" ", more, " "], "]"];
  return [
    "[\n",
    shown.map(each => [deeper, valueText(each, deeper, most), ",\n"]),
    more && [deeper, more, "\n"],
    indent,
    "]",
  ];
}
