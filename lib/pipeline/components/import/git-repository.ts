/**
 * A repository at one revision, as a folder on disk: fetched without its history, brought up to date in place. A copy that
 * git can't bring up to date is replaced by a new one, and only once that is complete.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../../delivery/errors.ts";
import { goQuote } from "../../syntax/quote.ts";
import { type GitAccessArgs, withAccess } from "./git-access.ts";
import type { GitAddress } from "./git-address.ts";
import { GitError, type GitRun, runGit } from "./git-program.ts";

export interface GitRepositoryOptions {
  readonly address: GitAddress;
  readonly revision: string;
  readonly access: GitAccessArgs;
  /** Where relative paths of the access start from. */
  readonly directory: string;
  /** Where copies last; without it they are in a folder for temporary files. */
  readonly storagePath: string | undefined;
}

export interface GitRepository {
  /** The folder with the files. */
  readonly folder: string;
  /** Whether there is a copy, of now or of an earlier run. */
  exists(): boolean;
  /** Makes the files those of the revision. */
  update(): Promise<void>;
}

/** A revision that the repository doesn't have. */
export class InvalidRevisionError extends Error {}

/** Makes the folder that copies are kept in; nothing is fetched yet. */
export function gitRepository(options: GitRepositoryOptions): GitRepository {
  const { address, revision, access, directory } = options;
  const base = path.join(privateFolder(options.storagePath), keyOf(options));
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const folder = path.join(base, "repo");
  const exists = () => existsSync(path.join(folder, ".git", stateFile));
  const update = async () => {
    const failed = exists() ? "failed to update repository" : "failed to download repository";
    try {
      dropLeftovers(base);
      await withAccess(access, address, { folder: base, directory }, run =>
        bringUpToDate({ ...run, folder: base }, folder, address, revision),
      );
    } catch (cause) {
      if (cause instanceof InvalidRevisionError) throw cause;
      throw new Error(`${failed} ${goQuote(address.shown)}: ${messageOf(cause)}`, { cause });
    }
  };
  return { folder, exists, update: () => oneAtATime(base, update) };
}

/** In the `.git` of a complete copy: what it was made from. */
const stateFile = "amalgam-state";

/** Two blocks with the same repository, or an old and a new instance of one, share a folder. */
const underWay = new Map<string, Promise<void>>();

function oneAtATime(folder: string, work: () => Promise<void>): Promise<void> {
  const next = (underWay.get(folder) ?? Promise.resolve()).catch(() => {}).then(work);
  underWay.set(folder, next);
  const forget = () => underWay.get(folder) === next && underWay.delete(folder);
  next.then(forget, forget);
  return next;
}

