import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Host } from "../../graph/component.ts";
import type { ModuleContent } from "../../graph/module-content.ts";
import { testHost } from "../../graph/testing.ts";
import { importFile } from "./file.ts";

let folder: string;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "import-file-"));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

const shown = ({ files, path: at }: ModuleContent) => ({
  files: Object.fromEntries(files.map(({ name, text }) => [name, text])),
  path: path.relative(folder, at),
});

async function start(args: Record<string, unknown>, overrides: Partial<Host> = {}) {
  const seen: ReturnType<typeof shown>[] = [];
  const health: string[] = [];
  const host = testHost({
    directory: folder,
    setExports: exports => seen.push(shown((exports as { content: ModuleContent }).content)), // as the schema says
    reportHealth: (state, message) => health.push(`${state}: ${message}`),
    ...overrides,
  });
  const { exports, close } = await importFile.build(importFile.args.decode(args), host);
  closing.push(() => close?.());
  if (!exports) throw new Error("should have exports");
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise(resolve => setTimeout(resolve, 5));
  };
  return { content: shown(exports.content), seen, health, until };
}

test.for([
  { it: "a file", filename: "a.alloy", content: { files: { "a.alloy": "A" }, path: "" } },
  { it: "a file of any name", filename: "mods/note.txt", content: { files: { "mods/note.txt": "N" }, path: "mods" } },
  {
    it: "a folder's .alloy files in the order of their names, and none below it",
    filename: "./mods",
    content: { files: { "mods/B.alloy": "B", "mods/a.alloy": "A", "mods/é.alloy": "E" }, path: "mods" },
  },
  { it: "a folder without any", filename: "empty", content: { files: {}, path: "empty" } },
])("imports $it", async ({ filename, content }) => {
  write({
    "a.alloy": "A",
    "mods/é.alloy": "E",
    "mods/a.alloy": "A",
    "mods/B.alloy": "B",
    "mods/note.txt": "N",
    "mods/below/c.alloy": "C",
    "mods/folder.alloy/d.alloy": "D",
    "empty/x.txt": "",
  });
  const { content: found, health } = await start({ filename, detector: "poll" });
  expect(found).toEqual(content);
  expect(Object.keys(found.files)).toEqual(Object.keys(content.files));
  expect(health).toEqual(["healthy: read file"]);
});

test("an absolute name is taken as it is", async () => {
  write({ "mods/a.alloy": "A" });
  const filename = path.join(folder, "mods");
  const { content } = await start({ filename }, { directory: "/nowhere" });
  expect(content).toEqual({ files: { [path.join(filename, "a.alloy")]: "A" }, path: "mods" });
});

test("what can't be read fails the load, by the name that the user gave", async () => {
  write({ "a.alloy": "", "mods/a.alloy": "" });
  rmSync(path.join(folder, "mods/a.alloy"));
  symlinkSync("nowhere", path.join(folder, "mods/a.alloy"));
  const failure = (filename: string) => start({ filename }).catch((error: Error) => error.message);
  expect(await failure("gone.alloy")).toBe("failed to read file: stat gone.alloy: no such file or directory");
  expect(await failure("./a.alloy/b")).toBe("failed to read file: stat ./a.alloy/b: not a directory");
  expect(await failure("mods")).toBe("failed to read file: open mods/a.alloy: no such file or directory");
});

test.skipIf(process.getuid?.() === 0)("a file of others fails the load", async () => {
  write({ "a.alloy": "" });
  chmodSync(path.join(folder, "a.alloy"), 0);
  await expect(start({ filename: "a.alloy" })).rejects.toThrow("failed to read file: open a.alloy: permission denied");
});

describe.for(["fsnotify", "poll"])("with %s", detector => {
  const watching = { detector, poll_frequency: detector === "poll" ? "10ms" : "1h" };

  test("a change of a file is exported", async () => {
    write({ "a.alloy": "1" });
    const { seen, until } = await start({ filename: "a.alloy", ...watching });
    write({ "next.alloy": "2" });
    renameSync(path.join(folder, "next.alloy"), path.join(folder, "a.alloy"));
    await until(() => seen.length > 0);
    expect(seen).toEqual([{ files: { "a.alloy": "2" }, path: "" }]);
  });

  test("files that come into a folder and go from it are exported, others are not", async () => {
    write({ "mods/a.alloy": "A" });
    const { seen, until } = await start({ filename: "mods", ...watching });
    write({ "mods/note.txt": "N", "mods/b.alloy": "B" });
    await until(() => seen.at(-1)?.files["mods/b.alloy"] === "B");
    rmSync(path.join(folder, "mods/a.alloy"));
    await until(() => seen.at(-1)?.files["mods/a.alloy"] === undefined);
    expect(seen.at(-1)).toEqual({ files: { "mods/b.alloy": "B" }, path: "mods" });
  });

  test("a file that goes leaves the last content and says so, until it comes back", async () => {
    write({ "a.alloy": "1" });
    const { seen, health, until } = await start({ filename: "a.alloy", ...watching });
    rmSync(path.join(folder, "a.alloy"));
    await until(() => health.at(-1) === "unhealthy: failed to read file: stat a.alloy: no such file or directory");
    expect(seen).toEqual([]);
    write({ "a.alloy": "2" });
    await until(() => seen.at(-1)?.files["a.alloy"] === "2" && health.at(-1) === "healthy: read file");
  });
});

test("the same texts are not exported again", async () => {
  write({ "a.alloy": "1" });
  const { seen, health, until } = await start({ filename: "a.alloy", detector: "poll", poll_frequency: "5ms" });
  await until(() => health.length > 3);
  expect(seen).toEqual([]);
});

test("in a function nothing is watched", async () => {
  write({ "a.alloy": "1" });
  const { health } = await start({ filename: "a.alloy", poll_frequency: "1ms" }, { mode: "function" });
  write({ "a.alloy": "2" });
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(health).toEqual(["healthy: read file"]);
});

test("an import that is closed watches no more", async () => {
  write({ "a.alloy": "1" });
  const { health } = await start({ filename: "a.alloy", poll_frequency: "5ms" });
  write({ "a.alloy": "2" });
  for (const close of closing.splice(0)) await close();
  const { length } = health;
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(health).toHaveLength(length);
});

test("poll_frequency must be a time", () => {
  const args = importFile.args.decode({ filename: "a", poll_frequency: "0s" });
  expect(importFile.check?.(args)).toEqual([
    { path: ["poll_frequency"], message: "poll_frequency must be greater than 0" },
  ]);
});
