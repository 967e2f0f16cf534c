// Asks the process every two seconds, and shows what belongs to the address. Views are functions from state to elements.
import { componentView } from "./component.js";
import { h, show } from "./dom.js";
import { ago, span } from "./format.js";
import { graphView, reveal } from "./graph.js";
import { overviewView } from "./overview.js";

const everyMs = 2000;
const narrow = matchMedia("(max-width: 760px)");

const state = {
  /** What /status said last. */
  status: undefined,
  graph: undefined,
  graphOf: "",
  /** The component that the address names, and what is known of it. */
  id: undefined,
  detail: undefined,
  missing: false,
  /** Items a second that entered each component. */
  rates: new Map(),
  failing: false,
  filter: "",
  kind: "all",
  notice: undefined,
  reloading: false,
};
let before;
let running;
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
    await refreshGraph(status);
    takeRates(status);
    state.status = status;
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

/** The drawing is asked for once a configuration and orientation. */
async function refreshGraph({ revision, started }) {
  const direction = narrow.matches ? "down" : "right";
  const wanted = `${started}/${revision}/${direction}`;
  if (state.graphOf === wanted) return;
  state.graph = await getJson(`/api/v0/web/graph?direction=${direction}`);
  state.graphOf = wanted;
}

function takeRates(status) {
  const seconds = before ? (status.now - before.now) / 1000 : 0;
  if (before && (seconds < 0.5 || before.started !== status.started)) {
    if (before.started === status.started) return; // asked twice in a row: keep the rates
    state.rates.clear();
  }
  for (const { id, totals } of status.components) {
    const last = before?.totals.get(id);
    const grown = last === undefined || totals.received === undefined ? 0 : totals.received - last;
    state.rates.set(id, seconds > 0 && grown > 0 ? grown / seconds : 0);
  }
  const totals = new Map(status.components.map(({ id, totals }) => [id, totals.received]));
  before = { now: status.now, started: status.started, totals };
}

function loop() {
  clearTimeout(running);
  if (document.hidden) return;
  refresh().finally(() => {
    clearTimeout(running);
    running = setTimeout(loop, everyMs);
  });
}

function go(path) {
  history.pushState(undefined, "", path);
  arrive(true);
}

function arrive(moved) {
  readAddress();
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
  filter(text) {
    state.filter = text;
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
    graphView(state, { tall: path === "/graph", frame: main.clientWidth - (narrow.matches ? 26 : 50) }),
    state.id !== undefined ? componentView(state) : path !== "/graph" && overviewView(state, actions),
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

function overall({ components }) {
  const ill = components.filter(({ health }) => health.state === "unhealthy");
  const text = ill.length
    ? `${ill.length} of ${components.length} unhealthy`
    : `${components.length} components healthy`;
  return h(
    "span",
    { class: `pill ${state.failing ? "unknown" : ill.length ? "unhealthy" : "healthy"}` },
    state.failing ? "no answer" : text,
  );
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
  if (event.key === "Escape" && state.id !== undefined) go("/");
  if (event.key === "/") {
    const field = document.getElementById("filter");
    field?.focus();
    if (field) event.preventDefault();
  }
});
addEventListener("popstate", () => arrive(false));
document.addEventListener("visibilitychange", loop);
narrow.addEventListener("change", loop);
addEventListener("resize", draw);
arrive(false);
