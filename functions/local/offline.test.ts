import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { loadOffline } from "./offline.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "offline-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = (text: string, readValues?: boolean) => {
  const config = path.join(folder, "a.alloy");
  writeFileSync(config, text);
  return loadOffline(config, { stability: "generally-available", log: testLog(), ...(readValues && { readValues }) });
};

test("a configuration is loaded without listening anywhere", async () => {
  const text = 'loki.source.api "in" {\nhttp {\nlisten_port = 1\n}\nforward_to = []\n}';
  const { pipeline, diagnostics } = await load(text);
  expect(diagnostics).toEqual([]);
  expect(pipeline?.triggers.map(({ trigger }) => trigger.kind)).toEqual(["http", "records"]);
  await pipeline?.close();
});

test.for([
  { text: "x {", messages: ["expected }, got EOF"] },
  { text: 'local.file "f" { }', messages: ['missing required attribute "filename"'] },
])("$text is told to be wrong", async ({ text, messages }) => {
  const { pipeline, diagnostics } = await load(text);
  expect([pipeline, diagnostics.map(({ message }) => message)]).toEqual([undefined, messages]);
});

test("values are read only where data needs them, and stand-ins are there where not", async () => {
  const text =
    'remote.http "v" {\n  url = "http://127.0.0.1:1"\n}\nloki.write "w" {\n  endpoint {\n    url = remote.http.v.content\n  }\n}';
  const { pipeline, diagnostics } = await load(text);
  expect([pipeline?.components.map(({ node }) => node.id), diagnostics]).toEqual([
    ["remote.http.v", "loki.write.w"],
    [],
  ]);
  await pipeline?.close();
  expect((await load(text, true)).diagnostics.map(({ message }) => message)).toEqual([
    "remote.http.v could not be built: polling failed: performing request: http://127.0.0.1:1/: connect ECONNREFUSED 127.0.0.1:1",
  ]);
});
