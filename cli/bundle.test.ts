import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const amalgam = (...args: string[]) =>
  spawnSync(process.execPath, [path.join(import.meta.dirname, "main.ts"), ...args], { encoding: "utf8" });

test("bundle writes a function and says what is in it", () => {
  const out = path.join(folder, "out");
  const { stdout, stderr, status } = amalgam("bundle", "examples/quickstart.alloy", "--out", out);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  const [file, size, ...components] = stdout.trimEnd().split("\n");
  expect(file).toBe(`${path.join(out, "index.mjs")} (handler: index.handler)`);
  expect(size).toMatch(/^\d+ KiB, \d+ KiB compressed$/);
  expect(components.length).toBeGreaterThan(1);
  expect(components.every(line => /^ {2}\w+(\.\w+)+$/.test(line))).toBe(true);
  expect(existsSync(path.join(out, "index.mjs"))).toBe(true);
});

test("bundle says why it can't", () => {
  const { stderr, status } = amalgam("bundle", "missing.alloy", "--out", folder);
  expect({ stderr, status }).toEqual({
    stderr: "Error: missing.alloy: no such file or directory\n",
    status: 1,
  });
});
