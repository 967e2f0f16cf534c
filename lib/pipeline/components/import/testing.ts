/** Real repositories for tests: in folders, and behind smart HTTP with a password. */
import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { vi } from "vitest";
import type { Host } from "../../graph/component.ts";
import type { ModuleContent } from "../../graph/module-content.ts";
import { testHost } from "../../graph/testing.ts";
import { importGit } from "./git.ts";

const run = promisify(execFile);

/** Git as it is on every machine, whatever its user has set. */
export const gitEnvironment = {
  PATH: process.env["PATH"],
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@example.com",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@example.com",
};

export interface TestRepository {
  readonly folder: string;
  git(...args: readonly string[]): Promise<string>;
  /** Writes files and commits them; gives the commit's id. */
  commit(files: Readonly<Record<string, string>>): Promise<string>;
}

export async function testRepository(folder: string): Promise<TestRepository> {
  const git = async (...args: readonly string[]) =>
    (await run("git", [...args], { cwd: folder, env: gitEnvironment })).stdout.trim();
  mkdirSync(folder, { recursive: true });
  await git("init", "--quiet", "--template=", "--initial-branch=main");
  return {
    folder,
    git,
    async commit(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), text);
      }
      await git("add", "--all");
      await git("commit", "--quiet", "--message=change");
      return await git("rev-parse", "HEAD");
    },
  };
}

/** A folder with a repository `repo.git`, a place for copies, and an environment that no user's settings reach. */
export class GitWorkplace {
  readonly folder: string;
  readonly repository: TestRepository;

  private constructor(folder: string, repository: TestRepository) {
    this.folder = folder;
    this.repository = repository;
  }

  static async make(): Promise<GitWorkplace> {
    const folder = mkdtempSync(path.join(tmpdir(), "import-git-"));
    vi.stubEnv("GIT_CONFIG_GLOBAL", "/dev/null");
    vi.stubEnv("GIT_CONFIG_NOSYSTEM", "1");
    vi.stubEnv("GIT_DIR", "/nowhere"); // as within a hook
    return new GitWorkplace(folder, await testRepository(path.join(folder, "repo.git")));
  }

  /** Builds an import of `a.alloy` in the repository, where the arguments say nothing else. */
  async start(args: Record<string, unknown> = {}, overrides: Partial<Host> = {}) {
    const seen: Record<string, string>[] = [];
    const health: string[] = [];
    const host = testHost({
      directory: this.folder,
      storagePath: path.join(this.folder, "data"),
      setExports: exports => seen.push(textsOf((exports as { content: ModuleContent }).content)), // as the schema says
      reportHealth: (state, message) => health.push(`${state}: ${message}`),
      ...overrides,
    });
    const decoded = importGit.args.decode({ repository: "repo.git", path: "a.alloy", ...args });
    const { exports, refresh } = await importGit.build(decoded, host);
    if (!exports) throw new Error("should have exports");
    return { content: textsOf(exports.content), path: exports.content.path, refresh, seen, health };
  }

  /** The message of a build that fails. */
  failure(args: Record<string, unknown> = {}, overrides: Partial<Host> = {}): Promise<string> {
    return this.start(args, overrides).then(
      () => "no failure",
      (error: Error) => error.message,
    );
  }

  remove(): void {
    vi.unstubAllEnvs();
    rmSync(this.folder, { recursive: true });
  }
}

const textsOf = ({ files }: ModuleContent) => Object.fromEntries(files.map(({ name, text }) => [name, text]));

export interface TestGitServer {
  /** `http://127.0.0.1:PORT`, or with https */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves the repositories below a folder by `git http-backend`, to whoever has the credentials. */
export async function testGitServer(root: string, credentials?: string, tls?: ServerOptions): Promise<TestGitServer> {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (wanted === undefined || request.headers.authorization === wanted) return backend(root, request, response);
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
  };
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on TCP
    close: () => new Promise(resolve => void server.close(() => resolve()).closeAllConnections()),
  };
}

/** One request by the rules of CGI. */
function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const header = (name: string) => String(request.headers[name] ?? "");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...gitEnvironment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      GIT_PROTOCOL: header("git-protocol"),
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: header("content-type"),
      HTTP_CONTENT_ENCODING: header("content-encoding"),
      REMOTE_ADDR: "127.0.0.1",
    },
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", chunk => chunks.push(chunk));
  child.on("close", () => {
    const out = Buffer.concat(chunks);
    const end = out.indexOf("\r\n\r\n");
    const headers = out.subarray(0, end).toString().split("\r\n");
    const fields = headers.map(line => line.split(/: (.*)/, 2) as [string, string]); // `name: value`
    const status = Number.parseInt(fields.find(([name]) => name === "Status")?.[1] ?? "200", 10);
    response.writeHead(status, Object.fromEntries(fields.filter(([name]) => name !== "Status")));
    response.end(out.subarray(end + 4));
  });
}
