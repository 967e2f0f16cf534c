// The first page: every component with its health and counters, and what came out last.
import { h } from "./dom.js";
import { ago, urlOf } from "./format.js";
import { itemList } from "./items.js";
import { treeList } from "./tree.js";

/** What stands below the graph. */
export const overviewView = (state, actions) =>
  h(
    "div",
    { key: "overview", class: "columns" },
    h(
      "div",
      undefined,
      start(state),
      remoteView(state.status),
      treeList(state, actions, { root: "", title: "Components", none: "The configuration has no components." }),
    ),
    latest(state, actions),
  );

/** How to send something, until something has come. */
function start({ status: { components, config }, tree }) {
  const doors = components.flatMap(({ triggers = [], to = [] }) =>
    triggers.filter(({ kind }) => kind === "http").map(trigger => ({ trigger, to })),
  );
  const came = doors.some(({ to }) => to.some(id => tree.byId.get(id)?.totals.received > 0));
  if (!doors.length || came) return undefined;
  const otlp = doors.find(({ trigger }) => trigger.paths.includes("/v1/traces") || trigger.paths.includes("/v1/logs"));
  const loki = doors.find(({ trigger }) => trigger.paths.includes("/loki/api/v1/push"));
  return h(
    "section",
    { key: "start", class: "card start" },
    h("h2", undefined, "Nothing has arrived yet"),
    h("p", undefined, "Amalgam runs and listens. Send something, and watch it go through the graph."),
    /(^|\/)quickstart\.alloy$/.test(config) && [
      h("p", { class: "soft" }, "Traces, logs and metrics of a small web shop, from a second terminal:"),
      h("pre", { class: "command" }, "npm run send"),
    ],
    otlp && [
      h("p", { class: "soft" }, "Anything with an OpenTelemetry SDK:"),
      h(
        "pre",
        { class: "command" },
        `export OTEL_EXPORTER_OTLP_ENDPOINT=${urlOf(otlp.trigger)}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`,
      ),
    ],
    loki && [
      h("p", { class: "soft" }, "Anything that pushes to Loki:"),
      h("pre", { class: "command" }, `${urlOf(loki.trigger)}/loki/api/v1/push`),
    ],
  );
}

const sources = { server: "as the server sent it", cache: "as it was cached", none: "nothing of it runs" };

/** The configuration that comes from a server: whether the newest one runs, and what does. */
export function remoteView({ remote: state, now }) {
  if (!state) return undefined;
  const { status, message, source, hash, url, id, answered } = state;
  const health = status === "failed" ? "unhealthy" : status === "applied" ? "healthy" : "unknown";
  return h(
    "section",
    { key: "remote", class: "card start" },
    h("h2", undefined, "Remote configuration"),
    h(
      "p",
      undefined,
      h("span", { class: `pill ${health}` }, status),
      ` ${sources[source]}${hash === "" ? "" : `, ${hash}`}`,
    ),
    message !== "" && h("pre", { class: "command" }, message),
    h(
      "p",
      { class: "soft" },
      `${url}, asked as ${id}, ${answered === undefined ? "never answered" : `answered ${ago(answered, now)}`}`,
    ),
  );
}

const kinds = { all: "All", trace: "Traces", log: "Logs", metric: "Metrics" };

function latest({ status, kind }, actions) {
  const items = status.latest.filter(item => kind === "all" || item.kind === kind);
  return h(
    "section",
    { key: "latest", class: "card" },
    h(
      "div",
      { class: "head" },
      h("h2", undefined, "What came out last"),
      h(
        "div",
        { class: "choice", role: "group", "aria-label": "Which items" },
        Object.entries(kinds).map(([each, text]) =>
          h(
            "button",
            {
              key: each,
              type: "button",
              "aria-pressed": kind === each ? "true" : "false",
              onclick: () => actions.kind(each),
            },
            text,
          ),
        ),
      ),
    ),
    items.length
      ? itemList(items, status.now, { withComponent: true })
      : h(
          "p",
          { class: "soft none" },
          status.showsItems
            ? "Nothing yet. The last items that reach the end of the graph stand here."
            : "Switched off by livedebugging { enabled = false } in the configuration.",
        ),
  );
}
