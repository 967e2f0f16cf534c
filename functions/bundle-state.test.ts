import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { parseFile } from "../lib/pipeline/syntax/parser.ts";
import { bundle } from "./bundle.ts";
import { mayKeepState } from "./bundle-state.ts";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-state-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const limit = `
loki.source.api "in" {
  http { }
  forward_to = [loki.process.few.receiver]
}
loki.process "few" {
  stage.limit {
    rate  = 1
    burst = 1
  }
  forward_to = []
}`;
const none = 'loki.source.api "in" {\n  http { }\n  forward_to = []\n}';

let count = 0;
async function bundled(text: string, state: string) {
  vi.stubEnv("AMALGAM_STATE", state);
  const config = path.join(folder, `${count}.alloy`);
  writeFileSync(config, text);
  const { files } = await bundle({ config, outdir: path.join(folder, String(count++)), target: "aws" });
  const codes = files.map(file => readFileSync(file, "utf8"));
  return { files: files.map(file => path.basename(file)), dynamo: codes.join("").includes("DynamoDB_20120810") };
}

test.for([
  { it: "nothing, where no state is kept", text: none, state: "redis://cache", files: [], dynamo: false },
  { it: "DynamoDB, where some is", text: limit, state: "dynamodb:shop", files: [], dynamo: true },
  { it: "DynamoDB also if a later AMALGAM_STATE may name it", text: limit, state: "", files: [], dynamo: true },
  {
    it: "Redis beside it, if AMALGAM_STATE names one",
    text: limit,
    state: "redis://cache",
    files: ["redis.mjs"],
    dynamo: true,
  },
])("a bundle has $it", async ({ text, state, files, dynamo }) => {
  expect(await bundled(text, state)).toEqual({ files: ["index.mjs", "later.cjs", ...files], dynamo });
});

test("an AMALGAM_STATE that means nothing is refused", async () => {
  await expect(bundled(limit, "sqlite")).rejects.toThrow(
    'AMALGAM_STATE should be memory, dynamodb:TABLE, redis://HOST or rediss://HOST, got "sqlite"',
  );
});

test("each component that needs state is known: who adds one adds its name to bundle-state.ts", () => {
  const components = path.join(import.meta.dirname, "../lib/pipeline/components");
  const sources = readdirSync(components, { recursive: true, encoding: "utf8" }).filter(
    file => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const needing = sources.filter(file => /\bstate: true\b/.test(readFileSync(path.join(components, file), "utf8")));
  const keepers: Readonly<Record<string, string>> = {
    "loki/process/process.ts": limit,
    "loki/source/s3.ts": 'loki.source.s3 "a" { }',
    "prometheus/remote_write.ts": 'prometheus.remote_write "a" { }',
    "prometheus/scrape.ts": 'prometheus.scrape "a" { }',
  };
  expect(needing.sort()).toEqual(Object.keys(keepers));
  const keeps = (text: string) => mayKeepState([parseFile({ name: "a.alloy", text }).file]);
  expect(Object.values(keepers).map(keeps)).toEqual(needing.map(() => true));
  expect(keeps(none)).toBe(false);
});
