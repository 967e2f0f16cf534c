import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { createLogger } from "./log.ts";
import { ConfigurationError, LocalProcess, mayWatch } from "./process.ts";

let folder: string;
let local: LocalProcess;
let log = testLog();
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "process-"));
  log = testLog();
  local = new LocalProcess({
    config: path.join(folder, "a.alloy"),
    storagePath: path.join(folder, "data"),
    stability: "experimental",
    log,
  });
});
afterEach(async () => {
  await local.stop();
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true });
});

const write = (text: string, name = "a.alloy") => writeFileSync(path.join(folder, name), text);

/** A source of its own name whose entries go nowhere. */
const source = (name: string, port: number, more = "") =>
  `loki.source.api "${name}" {\nhttp {\nlisten_address = "127.0.0.1"\nlisten_port = ${port}\n}\nforward_to = [loki.relabel.r.receiver]\n${more}\n}\n`;
const relabel = 'loki.relabel "r" {\nforward_to = []\n}\n';

async function freePorts(count: number): Promise<number[]> {
  const open = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(open.map(server => listening(server)));
  await Promise.all(open.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

const listening = (server: Server): Promise<number> =>
  new Promise(resolve => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)); // listening on TCP
  });

const ready = (port: number): Promise<string> =>
  fetch(`http://127.0.0.1:${port}/ready`).then(
    async response => `${response.status} ${await response.text()}`.trim(),
    () => "no connection",
  );

