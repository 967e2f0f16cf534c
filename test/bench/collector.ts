/** A program under measurement: started, watched by the kernel's own accounting (Linux), stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import net from "node:net";

/** Clock ticks of a second in /proc; a constant of Linux' interface. */
const ticksPerSecond = 100;

export class Collector {
  readonly #child: ChildProcess;
  #output = "";

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const [program = "", ...args] = command;
    this.#child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.on("data", chunk => this.#keep(chunk));
    this.#child.stderr?.on("data", chunk => this.#keep(chunk));
  }

  #keep(chunk: Buffer): void {
    this.#output = (this.#output + chunk).slice(-4000);
  }

  /** Seconds of processor time since the start, user and system. */
  cpu(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }

  /** The most memory that was ever resident, in MB. */
  peakRss(): number {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  }

  /** Resolves when something listens on the port. */
  async listening(port: number): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (this.#child.exitCode !== null)
        throw new Error(`the program ended with ${this.#child.exitCode}:\n${this.#output}`);
      if (await canConnect(port)) return;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    throw new Error(`nothing listens on port ${port} after 30 s:\n${this.#output}`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = new Promise(resolve => this.#child.once("exit", resolve));
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
