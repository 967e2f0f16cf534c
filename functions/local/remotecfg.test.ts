/** The configuration from a server, with a server made of Connect's own library, in a whole local process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { type CollectorServer, startCollectorServer } from "../../test/e2e/support/collector-server.ts";
import { hashOf } from "../remotecfg/remotecfg.ts";
import { LocalProcess } from "./process.ts";

let folder: string;
let log = testLog();
const running: LocalProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "remotecfg-"));
  log = testLog();
});
afterEach(async () => {
  for (const local of running.splice(0)) await local.stop();
  rmSync(folder, { recursive: true });
});

const write = (text: string) => writeFileSync(path.join(folder, "a.alloy"), text);

/** A file that asks a server, for a collector named `here`. */
const asking = (url: string, more = "") =>
  `remotecfg {\nurl = "${url}"\nid = "here"\nname = "Here"\nattributes = {cluster = "dev"}\n${more}\n}\n`;

/** A process that has asked. */
async function start(text: string): Promise<LocalProcess> {
  write(text);
  const local = new LocalProcess({
    config: path.join(folder, "a.alloy"),
    storagePath: path.join(folder, "data"),
    stability: "generally-available",
    log,
  });
  running.push(local);
  await local.load();
  await local.remote?.settled();
  return local;
}

/** Asks again as the clock would. */
async function again(local: LocalProcess): Promise<void> {
  await local.remote?.poll();
}

const ids = (local: LocalProcess) => local.components.map(({ id }) => id);
const relabel = (name: string) => `loki.relabel "${name}" {\nforward_to = []\n}\n`;
const getConfigs = ({ calls }: CollectorServer) =>
  calls.filter(({ method }) => method === "GetConfig").map(({ request }) => request);
const cached = () => readdirSync(path.join(folder, "data", "remotecfg"));

const attributes = {
  cluster: "dev",
  "collector.os": process.platform,
  "collector.version": expect.stringMatching(/^v\d+\.\d+\.\d+$/),
};

describe("a server that has a configuration", () => {
  test("gets a registration, a question, and word of what runs", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    expect(server.calls.map(({ method, request }) => ({ method, ...request }))).toEqual([
      { method: "RegisterCollector", id: "here", name: "Here", localAttributes: attributes },
      { method: "GetConfig", id: "here", localAttributes: attributes, remoteConfigStatus: {} },
      {
        method: "GetConfig",
        id: "here",
        localAttributes: attributes,
        hash: `hash of ${relabel("a")}`,
        remoteConfigStatus: { status: "RemoteConfigStatuses_APPLIED" },
        effectiveConfig: {
          configMap: {
            configMap: {
              "": { body: Buffer.from(relabel("a")).toString("base64"), contentType: "text/plain" },
            },
          },
        },
      },
    ]);
    expect(ids(local)).toEqual(["remotecfg/loki.relabel.a"]);
    expect(local.remote?.state).toEqual({
      url: server.url,
      id: "here",
      name: "Here",
      status: "applied",
      message: "",
      source: "server",
      hash: hashOf(relabel("a")),
      answered: expect.any(Number),
    });
  });

  test("gets the headers of the Connect protocol and of the client's arguments", async () => {
    const server = await startCollectorServer("");
    await start(asking(server.url, 'basic_auth {\nusername = "me"\npassword = "hidden"\n}'));
    expect(server.calls[0]?.headers).toMatchObject({
      "content-type": "application/proto",
      "connect-protocol-version": "1",
      "user-agent": expect.stringMatching(/^Amalgam\//),
      authorization: `Basic ${Buffer.from("me:hidden").toString("base64")}`,
    });
  });

  test("is asked again with its hash, and told nothing that it knows", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    await again(local);
    expect(getConfigs(server).slice(2)).toEqual([
      { id: "here", localAttributes: attributes, hash: `hash of ${relabel("a")}` },
    ]);
    expect(local.metrics.expose()).toContain("remotecfg_last_load_not_modified 1");
  });

  test("can exchange it, and nothing of the old one stays", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url) + relabel("mine"));
    server.content = relabel("b");
    await again(local);
    expect(ids(local)).toEqual(["loki.relabel.mine", "remotecfg/loki.relabel.b"]);
    expect(local.metrics.expose()).toContain(
      [`remotecfg_hash{hash="${hashOf(relabel("a"))}"} 0`, `remotecfg_hash{hash="${hashOf(relabel("b"))}"} 1`].join(
        "\n",
      ),
    );
  });

  test("is told when the process ends", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    await local.stop();
    running.splice(0);
    expect(server.calls.at(-1)).toMatchObject({ method: "UnregisterCollector", request: { id: "here" } });
  });

  test("is asked for a made-up id that stays", async () => {
    const server = await startCollectorServer("");
    const text = `remotecfg {\nurl = "${server.url}"\n}\n`;
    await (await start(text)).stop();
    running.splice(0);
    await start(text);
    const seed = JSON.parse(readFileSync(path.join(folder, "data", "alloy_seed.json"), "utf8")) as { UID: string }; // written by the process
    expect(new Set(server.calls.map(({ request }) => request["id"]))).toEqual(new Set([seed.UID]));
    expect(seed.UID).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });
});

