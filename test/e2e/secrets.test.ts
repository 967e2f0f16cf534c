/** Secrets reach the backends that they are for, and nothing that anybody reads. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { post } from "./support/client.ts";
import { encode } from "./support/decode.ts";
import { freePorts } from "./support/ports.ts";
import { runCli, startAmalgam, temporaryFolder, writeConfig } from "./support/process.ts";
import { until } from "./support/until.ts";

const secrets = {
  fromFile: "t0ken-from-a-file",
  password: "p4ssword-from-a-file",
  literal: "t0ken-in-the-configuration",
  inUrl: "p4ssword-in-a-url",
  header: "k3y-in-a-header",
  otlp: "p4ssword-for-otlp",
  scrape: "t0ken-for-a-target",
};

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;

/** The secrets themselves, and the forms in which they are sent. */
const forbidden = [
  ...Object.values(secrets),
  ...[secrets.password, secrets.inUrl, secrets.otlp].map(password => basic("ada", password).slice("Basic ".length)),
];

const leaks = (text: string): string[] => forbidden.filter(secret => text.includes(secret));

interface Backend {
  readonly url: string;
  readonly authority: string;
  /** Authorization headers and keys by path. */
  readonly seen: Map<string, string>;
}

/** Refuses everything, and repeats in its answer what it was sent: the worst for a log. */
async function startBackend(): Promise<Backend> {
  const seen = new Map<string, string>();
  const server = createServer((request, response) => {
    const { authorization = "", "x-api-key": key } = request.headers;
    seen.set(request.url ?? "", key === undefined ? authorization : String(key));
    request.resume();
    request.once("end", () => {
      const status = request.url?.startsWith("/busy") ? 503 : 401;
      const repeated = [authorization, authorization.split(" ")[1], key].join(" and ");
      response.writeHead(status, { "content-type": "text/plain" }).end(`bad credentials, got ${repeated}`);
    });
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
  return { url: `http://${authority}`, authority, seen };
}

function configuration(folder: string, { url, authority }: Backend, loki: number, otlp: number): string {
  const endpoint = (place: string, more: string) => `
  endpoint {
    url                 = "${url}/${place}"
    max_backoff_retries = 2
    min_backoff_period  = "10ms"
    max_backoff_period  = "20ms"
    ${more}
  }`;
  return `
local.file "token" {
  filename  = "${folder}/token"
  is_secret = true
}

local.file "password" {
  filename  = "${folder}/password"
  is_secret = true
}

loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = ${loki}
  }
  forward_to = [loki.write.out.receiver]
}

loki.write "out" {
  ${endpoint("from-file", "bearer_token = local.file.token.content")}
  ${endpoint("password", 'basic_auth {\n username = "ada"\n password = local.file.password.content\n}')}
  ${endpoint("literal", `authorization {\n type = "Bearer"\n credentials = "${secrets.literal}"\n}`)}
  ${endpoint("busy", "bearer_token = local.file.token.content")}
  ${endpoint("header", `http_headers = {\n"X-Api-Key" = ["${secrets.header}"],\n}`)}
  endpoint {
    url                 = "http://ada:${secrets.inUrl}@${authority}/in-url"
    max_backoff_retries = 1
  }
}

otelcol.receiver.otlp "in" {
  http {
    endpoint = "127.0.0.1:${otlp}"
  }
  output {
    traces = [otelcol.exporter.otlphttp.out.input]
  }
}

otelcol.auth.basic "otlp" {
  client_auth {
    username = "ada"
    password = "${secrets.otlp}"
  }
}

otelcol.exporter.otlphttp "out" {
  client {
    endpoint = "${url}/otlp"
    auth     = otelcol.auth.basic.otlp.handler
  }
}

prometheus.scrape "target" {
  targets         = [{ "__address__" = "${authority}", "__metrics_path__" = "/target" }]
  bearer_token    = "${secrets.scrape}"
  scrape_interval = "1s"
  scrape_timeout  = "1s"
  forward_to      = [prometheus.remote_write.out.receiver]
}

prometheus.remote_write "out" {
  endpoint {
    url = "${url}/metrics"
    basic_auth {
      username = "ada"
      password = local.file.password.content
    }
  }
}
`;
}

/** Files of a folder and those below it, as text. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap(entry =>
    entry.isFile() ? [readFileSync(path.join(entry.parentPath, entry.name), "latin1")] : [],
  );
}

test("secrets are sent to their backends, and are in no log, metric, page, command or file", async () => {
  const backend = await startBackend();
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "token"), secrets.fromFile);
  writeFileSync(path.join(folder, "password"), secrets.password);
  const [loki = 0, otlp = 0] = await freePorts(2);
  const config = writeConfig(configuration(folder, backend, loki, otlp), temporaryFolder());
  const storage = temporaryFolder();
  const amalgam = await startAmalgam(config, { storage });
  const lines = JSON.stringify({ streams: [{ stream: { a: "b" }, values: [["1700000000000000000", "line"]] }] });
  const answers = [
    await post({
      url: `http://127.0.0.1:${loki}/loki/api/v1/push`,
      headers: { "content-type": "application/json" },
      body: lines,
    }),
    await post({
      url: `http://127.0.0.1:${otlp}/v1/traces`,
      headers: { "content-type": "application/x-protobuf" },
      body: encode("Traces", { resource_spans: [{ scope_spans: [{ spans: [{ name: "span" }] }] }] }),
    }),
  ];
  await until(() => backend.seen.has("/metrics"), "a scrape was written");

  expect(Object.fromEntries(backend.seen)).toEqual({
    "/from-file": `Bearer ${secrets.fromFile}`,
    "/password": basic("ada", secrets.password),
    "/literal": `Bearer ${secrets.literal}`,
    "/busy": `Bearer ${secrets.fromFile}`,
    "/header": secrets.header,
    "/in-url": basic("ada", secrets.inUrl),
    "/otlp/v1/traces": basic("ada", secrets.otlp),
    "/target": `Bearer ${secrets.scrape}`,
    "/metrics": basic("ada", secrets.password),
  });

  const get = async (place: string) => (await fetch(amalgam.admin + place)).text();
  const list = JSON.parse(await get("/api/v0/web/components")) as { id: string }[];
  expect(list.map(({ id }) => id)).toContain("loki.write.out");
  const places = [
    "/metrics",
    "/-/healthy",
    "/",
    "/api/v0/web/status",
    "/api/v0/web/graph",
    "/api/v0/web/components",
    ...list.map(({ id }) => `/api/v0/web/components/${id}`),
  ];
  for (const place of places) expect({ place, leaks: leaks(await get(place)) }).toEqual({ place, leaks: [] });
  for (const { text } of answers) expect(leaks(text)).toEqual([]);
  // the log tells of the refusals
  expect(amalgam.log()).toMatch(/msg="backend refused data for good.*status 401: bad credentials/);
  expect(leaks(amalgam.log())).toEqual([]);
  expect(contents(storage).length).toBeGreaterThan(1);
  expect(contents(storage).flatMap(leaks)).toEqual([]);

  for (const args of [
    ["graph", config],
    ["graph", "--json", config],
    ["validate", config],
    ["validate", "--json", config],
  ]) {
    const { code, stdout, stderr } = await runCli(args);
    expect({ args, code, stderr, leaks: leaks(stdout + stderr) }).toEqual({ args, code: 0, stderr: "", leaks: [] });
  }
  amalgam.signal("SIGTERM");
  await amalgam.exited;
  expect(leaks(amalgam.log())).toEqual([]);
});

test.for([
  {
    it: "put into a label",
    text: 'loki.relabel "a" {\n  forward_to = []\n}\nloki.write "a" {\n  external_labels = { token = local.file.token.content }\n}',
  },
  {
    it: "joined to a string",
    text: 'loki.write "a" {\n  external_labels = { token = "x" + local.file.token.content }\n}',
  },
  { it: "taken for a number", text: 'loki.write "a" {\n  max_streams = local.file.token.content\n}' },
  { it: "taken for a list", text: 'loki.relabel "a" {\n  forward_to = local.file.token.content\n}' },
  { it: "taken for an address", text: 'loki.write "a" {\n  endpoint {\n    url = local.file.token.content\n  }\n}' },
  {
    it: "decoded as JSON",
    text: 'loki.write "a" {\n  external_labels = encoding.from_json(local.file.token.content)\n}',
  },
  { it: "called", text: 'loki.write "a" {\n  max_streams = local.file.token.content()\n}' },
  { it: "looked into", text: 'loki.write "a" {\n  max_streams = local.file.token.content.length\n}' },
])("an error about a secret that is $it does not show it", async ({ text }) => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "token"), secrets.fromFile);
  const config = writeConfig(`local.file "token" {\n  filename  = "${folder}/token"\n  is_secret = true\n}\n${text}\n`);
  for (const args of [
    ["graph", config],
    ["run", config, "--storage.path", folder, "--server.http.listen-addr", "127.0.0.1:0"],
  ]) {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, leaks: leaks(stdout + stderr) }, stderr).toEqual({ code: 1, leaks: [] });
    expect(stderr).toContain("local.file.token.content");
  }
});
