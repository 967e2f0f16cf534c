/** The local process as a user starts it: a child process with a configuration file, a folder for its state, and signals. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished, vi } from "vitest";
import { until } from "./until.ts";

// what these tests wait for takes a second or two, and longer where much else runs
vi.setConfig({ testTimeout: 120_000 });

const repository = path.resolve(import.meta.dirname, "../../..");
const main = path.join(repository, "cli/main.ts");

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Amalgam {
  readonly pid: number;
  /** Base URL of the status page, without a slash at the end. */
  readonly admin: string;
  /** All that it has written to standard error. */
  log(): string;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
  /** Resident memory in MiB, now and at most since the start. */
  memory(): Promise<{ readonly now: number; readonly peak: number }>;
}

/** A new folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "amalgam-e2e-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Writes a configuration into a folder of the test and gives its path. */
export function writeConfig(text: string, folder = temporaryFolder()): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "config.alloy");
  writeFileSync(file, text);
  return file;
}

export interface StartOptions {
  /** Where state is kept; the same folder again is a restart. @default beside the configuration */
  readonly storage?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Starts the process and waits until it takes data. It is killed after the test. */
export async function startAmalgam(config: string, options: StartOptions = {}): Promise<Amalgam> {
  const { storage = path.join(path.dirname(config), "data"), env = {}, args = [] } = options;
  const child = spawn(
    process.execPath,
    [main, "run", config, "--server.http.listen-addr", "127.0.0.1:0", "--storage.path", storage, ...args],
    { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } },
  );
  const output = collect(child);
  const exited = exitOf(child);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const found = await until(
    () => {
      if (child.exitCode !== null) throw new Error(`amalgam ended with ${child.exitCode}:\n${output()}`);
      return /msg"?[=:]"?running\b.*ui"?[=:]"?(https?:\/\/127\.0\.0\.1:\d+)\//.exec(output());
    },
    () => `amalgam runs, its log so far:\n${output()}`,
  );
  const pid = child.pid as number; // it was spawned, since it wrote a log
  return {
    pid,
    admin: found[1] as string, // the expression has a group
    log: output,
    exited,
    signal: signal => child.kill(signal),
    memory: () => memoryOf(pid),
  };
}

/** Runs a command of the command line to its end. */
export async function runCli(
  args: readonly string[],
  { input, cwd = repository }: { readonly input?: string; readonly cwd?: string } = {},
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: "pipe", cwd });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  child.stdin.on("error", () => {}); // a command that does not read its input may be gone before it is written
  child.stdin.end(input ?? "");
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, stdout, stderr };
}

/** Gathers what a child writes to standard error. */
function collect(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Resolves when the child has ended and its output is complete. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
}

async function memoryOf(pid: number): Promise<{ now: number; peak: number }> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`/proc/${pid}/status`, "utf8");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}
