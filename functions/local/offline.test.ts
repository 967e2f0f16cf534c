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

const load = (text: string) => {
  const config = path.join(folder, "a.alloy");
  writeFileSync(config, text);
  return loadOffline(config, { stability: "generally-available", log: testLog() });
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
