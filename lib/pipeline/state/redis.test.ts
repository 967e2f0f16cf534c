import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import path from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { storeContract } from "./contract.ts";
import { type RedisOptions, RedisStore } from "./redis.ts";
import type { StateStore } from "./store.ts";
import { freePort, type RedisServer, type RedisServerOptions, redisIsInstalled, startRedis } from "./testing.ts";

const one = Uint8Array.of(1);

/** A store that is closed when the test ends. */
function open(url: string, options?: RedisOptions): StateStore {
  const store = new RedisStore(url, options);
  onTestFinished(() => store.close());
  return store;
}

/** A server for one test. */
async function started(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: Error) => error.message,
  );

describe.runIf(redisIsInstalled)("a real server", () => {
  let server: RedisServer;
  let url: string;
  let stores = 0;
  beforeAll(async () => {
    server = await startRedis({ settings: ["--requirepass", "p@ss:word"] });
    url = `redis://:${encodeURIComponent("p@ss:word")}@127.0.0.1:${server.port}`;
  });
  afterAll(() => server.stop());

  storeContract({
    engine: "redis",
    open: clock => new RedisStore(url, { clock, prefix: `test${++stores}` }),
    sweeps: true,
  });

  test("several stores share what is in one database with one prefix", async () => {
    const [first, second, database, prefix] = [
      open(url),
      open(`${url}/0`),
      open(`${url}/1`),
      open(url, { prefix: "other" }),
    ];
    const version = await first.put("n", "k", one);
    expect(await second.get("n", "k")).toEqual({ value: one, version });
    expect([await database.get("n", "k"), await prefix.get("n", "k")]).toEqual([undefined, undefined]);
  });

  test("namespaces that would end a hash tag are apart", async () => {
    const store = open(url, { prefix: "tags" });
    await store.put("a", "x}:v:y", one);
    await store.put("a}:v:x", "y", Uint8Array.of(2));
    await store.put("a%7D:v:x", "y", Uint8Array.of(3));
    expect((await store.get("a", "x}:v:y"))?.value).toEqual(one);
    expect((await store.get("a}:v:x", "y"))?.value).toEqual(Uint8Array.of(2));
  });

  test("keys expire in the server too", async () => {
    const store = open(url, { prefix: "expiry" });
    await store.put("n", "k", one, { expiresAt: Date.now() + 20 });
    const past = open(url, { prefix: "expiry", clock: () => 0 });
    await expect.poll(() => past.get("n", "k"), { timeout: 10_000 }).toBeUndefined();
    expect(await past.list("n")).toEqual([]);
  });

  test.for([
    { it: "a wrong password", user: ":wrong", reason: "WRONGPASS invalid username-password pair or user is disabled." },
    { it: "no password", user: "", reason: "NOAUTH Authentication required." },
  ])("$it is told at once, without the one that was tried", async ({ user, reason }) => {
    const store = open(`redis://${user}${user && "@"}127.0.0.1:${server.port}`);
    expect(await messageOf(store.get("n", "k"))).toBe(`state in Redis at 127.0.0.1:${server.port}: ${reason}`);
  });
});

describe.runIf(redisIsInstalled)("a connection", () => {
  test("is encrypted where the address begins with rediss", async () => {
    const testdata = path.join(import.meta.dirname, "../delivery/testdata");
    const [port, file] = [await freePort(), (name: string) => path.join(testdata, name)];
    const before = tls.getCACertificates();
    tls.setDefaultCACertificates([readFileSync(file("ca.pem"), "utf8")]);
    onTestFinished(() => tls.setDefaultCACertificates(before));
    const files = ["--tls-cert-file", file("server.pem"), "--tls-key-file", file("server.key")];
    const settings = ["--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no", ...files];
    await started({ settings: [...settings, "--tls-ca-cert-file", file("ca.pem")] });
    const store = open(`rediss://127.0.0.1:${port}`);
    const version = await store.put("n", "k", one);
    expect(await store.get("n", "k")).toEqual({ value: one, version });
  });

  test("that ends with the server is made anew with the next", async () => {
    const { port, stop } = await started();
    const store = open(`redis://127.0.0.1:${port}`, { timeoutMs: 300 });
    await store.put("n", "k", one);
    await stop();
    expect(await messageOf(store.get("n", "k"))).toBe(
      `state in Redis at 127.0.0.1:${port}: no success within 300 ms: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    await started({ port });
    expect(await store.put("n", "k", one, { ifVersion: null })).not.toBeUndefined();
  });

  test("is waited for while the server starts", async () => {
    const port = await freePort();
    const store = open(`redis://127.0.0.1:${port}`, { timeoutMs: 60_000 });
    const writing = store.put("n", "k", one);
    await started({ port });
    expect(await writing).not.toBeUndefined();
  });

  test("that is cut before each second answer loses no count and counts nothing twice", async () => {
    const { port } = await started();
    const store = open(`redis://127.0.0.1:${await cutting(port)}`, { timeoutMs: 60_000 });
    for (let i = 0; i < 20; i++) {
      const found = await store.get("n", "k");
      const next = Uint8Array.of((found?.value[0] ?? 0) + 1);
      expect(await store.put("n", "k", next, { ifVersion: found?.version ?? null })).not.toBeUndefined();
    }
    expect((await store.get("n", "k"))?.value).toEqual(Uint8Array.of(20));
  });

  test("without an answer ends in time", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await expect.poll(() => silent.listening).toBe(true);
    const { port } = silent.address() as { port: number }; // it listens on a port
    const store = open(`redis://127.0.0.1:${port}`, { timeoutMs: 200, attemptMs: 50 });
    expect(await messageOf(store.list("n"))).toBe(
      `state in Redis at 127.0.0.1:${port}: no success within 200 ms: Command timed out`,
    );
  });
});

/** Passes on to a port, and ends each second answer, and what came with it, in the place of giving it. */
async function cutting(port: number): Promise<number> {
  let answers = 0;
  const proxy = createServer(inside => {
    const outside = connect(port, "127.0.0.1");
    inside.pipe(outside);
    outside.on("data", data => {
      if (++answers % 2) inside.write(data);
      else inside.destroy();
    });
    for (const [socket, other] of [[inside, outside], [outside, inside]] as const) // biome-ignore format: pairs
      socket.on("error", () => other.destroy()).on("close", () => other.destroy());
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  await expect.poll(() => proxy.listening).toBe(true);
  return (proxy.address() as { port: number }).port; // it listens on a port
}
