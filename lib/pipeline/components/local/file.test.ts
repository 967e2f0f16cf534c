import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { OptionalSecret } from "../../eval/value.ts";
import type { Host } from "../../graph/component.ts";
import { testHost } from "../../graph/testing.ts";
import { localFile } from "./file.ts";

let folder: string;
const closing: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "local-file-"));
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

const write = (text: string, name = "f.txt") => writeFileSync(path.join(folder, name), text);

interface Started {
  readonly content: string;
  readonly isSecret: boolean;
  /** Contents that were exported after the first. */
  readonly seen: readonly string[];
  readonly health: readonly string[];
  readonly refresh: { readonly everyMs: number; readonly run: () => Promise<void> } | undefined;
  /** Resolves when the last content that was exported, and the health, are these. */
  until(content: string | undefined, health?: string): Promise<void>;
}

async function start(args: Record<string, unknown> = {}, overrides: Partial<Host> = {}): Promise<Started> {
  const seen: string[] = [];
  const health: string[] = [];
  const host = testHost({
    directory: folder,
    setExports: exports => seen.push((exports as { content: OptionalSecret }).content.reveal()), // as the schema says
    reportHealth: (state, message) => health.push(`${state}: ${message.replace(/:.*/, "")}`),
    ...overrides,
  });
  const { exports, close, refresh } = await localFile.build(
    localFile.args.decode({ filename: "f.txt", ...args }),
    host,
  );
  closing.push(() => close?.());
  const until = async (content: string | undefined, state?: string) => {
    while (seen.at(-1) !== content || (state !== undefined && health.at(-1) !== state))
      await new Promise(resolve => setTimeout(resolve, 5));
  };
  if (!exports) throw new Error("should have exports");
  return { content: exports.content.reveal(), isSecret: exports.content.isSecret, seen, health, refresh, until };
}

test.for<{ it: string; args: Record<string, unknown>; out: object }>([
  { it: "exports the content as it is", args: {}, out: { content: " one\n", isSecret: false } },
  { it: "as a secret where that is wanted", args: { is_secret: true }, out: { content: " one\n", isSecret: true } },
  {
    it: "of a file in a folder below the configuration",
    args: { filename: "sub/g.txt" },
    out: { content: "two", isSecret: false },
  },
])("$it", async ({ args, out }) => {
  write(" one\n");
  mkdirSync(path.join(folder, "sub"));
  write("two", "sub/g.txt");
  expect(await start({ detector: "poll", ...args })).toMatchObject(out);
});

test("an absolute path is one", async () => {
  write("one");
  expect((await start({ filename: path.join(folder, "f.txt") }, { directory: "/nowhere" })).content).toBe("one");
});

test("a file that is not there fails the load", async () => {
  await expect(start()).rejects.toThrow("ENOENT");
});

describe.for(["fsnotify", "poll"])("with %s", detector => {
  const args = { detector, poll_frequency: detector === "poll" ? "10ms" : "1h" };

  test("a change is exported", async () => {
    write("one");
    const { until } = await start(args);
    write("two");
    await until("two");
  });

  test("a file that is put in its place is exported", async () => {
    write("one");
    const { until } = await start(args);
    write("two", "next.txt");
    renameSync(path.join(folder, "next.txt"), path.join(folder, "f.txt"));
    await until("two");
  });

  test("a file behind a link that changes is exported, as Kubernetes does it", async () => {
    for (const version of ["v1", "v2"]) {
      mkdirSync(path.join(folder, version));
      write(version, `${version}/f.txt`);
    }
    symlinkSync("v1", path.join(folder, "..data"));
    symlinkSync("..data/f.txt", path.join(folder, "f.txt"));
    const { content, until } = await start(args);
    symlinkSync("v2", path.join(folder, "..data_tmp"));
    renameSync(path.join(folder, "..data_tmp"), path.join(folder, "..data"));
    await until("v2");
    expect(content).toBe("v1");
  });

  test("a file that goes leaves the last content, and says so, until it comes back", async () => {
    write("one");
    const { until } = await start(args);
    write("two");
    await until("two");
    rmSync(path.join(folder, "f.txt"));
    await until("two", "unhealthy: failed to read file");
    write("three");
    await until("three", "healthy: read file");
  });
});

test("in a function nothing is watched: the file is read again when it is older than poll_frequency", async () => {
  write("one");
  const { seen, health, refresh } = await start({ poll_frequency: "1ms" }, { mode: "function" });
  write("two");
  await new Promise(resolve => setTimeout(resolve, 30));
  expect([seen, refresh?.everyMs]).toEqual([[], 1]);
  await refresh?.run();
  expect([seen, health]).toEqual([["two"], ["healthy: read file"]]);
  rmSync(path.join(folder, "f.txt"));
  await expect(refresh?.run()).rejects.toThrow("ENOENT");
  expect(seen).toEqual(["two"]);
});

test("in the local process it does that itself", async () => {
  write("one");
  expect((await start()).refresh).toBeUndefined();
});

test("a component that is closed watches no more", async () => {
  write("one");
  const { seen } = await start({ poll_frequency: "5ms" });
  for (const close of closing.splice(0)) await close();
  const count = seen.length;
  write("two");
  await new Promise(resolve => setTimeout(resolve, 30));
  expect(seen.length).toBe(count);
});

test.for([
  { poll_frequency: "1s", problems: [] },
  { poll_frequency: "0s", problems: [{ path: ["poll_frequency"], message: "poll_frequency must be greater than 0" }] },
  { poll_frequency: "-1s", problems: [{ path: ["poll_frequency"], message: "poll_frequency must be greater than 0" }] },
])("a poll_frequency of $poll_frequency", ({ poll_frequency, problems }) => {
  expect([...(localFile.check?.(localFile.args.decode({ filename: "f", poll_frequency })) ?? [])]).toEqual(problems);
});
