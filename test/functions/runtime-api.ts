/** Lambda's Runtime API on this machine: starts a function as Lambda does and gives it invocations. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";

export interface Answer {
  /** What the handler returned. */
  readonly result?: unknown;
  /** What it threw, or why it did not start. */
  readonly error?: { readonly errorType: string; readonly errorMessage: string };
}

export interface RunningFunction {
  invoke(event: unknown, options?: { readonly timeoutMs?: number }): Promise<Answer>;
  /** Everything that it wrote to its log. */
  log(): string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** The folder of `index.mjs`. */
  readonly taskRoot: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Program and arguments of the runtime. @default the small one beside this file */
  readonly runtime?: readonly [string, ...string[]];
}

const smallRuntime = [process.execPath, path.join(import.meta.dirname, "bootstrap.mjs")] as const;

interface Pending {
  readonly id: string;
  readonly body: string;
  readonly deadline: number;
  readonly settle: (answer: Answer) => void;
}

/** Starts the process of a function; it may be invoked at once, as one at a cold start. */
export async function startFunction({
  taskRoot,
  env = {},
  runtime = smallRuntime,
}: StartOptions): Promise<RunningFunction> {
  const waiting: Pending[] = [];
  const running = new Map<string, Pending>();
  let idle: ServerResponse | undefined;
  let dead: Answer | undefined;
  const give = () => {
    const next = idle && waiting.shift();
    if (!idle || !next) return;
    running.set(next.id, next);
    idle.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": next.id,
      "lambda-runtime-deadline-ms": String(next.deadline),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-central-1:123456789012:function:amalgam",
      "lambda-runtime-trace-id": "Root=1-6968bb60-2f4f6a7d1c3b5e8f9a0b1c2d",
    });
    idle.end(next.body);
    idle = undefined;
  };
  const die = (answer: Answer) => {
    dead ??= answer;
    for (const { settle } of [...waiting.splice(0), ...running.values()]) settle(dead);
    running.clear();
  };
  const server = createServer(async (request, response) => {
    const [, , , ...route] = (request.url ?? "").split("/"); // "", version, runtime
    if (route.join("/") === "invocation/next") {
      idle = response;
      give();
      return;
    }
    const body = JSON.parse((await read(request)) || "null") as unknown;
    response.writeHead(202).end("{}");
    if (route.join("/") === "init/error") return die({ error: body as NonNullable<Answer["error"]> }); // as runtimes send it
    const [, id = "", how] = route;
    running.get(id)?.settle(how === "response" ? { result: body } : { error: body as NonNullable<Answer["error"]> });
    running.delete(id);
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // listens on TCP
  const child = start(runtime, taskRoot, { ...env, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` });
  const output: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  const log = () => Buffer.concat(output).toString("utf8");
  const exited = new Promise<void>(resolve => {
    child.on("exit", code => {
      die({ error: { errorType: "Runtime.ExitError", errorMessage: `process ended with ${code}: ${log()}` } });
      resolve();
    });
  });
  return {
    pid: child.pid as number, // spawned
    log,
    invoke: (event, { timeoutMs = 30_000 } = {}) =>
      new Promise(settle => {
        if (dead) return settle(dead);
        waiting.push({ id: randomUUID(), body: JSON.stringify(event), deadline: Date.now() + timeoutMs, settle });
        give();
      }),
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

function start(
  [program, ...args]: readonly [string, ...string[]],
  taskRoot: string,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      TZ: ":UTC",
      LAMBDA_TASK_ROOT: taskRoot,
      _HANDLER: "index.handler",
      AWS_REGION: "eu-central-1",
      AWS_LAMBDA_FUNCTION_NAME: "amalgam",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "1769",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/amalgam",
      AWS_LAMBDA_LOG_STREAM_NAME: "2026/01/15/[$LATEST]8f2c7d1be3a94f0b9d6c1f0a2b3c4d5e",
      ...env,
    },
  });
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
