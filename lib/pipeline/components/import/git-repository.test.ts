import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GitWorkplace, testRepository } from "./testing.ts";

let place: GitWorkplace;
beforeEach(async () => {
  place = await GitWorkplace.make();
});
afterEach(() => place.remove());

describe("a revision", () => {
  test("is a branch, a tag, a commit, or what leads to one", async () => {
    const first = await place.repository.commit({ "a.alloy": "1" });
    await place.repository.git("tag", "light");
    await place.repository.git("tag", "--annotate", "--message=t", "heavy");
    await place.repository.commit({ "a.alloy": "2" });
    await place.repository.git("branch", "feature/x");
    const last = await place.repository.commit({ "a.alloy": "3" });
    const revisions = [
      "main",
      "light",
      "heavy",
      "feature/x",
      "refs/heads/feature/x",
      "main~2",
      first,
      first.slice(0, 8),
    ];
    const found: Record<string, string | undefined> = {};
    for (const revision of [...revisions, last])
      found[revision] = (await place.start({ revision })).content["repo.git/a.alloy"];
    expect(found).toEqual({
      main: "3",
      light: "1",
      heavy: "1",
      "feature/x": "2",
      "refs/heads/feature/x": "2",
      "main~2": "1",
      [first]: "1",
      [first.slice(0, 8)]: "1",
      [last]: "3",
    });
  });

  test("that is a tag and a branch is the tag", async () => {
    await place.repository.commit({ "a.alloy": "tag" });
    await place.repository.git("tag", "both");
    await place.repository.git("branch", "both");
    await place.repository.git("checkout", "--quiet", "refs/heads/both");
    await place.repository.commit({ "a.alloy": "branch" });
    expect((await place.start({ revision: "both" })).content).toEqual({ "repo.git/a.alloy": "tag" });
  });

  test("that the repository doesn't have fails the load", async () => {
    await place.repository.commit({ "a.alloy": "" });
    expect(await place.failure({ revision: "gone" })).toBe('updating component: invalid revision "gone"');
    expect(await place.failure({ revision: "0123456789".repeat(4) })).toBe(
      `updating component: invalid revision "${"0123456789".repeat(4)}"`,
    );
  });
});

describe("a refresh", () => {
  test("exports what has changed, and what came to a folder", async () => {
    await place.repository.commit({ "a.alloy": "1", "b.alloy": "b" });
    const { content, refresh, seen, health } = await place.start({ path: ".", pull_frequency: "5m" });
    expect([content, refresh?.everyMs]).toEqual([{ "repo.git/a.alloy": "1", "repo.git/b.alloy": "b" }, 300_000]);
    await refresh?.run();
    await place.repository.commit({ "note.txt": "" });
    await refresh?.run();
    expect(seen).toEqual([]);
    rmSync(path.join(place.repository.folder, "b.alloy"));
    await place.repository.commit({ "a.alloy": "2", "c.alloy": "c" });
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2", "repo.git/c.alloy": "c" }]);
    expect(health).toEqual(Array(4).fill("healthy: module updated"));
  });

  test("follows a branch whose history was replaced", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    const { refresh, seen } = await place.start();
    await place.repository.git("checkout", "--quiet", "--orphan", "other");
    await place.repository.commit({ "a.alloy": "2" });
    await place.repository.git("branch", "--force", "main");
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2" }]);
  });

  test("that fails keeps the last content, and the next one goes on", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    const { path: copy, refresh, seen } = await place.start();
    await place.repository.git("branch", "--move", "main", "away");
    await expect(refresh?.run()).rejects.toThrow('invalid revision "main"');
    expect(readFileSync(path.join(copy, "a.alloy"), "utf8")).toBe("1");
    await place.repository.git("branch", "--move", "away", "main");
    await place.repository.git("mv", "a.alloy", "b.alloy");
    await place.repository.commit({});
    await expect(refresh?.run()).rejects.toThrow("stat a.alloy: no such file or directory");
    expect(seen).toEqual([]);
    await place.repository.commit({ "a.alloy": "2" });
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2" }]);
  });

  test("replaces a copy that is broken", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    const { path: copy, refresh, seen } = await place.start();
    rmSync(path.join(copy, ".git/objects"), { recursive: true });
    await place.repository.commit({ "a.alloy": "2" });
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2" }]);
  });

  test("doesn't happen with a pull_frequency of 0", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    expect((await place.start({ pull_frequency: "0s" })).refresh).toBeUndefined();
  });
});

