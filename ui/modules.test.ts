/** Custom components, `foreach` and `import` as the page and Alloy's API have them: a real process, asked by path. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../functions/local/log.ts";
import { LocalProcess } from "../functions/local/process.ts";
import type { ComponentJson, DetailJson, RowJson, StatusJson } from "./api.ts";
import type { GraphJson } from "./drawing.ts";
import { type Page, statusPage } from "./status.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-modules-"));
const config = path.join(folder, "config.alloy");
const library = path.join(folder, "lib.alloy");
writeFileSync(
  library,
  `
declare "limited" {
  argument "forward_to" { }
  argument "rate" {
    optional = true
    default  = 100
  }
  loki.process "limit" {
    stage.static_labels { values = { rate = argument.rate.value } }
    forward_to = argument.forward_to.value
  }
  export "receiver" { value = loki.process.limit.receiver }
}
declare "unused" { }
`,
);
const text = `
import.file "lib" { filename = "lib.alloy" }
declare "outer" {
  argument "forward_to" { }
  lib.limited "inner" { forward_to = argument.forward_to.value }
  loki.process "mark" {
    stage.static_labels { values = { outer = "yes" } }
    forward_to = [lib.limited.inner.receiver]
  }
  export "receiver" { value = loki.process.mark.receiver }
}
declare "loud" {
  argument "text" { }
  argument "more" { optional = true }
  export "result" { value = string.to_upper(argument.text.value) }
  export "api_key" { value = argument.more.value.token }
}
loki.source.api "in" {
  http {
    listen_address = "127.0.0.1"
    listen_port    = 0
  }
  forward_to = [outer.main.receiver]
}
outer "main" { forward_to = [loki.write.out.receiver] }
loud "word" {
  text = "hush"
  more = { token = "hidden", name = "x" }
}
foreach "each" {
  collection = [{ name = "b/1", password = "hidden" }, { name = "a", password = "hidden" }]
  var        = "one"
  id         = "name"
  template {
    loki.process "p" {
      stage.static_labels { values = { name = one.name, loud = loud.word.result } }
      forward_to = [loki.write.out.receiver]
    }
  }
}
loki.write "out" {
  endpoint {
    url                 = "http://127.0.0.1:9/loki/api/v1/push"
    max_backoff_retries = 0
  }
}
`;

let local: LocalProcess;
let page: (path: string, query: URLSearchParams) => Page | undefined;

beforeAll(async () => {
  writeFileSync(config, text);
  const log = createLogger({ write: () => {} });
  local = new LocalProcess({ config, storagePath: path.join(folder, "data"), stability: "experimental", log });
  page = statusPage(local);
  await local.load();
});
afterAll(async () => {
  await local.stop();
  rmSync(folder, { recursive: true });
});

function ask<T>(place: string): T {
  const { pathname, searchParams } = new URL(`http://localhost/api/v0/web/${place}`);
  const answer = page(pathname, searchParams);
  if (answer?.status !== 200) throw new Error(`${place}: ${answer?.status} ${answer?.body}`);
  return JSON.parse(answer.body) as T; // what the API says it is
}
const statusOf = (place: string) => page(`/api/v0/web/${place}`, new URLSearchParams())?.status;
const rows = () => new Map(ask<StatusJson>("status").components.map(row => [row.id, row]));

async function push(line: string): Promise<void> {
  const { pipeline } = local;
  const trigger = pipeline?.triggers.find(each => each.trigger.kind === "http")?.trigger;
  const route = trigger?.kind === "http" ? trigger.routes.find(each => each.path === "/loki/api/v1/push") : undefined;
  const invocation = pipeline?.invocation({ deadlineMs: 50 });
  if (!route || !invocation) throw new Error("the configuration has the route");
  const body = Buffer.from(
    JSON.stringify({ streams: [{ stream: { app: "shop" }, values: [["1785578400000000000", line]] }] }),
  );
  const headers = { "content-type": "application/json" };
  await route.handle({ method: "POST", path: route.path, query: "", headers, body }, invocation);
}

test("rows are in order: holders before what they hold, siblings as they are written, items as in the collection", () => {
  const about = ({ id, role, inside, items, declares }: RowJson) =>
    [id, role, inside, items !== undefined && `${items} items`, declares !== undefined && `${declares} declared`]
      .filter(each => each !== undefined && each !== false)
      .join(" ");
  expect([...rows().values()].map(about)).toEqual([
    "import.file.lib import 0 2 declared",
    "loki.source.api.in component",
    "outer.main custom 3",
    "outer.main/lib.limited.inner custom 1",
    "outer.main/lib.limited.inner/loki.process.limit component",
    "outer.main/loki.process.mark component",
    "loud.word custom 0",
    "foreach.each foreach 2 2 items",
    "foreach.each/foreach_b_1_1 item 1",
    "foreach.each/foreach_b_1_1/loki.process.p component",
    "foreach.each/foreach_a_1 item 1",
    "foreach.each/foreach_a_1/loki.process.p component",
    "loki.write.out component",
  ]);
});

test("Alloy's list has one module at a time, with ids as they are in it", () => {
  const about = ({
    moduleID,
    localID,
    createdModuleIDs,
    referencesTo,
    referencedBy,
    dataFlowEdgesTo,
  }: ComponentJson) => ({
    ...{ moduleID, localID, createdModuleIDs, referencesTo, referencedBy, dataFlowEdgesTo },
  });
  const top = ask<ComponentJson[]>("components").map(about);
  expect(top.map(({ moduleID, localID }) => `${moduleID}/${localID}`)).toEqual([
    "/import.file.lib",
    "/loki.source.api.in",
    "/outer.main",
    "/loud.word",
    "/foreach.each",
    "/loki.write.out",
  ]);
  expect(top[2]).toEqual({
    moduleID: "",
    localID: "outer.main",
    createdModuleIDs: ["outer.main"],
    referencesTo: ["loki.write.out", "import.file.lib"],
    referencedBy: ["loki.source.api.in"],
    dataFlowEdgesTo: ["loki.write.out"],
  });
  expect(top[4]?.createdModuleIDs).toEqual(["foreach.each/foreach_b_1_1", "foreach.each/foreach_a_1"]);
  expect(ask<ComponentJson[]>("modules/outer.main/components").map(about)).toEqual([
    {
      moduleID: "outer.main",
      localID: "lib.limited.inner",
      createdModuleIDs: ["outer.main/lib.limited.inner"],
      referencesTo: [],
      referencedBy: ["loki.process.mark"],
      dataFlowEdgesTo: [],
    },
    {
      moduleID: "outer.main",
      localID: "loki.process.mark",
      createdModuleIDs: undefined,
      referencesTo: ["lib.limited.inner"],
      referencedBy: [],
      dataFlowEdgesTo: ["lib.limited.inner"],
    },
  ]);
  const item = ask<ComponentJson[]>("modules/foreach.each%2Fforeach_a_1/components");
  expect(item.map(({ moduleID, localID }) => [moduleID, localID])).toEqual([
    ["foreach.each/foreach_a_1", "loki.process.p"],
  ]);
  expect(ask("modules/outer.main/lib.limited.inner/components")).toHaveLength(1);
  expect(ask("modules/loud.word/components")).toEqual([]);
});

test.for([
  { it: "a module that is not there", place: "modules/no.such/components" },
  { it: "a module of a component that holds nothing", place: "modules/loki.write.out/components" },
  { it: "a component that is not in the module", place: "components/outer.main/loki.write.out" },
  { it: "the graph of what holds nothing", place: "graph?module=loki.write.out" },
  { it: "a configuration from a server, where there is none", place: "remotecfg/components" },
])("there is no $it", ({ place }) => {
  const { pathname, searchParams } = new URL(`http://localhost/api/v0/web/${place}`);
  expect(page(pathname, searchParams)?.status).toBe(404);
});

test("a component is found by its id, encoded or not", () => {
  expect(statusOf("components/outer.main/loki.process.mark")).toBe(200);
  expect(statusOf("components/outer.main%2Floki.process.mark")).toBe(200);
  expect(page("/component/outer.main/loki.process.mark", new URLSearchParams())?.type).toBe("text/html; charset=utf-8");
});

test.for([
  {
    it: "the top",
    module: "",
    boxes: "import.file.lib loki.source.api.in outer.main loud.word foreach.each loki.write.out",
    edges: [
      "loki.source.api.in > outer.main",
      "outer.main > loki.write.out",
      "foreach.each > loki.write.out",
      "import.file.lib ~ outer.main",
      "loud.word ~ foreach.each",
    ],
  },
  {
    it: "a custom component, with what its data comes from and goes to",
    module: "outer.main",
    boxes: "outer.main/lib.limited.inner outer.main/loki.process.mark (loki.write.out) (loki.source.api.in)",
    edges: [
      "outer.main/lib.limited.inner > loki.write.out",
      "outer.main/loki.process.mark > outer.main/lib.limited.inner",
      "loki.source.api.in > outer.main/loki.process.mark",
    ],
  },
  {
    it: "an item",
    module: "foreach.each/foreach_a_1",
    boxes: "foreach.each/foreach_a_1/loki.process.p (loki.write.out)",
    edges: ["foreach.each/foreach_a_1/loki.process.p > loki.write.out"],
  },
])("the drawing of $it has its members once and its ways once", ({ module, boxes, edges }) => {
  const { drawings } = ask<GraphJson>(`graph?module=${encodeURIComponent(module)}`);
  const [drawing] = drawings;
  const names = drawing?.boxes.map(({ id, outside }) => (outside ? `(${id})` : id)) ?? [];
  expect(names.toSorted()).toEqual(boxes.split(" ").toSorted());
  const ways = drawing?.edges.map(({ from, to, kind }) => `${from} ${kind === "data" ? ">" : "~"} ${to}`) ?? [];
  expect(ways.toSorted()).toEqual(edges.toSorted());
  expect(drawing?.edges.filter(edge => edge.path === "")).toEqual([]);
});

test("a foreach is drawn item by item, and what computes only or only declares is not drawn", () => {
  expect(ask<GraphJson>("graph?module=foreach.each").drawings.map(({ module }) => module)).toEqual([
    "foreach.each/foreach_b_1_1",
    "foreach.each/foreach_a_1",
  ]);
  expect(ask("graph?module=loud.word")).toEqual({ module: "loud.word", drawings: [], left: "empty" });
  expect(ask("graph?module=import.file.lib")).toEqual({ module: "import.file.lib", drawings: [], left: "empty" });
});

test("what goes through a custom component is seen at it, and at each component inside", async () => {
  await push("through");
  const counts = (id: string) => rows().get(id)?.totals;
  expect(counts("loki.source.api.in")).toEqual({ left: 1 });
  expect(counts("outer.main")).toEqual({ received: 1, failed: 0 });
  expect(counts("outer.main/lib.limited.inner")).toEqual({ received: 1, failed: 0 });
  expect(counts("outer.main/lib.limited.inner/loki.process.limit")).toEqual({ received: 1, failed: 0 });
  expect(counts("foreach.each")).toEqual({});
  const itemsOf = (id: string) =>
    ask<DetailJson>(`components/${encodeURIComponent(id)}`).items.map(({ title, about }) => `${title} ${about}`);
  expect(itemsOf("outer.main")).toEqual(["through app=shop"]);
  expect(itemsOf("outer.main/lib.limited.inner")).toEqual(["through app=shop outer=yes"]);
  expect(itemsOf("loki.write.out")).toEqual(["through app=shop outer=yes rate=100"]);
  expect(itemsOf("loki.source.api.in")).toEqual(["through app=shop"]);
  expect(itemsOf("foreach.each")).toEqual([]);
});

test("a custom component's page has its arguments, its exports, its file, and its ways at its own level", () => {
  const {
    role,
    arguments: given,
    exports,
    edges,
    declaredIn,
  } = ask<DetailJson>("components/outer.main%2Flib.limited.inner");
  expect({ role, given, exports, edges, declaredIn }).toEqual({
    role: "custom",
    given: [
      {
        name: "forward_to",
        type: "attr",
        value: { type: "array", value: [{ type: "capsule", value: 'capsule("loki.LogsReceiver")' }] },
        expression: "argument.forward_to.value",
      },
    ],
    exports: [{ name: "receiver", type: "attr", value: { type: "capsule", value: 'capsule("loki.LogsReceiver")' } }],
    edges: [
      { from: "outer.main/lib.limited.inner", to: "loki.write.out", kind: "data", signals: ["logs"] },
      { from: "outer.main/loki.process.mark", to: "outer.main/lib.limited.inner", kind: "data", signals: ["logs"] },
    ],
    declaredIn: "lib.alloy",
  });
  const word = ask<DetailJson>("components/loud.word");
  expect(word.exports).toEqual([
    { name: "result", type: "attr", value: { type: "string", value: "HUSH" } },
    { name: "api_key", type: "attr", value: { type: "capsule", value: "(secret)" } },
  ]);
  expect(JSON.stringify(word)).not.toContain("hidden");
});

test("an item shows its value, and no field that is called a secret", () => {
  const item = ask<DetailJson>("components/foreach.each%2Fforeach_b_1_1");
  expect([item.role, item.name, item.moduleID, item.health.state]).toEqual([
    "item",
    "foreach_b_1_1",
    "foreach.each",
    "healthy",
  ]);
  expect(item.arguments).toEqual([
    {
      name: "one",
      type: "attr",
      value: {
        type: "object",
        value: [
          { key: "name", value: { type: "string", value: "b/1" } },
          { key: "password", value: { type: "capsule", value: "(secret)" } },
        ],
      },
    },
  ]);
  expect(rows().get("foreach.each/foreach_b_1_1")?.about).toBe('{name = "b/1", password = (secret)}');
  const foreach = ask<DetailJson>("components/foreach.each");
  expect(foreach.arguments.map(({ name }) => name)).toEqual(["collection", "var", "id"]);
  for (const place of ["status", "components/foreach.each", "components/foreach.each%2Fforeach_a_1"])
    expect(JSON.stringify(ask(place))).not.toContain("hidden");
});

test("an import has its files, what they declare, and who uses it", () => {
  const { module, health } = ask<DetailJson>("components/import.file.lib");
  expect(health).toMatchObject({ state: "healthy", message: "read file" });
  expect(module).toEqual({
    files: [{ name: "lib.alloy", characters: expect.any(Number) }],
    declares: [
      {
        name: "limited",
        file: "lib.alloy",
        arguments: [
          { name: "forward_to", optional: false },
          { name: "rate", optional: true },
        ],
        exports: ["receiver"],
        uses: [],
      },
      { name: "unused", file: "lib.alloy", arguments: [], exports: [], uses: [] },
    ],
  });
});

test("items that come and go are there at once, in the collection's order, with another revision", async () => {
  const { revision } = ask<StatusJson>("status");
  expect(ask<StatusJson>("status").revision).toBe(revision);
  writeFileSync(config, text.replace(`{ name = "a", password = "hidden" }`, `{ name = "c" }, { name = "a" }`));
  await local.load();
  const after = ask<StatusJson>("status");
  expect(after.revision).toBeGreaterThan(revision);
  expect(after.components.filter(({ role }) => role === "item").map(({ about }) => about)).toEqual([
    '{name = "b/1", password = (secret)}',
    '{name = "c"}',
    '{name = "a"}',
  ]);
});

test("a foreach of many items is a list, one box at the top, with one way out", async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `"n${i}"`).join(", ");
  writeFileSync(
    config,
    `${text}
foreach "many" {
  collection = [${names}]
  var        = "name"
  template {
    lib.limited "l" { forward_to = [loki.write.out.receiver] }
    loki.process "p" { forward_to = [lib.limited.l.receiver] }
  }
}`,
  );
  await local.load();
  expect(ask("graph?module=foreach.many")).toEqual({ module: "foreach.many", drawings: [], left: "large" });
  const { drawings } = ask<GraphJson>("graph");
  expect(
    drawings[0]?.edges.filter(({ from }) => from === "foreach.many").map(({ to, kind }) => `${kind} ${to}`),
  ).toEqual(["data loki.write.out"]);
  expect(rows().get("foreach.many")).toMatchObject({ items: 1000, inside: 3000 });
  expect(ask<ComponentJson[]>("components")).toHaveLength(7);
  expect(ask("modules/foreach.many%2Fforeach_n999_1/components")).toHaveLength(2);
});
