// One component: what entered it last, its counters, its arguments and exports.
import { h } from "./dom.js";
import { ago, breakable, count, linkTo, span, urlOf } from "./format.js";
import { itemList } from "./items.js";

/** What stands below the graph when a component is chosen. */
export function componentView({ detail, status, id, missing }) {
  if (missing)
    return h(
      "section",
      { key: "missing", class: "card empty" },
      h("p", undefined, "There is no component ", h("code", undefined, id), "."),
      h("p", undefined, h("a", { href: "/" }, "All components")),
    );
  if (!detail) return h("p", { key: "loading", class: "waiting" }, "Loading");
  return h(
    "article",
    { key: `component ${id}`, class: "component" },
    heading(detail, status.now),
    h(
      "div",
      { class: "columns" },
      h("div", undefined, items(detail, status), counters(detail)),
      h(
        "div",
        undefined,
        triggers(detail),
        body("Arguments", detail.arguments, "none are set"),
        body("Exports", detail.exports, "it exports nothing"),
      ),
    ),
  );
}

function heading({ id, name, label, health, summary, stability, edges, referencedBy }, now) {
  const others = (kind, end) =>
    edges
      .filter(edge => edge.kind === kind && edge[end] !== id)
      .map(edge => ({ id: edge[end], signals: edge.signals }));
  const data = new Set(edges.filter(({ kind }) => kind === "data").map(({ from }) => from));
  return h(
    "section",
    { class: "card heading" },
    h("p", { class: "crumbs" }, h("a", { href: "/" }, "All components")),
    h("h1", undefined, h("span", { class: "family" }, breakable(name)), label && ` ${label}`),
    h("p", { class: "soft" }, summary),
    h(
      "p",
      { class: "chips" },
      h("span", { class: `pill ${health.state}` }, health.state),
      stability !== "generally-available" && h("span", { class: "pill" }, stability.replace("-", " ")),
      h("span", { class: "soft" }, `${health.message}, ${ago(Date.parse(health.updatedTime), now)}`),
    ),
    h(
      "dl",
      { class: "ways" },
      way("Gets data from", others("data", "from")),
      way("Sends data to", others("data", "to")),
      way("Takes values from", others("value", "from")),
      way(
        "Is used by",
        referencedBy.filter(other => !data.has(other)).map(other => ({ id: other, signals: [] })),
      ),
    ),
  );
}

const way = (name, others) =>
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
          { key: id, class: "chip", href: linkTo(id) },
          id,
          signals.length > 0 && h("span", { class: "soft" }, signals.join(", ")),
        ),
      ),
    ),
  );

function items({ items: list, takesData, dataFlowEdgesTo }, { now, showsItems }) {
  return h(
    "section",
    { key: "items", class: "card" },
    h(
      "div",
      { class: "head" },
      h("h2", undefined, takesData || !list.length ? "Last items that entered" : "Last items that left"),
    ),
    list.length ? itemList(list, now) : h("p", { class: "soft none" }, why(takesData, dataFlowEdgesTo, showsItems)),
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

const body = (title, statements, none) =>
  h(
    "section",
    { key: title, class: "card" },
    h("div", { class: "head" }, h("h2", undefined, title)),
    statements.length
      ? h("pre", { class: "code", tabindex: "0", role: "group", "aria-label": title }, bodyLines(statements, ""))
      : h("p", { class: "soft none" }, none),
  );

// As in the configuration, with values in the place of expressions; receivers have no value that reads, so their expression stays.
function bodyLines(statements, indent) {
  return statements.map((statement, i) => {
    const { name, type } = statement;
    if (type === "attr")
      return h(
        "span",
        { key: i },
        indent,
        h("span", { class: "key" }, name),
        " = ",
        attribute(statement, indent),
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
      bodyLines(statement.body, `${indent}  `),
      indent,
      "}\n",
    );
  });
}

function attribute({ value, expression }, indent) {
  if (expression === undefined) return valueText(value, indent);
  if (onlyCapsules(value)) return h("span", { class: "reference" }, expression);
  return [valueText(value, indent), h("span", { class: "comment" }, `  // ${expression.replaceAll(/\s+/g, " ")}`)];
}

function onlyCapsules(value) {
  if (value.type === "array") return value.value.length > 0 && value.value.every(onlyCapsules);
  return value.type === "capsule" && value.value !== "(secret)";
}

const plainKey = /^[A-Za-z_]\w*$/;

function valueText(value, indent) {
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
      if (!value.value.some(({ type }) => type === "object" || type === "array"))
        return ["[", value.value.map((each, i) => [i > 0 && ", ", valueText(each, indent)]), "]"];
      return ["[\n", value.value.map(each => [deeper, valueText(each, deeper), ",\n"]), indent, "]"];
    case "object":
      if (!value.value.length) return "{}";
      return [
        "{\n",
        value.value.map(({ key, value: each }) => [
          deeper,
          h("span", { class: "key" }, plainKey.test(key) ? key : JSON.stringify(key)),
          " = ",
          valueText(each, deeper),
          ",\n",
        ]),
        indent,
        "}",
      ];
    default:
      return h("span", { class: value.value === "(secret)" ? "secret" : "reference" }, value.value);
  }
}
