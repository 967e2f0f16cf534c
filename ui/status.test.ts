/** The page as a browser or a stranger meets it: a real process, asked over HTTP. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveAdmin } from "../functions/local/admin.ts";
import { createLogger } from "../functions/local/log.ts";
import { LocalProcess } from "../functions/local/process.ts";
import type { ComponentJson, DetailJson, StatusJson } from "./api.ts";
import type { GraphJson } from "./drawing.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-ui-"));
const config = path.join(folder, "test.alloy");
const log = createLogger({ write: () => {} });
const evil = "<script>alert(1)</script>";

writeFileSync(path.join(folder, "key"), "hidden-in-file");
const text = `
local.file "key" {
  filename  = "${path.join(folder, "key")}"
  is_secret = true
}
loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = 0
  }
  forward_to    = [loki.process.one.receiver]
  relabel_rules = loki.relabel.rules.rules
}
loki.process "one" {
  stage.static_labels { values = { team = "a" } }
  forward_to = [loki.write.out.receiver, loki.relabel.rules.receiver]
}
loki.relabel "rules" {
  rule {
    source_labels = ["app"]
    regex         = "noise"
    action        = "drop"
  }
  forward_to = []
}
loki.write "out" {
  endpoint {
    url          = "http://me:hidden-in-url@127.0.0.1:9/loki/api/v1/push"
    bearer_token = local.file.key.content
    max_backoff_retries = 0
  }
  endpoint {
    url = "http://127.0.0.1:9/loki/api/v1/push"
    basic_auth {
      username = "me"
      password = "hidden-literal"
    }
  }
}
`;

let local: LocalProcess;
let server: Awaited<ReturnType<typeof serveAdmin>>;
let port: number;

beforeAll(async () => {
  writeFileSync(config, text);
  local = new LocalProcess({ config, storagePath: path.join(folder, "data"), stability: "generally-available", log });
  await local.load();
  server = await serveAdmin(local, { host: "127.0.0.1", port: 0 }, log);
  port = (server.address() as AddressInfo).port; // listening on TCP
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await local.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Not `fetch`, which sets Host and Sec-Fetch headers itself. */
function ask(
  place: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path: place, method, headers }, response => {
      let body = "";
      response.setEncoding("utf8").on("data", chunk => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: body }));
    });
    request.on("error", reject).end();
  });
}
const json = async <T>(place: string): Promise<T> => JSON.parse((await ask(place)).text) as T; // what the API says it is

/** Through the route that the listener would call. */
async function push(line: string): Promise<void> {
  const trigger = local.pipeline?.triggers.find(each => each.trigger.kind === "http")?.trigger;
  const route = trigger?.kind === "http" ? trigger.routes.find(each => each.path === "/loki/api/v1/push") : undefined;
  const body = JSON.stringify({ streams: [{ stream: { app: "noise" }, values: [["1785578400000000000", line]] }] });
  const invocation = local.pipeline?.invocation({ deadlineMs: 50 });
  if (!route || !invocation) throw new Error("the configuration has the route");
  const headers = { "content-type": "application/json" };
  await route.handle({ method: "POST", path: route.path, query: "", headers, body: Buffer.from(body) }, invocation);
}

test("components are listed as the file has them, with health, references and the way of data", async () => {
  const list = await json<readonly ComponentJson[]>("/api/v0/web/components");
  expect(list.map(({ localID }) => localID)).toEqual([
    "local.file.key",
    "loki.source.api.in",
    "loki.process.one",
    "loki.relabel.rules",
    "loki.write.out",
  ]);
  expect(list[2]).toEqual({
    name: "loki.process",
    type: "block",
    localID: "loki.process.one",
    moduleID: "",
    label: "one",
    referencesTo: ["loki.write.out", "loki.relabel.rules"],
    referencedBy: ["loki.source.api.in"],
    dataFlowEdgesTo: ["loki.write.out", "loki.relabel.rules"],
    health: { state: "healthy", message: "started component", updatedTime: expect.stringMatching(/^2\d{3}-.*Z$/) },
    original: "",
    liveDebuggingEnabled: true,
    id: "loki.process.one",
    summary: expect.any(String),
    stability: "generally-available",
    triggers: [],
    totals: { received: 0, failed: 0 },
    takesData: true,
  });
});

