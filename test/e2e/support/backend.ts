/** A backend as a process of its own, which can be killed: what it has answered well is in its file. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { freePort } from "./ports.ts";
import { exitOf, temporaryFolder } from "./process.ts";

const program = path.join(import.meta.dirname, "backend-main.ts");

export interface Backend {
  readonly url: string;
  /** Kills it where it stands and resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again at the same address with the same file. */
  start(): Promise<void>;
  /** How often each id was written, in the order of the first. */
  stored(): ReadonlyMap<string, number>;
}

/** Starts a backend for Loki pushes and OTLP. It is killed after the test. */
export async function startBackend(): Promise<Backend> {
  const port = await freePort();
  const file = path.join(temporaryFolder(), "stored");
  let stop: (() => Promise<void>) | undefined;
  const backend: Backend = {
    url: `http://127.0.0.1:${port}`,
    kill: async () => {
      await stop?.();
    },
    start: async () => {
      const child = spawn(process.execPath, [program, String(port), file], { stdio: ["ignore", "pipe", "inherit"] });
      const exited = exitOf(child);
      stop = async () => {
        child.kill("SIGKILL");
        await exited;
      };
      const listens = new Promise<void>(resolve => child.stdout.once("data", () => resolve()));
      await Promise.race([
        listens,
        exited.then(({ code }) => Promise.reject(new Error(`the backend ended with ${code}`))),
      ]);
    },
    stored: () => (existsSync(file) ? countLines(readFileSync(file, "utf8")) : new Map()),
  };
  onTestFinished(() => backend.kill());
  await backend.start();
  return backend;
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  // behind the last line break is what the end of the process cut off; it was not acknowledged
  for (const line of text.split("\n").slice(0, -1)) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}
