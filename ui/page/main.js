// Asks the process every two seconds, and shows what belongs to the address. Views are functions from state to elements.
import { componentView } from "./component.js";
import { h, show } from "./dom.js";
import { ago, count, linkTo, span } from "./format.js";
import { graphView, reveal } from "./graph.js";
import { overviewView } from "./overview.js";
import { crumbs, illOf, indexOf, isBlock, isHolder } from "./tree.js";

const everyMs = 2000;
/** Of the time, at most a tenth is spent asking. */
const share = 10;
const mostGraphs = 50;
const narrow = matchMedia("(max-width: 760px)");

const state = {
  /** What /status said last, and its components by id and by what holds them. */
  status: undefined,
  tree: indexOf([]),
  /** The drawing of the level that the page shows. */
  graph: undefined,
  graphOf: "",
  /** The component that the address names, and what is known of it. */
  id: undefined,
  detail: undefined,
  missing: false,
  /** Items a second that entered each component. */
  rates: new Map(),
  failing: false,
  /** Of each list by the holder that it is of. */
  filters: new Map(),
  /** Holders that a reader opened in a list, or closed; and those of which all is shown. */
  open: new Map(),
  whole: new Set(),
  kind: "all",
  notice: undefined,
  reloading: false,
};
let before;
let running;
/** Drawings by level and orientation. */
const graphs = new Map();
/** For which component and drawing the graph was scrolled. */
let revealed;

function readAddress() {
  const { pathname } = location;
  const id = pathname.startsWith("/component/") ? decode(pathname.slice("/component/".length)) : undefined;
  if (id === state.id) return;
  state.id = id;
  state.detail = undefined;
  state.missing = false;
}

/** What is not encoded well names no component, and is shown as it is. */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function getJson(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(10_000) });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function refresh() {
  const { id } = state;
  try {
    const [status, detail] = await Promise.all([
      getJson("/api/v0/web/status"),
      id === undefined ? undefined : getJson(`/api/v0/web/components/${encodeURIComponent(id)}`),
    ]);
    takeRates(status);
    state.status = status;
    state.tree = indexOf(status.components);
    await refreshGraph(status);
    if (state.id === id) {
      state.detail = detail;
      state.missing = id !== undefined && detail === undefined;
    }
    if (state.failing) announce("Amalgam answers again");
    state.failing = false;
  } catch {
    if (!state.failing) announce("Amalgam does not answer");
    state.failing = true; // the page keeps what it has, says so, and asks again
  }
  draw();
}

/** The level that the page draws: the inside of a holder, or what a component stands in. */
function levelNow() {
  if (state.id === undefined) return "";
  const row = state.tree.byId.get(state.id);
  return row && isHolder(row) ? row.id : state.id.slice(0, Math.max(state.id.lastIndexOf("/"), 0));
}

const directionNow = () => (narrow.matches ? "down" : "right");

/** A drawing is asked for when the configuration, the orientation or the level is another one. */
async function refreshGraph({ revision, started }) {
  const [level, direction] = [levelNow(), directionNow()];
  const wanted = `${started}/${revision}/${direction}/${level}`;
  if (state.graphOf === wanted) return;
  const query = new URLSearchParams({ module: level, direction });
  const graph = await getJson(`/api/v0/web/graph?${query}`);
  if (graphs.size > mostGraphs) graphs.clear();
  graphs.set(`${direction}/${level}`, graph);
  if (level !== levelNow()) return;
  state.graph = graph;
  state.graphOf = wanted;
}

function takeRates(status) {
  const seconds = before ? (status.now - before.now) / 1000 : 0;
  if (before && (seconds < 0.5 || before.started !== status.started)) {
    if (before.started === status.started) return; // asked twice in a row: keep the rates
    state.rates.clear();
  }
  const totals = new Map(status.components.map(({ id, totals }) => [id, totals.received ?? totals.left]));
  state.rates = new Map();
  for (const [id, now] of totals) {
    const last = before?.totals.get(id);
    const grown = last === undefined || now === undefined ? 0 : now - last;
    state.rates.set(id, seconds > 0 && grown > 0 ? grown / seconds : 0);
  }
  before = { now: status.now, started: status.started, totals };
}

function loop() {
  clearTimeout(running);
  if (document.hidden) return;
  const began = performance.now();
  refresh().finally(() => {
    clearTimeout(running);
    running = setTimeout(loop, Math.max(everyMs, share * (performance.now() - began)));
  });
}

function go(path) {
  history.pushState(undefined, "", path);
  arrive(true);
}

function arrive(moved) {
  readAddress();
  state.graph = graphs.get(`${directionNow()}/${levelNow()}`);
  state.graphOf = "";
  draw();
  if (moved) {
    scrollTo({ top: 0 });
    document.getElementById("main").focus({ preventScroll: true });
  }
  loop();
}

const announce = text => {
  document.getElementById("announce").textContent = text;
};

async function reload() {
  state.reloading = true;
  draw();
  try {
    const response = await fetch("/-/reload", { method: "POST" });
    state.notice = { bad: !response.ok, text: (await response.text()).trim() };
  } catch (error) {
    state.notice = { bad: true, text: `the configuration could not be reloaded: ${error.message}` };
  }
  announce(state.notice.text);
  state.reloading = false;
  loop();
}

const themes = ["auto", "light", "dark"];
const themeNow = () => document.documentElement.dataset.theme ?? "auto";

function nextTheme() {
  const next = themes[(themes.indexOf(themeNow()) + 1) % themes.length];
  if (next === "auto") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("amalgam-theme");
  } else {
    document.documentElement.dataset.theme = next;
    localStorage.setItem("amalgam-theme", next);
  }
  announce(`theme: ${next}`);
  draw();
}