test("edges go the way of the data, or of the value", async () => {
  const { drawings } = await json<GraphJson>("/api/v0/web/graph");
  const [{ edges } = { edges: [] }] = drawings;
  expect(edges.map(({ from, to, kind, signals }) => [from, to, kind, ...signals].join(" "))).toEqual([
    "loki.source.api.in loki.process.one data logs",
    "loki.process.one loki.write.out data logs",
    "loki.process.one loki.relabel.rules data logs",
    "loki.relabel.rules loki.source.api.in value",
    "local.file.key loki.write.out value",
  ]);
});

test("what is pushed is seen at each component on its way, as text", async () => {
  await push(evil);
  const detail = await json<DetailJson>("/api/v0/web/components/loki.process.one");
  expect(detail.items.map(({ title, about, kind }) => ({ title, about, kind }))).toEqual([]);
  // The rules of the source drop it: it never gets in. With others it does.
  writeFileSync(config, text.replace(`regex         = "noise"`, `regex         = "other"`));
  expect((await ask("/-/reload", { method: "POST" })).status).toBe(200);
  await push(evil);
  const after = await json<DetailJson>("/api/v0/web/components/loki.write.out");
  expect(after.items.map(({ title, about, kind }) => ({ title, about, kind }))).toEqual([
    { title: evil, about: "app=noise team=a", kind: "log" },
  ]);
  const source = await json<DetailJson>("/api/v0/web/components/loki.source.api.in");
  expect(source.items.map(({ title, about }) => ({ title, about }))).toEqual([{ title: evil, about: "app=noise" }]);
  const { latest } = await json<StatusJson>("/api/v0/web/status");
  expect(latest.map(({ component, title }) => `${component} ${title}`).toSorted()).toEqual([
    `loki.relabel.rules ${evil}`,
    `loki.write.out ${evil}`,
  ]);
});

test("no answer has a secret in it", async () => {
  const { components } = await json<StatusJson>("/api/v0/web/status");
  const places = ["status", "components", "graph", ...components.map(({ id }) => `components/${id}`)];
  for (const place of places) expect((await ask(`/api/v0/web/${place}`)).text).not.toContain("hidden");
  const detail = await json<DetailJson>("/api/v0/web/components/loki.write.out");
  expect(detail.arguments[0]).toEqual({
    name: "endpoint",
    type: "block",
    body: [
      {
        name: "url",
        type: "attr",
        value: { type: "string", value: "http://me:(secret)@127.0.0.1:9/loki/api/v1/push" },
      },
      { name: "bearer_token", type: "attr", value: { type: "capsule", value: "(secret)" } },
      { name: "max_backoff_retries", type: "attr", value: { type: "number", value: 0 } },
    ],
  });
});

test.for([
  { it: "the page", path: "/", status: 200, type: "text/html; charset=utf-8" },
  { it: "the page of the graph", path: "/graph", status: 200, type: "text/html; charset=utf-8" },
  {
    it: "a component's page, whatever its name is",
    path: `/component/${encodeURIComponent(evil)}`,
    status: 200,
    type: "text/html; charset=utf-8",
  },
  { it: "a script", path: "/assets/main.js", status: 200, type: "text/javascript; charset=utf-8" },
  { it: "data", path: "/api/v0/web/status", status: 200, type: "application/json; charset=utf-8" },
  {
    it: "no component",
    path: `/api/v0/web/components/${encodeURIComponent(evil)}`,
    status: 404,
    type: "application/json; charset=utf-8",
  },
  {
    it: "a name that is not encoded well",
    path: "/api/v0/web/components/%E0%A4%A",
    status: 404,
    type: "application/json; charset=utf-8",
  },
  { it: "no file outside", path: "/assets/..%2fstatus.ts", status: 404, type: "text/plain; charset=utf-8" },
  {
    it: "no file outside, by dots",
    path: "/assets/../../package.json",
    status: 404,
    type: "text/plain; charset=utf-8",
  },
  { it: "nothing of an object's own", path: "/assets/constructor", status: 404, type: "text/plain; charset=utf-8" },
])("answers with $it", async ({ path: place, status, type }) => {
  const answer = await ask(place);
  expect([answer.status, answer.headers["content-type"]]).toEqual([status, type]);
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
  if (type.startsWith("text/html")) expect(answer.text).not.toContain(evil);
});