describe("loading", () => {
  test("listens where the components say", async () => {
    const [port = 0] = await freePorts(1);
    write(source("in", port) + relabel);
    await local.load();
    expect(await ready(port)).toBe("200 ready");
  });

  test("again listens at new addresses and no more at old ones", async () => {
    const [a = 0, b = 0] = await freePorts(2);
    write(source("in", a) + relabel);
    await local.load();
    write(source("in", b) + relabel);
    await local.load();
    expect([await ready(a), await ready(b)]).toEqual(["no connection", "200 ready"]);
  });

  test("again lets components exchange their addresses", async () => {
    const [a = 0, b = 0] = await freePorts(2);
    const post = (port: number) => fetch(`http://127.0.0.1:${port}/loki/api/v1/raw`, { method: "POST", body: "line" });
    write(source("one", a) + source("two", b) + relabel);
    await local.load();
    write(source("one", b) + source("two", a) + relabel);
    await local.load();
    expect([(await post(a)).status, (await post(b)).status]).toEqual([204, 204]);
  });

  test("two components share an address", async () => {
    const [port = 0] = await freePorts(1);
    write(
      `${source("in", port)}otelcol.receiver.otlp "o" {\nhttp {\nendpoint = "127.0.0.1:${port}"\n}\noutput {\nlogs = [otelcol.processor.filter.f.input]\n}\n}\notelcol.processor.filter "f" {\noutput { }\n}\n${relabel}`,
    );
    await local.load();
    const otlp = await fetch(`http://127.0.0.1:${port}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect([await ready(port), otlp.status]).toEqual(["200 ready", 200]);
  });

  test("fails where the configuration is wrong, and the old one goes on", async () => {
    const [port = 0] = await freePorts(1);
    write(source("in", port) + relabel);
    await local.load();
    const before = local.pipeline;
    write("nonsense {");
    await expect(local.load()).rejects.toThrow(ConfigurationError);
    write('loki.nothing "x" { }\nloki.relabel "r" { }');
    await expect(local.load()).rejects.toThrow("the configuration has 1 error");
    expect([local.pipeline === before, await ready(port)]).toEqual([true, "200 ready"]);
  });

  test("fails where an address is taken, opens none of the others, and the old one goes on", async () => {
    const [a = 0, b = 0] = await freePorts(2);
    const other = createServer();
    servers.push(other);
    const taken = await listening(other);
    write(source("in", a) + relabel);
    await local.load();
    write(source("new", b) + source("in", taken) + relabel);
    await expect(local.load()).rejects.toThrow("EADDRINUSE");
    expect([await ready(a), await ready(b)]).toEqual(["200 ready", "no connection"]);
  });

  test("changes from plain to TLS on the same address, and back", async () => {
    const [port = 0] = await freePorts(1);
    const data = path.resolve(import.meta.dirname, "../../lib/pipeline/delivery/testdata");
    const tls = `tls {\ncert_file = "${data}/server.pem"\nkey_file = "${data}/server.key"\n}`;
    write(source("in", port) + relabel);
    await local.load();
    write(source("in", port).replace("listen_port", `${tls}\nlisten_port`) + relabel);
    await local.load();
    expect(await ready(port)).toBe("no connection"); // it speaks TLS
    write(source("in", port) + relabel);
    await local.load();
    expect(await ready(port)).toBe("200 ready");
  });

  test("components of the community are only for those who ask for them", async () => {
    write('otelcol.exporter.splunkhec "s" { }');
    const message = (process: LocalProcess) =>
      process
        .load()
        .catch((error: unknown) => (error instanceof ConfigurationError ? error.diagnostics[0]?.message : error));
    expect(await message(local)).toMatch(/^the component "otelcol.exporter.splunkhec" is a community component/);
  });
});

test("a file that changes takes components to another address", async () => {
  const [a = 0, b = 0] = await freePorts(2);
  write(String(a), "port.txt");
  write(
    `local.file "port" {\nfilename = "port.txt"\npoll_frequency = "20ms"\n}\n${source("in", 0).replace("= 0", "= local.file.port.content")}${relabel}`,
  );
  await local.load();
  expect(await ready(a)).toBe("200 ready");
  write(String(b), "port.txt");
  while ((await ready(b)) !== "200 ready") await new Promise(resolve => setTimeout(resolve, 10));
  expect(await ready(a)).toBe("no connection");
});

test("a file that changes brings a schedule of its own", async () => {
  const paths: string[] = [];
  const page = createServer((request, response) => {
    paths.push(request.url ?? "");
    response.end("x 1\n");
  });
  servers.push(page);
  const port = await listening(page);
  write("/first", "path.txt");
  write(
    `local.file "path" {\nfilename = "path.txt"\npoll_frequency = "20ms"\n}\nprometheus.scrape "s" {\ntargets = [{__address__ = "127.0.0.1:${port}", __metrics_path__ = local.file.path.content}]\nforward_to = []\nscrape_interval = "30ms"\nscrape_timeout = "20ms"\n}`,
  );
  await local.load();
  while (!paths.includes("/first")) await new Promise(resolve => setTimeout(resolve, 10));
  write("/second", "path.txt");
  while (!paths.includes("/second")) await new Promise(resolve => setTimeout(resolve, 10));
  const since = paths.lastIndexOf("/first");
  while (paths.length < since + 6) await new Promise(resolve => setTimeout(resolve, 10));
  expect(paths.slice(-3)).toEqual(["/second", "/second", "/second"]);
});

test.for([
  { text: "", watched: true },
  { text: "livedebugging {\nenabled = false\n}", watched: false },
  { text: "livedebugging {\nenabled = true\n}", watched: true },
])("what goes through is shown: $watched with '$text'", async ({ text, watched }) => {
  write(text);
  await local.load();
  expect(local.pipeline && mayWatch(local.pipeline)).toBe(watched);
});

test("the log is as the configuration says, as long as it does", async () => {
  const lines: string[] = [];
  const written = createLogger({ write: line => lines.push(line) });
  const process = new LocalProcess({
    config: path.join(folder, "b.alloy"),
    storagePath: path.join(folder, "b"),
    stability: "experimental",
    log: written,
  });
  write('logging {\nlevel = "debug"\nformat = "json"\n}', "b.alloy");
  await process.load();
  written.debug("with");
  write("", "b.alloy");
  await process.load();
  written.debug("without");
  written.info("without");
  await process.stop();
  expect(lines.map(line => line.replace(/^.*msg"?[=:]"?/, "").replace(/"?\}?$/, ""))).toEqual(["with", "without"]);
});
