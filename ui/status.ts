/**
 * The status page: one static page with a few scripts, and the JSON that they show. Nothing is put into HTML on the way, the
 * scripts make text nodes only, and the policy that is sent with the page forbids all else.
 */
import { readFileSync } from "node:fs";
import type { LocalProcess } from "../functions/local/process.ts";
import { Api } from "./api.ts";
import { ItemLog } from "./items.ts";

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const assets: Readonly<Record<string, string>> = {
  "style.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
  "theme.js": "text/javascript; charset=utf-8",
  "main.js": "text/javascript; charset=utf-8",
  "dom.js": "text/javascript; charset=utf-8",
  "format.js": "text/javascript; charset=utf-8",
  "graph.js": "text/javascript; charset=utf-8",
  "tree.js": "text/javascript; charset=utf-8",
  "overview.js": "text/javascript; charset=utf-8",
  "component.js": "text/javascript; charset=utf-8",
  "items.js": "text/javascript; charset=utf-8",
};

/** Watches a process and answers for its page; `undefined` for paths that are not the page's. */
export function statusPage(
  local: LocalProcess,
  clock: () => number = Date.now,
): (path: string, query: URLSearchParams) => Page | undefined {
  const items = new ItemLog(clock);
  local.watch(items.tap);
  const api = new Api(local, items, clock);
  return (path, query) => {
    if (path === "/" || path === "/graph" || path.startsWith("/component/")) return html();
    if (path.startsWith("/assets/")) return asset(path.slice("/assets/".length));
    return path.startsWith("/api/v0/web/") ? answer(api, path.slice("/api/v0/web/".length), query) : undefined;
  };
}

function answer(api: Api, path: string, query: URLSearchParams): Page | undefined {
  if (path === "status") return json(api.status());
  if (path === "components") return json(api.components());
  if (path === "graph")
    return found(
      api.graph(query.get("module") ?? "", query.get("direction") === "down" ? "down" : "right"),
      "there is no such module",
    );
  const [, module] = /^modules\/(.+)\/components$/.exec(path) ?? [];
  if (module !== undefined) return found(api.components(decode(module)), "there is no such module");
  const [, id] = /^components\/(.+)$/.exec(path) ?? [];
  return id === undefined ? remote(api, path, query) : found(api.component(decode(id)), "there is no such component");
}

/** Alloy keeps what came from a server apart. */
function remote(api: Api, path: string, query: URLSearchParams): Page | undefined {
  if (!path.startsWith("remotecfg/")) return undefined;
  const rest = path.slice("remotecfg/".length);
  return rest === "components"
    ? found(api.components("remotecfg"), "there is no configuration from a server")
    : answer(api, rest, query);
}

const found = (value: unknown, otherwise: string): Page =>
  value === undefined ? { ...json({ error: otherwise }), status: 404 } : json(value);

/** Text that is not encoded well stays as it is, and so leads nowhere. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

const json = (value: unknown): Page => ({
  status: 200,
  type: "application/json; charset=utf-8",
  body: JSON.stringify(value),
  headers: { "cache-control": "no-store" },
});

const read = (name: string): string => readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");

const html = (): Page => ({
  status: 200,
  type: "text/html; charset=utf-8",
  body: read("index.html"),
  headers: {
    "content-security-policy": policy,
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-cache",
  },
});

function asset(name: string): Page | undefined {
  const type = Object.hasOwn(assets, name) ? assets[name] : undefined;
  return type === undefined
    ? undefined
    : { status: 200, type, body: read(name), headers: { "cache-control": "no-cache" } };
}