test("the page's policy lets it use its own files only, and its scripts put no text into markup", async () => {
  const { headers, text: html } = await ask("/");
  expect(headers["content-security-policy"]).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
      "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  );
  expect(html).not.toMatch(/<script>|\son\w+=|\sstyle=|https?:/);
  const folder = new URL("./page/", import.meta.url);
  for (const name of readdirSync(folder).filter(each => each.endsWith(".js"))) {
    const script = readFileSync(new URL(name, folder), "utf8");
    expect(script).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function/,
    );
    expect((await ask(`/assets/${name}`)).text).toBe(script);
  }
});

test.for([
  { it: "localhost", host: "localhost:12345", status: 200 },
  { it: "an address", host: "127.0.0.1:1", status: 200 },
  { it: "an IPv6 address", host: "[::1]:1", status: 200 },
  { it: "a name that leads here", host: "evil.example:12345", status: 421 },
  { it: "a name that looks like an address", host: "127.0.0.1.evil.example", status: 421 },
])("asked as $it ($host) the answer is $status", async ({ host, status }) => {
  expect((await ask("/api/v0/web/status", { headers: { host } })).status).toBe(status);
  expect((await ask("/-/reload", { method: "POST", headers: { host } })).status).toBe(status);
  expect((await ask("/metrics", { headers: { host } })).status).toBe(200);
});

test.for([
  { it: "a command reloads with GET", method: "GET", headers: {}, status: 200, body: "config reloaded\n" },
  { it: "a command reloads with POST", method: "POST", headers: {}, status: 200, body: "config reloaded\n" },
  {
    it: "the page reloads",
    method: "POST",
    headers: { "sec-fetch-site": "same-origin" },
    status: 200,
    body: "config reloaded\n",
  },
  {
    it: "a link on the page does not",
    method: "GET",
    headers: { "sec-fetch-site": "same-origin" },
    status: 405,
    body: "browsers reload with POST; use the page's button\n",
  },
  {
    it: "a page from elsewhere does not",
    method: "POST",
    headers: { "sec-fetch-site": "cross-site" },
    status: 403,
    body: "a page from elsewhere can't reload the configuration\n",
  },
  {
    it: "another port of this machine does not",
    method: "POST",
    headers: { origin: "http://127.0.0.1:8080" },
    status: 403,
    body: "a page from elsewhere can't reload the configuration\n",
  },
  { it: "another method does not", method: "PUT", headers: {}, status: 405, body: "method not allowed\n" },
])("$it", async ({ method, headers, status, body }) => {
  const answer = await ask("/-/reload", { method, headers });
  expect([answer.status, answer.text]).toEqual([status, body]);
});

test("a mistake in the configuration is told, and the old one goes on", async () => {
  const before = await json<StatusJson>("/api/v0/web/status");
  writeFileSync(config, `loki.echo "a" { oops = 1 }`);
  const answer = await ask("/-/reload", { method: "POST" });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain(`unrecognized attribute name "oops"`);
  const after = await json<StatusJson>("/api/v0/web/status");
  expect([after.revision, after.components.length]).toEqual([before.revision, before.components.length]);
});

test("livedebugging switches the items off, and says so", async () => {
  writeFileSync(config, `livedebugging { enabled = false }\n${text.replace(`"noise"`, `"other"`)}`);
  expect((await ask("/-/reload", { method: "POST" })).status).toBe(200);
  await push("later");
  const status = await json<StatusJson>("/api/v0/web/status");
  expect(status.showsItems).toBe(false);
  const list = await json<readonly ComponentJson[]>("/api/v0/web/components");
  expect(list.map(({ liveDebuggingEnabled }) => liveDebuggingEnabled)).not.toContain(true);
  expect(status.latest).toEqual([]);
  expect((await json<DetailJson>("/api/v0/web/components/loki.write.out")).items).toEqual([]);
});
