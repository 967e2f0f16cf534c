/** A bundled function in a process of its own that can be killed at any call that it makes. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bundle } from "../../../functions/bundle.ts";
import { type Answer, type RunningFunction, startFunction } from "../../functions/runtime-api.ts";
import { type Front, type Route, startFront } from "./front.ts";

/** Bundles a configuration, which finds the backend's address in `SINK`, and gives the folder to deploy. */
export async function deploy(config: string, folder: string): Promise<string> {
  const outdir = path.join(folder, "function");
  mkdirSync(outdir, { recursive: true });
  const file = path.join(outdir, "main.alloy");
  writeFileSync(file, config);
  await bundle({ config: file, outdir, target: "aws" });
  return outdir;
}

/** Where an invocation is killed. */
export type KillPoint =
  /** At a call that it makes, counted from 0. */
  | { readonly call: number; readonly side: "before" | "behind" }
  /** So long after it was begun; with 0 before it has done anything. */
  | { readonly afterMs: number }
  /** When it has answered, and the trigger does not get that. */
  | "answered";

export interface Invoked extends Answer {
  /** The process is gone, and with it the answer. */
  readonly killed: boolean;
}

export interface Worker {
  readonly front: Front;
  invoke(
    event: unknown,
    options?: { readonly kill?: KillPoint | undefined; readonly timeoutMs?: number },
  ): Promise<Invoked>;
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly taskRoot: string;
  readonly route: Route;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a worker; a process that was killed is replaced at the next invocation. */
export async function startWorker({ taskRoot, route, env = {} }: WorkerOptions): Promise<Worker> {
  const front = await startFront(route);
  let running: RunningFunction | undefined;
  const start = () =>
    startFunction({
      taskRoot,
      env: {
        SINK: front.url,
        AWS_ENDPOINT_URL: front.url,
        AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
        AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
        AMALGAM_METRICS: "off",
        ...env,
      },
    });
  return {
    front,
    async invoke(event, { kill, timeoutMs = 60_000 } = {}) {
      running ??= await start();
      const { pid, invoke, stop } = running;
      let killed = false;
      let over = false;
      const die = () => {
        killed = true;
        process.kill(pid, "SIGKILL");
        return true;
      };
      // what goes on behind the answer is of no invocation
      front.watch(
        (call, side) => killed || (!over && isCall(kill) && call === kill.call && side === kill.side && die()),
      );
      const timer = typeof kill === "object" && "afterMs" in kill ? setTimeout(die, kill.afterMs) : undefined;
      const answer = await invoke(event, { timeoutMs });
      over = true;
      clearTimeout(timer);
      if (kill === "answered") die();
      if (killed) {
        running = undefined;
        await stop();
      }
      return { ...answer, killed };
    },
    stop: async () => {
      await running?.stop();
      await front.close();
    },
  };
}

const isCall = (kill: KillPoint | undefined): kill is Extract<KillPoint, { readonly call: number }> =>
  typeof kill === "object" && "call" in kill;
