import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Host } from "../../graph/component.ts";
import type { ModuleContent } from "../../graph/module-content.ts";
import { testHost } from "../../graph/testing.ts";
import { importGit } from "./git.ts";
import { type TestRepository, testGitServer, testRepository } from "./git-testing.ts";

let folder: string;
let repository: TestRepository;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "import-git-"));
  vi.stubEnv("AMALGAM_DATA", path.join(folder, "data"));
  vi.stubEnv("GIT_CONFIG_GLOBAL", "/dev/null");
  vi.stubEnv("GIT_CONFIG_NOSYSTEM", "1");
  vi.stubEnv("GIT_DIR", "/nowhere"); // as within a hook
  repository = await testRepository(path.join(folder, "repo.git"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const texts = ({ files }: ModuleContent) => Object.fromEntries(files.map(({ name, text }) => [name, text]));

async function start(args: Record<string, unknown>, overrides: Partial<Host> = {}) {
  const seen: Record<string, string>[] = [];
  const health: string[] = [];
  const host = testHost({
    directory: folder,
    setExports: exports => seen.push(texts((exports as { content: ModuleContent }).content)), // as the schema says
    reportHealth: (state, message) => health.push(`${state}: ${message}`),
    ...overrides,
  });
  const decoded = importGit.args.decode({ repository: "repo.git", path: "a.alloy", ...args });
  const { exports, refresh } = await importGit.build(decoded, host);
  if (!exports) throw new Error("should have exports");
  return { content: texts(exports.content), path: exports.content.path, refresh, seen, health };
}

const failure = (args: Record<string, unknown>, overrides: Partial<Host> = {}) =>
  start(args, overrides).then(
    () => "no failure",
    (error: Error) => error.message,
  );

describe("a revision", () => {
  test("is a branch, a tag, a commit, or what leads to one", async () => {
    const first = await repository.commit({ "a.alloy": "1" });
    await repository.git("tag", "light");
    await repository.git("tag", "--annotate", "--message=t", "heavy");
    await repository.commit({ "a.alloy": "2" });
    await repository.git("branch", "feature/x");
    const last = await repository.commit({ "a.alloy": "3" });
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
      found[revision] = (await start({ revision })).content["repo.git/a.alloy"];
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
    await repository.commit({ "a.alloy": "tag" });
    await repository.git("tag", "both");
    await repository.git("branch", "both");
    await repository.git("checkout", "--quiet", "refs/heads/both");
    await repository.commit({ "a.alloy": "branch" });
    expect((await start({ revision: "both" })).content).toEqual({ "repo.git/a.alloy": "tag" });
  });

  test("that the repository doesn't have fails the load", async () => {
    await repository.commit({ "a.alloy": "" });
    expect(await failure({ revision: "gone" })).toBe('updating component: invalid revision "gone"');
    expect(await failure({ revision: "0123456789".repeat(4) })).toBe(
      `updating component: invalid revision "${"0123456789".repeat(4)}"`,
    );
  });
});

describe("a path", () => {
  beforeEach(async () => {
    mkdirSync(path.join(repository.folder, "mods"));
    symlinkSync("/etc/passwd", path.join(repository.folder, "out.alloy"));
    symlinkSync("a.alloy", path.join(repository.folder, "in.alloy"));
    await repository.commit({ "a.alloy": "A", "mods/b.alloy": "B", "mods/c.txt": "C", "mods/d/e.alloy": "E" });
  });

  test.for([
    { it: "a file", path: "mods/d/e.alloy", content: { "repo.git/mods/d/e.alloy": "E" } },
    { it: "a folder, without those below", path: "mods", content: { "repo.git/mods/b.alloy": "B" } },
    { it: "one from the root", path: "/mods", content: { "repo.git//mods/b.alloy": "B" } },
    { it: "a link in the repository", path: "in.alloy", content: { "repo.git/in.alloy": "A" } },
  ])("is $it", async ({ path: name, content }) => {
    const started = await start({ path: name });
    expect(started.content).toEqual(content);
    expect(readFileSync(path.join(started.path, "mods/c.txt"), "utf8")).toBe("C"); // the whole repository is there
  });

  test.for([
    { path: "gone.alloy", message: "stat gone.alloy: no such file or directory" },
    { path: "../../etc/passwd", message: "stat ../../etc/passwd: no such file or directory" },
    { path: "/../../etc/passwd", message: "stat /../../etc/passwd: no such file or directory" },
    { path: "out.alloy", message: "out.alloy leads out of the repository" },
    { path: ".", message: "out.alloy leads out of the repository" },
  ])("$path fails the load", async ({ path: name, message }) => {
    expect(await failure({ path: name })).toBe(`updating component: ${message}`);
  });
});

describe("a refresh", () => {
  test("exports what has changed, and what came to a folder", async () => {
    await repository.commit({ "a.alloy": "1", "b.alloy": "b" });
    const { content, refresh, seen, health } = await start({ path: ".", pull_frequency: "5m" });
    expect([content, refresh?.everyMs]).toEqual([{ "repo.git/a.alloy": "1", "repo.git/b.alloy": "b" }, 300_000]);
    await refresh?.run();
    await repository.commit({ "note.txt": "" });
    await refresh?.run();
    expect(seen).toEqual([]);
    rmSync(path.join(repository.folder, "b.alloy"));
    await repository.commit({ "a.alloy": "2", "c.alloy": "c" });
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2", "repo.git/c.alloy": "c" }]);
    expect(health).toEqual(Array(4).fill("healthy: module updated"));
  });

  test("follows a branch whose history was replaced", async () => {
    await repository.commit({ "a.alloy": "1" });
    const { refresh, seen } = await start({});
    await repository.git("checkout", "--quiet", "--orphan", "other");
    await repository.commit({ "a.alloy": "2" });
    await repository.git("branch", "--force", "main");
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2" }]);
  });

  test("that fails keeps the last content, and the next one goes on", async () => {
    await repository.commit({ "a.alloy": "1" });
    const { path: copy, refresh, seen } = await start({});
    await repository.git("branch", "--move", "main", "away");
    await expect(refresh?.run()).rejects.toThrow('invalid revision "main"');
    expect(readFileSync(path.join(copy, "a.alloy"), "utf8")).toBe("1");
    await repository.git("branch", "--move", "away", "main");
    await repository.git("mv", "a.alloy", "b.alloy");
    await repository.commit({});
    await expect(refresh?.run()).rejects.toThrow("stat a.alloy: no such file or directory");
    expect(seen).toEqual([]);
    await repository.commit({ "a.alloy": "2" });
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2" }]);
  });

  test("replaces a copy that is broken", async () => {
    await repository.commit({ "a.alloy": "1" });
    const { path: copy, refresh, seen } = await start({});
    rmSync(path.join(copy, ".git/objects"), { recursive: true });
    await repository.commit({ "a.alloy": "2" });
    await refresh?.run();
    expect(seen).toEqual([{ "repo.git/a.alloy": "2" }]);
  });

  test("doesn't happen with a pull_frequency of 0", async () => {
    await repository.commit({ "a.alloy": "1" });
    expect((await start({ pull_frequency: "0s" })).refresh).toBeUndefined();
  });
});

test("a copy of an earlier run stands in for a repository that can't be reached", async () => {
  await repository.commit({ "a.alloy": "1" });
  const first = await start({});
  await repository.git("branch", "x");
  rmSync(repository.folder, { recursive: true });
  const { content, path: copy, health } = await start({});
  expect([content, copy]).toEqual([{ "repo.git/a.alloy": "1" }, first.path]);
  expect(health).toEqual([expect.stringMatching(/^unhealthy: failed to update repository "repo\.git": /)]);
  expect(await failure({ revision: "x" })).toMatch(
    /^updating component: failed to download repository "repo\.git": '.*\/repo\.git' does not appear to be a git repository/,
  );
});

test("two blocks share a copy, and nobody else can read it", async () => {
  await repository.commit({ "a.alloy": "A", "b.alloy": "B" });
  const [a, b] = await Promise.all([start({}), start({ path: "b.alloy" })]);
  expect([a.content, b.content, a.path === b.path]).toEqual([
    { "repo.git/a.alloy": "A" },
    { "repo.git/b.alloy": "B" },
    true,
  ]);
  expect(statSync(path.join(folder, "data/git")).mode & 0o777).toBe(0o700);
});

test("submodules are there, also in a repository of the same place", async () => {
  const other = await testRepository(path.join(folder, "other.git"));
  await other.commit({ "lib.alloy": "L" });
  await repository.commit({ "a.alloy": "A" });
  await repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../other.git", "libs");
  await repository.git("commit", "--quiet", "--message=libs");
  expect((await start({ repository: `file://${repository.folder}`, path: "libs" })).content).toEqual({
    [`file://${repository.folder}/libs/lib.alloy`]: "L",
  });
});

describe("behind HTTP", () => {
  const basic_auth = { username: "ann", password: "s3cret" };

  test.for([
    { it: "by basic_auth", user: "", args: { basic_auth } },
    { it: "by the address", user: "ann:s3cret@", args: {} },
  ])("credentials come $it, and stay out of names, files and the list of processes", async ({ user, args }) => {
    const commit = await repository.commit({ "a.alloy": "1" });
    await repository.commit({ "a.alloy": "2" });
    const server = await testGitServer(folder, "ann:s3cret");
    const address = server.origin.replace("//", `//${user}`);
    try {
      const { content, path: copy, refresh, seen } = await start({ repository: `${address}/repo.git`, ...args });
      expect(content).toEqual({ [`${server.origin}/repo.git/a.alloy`]: "2" });
      const old = await start({ repository: `${address}/repo.git`, revision: commit, ...args });
      expect(old.content).toEqual({ [`${server.origin}/repo.git/a.alloy`]: "1" });
      await repository.commit({ "a.alloy": "3" });
      await refresh?.run();
      expect(seen).toEqual([{ [`${server.origin}/repo.git/a.alloy`]: "3" }]);
      for (const file of ["config", "FETCH_HEAD"])
        expect(readFileSync(path.join(copy, ".git", file), "utf8")).not.toMatch(/s3cret|YW5u/);
    } finally {
      await server.close();
    }
  });

  test("what is refused says why, without the password", async () => {
    await repository.commit({ "a.alloy": "1" });
    const server = await testGitServer(folder, "ann:s3cret");
    const address = `${server.origin}/repo.git`;
    try {
      const told = (what: string, why: string) => `updating component: failed to download repository "${what}": ${why}`;
      expect(await failure({ repository: address })).toBe(told(address, "authentication required"));
      const wrong = { username: "ann", password: "wr0ng" };
      expect(await failure({ repository: address, basic_auth: wrong })).toBe(told(address, "authentication required"));
      const gone = `${server.origin}/gone.git`;
      expect(await failure({ repository: gone, basic_auth })).toBe(told(gone, "repository not found"));
    } finally {
      await server.close();
    }
  });

  test("a server that is away leaves the last content", async () => {
    await repository.commit({ "a.alloy": "1" });
    const server = await testGitServer(folder);
    const { refresh, seen } = await start({ repository: `${server.origin}/repo.git` });
    await server.close();
    await expect(refresh?.run()).rejects.toThrow(
      /^failed to update repository "http:\/\/127\.0\.0\.1:\d+\/repo\.git": unable to access /,
    );
    expect(seen).toEqual([]);
  });
});

test("in a function nothing is fetched", async () => {
  expect(await failure({}, { mode: "function" })).toBe(
    "the repository is read when the function is bundled, and this bundle has none of it",
  );
});

test("without the program git the load fails", async () => {
  vi.stubEnv("PATH", folder);
  expect(await failure({})).toBe(
    'updating component: failed to download repository "repo.git": the program git is not installed',
  );
});

const notSpecial =
  "revision cannot be a special git reference such as HEAD, FETCH_HEAD, ORIG_HEAD, MERGE_HEAD, or CHERRY_PICK_HEAD";
const notAddress = "repository should be an address of https, http, ssh, git or file";

test.for<{ args: Record<string, unknown>; problems: readonly string[] }>([
  { args: {}, problems: [] },
  { args: { repository: "git@example.com:a/b.git", revision: "v1.2", path: "/a/../b" }, problems: [] },
  { args: { revision: "HEAD" }, problems: [`revision: ${notSpecial}`] },
  {
    args: { revision: "--upload-pack=x" },
    problems: ['revision: revision should be a branch, a tag or a commit, got "--upload-pack=x"'],
  },
  { args: { revision: "" }, problems: ['revision: revision should be a branch, a tag or a commit, got ""'] },
  { args: { repository: "ext::sh -c id" }, problems: [`repository: ${notAddress}`] },
  { args: { repository: "--upload-pack=id" }, problems: [`repository: ${notAddress}`] },
  { args: { path: "a/../../b" }, problems: ['path: path should be within the repository, got "a/../../b"'] },
  {
    args: { repository: "git@example.com:b.git", basic_auth: { username: "a", password: "b" } },
    problems: ["basic_auth: basic_auth needs a repository behind https:// or http://"],
  },
  {
    args: { repository: "https://example.com/b.git", ssh_key: { username: "git" } },
    problems: ["ssh_key: ssh_key needs a repository behind SSH"],
  },
  {
    args: { repository: "git@example.com:b.git", ssh_key: { username: "-oProxyCommand=id" } },
    problems: ['ssh_key.username: username should be a word, got "-oProxyCommand=id"'],
  },
  {
    args: { tls_config: { ca_pem: "a", ca_file: "b" } },
    problems: [": at most one of ca_pem and ca_file must be configured"],
  },
  { args: { no_proxy: "a" }, problems: [": if no_proxy is configured, proxy_url must also be configured"] },
  {
    args: { tls_config: { server_name: "a" } },
    problems: ["tls_config.server_name: server_name can't be set: git checks the name in the URL"],
  },
])("problems of $args", ({ args, problems }) => {
  const decoded = importGit.args.decode({ repository: "https://example.com/a.git", path: "a.alloy", ...args });
  const found = [...(importGit.check?.(decoded) ?? [])];
  expect(found.map(({ path: at, message }) => `${at.join(".")}: ${message}`)).toEqual(problems);
});