const actions = {
  filter(root, text) {
    state.filters.set(root, text);
    state.whole.delete(`filter ${root}`);
    draw();
  },
  fold(id, open) {
    state.open.set(id, open);
    draw();
  },
  showAll(root) {
    state.whole.add(root);
    draw();
  },
  kind(kind) {
    state.kind = kind;
    draw();
  },
};

function draw() {
  const { status } = state;
  show(document.getElementById("header"), header());
  const main = document.getElementById("main");
  if (!status) {
    show(
      main,
      h("p", { class: "waiting" }, state.failing ? "Amalgam does not answer. Is it running? Trying again." : "Loading"),
    );
    return;
  }
  const path = location.pathname;
  document.title =
    state.id === undefined ? (path === "/graph" ? "Graph · Amalgam" : "Amalgam") : `${state.id} · Amalgam`;
  show(
    main,
    state.failing &&
      h(
        "p",
        { key: "failing", class: "notice bad", role: "alert" },
        `Amalgam does not answer since ${ago(status.now, Date.now()).replace(" ago", "")}. Is it still running? What you see is the last that it said; trying again.`,
      ),
    state.notice && notice(state.notice),
    state.id !== undefined && crumbs(state.id),
    graphView(state, {
      tall: path === "/graph",
      frame: main.clientWidth - (narrow.matches ? 26 : 50),
      level: levelNow(),
    }),
    state.id !== undefined ? componentView(state, actions) : path !== "/graph" && overviewView(state, actions),
  );
  revealOnce();
}

/** Once for each choice: a reader may scroll away. */
function revealOnce() {
  const wanted = `${state.id} ${state.graphOf}`;
  if (revealed === wanted || !state.graph) return;
  revealed = wanted;
  reveal(state.id);
}

const notice = ({ bad, text }) =>
  h(
    "div",
    { key: "notice", class: bad ? "notice bad" : "notice good" },
    h("pre", undefined, text),
    h("button", { type: "button", class: "quiet", "aria-label": "Close this message", onclick: closeNotice }, "×"),
  );

function closeNotice() {
  state.notice = undefined;
  draw();
}

function header() {
  const { status } = state;
  const path = location.pathname;
  const link = (to, text) => h("a", { href: to, "aria-current": path === to ? "page" : undefined }, text);
  return h(
    "header",
    { class: "top" },
    h(
      "a",
      { class: "brand", href: "/" },
      h("img", { src: "/assets/icon.svg", alt: "", width: 26, height: 26 }),
      "Amalgam",
    ),
    h("nav", { "aria-label": "Pages" }, link("/", "Overview"), link("/graph", "Graph")),
    h("div", { class: "spring" }),
    status && overall(status),
    status &&
      h(
        "span",
        { class: "facts" },
        h("code", undefined, status.config),
        ` · up ${span((status.now - status.started) / 1000)}`,
      ),
    h(
      "button",
      {
        type: "button",
        class: "button",
        disabled: state.reloading,
        title: "Read the configuration again",
        onclick: reload,
      },
      icon("M17.6 6.4A8 8 0 1 0 20 12M20 4v5h-5"),
      h("span", { class: "wide" }, "Reload"),
    ),
    h(
      "button",
      {
        type: "button",
        class: "button",
        title: `Theme: ${themeNow()}`,
        "aria-label": `Theme: ${themeNow()}. Change`,
        onclick: nextTheme,
      },
      icon(themeIcons[themeNow()]),
    ),
  );
}

const themeIcons = {
  auto: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5",
  dark: "M20 14.5A8 8 0 1 1 9.5 4 6.5 6.5 0 0 0 20 14.5z",
};

const icon = path =>
  h(
    "svg",
    { viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true", class: "icon" },
    h("path", { d: path }),
  );

function overall({ components: rows }) {
  const components = rows.filter(isBlock);
  const ill = illOf(state.tree, components);
  const all = count(components.length);
  const text = ill.length ? `${count(ill.length)} of ${all} unhealthy` : `${all} components healthy`;
  if (!state.failing && ill.length)
    return h(
      "button",
      { key: "ill", type: "button", class: "pill unhealthy", title: "Show them", onclick: showIll },
      text,
    );
  return h(
    "span",
    { key: "well", class: `pill ${state.failing ? "unknown" : "healthy"}` },
    state.failing ? "no answer" : text,
  );
}

function showIll() {
  state.filters.set("", "unhealthy");
  go("/");
}

document.addEventListener("click", event => {
  const link = event.target instanceof Element ? event.target.closest("a[href]") : undefined;
  const href = link?.getAttribute("href");
  if (!href?.startsWith("/") || event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  if (/^\/(api|metrics|-|assets)\b/.test(href)) return;
  event.preventDefault();
  go(href);
});
document.addEventListener("keydown", event => {
  if (event.target instanceof HTMLInputElement || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "Escape" && state.id !== undefined) goUp();
  if (event.key === "/") {
    const field = document.getElementById("filter");
    field?.focus();
    if (field) event.preventDefault();
  }
});
/** To what holds the component, and at last to all. */
function goUp() {
  const slash = state.id.lastIndexOf("/");
  go(slash < 0 ? "/" : linkTo(state.id.slice(0, slash)));
}

addEventListener("popstate", () => arrive(false));
document.addEventListener("visibilitychange", loop);
narrow.addEventListener("change", loop);
addEventListener("resize", draw);
arrive(false);
