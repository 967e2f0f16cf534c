import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testLog } from "../../lib/pipeline/graph/testing.ts";
import { parseFile } from "../../lib/pipeline/syntax/parser.ts";
import { levelOf, loadFunction } from "./entry.ts";

test.for([
  { name: undefined, level: "info" },
  { name: "TRACE", level: "debug" },
  { name: "DEBUG", level: "debug" },
  { name: "INFO", level: "info" },
  { name: "WARN", level: "warn" },
  { name: "ERROR", level: "error" },
  { name: "FATAL", level: "error" },
  { name: "debug", level: "debug" },
])("AWS_LAMBDA_LOG_LEVEL $name logs from $level", ({ name, level }) => {
  expect(levelOf(name)).toBe(level);
});

/** What a function with a configuration writes when it gets an event that is none. */
function logged(config: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "entry-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(path.join(folder, "a.alloy"), config);
  const program = `
    import { startFunction } from ${JSON.stringify(path.resolve(import.meta.dirname, "entry.ts"))};
    const handler = await startFunction({ nodes: "", definitions: [], stability: "generally-available" });
    await handler({ no: "event" }, { awsRequestId: "1" }).catch(() => {});`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { AMALGAM_CONFIG: path.join(folder, "a.alloy") },
    encoding: "utf8",
  });
  return stderr.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, "TIME").slice(0, 90);
}

test.for([
  {
    it: "is JSON without a logging block",
    config: "",
    starts: '{"timestamp":"TIME","level":"error","message":"invocation failed","requestId":"1"',
  },
  {
    it: "stays so with a level",
    config: 'logging {\nlevel = "warn"\n}',
    starts: '{"timestamp":"TIME","level":"error"',
  },
  { it: "has the form of the block", config: 'logging {\nformat = "logfmt"\n}', starts: "ts=TIME level=error msg=" },
])("a function's log $it", ({ config, starts }) => {
  expect(logged(config)).toMatch(new RegExp(`^${starts.replace(/[{}]/g, "\\$&")}`));
});

test.for([
  { it: "a server to ask is nothing that fails a load", text: 'remotecfg {\nurl = "http://a"\n}' },
  { it: "no server is nothing", text: "remotecfg { }" },
  { it: "blocks of the local process mean nothing", text: "livedebugging { }\nhttp { }\ntracing { }" },
])("in a function $it", async ({ text }) => {
  const { file } = parseFile({ name: "a.alloy", text });
  const options = { definitions: [], stability: "generally-available", directory: "/", log: testLog() } as const;
  expect((await loadFunction([file], options)).components).toEqual([]);
});