test("a copy of an earlier run stands in for a repository that can't be reached", async () => {
  await place.repository.commit({ "a.alloy": "1" });
  const first = await place.start();
  await place.repository.git("branch", "x");
  rmSync(place.repository.folder, { recursive: true });
  const { content, path: copy, health } = await place.start();
  expect([content, copy]).toEqual([{ "repo.git/a.alloy": "1" }, first.path]);
  expect(health).toEqual([expect.stringMatching(/^unhealthy: failed to update repository "repo\.git": /)]);
  expect(await place.failure({ revision: "x" })).toMatch(
    /^updating component: failed to download repository "repo\.git": '.*\/repo\.git' does not appear to be a git repository/,
  );
});

test("two blocks share a copy, and nobody else can read it", async () => {
  await place.repository.commit({ "a.alloy": "A", "b.alloy": "B" });
  const [a, b] = await Promise.all([place.start(), place.start({ path: "b.alloy" })]);
  expect([a.content, b.content, a.path === b.path]).toEqual([
    { "repo.git/a.alloy": "A" },
    { "repo.git/b.alloy": "B" },
    true,
  ]);
  expect(statSync(path.join(place.folder, "data/git")).mode & 0o777).toBe(0o700);
});

test("submodules are there, also in a repository of the same place", async () => {
  const other = await testRepository(path.join(place.folder, "other.git"));
  await other.commit({ "lib.alloy": "L" });
  await place.repository.commit({ "a.alloy": "A" });
  await place.repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../other.git", "libs");
  await place.repository.git("commit", "--quiet", "--message=libs");
  expect((await place.start({ repository: `file://${place.repository.folder}`, path: "libs" })).content).toEqual({
    [`file://${place.repository.folder}/libs/lib.alloy`]: "L",
  });
});

test("what a killed process has left goes after an hour, what may still be in use stays", async () => {
  await place.repository.commit({ "a.alloy": "A" });
  const { path: copy, refresh } = await place.start();
  const [old, young] = ["access-old", "access-young"].map(name => path.join(copy, "..", name)) as [string, string]; // two
  for (const folder of [old, young]) mkdirSync(folder);
  const before = Date.now() / 1000 - 4000;
  utimesSync(old, before, before);
  await refresh?.run();
  expect([existsSync(old), existsSync(young), existsSync(copy)]).toEqual([false, true, true]);
});

test("a folder that others can write to is not used", async () => {
  await place.repository.commit({ "a.alloy": "A" });
  const folder = path.join(place.folder, "data/git");
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  expect(await place.failure()).toBe(
    `updating component: ${folder} should be a folder that only this user can write to`,
  );
});

test("hooks and programs of the user's configuration are not run", async () => {
  const ran = path.join(place.folder, "ran");
  const hooks = path.join(place.folder, "hooks");
  mkdirSync(hooks);
  writeFileSync(path.join(hooks, "post-checkout"), `#!/bin/sh\ntouch '${ran}'\n`, { mode: 0o755 });
  const configuration = path.join(place.folder, "gitconfig");
  writeFileSync(configuration, `[core]\n\thooksPath = ${hooks}\n\tfsmonitor = touch '${ran}'\n`);
  vi.stubEnv("GIT_CONFIG_GLOBAL", configuration);
  await place.repository.commit({ "a.alloy": "A" });
  expect((await place.start()).content).toEqual({ "repo.git/a.alloy": "A" });
  expect(existsSync(ran)).toBe(false);
});
