/** Runs the program `git`, without a shell, without questions, and without what the user's surroundings could add to it. */
import { execFile } from "node:child_process";
import path from "node:path";
import type { GitAccess } from "./git-access.ts";

export interface GitRun extends GitAccess {
  /** An existing folder. */
  readonly folder: string;
  /** Transports that may be used, as in GIT_ALLOW_PROTOCOL. */
  readonly protocols?: string;
}

export type GitErrorKind = "missing" | "failed";

/** What git said about a call that failed. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly kind: GitErrorKind;
  constructor(message: string, kind: GitErrorKind) {
    super(message);
    this.kind = kind;
  }
}

const timeoutMs = 300_000;

const ownSettings: readonly (readonly [string, string])[] = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.autocrlf", "false"],
  ["gc.autoDetach", "false"],
  ["maintenance.autoDetach", "false"],
  ["advice.detachedHead", "false"],
];

/** Gives what it printed. What the user wrote must stand behind `--` in the arguments. */
export function runGit(args: readonly string[], { folder, settings, environment, protocols }: GitRun): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const env = {
    ...inherited(),
    ...environment,
    ...asEnvironment([...ownSettings, ...settings]),
    GIT_CEILING_DIRECTORIES: path.dirname(folder), // a repository around ours has no part in this
    GIT_ALLOW_PROTOCOL: protocols ?? "https:http:ssh:git:file",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "",
    GIT_LFS_SKIP_SMUDGE: "1",
    LC_ALL: "C",
  };
  const options = { cwd: folder, env, timeout: timeoutMs, maxBuffer: 16 * 1024 * 1024, windowsHide: true };
  const child = execFile("git", [...args], options, (error, stdout, stderr) => {
    if (!error) return resolve(stdout);
    if (error.code === "ENOENT") return reject(new GitError("the program git is not installed", "missing"));
    const message = error.killed ? `git ${args[0]} took longer than ${timeoutMs / 1000} s` : reasonOf(stderr);
    reject(new GitError(message || `git ${args[0]} ended with code ${error.code}`, "failed"));
  });
  child.stdin?.end();
  return promise;
}

/** The environment without what makes git work on another repository, such as within a hook, or talk more. */
function inherited(): NodeJS.ProcessEnv {
  const kept = /^GIT_(CONFIG_(GLOBAL|SYSTEM|NOSYSTEM)|SSL_.*|PROXY_SSL_.*|EXEC_PATH)$/;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_") || kept.test(name)),
  );
}

function asEnvironment(settings: readonly (readonly [string, string])[]): Record<string, string> {
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(settings.length) };
  for (const [i, [name, value]] of settings.entries()) {
    environment[`GIT_CONFIG_KEY_${i}`] = name;
    environment[`GIT_CONFIG_VALUE_${i}`] = value;
  }
  return environment;
}

/** What went wrong, in one line; what Alloy has words for in those. */
function reasonOf(stderr: string): string {
  if (/could not read (Username|Password)|Authentication failed|Permission denied \(/.test(stderr))
    return "authentication required";
  if (/^fatal: repository '.*' not found|^remote: Repository not found/m.test(stderr)) return "repository not found";
  const lines = stderr.split("\n").map(line => line.trim());
  const said = lines.filter(line => /^(fatal|error|ssh): /.test(line));
  const chosen = said.length ? said : lines.filter(Boolean).slice(-2);
  return chosen.map(line => line.replace(/^(fatal|error): /, "")).join("; ");
}