describe("a configuration that does not load", () => {
  const bad = 'loki.relabel "b" {\nforward_to = [loki.write.none.receiver]\n}\n';
  const reason = 'remotecfg:2:15: component "loki.write.none.receiver" does not exist or is out of scope';

  test("leaves the old one going, and is told to all", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    server.content = bad;
    await again(local);
    expect(ids(local)).toEqual(["remotecfg/loki.relabel.a"]);
    expect(local.remote?.problem).toBe(reason);
    expect(local.remote?.state).toMatchObject({ status: "failed", message: reason, hash: hashOf(relabel("a")) });
    expect(getConfigs(server).at(-1)).toMatchObject({
      remoteConfigStatus: { status: "RemoteConfigStatuses_FAILED", errorMessage: reason },
    });
    expect(log.lines).toContain(
      `error failed to parse and load new remote configuration ${JSON.stringify({ received_hash: hashOf(bad), loaded_hash: hashOf(relabel("a")), error: reason })}`,
    );
    await again(local);
    expect(local.remote?.state?.status).toBe("failed");
  });

  test("is forgiven when the old one comes back", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    server.content = bad;
    await again(local);
    server.content = relabel("a");
    await again(local);
    expect(local.remote?.problem).toBeUndefined();
    expect(local.remote?.state?.status).toBe("applied");
  });

  test.for([
    { it: "has a mistake in its syntax", text: "loki.relabel {", reason: "remotecfg:1:15: expected }, got EOF" },
    {
      it: "configures the process' log",
      text: "logging {\n}\n",
      reason: "remotecfg:1:1: logging block not allowed inside a module",
    },
    {
      it: "configures the process' server",
      text: "http {\n}\n",
      reason: 'remotecfg:1:1: service blocks not allowed inside a module: "http"',
    },
  ])("$it", async ({ text, reason: why }) => {
    const server = await startCollectorServer(text);
    const local = await start(asking(server.url));
    expect([ids(local), local.remote?.problem]).toEqual([[], why]);
  });
});

describe("a server that does not answer", () => {
  test("is replaced by what it said last, and asked again", async () => {
    const server = await startCollectorServer(relabel("a"));
    const text = asking(server.url);
    await (await start(text)).stop();
    running.splice(0);
    expect(cached()).toHaveLength(1);
    server.down = true;
    const local = await start(text);
    expect(ids(local)).toEqual(["remotecfg/loki.relabel.a"]);
    expect(local.remote?.problem).toBeUndefined();
    expect(local.remote?.state).toMatchObject({
      status: "failed",
      message: "unavailable: no database",
      source: "cache",
      hash: hashOf(relabel("a")),
    });
    server.down = false;
    await again(local);
    expect(local.remote?.state).toMatchObject({ status: "applied", message: "", source: "server" });
    expect(server.calls.map(({ method }) => method)).toContain("RegisterCollector");
  });

  test("and has never answered is a problem", async () => {
    const server = await startCollectorServer("");
    await server.close();
    const local = await start(asking(server.url) + relabel("mine"));
    expect(ids(local)).toEqual(["loki.relabel.mine"]);
    expect(local.remote?.problem).toMatch(/ECONNREFUSED/);
    expect(log.lines.filter(line => line.includes("cache")).map(line => line.replace(/ \{.*/, ""))).toEqual([
      "error failed to fetch remote config, falling back to cache",
      "error failed to read from cache",
    ]);
  });

  test("later leaves alone what runs", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    server.down = true;
    await again(local);
    expect(ids(local)).toEqual(["remotecfg/loki.relabel.a"]);
    expect(log.lines).toContain(
      'error failed to fetch remote config, continuing with current config {"error":"unavailable: no database"}',
    );
  });

  test("with a configuration that loads is replaced by the cached one at the start", async () => {
    const server = await startCollectorServer(relabel("a"));
    const text = asking(server.url);
    await (await start(text)).stop();
    running.splice(0);
    server.content = "loki.relabel {";
    const local = await start(text);
    expect(ids(local)).toEqual(["remotecfg/loki.relabel.a"]);
    expect(local.remote?.problem).toBe("remotecfg:1:15: expected }, got EOF");
  });
});

describe("a reload of the file", () => {
  test("with the same block asks nothing", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    const { length } = server.calls;
    write(asking(server.url) + relabel("mine"));
    await local.load();
    await local.remote?.settled();
    expect(server.calls).toHaveLength(length);
    expect(ids(local)).toEqual(["loki.relabel.mine", "remotecfg/loki.relabel.a"]);
  });

  test("with another server asks that one", async () => {
    const one = await startCollectorServer(relabel("a"));
    const two = await startCollectorServer(relabel("b"));
    const local = await start(asking(one.url));
    write(asking(two.url));
    await local.load();
    await local.remote?.settled();
    expect(ids(local)).toEqual(["remotecfg/loki.relabel.b"]);
    expect(one.calls.at(-1)?.method).toBe("UnregisterCollector");
    expect(cached()).toHaveLength(2);
  });

  test("without the block ends what came from the server", async () => {
    const server = await startCollectorServer(relabel("a"));
    const local = await start(asking(server.url));
    write("");
    await local.load();
    expect(local.remote).toBeUndefined();
    await vi.waitFor(() => expect(ids(local)).toEqual([]));
    expect(server.calls.at(-1)?.method).toBe("UnregisterCollector");
  });
});

test("what comes from the server takes requests, and what it keeps and counts is its own", async () => {
  const source = (port: number) =>
    `loki.source.api "in" {\nhttp {\nlisten_address = "127.0.0.1"\nlisten_port = ${port}\n}\nforward_to = [loki.relabel.r.receiver]\n}\n${relabel("r")}`;
  const probe = await startCollectorServer("");
  await probe.close();
  const port = Number(new URL(probe.url).port);
  const server = await startCollectorServer(source(port));
  const local = await start(asking(server.url) + relabel("r"));
  const response = await fetch(`http://127.0.0.1:${port}/loki/api/v1/raw`, { method: "POST", body: "line" });
  expect(response.status).toBe(204);
  expect(local.metrics.expose()).toContain(
    'amalgam_component_received_items_total{component_id="remotecfg/loki.relabel.r"} 1',
  );
});
