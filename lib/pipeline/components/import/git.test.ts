import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { importGit } from "./git.ts";
import { GitWorkplace, testGitServer } from "./testing.ts";

let place: GitWorkplace;

describe("a path", () => {
  beforeAll(async () => {
    place = await GitWorkplace.make();
    mkdirSync(path.join(place.repository.folder, "mods"));
    symlinkSync("/etc/passwd", path.join(place.repository.folder, "out.alloy"));
    symlinkSync("a.alloy", path.join(place.repository.folder, "in.alloy"));
    await place.repository.commit({ "a.alloy": "A", "mods/b.alloy": "B", "mods/c.txt": "C", "mods/d/e.alloy": "E" });
  });
  afterAll(() => place.remove());

  test.for([
    { it: "a file", path: "mods/d/e.alloy", content: { "repo.git/mods/d/e.alloy": "E" } },
    { it: "a folder, without those below", path: "mods", content: { "repo.git/mods/b.alloy": "B" } },
    { it: "one from the root", path: "/mods", content: { "repo.git/mods/b.alloy": "B" } },
    { it: "a link in the repository", path: "in.alloy", content: { "repo.git/in.alloy": "A" } },
  ])("is $it", async ({ path: name, content }) => {
    const started = await place.start({ path: name });
    expect(started.content).toEqual(content);
    expect(readFileSync(path.join(started.path, "mods/c.txt"), "utf8")).toBe("C"); // the whole repository is there
  });

  test.for([
    { path: "gone.alloy", message: "stat gone.alloy: no such file or directory" },
    { path: "../../etc/passwd", message: "stat ../../etc/passwd: no such file or directory" },
    { path: "/../../etc/passwd", message: "stat ../../etc/passwd: no such file or directory" },
    { path: "out.alloy", message: "out.alloy leads out of the repository" },
    { path: ".", message: "out.alloy leads out of the repository" },
  ])("$path fails the load", async ({ path: name, message }) => {
    expect(await place.failure({ path: name })).toBe(`updating component: ${message}`);
  });
});

const pem = (name: string) => readFileSync(new URL(`../../delivery/testdata/${name}`, import.meta.url), "utf8");

describe("behind HTTP", () => {
  beforeEach(async () => {
    place = await GitWorkplace.make();
  });
  afterEach(() => place.remove());

  const basic_auth = { username: "ann", password: "s3cret" };

  /** Puts a program before git that writes down what it is called with. */
  function watchCalls(): () => string {
    const [bin, calls] = [path.join(place.folder, "bin"), path.join(place.folder, "calls")];
    mkdirSync(bin);
    const real = execFileSync("which", ["git"], { encoding: "utf8" }).trim();
    writeFileSync(path.join(bin, "git"), `#!/bin/sh\necho "$@" >> '${calls}'\nexec ${real} "$@"\n`);
    chmodSync(path.join(bin, "git"), 0o755);
    vi.stubEnv("PATH", `${bin}:${process.env["PATH"]}`);
    return () => readFileSync(calls, "utf8");
  }

  test.for([
    { it: "by basic_auth", user: "", args: { basic_auth } },
    { it: "by the address", user: "ann:s3cret@", args: {} },
  ])("credentials come $it, and stay out of names, files and the list of processes", async ({ user, args }) => {
    const commit = await place.repository.commit({ "a.alloy": "1" });
    await place.repository.commit({ "a.alloy": "2" });
    const server = await testGitServer(place.folder, "ann:s3cret");
    const calls = watchCalls();
    const address = server.origin.replace("//", `//${user}`);
    try {
      const { content, path: copy, refresh, seen } = await place.start({ repository: `${address}/repo.git`, ...args });
      expect(content).toEqual({ [`${server.origin}/repo.git/a.alloy`]: "2" });
      const old = await place.start({ repository: `${address}/repo.git`, revision: commit, ...args });
      expect(old.content).toEqual({ [`${server.origin}/repo.git/a.alloy`]: "1" });
      await place.repository.commit({ "a.alloy": "3" });
      await refresh?.run();
      expect(seen).toEqual([{ [`${server.origin}/repo.git/a.alloy`]: "3" }]);
      for (const file of ["config", "FETCH_HEAD"])
        expect(readFileSync(path.join(copy, ".git", file), "utf8")).not.toMatch(/s3cret|YW5u/);
      expect(calls()).toContain(`ls-remote --quiet -- ${server.origin}/repo.git `);
      expect(calls()).not.toMatch(/s3cret|YW5u/);
    } finally {
      await server.close();
    }
  });

  test("what is refused says why, without the password", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    const server = await testGitServer(place.folder, "ann:s3cret");
    const address = `${server.origin}/repo.git`;
    try {
      const told = (what: string, why: string) => `updating component: failed to download repository "${what}": ${why}`;
      expect(await place.failure({ repository: address })).toBe(told(address, "authentication required"));
      const wrong = { username: "ann", password: "wr0ng" };
      expect(await place.failure({ repository: address, basic_auth: wrong })).toBe(
        told(address, "authentication required"),
      );
      const gone = `${server.origin}/gone.git`;
      expect(await place.failure({ repository: gone, basic_auth })).toBe(told(gone, "repository not found"));
    } finally {
      await server.close();
    }
  });

  test("certificates of both sides are checked", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    const tls = { cert: pem("server.pem"), key: pem("server.key"), ca: pem("ca.pem"), requestCert: true };
    const server = await testGitServer(place.folder, undefined, tls);
    const repository = `${server.origin}/repo.git`;
    const client = { cert_pem: pem("client.pem"), key_pem: pem("client.key") };
    try {
      expect(await place.failure({ repository, tls_config: client })).toMatch(
        /certificate verification failed|certificate problem/,
      );
      expect(await place.failure({ repository, tls_config: { ca_pem: pem("ca.pem") } })).not.toBe("no failure");
      const { content } = await place.start({ repository, tls_config: { ...client, ca_pem: pem("ca.pem") } });
      expect(content).toEqual({ [`${repository}/a.alloy`]: "1" });
      const insecure = await place.start({ repository, tls_config: { ...client, insecure_skip_verify: true } });
      expect(insecure.content).toEqual(content);
    } finally {
      await server.close();
    }
  });

  test("a server that is away leaves the last content", async () => {
    await place.repository.commit({ "a.alloy": "1" });
    const server = await testGitServer(place.folder);
    const { refresh, seen } = await place.start({ repository: `${server.origin}/repo.git` });
    await server.close();
    await expect(refresh?.run()).rejects.toThrow(
      /^failed to update repository "http:\/\/127\.0\.0\.1:\d+\/repo\.git": unable to access /,
    );
    expect(seen).toEqual([]);
  });
});

test("in a function nothing is fetched", async () => {
  place = await GitWorkplace.make();
  expect(await place.failure({}, { mode: "function" })).toBe(
    "the repository is read when the function is bundled, and this bundle has none of it",
  );
  place.remove();
});

test("without the program git the load fails", async () => {
  place = await GitWorkplace.make();
  vi.stubEnv("PATH", place.folder);
  expect(await place.failure({})).toBe(
    'updating component: failed to download repository "repo.git": the program git is not installed',
  );
  place.remove();
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