/** Copies are separate by credentials too, so that nobody reads by the credentials of another block. */
function keyOf({ address, revision, access }: GitRepositoryOptions): string {
  const { basic_auth: basic, ssh_key: ssh } = access;
  const credentials = basic
    ? [basic.username, basic.password.reveal()]
    : [ssh?.username, ssh?.key?.reveal(), ssh?.key_file];
  const parts = [address.url, address.username, address.password, revision, ...credentials];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** In the storage, or in a folder for temporary files that is this user's alone. */
function privateFolder(storagePath: string | undefined): string {
  const folder = storagePath
    ? path.resolve(storagePath, "git")
    : path.join(tmpdir(), `amalgam-git-${process.getuid?.() ?? "user"}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  const mine = process.getuid === undefined || uid === process.getuid();
  // somebody else could have made it, and would then choose what is imported
  if (!lstatSync(folder).isDirectory() || !mine || (mode & 0o022) !== 0)
    throw new Error(`${folder} should be a folder that only this user can write to`);
  return folder;
}

/** What processes have left that were killed: keys, and copies that were never complete. */
function dropLeftovers(base: string): void {
  const anHourAgo = Date.now() - 3_600_000;
  for (const name of readdirSync(base)) {
    const left = path.join(base, name);
    if (name !== "repo" && (statSync(left, { throwIfNoEntry: false })?.mtimeMs ?? anHourAgo) < anHourAgo)
      rmSync(left, { recursive: true, force: true });
  }
}

interface Target {
  /** What to fetch: `refs/heads/main`, or the commit itself. */
  readonly name: string;
  /** Of the commit, or of the tag that leads to it. */
  readonly id: string;
}

async function bringUpToDate(run: GitRun, folder: string, address: GitAddress, revision: string): Promise<void> {
  const target = await find(run, address, revision);
  if (existsSync(folder)) {
    if (target && stateOf(folder) === target.id) return;
    try {
      await runGit(["clean", "--quiet", "-ffdx"], { ...run, folder }); // what an update that was cut off has left
      return await checkOut({ ...run, folder }, address, revision, target);
    } catch (error) {
      if (error instanceof InvalidRevisionError) throw error;
    }
  }
  const fresh = mkdtempSync(`${folder}-`);
  try {
    await runGit(["init", "--quiet", "--template="], { ...run, folder: fresh });
    await checkOut({ ...run, folder: fresh }, address, revision, target);
    if (existsSync(folder)) renameSync(folder, `${fresh}-old`);
    renameSync(fresh, folder);
    rmSync(`${fresh}-old`, { recursive: true, force: true });
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function stateOf(folder: string): string | undefined {
  const file = path.join(folder, ".git", stateFile);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

const commitId = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Asks the repository for a tag, or a branch, of that name, in this order as Alloy; `undefined`: it must be something else. */
async function find(run: GitRun, { url }: GitAddress, revision: string): Promise<Target | undefined> {
  const names = [`refs/tags/${revision}`, `refs/heads/${revision}`];
  const out = await runGit(["ls-remote", "--quiet", "--", url, ...names.map(escapeGlob)], run);
  const ids = new Map(out.split("\n").map(line => line.split("\t").reverse() as [string, string])); // `id TAB name`
  for (const name of names) {
    const id = ids.get(name);
    if (id && commitId.test(id)) return { name, id };
  }
  return commitId.test(revision) ? { name: revision, id: revision } : undefined;
}

const escapeGlob = (name: string): string => name.replace(/[*?[\\]/g, "\\$&");

async function checkOut(run: GitRun, address: GitAddress, revision: string, target: Target | undefined): Promise<void> {
  const found = (target && (await fetchOne(run, address, target))) ?? (await fetchAll(run, address, revision));
  if (!found) throw new InvalidRevisionError(`invalid revision ${goQuote(revision)}`);
  rmSync(path.join(run.folder, ".git", stateFile), { force: true });
  await runGit(["checkout", "--quiet", "--force", "--detach", found], run);
  if (existsSync(path.join(run.folder, ".gitmodules"))) await updateSubmodules(run, address);
  writeFileSync(path.join(run.folder, ".git", stateFile), target?.id ?? found);
}

/** Fetches the commit alone and gives a name for it; `undefined` where the server gives no commit that isn't the end of a branch. */
async function fetchOne(run: GitRun, { url }: GitAddress, { name }: Target): Promise<string | undefined> {
  const fetch = (...options: string[]) =>
    runGit(["fetch", "--quiet", "--force", "--no-tags", "--no-recurse-submodules", ...options, "--", url, name], run);
  try {
    await fetch("--depth=1").catch(async error => {
      if (!/shallow/.test(messageOf(error))) throw error;
      await fetch(); // a plain file server can't leave out the history
    });
  } catch (error) {
    if (commitId.test(name) && error instanceof GitError && error.kind === "failed") return undefined;
    throw error;
  }
  return "FETCH_HEAD";
}

/** For a commit that only the history leads to: `main~2`, the first digits of a commit, the full name of a reference. */
async function fetchAll(run: GitRun, { url }: GitAddress, revision: string): Promise<string | undefined> {
  const shallow = existsSync(path.join(run.folder, ".git", "shallow"));
  const references = ["+refs/heads/*:refs/heads/*", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
  const options = ["--quiet", "--force", "--prune", "--update-head-ok", "--no-recurse-submodules"];
  await runGit(["fetch", ...options, ...(shallow ? ["--unshallow"] : []), "--", url, ...references], run);
  return await resolve(run, revision);
}

async function resolve(run: GitRun, revision: string): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`];
  const id = (await runGit(args, run).catch(() => "")).trim();
  return commitId.test(id) ? id : undefined;
}

/** A repository from elsewhere must not bring in what is on this machine. */
async function updateSubmodules(run: GitRun, { url, transport }: GitAddress): Promise<void> {
  const protocols = transport === "file" ? "https:http:ssh:git:file" : "https:http:ssh:git";
  await runGit(["config", "remote.origin.url", url], run); // relative addresses of submodules start there
  const options = ["--quiet", "--init", "--recursive", "--force", "--depth=1"];
  await runGit(["submodule", "update", ...options], { ...run, protocols });
}
