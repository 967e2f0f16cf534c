/** A configuration that came from a server, as the page and Alloy's API have it: a module of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createLogger } from "../functions/local/log.ts";
import { LocalProcess } from "../functions/local/process.ts";
import { startCollectorServer } from "../test/e2e/support/collector-server.ts";
import type { ComponentJson, DetailJson, StatusJson } from "./api.ts";
import type { GraphJson } from "./drawing.ts";
import { statusPage } from "./status.ts";

test("what came from a server is one box at the top, and opens", async () => {
  const server = await startCollectorServer(`
loki.relabel "a" { forward_to = [loki.relabel.b.receiver] }
loki.relabel "b" { forward_to = [] }
declare "empty" {
  argument "unused" { optional = true }
}
foreach "x" {
  collection = ["one"]
  var        = "name"
  template {
    empty "e" { }
  }
}
`);
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-remote-"));
  const config = path.join(folder, "config.alloy");
  writeFileSync(config, `remotecfg {\nurl = "${server.url}"\nid = "here"\n}\nloki.relabel "own" { forward_to = [] }\n`);
  const log = createLogger({ write: () => {} });
  const local = new LocalProcess({ config, storagePath: path.join(folder, "data"), stability: "experimental", log });
  onTestFinished(async () => {
    await local.stop();
    rmSync(folder, { recursive: true });
  });
  const page = statusPage(local);
  const ask = <T>(place: string): T => {
    const { pathname, searchParams } = new URL(`http://localhost/api/v0/web/${place}`);
    return JSON.parse(page(pathname, searchParams)?.body ?? "null") as T; // what the API says it is
  };
  await local.load();
  await local.remote?.settled();

  const { components } = ask<StatusJson>("status");
  expect(components.map(({ id, role }) => `${id} ${role}`)).toEqual([
    "loki.relabel.own component",
    "remotecfg remotecfg",
    "remotecfg/loki.relabel.a component",
    "remotecfg/loki.relabel.b component",
    "remotecfg/foreach.x foreach",
    "remotecfg/foreach.x/foreach_one_1 item",
    "remotecfg/foreach.x/foreach_one_1/empty.e custom",
  ]);
  expect(ask<ComponentJson[]>("components").map(({ id }) => id)).toEqual(["loki.relabel.own"]);
  const remote = ask<ComponentJson[]>("remotecfg/components");
  expect(remote.map(({ moduleID, localID, dataFlowEdgesTo }) => [moduleID, localID, ...dataFlowEdgesTo])).toEqual([
    ["remotecfg", "loki.relabel.a", "loki.relabel.b"],
    ["remotecfg", "loki.relabel.b"],
    ["remotecfg", "foreach.x"],
  ]);
  expect(ask("remotecfg/modules/remotecfg%2Fforeach.x%2Fforeach_one_1/components")).toHaveLength(1);
  expect(ask<GraphJson>("graph").drawings[0]?.boxes.map(({ id }) => id)).toEqual(["loki.relabel.own", "remotecfg"]);
  const { edges, boxes } = ask<GraphJson>("graph?module=remotecfg").drawings[0] ?? { edges: [], boxes: [] };
  expect(edges.map(({ from, to }) => [from, to])).toEqual([["remotecfg/loki.relabel.a", "remotecfg/loki.relabel.b"]]);
  expect(boxes).toHaveLength(3);
  expect(ask<DetailJson>("components/remotecfg")).toMatchObject({ role: "remotecfg", health: { state: "healthy" } });
});
