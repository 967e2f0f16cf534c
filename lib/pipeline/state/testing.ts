/** Servers for tests of engines: an emulator of DynamoDB, and a real Redis. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import dynalite from "dynalite";
import { vi } from "vitest";

export interface Emulator {
  readonly url: string;
  /** Makes an empty table as the CDK construct does. */
  table(): Promise<{ readonly table: string; readonly endpoint: string; readonly region: string }>;
  /** Calls an action. */
  call(action: string, input: object): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

/** Starts dynalite in this process, with credentials in the environment. */
export async function startEmulator(): Promise<Emulator> {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI");
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const url = `http://127.0.0.1:${port}`;
  const call = async (action: string, input: object) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `DynamoDB_20120810.${action}`,
        "x-amz-date": "20260101T000000Z",
        authorization:
          "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=a",
      },
      body: JSON.stringify(input),
    });
    if (!answer.ok) throw new Error(`${action}: got status ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Readonly<Record<string, unknown>>; // DynamoDB's answers are objects
  };
  let tables = 0;
  return {
    url,
    call,
    async table() {
      const table = `state-${++tables}`;
      await call("CreateTable", {
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        KeySchema: [
          { AttributeName: "namespace", KeyType: "HASH" },
          { AttributeName: "key", KeyType: "RANGE" },
        ],
        AttributeDefinitions: [
          { AttributeName: "namespace", AttributeType: "S" },
          { AttributeName: "key", AttributeType: "S" },
        ],
      });
      return { table, endpoint: url, region: "us-east-1" };
    },
    async stop() {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Where Debian's package has the server; on CI it must be there. */
const redisProgram = ["/usr/bin", "/usr/local/bin", ...(process.env["PATH"] ?? "").split(path.delimiter)]
  .map(folder => path.join(folder, "redis-server"))
  .find(file => existsSync(file));

/** Whether the tests with it can run. */
export const redisIsInstalled = redisProgram !== undefined || process.env["CI"] !== undefined;
if (!redisIsInstalled)
  console.warn("redis-server is not installed (Debian: apt-get install redis-server): the tests with it are skipped");

export interface RedisServer {
  readonly port: number;
  /** Ends it at once, as a crash does. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** @default one that is free */
  readonly port?: number;
  /** Further settings, as its command line has them. */
  readonly settings?: readonly string[];
}

/** Starts a server that keeps nothing, and waits until it answers. */
export async function startRedis({ port, settings = [] }: RedisServerOptions = {}): Promise<RedisServer> {
  if (!redisProgram) throw new Error("redis-server should be in PATH, got none: install Debian's package redis-server");
  const chosen = port ?? (await freePort());
  const folder = mkdtempSync(path.join(tmpdir(), "redis-"));
  const listens = settings.includes("--port") ? [] : ["--port", String(chosen)];
  const child = spawn(
    redisProgram,
    ["--bind", "127.0.0.1", ...listens, "--save", "", "--appendonly", "no", "--dir", folder, ...settings],
    { stdio: ["ignore", "pipe", "ignore"] },
  );
  const ended = new Promise<void>(resolve => child.once("close", () => resolve()));
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("Ready to accept connections")) resolve();
    });
    void ended.then(() => reject(new Error(`redis-server ended:\n${log}`)));
  });
  return {
    port: chosen,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise(resolve =>
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo; // it listens on a port
      server.close(() => resolve(port));
    }),
  );
}
