/** A table that throttles, is slow, fails, and loses connections: a server in front of the emulator does all that. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DynamoDbStore } from "./dynamodb.ts";
import type { TableOptions } from "./dynamodb-table.ts";
import { type Emulator, startEmulator } from "./testing.ts";

type Batch = Readonly<Record<string, readonly unknown[] | { readonly Keys: readonly unknown[] }>>;
type Fault = (request: IncomingMessage, response: ServerResponse, body: string) => Promise<void>;

const refuse =
  (status: number, text: string): Fault =>
  async (_, response) =>
    void response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(text);

const dynamo = (name: string, message: string) =>
  JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message });

const faults = {
  none: (request, response, body) => pass(request, response, body),
  throttled: refuse(400, dynamo("ProvisionedThroughputExceededException", "The level of throughput was exceeded")),
  "throttled by the account": refuse(400, dynamo("ThrottlingException", "Rate of requests exceeds the limit")),
  "an error of the server": refuse(500, dynamo("InternalServerError", "Internal server error")),
  "a proxy without a server": refuse(503, "<html>Service Unavailable</html>"),
  "an answer that is no JSON": refuse(200, "<html>Log in to the network</html>"),
  "a lost request": async request => void request.socket.destroy(),
  "a lost answer": async (request, response, body) => {
    await forward(request, body);
    response.socket?.destroy();
  },
  "an answer that is cut off": async (request, response, body) => {
    const { text } = await forward(request, body);
    response.writeHead(200, { "content-length": text.length + 1 }).write(text, () => response.socket?.destroy());
  },
  "an answer that comes too late": async request => {
    await new Promise(resolve => request.socket.once("close", resolve));
  },
  "half a batch": async (request, response, body) => {
    const { RequestItems: items } = JSON.parse(body) as { readonly RequestItems?: Batch };
    if (!items) return pass(request, response, body);
    const [[table, all] = ["", []]] = Object.entries(items);
    const list = "Keys" in all ? all.Keys : all;
    const shaped = (some: readonly unknown[]) => ({ [table]: "Keys" in all ? { ...all, Keys: some } : some });
    const half = Math.floor(list.length / 2);
    const left = shaped(list.slice(half));
    const done = half
      ? await forward(request, JSON.stringify({ RequestItems: shaped(list.slice(0, half)) }))
      : undefined;
    const answer = { ...(JSON.parse(done?.text ?? "{}") as object), UnprocessedKeys: left, UnprocessedItems: left };
    response.writeHead(200).end(JSON.stringify(answer));
  },
} satisfies Readonly<Record<string, Fault>>;
type Name = keyof typeof faults;

let emulator: Emulator;
let front: { readonly url: string; close(): void };
/** What happens to the next requests, then again from the first. */
let plan: readonly Name[] = [];
let requests: string[] = [];
/** What else happens when a request arrives, by its number. */
let meanwhile: ((number: number) => Promise<void>) | undefined;

beforeAll(async () => {
  emulator = await startEmulator();
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer); // a stream without an encoding
    const fault = plan[requests.length % plan.length] ?? "none";
    const number = requests.push(String(request.headers["x-amz-target"]).replace(/^.*\./, ""));
    await meanwhile?.(number);
    await faults[fault](request, response, Buffer.concat(parts).toString());
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  front = { url: `http://127.0.0.1:${port}`, close };
});
afterAll(async () => {
  front.close();
  await emulator.stop();
});
beforeEach(() => {
  plan = [];
  requests = [];
  meanwhile = undefined;
});

async function forward({ headers }: IncomingMessage, body: string) {
  const { host: _, "content-length": __, connection: ___, ...kept } = headers;
  const answer = await fetch(emulator.url, { method: "POST", headers: kept as Record<string, string>, body }); // none is repeated
  return { status: answer.status, text: await answer.text() };
}

async function pass(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const { status, text } = await forward(request, body);
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(text);
}

/** A store on a new table behind the server, whose waits take no time. */
const opened = async (options?: Partial<TableOptions>) => (await openedWith(options))[0];

async function openedWith(options: Partial<TableOptions> = {}) {
  const table = { ...(await emulator.table()), endpoint: front.url };
  let waited = 0;
  const now = () => waited;
  const sleep = async (ms: number) => {
    waited += ms;
  };
  const store = new DynamoDbStore({
    ...table,
    now,
    sleep,
    random: () => 1,
    timeoutMs: 60_000,
    attemptMs: 5000,
    ...options,
  });
  return [store, table] as const;
}

/** Repeated after 60,000 bytes, no compression finds that. */
const noise = crypto.getRandomValues(new Uint8Array(60_000));
const bytes = (...values: number[]) => Uint8Array.from(values);
const passing = Object.keys(faults).filter(name => name !== "none") as Name[]; // keys of it

test.for(passing.map(it => ({ it })))(
  "$it, each second time: nothing is lost and nothing is done twice",
  async ({ it }) => {
    const store = await opened(it === "an answer that comes too late" ? { attemptMs: 100 } : {});
    plan = [it, "none"];
    for (let i = 0; i < 5; i++) {
      const found = await store.get("n", "count");
      const next = bytes((found?.value[0] ?? 0) + 1);
      expect(await store.put("n", "count", next, { ifVersion: found?.version ?? null })).not.toBeUndefined();
    }
    const entries = new Map(Array.from({ length: 60 }, (_, i) => [`k${String(i).padStart(2, "0")}`, bytes(i)]));
    await store.putMany("n", entries);
    const found = await store.getMany("n", [...entries.keys()]);
    expect(new Map([...found].map(([key, { value }]) => [key, value]))).toEqual(entries);
    expect(await store.list("n")).toEqual(["count", ...entries.keys()]);
    await store.delete("n", "k00");
    expect((await store.get("n", "count"))?.value).toEqual(bytes(5));
    expect(await store.list("n", { limit: 2 })).toEqual(["count", "k01"]);
    await store.close();
  },
);

test("all of them in turn, around values in parts", async () => {
  const store = await opened({ attemptMs: 500 });
  plan = passing.flatMap(each => [each, "none"] as const);
  const large = Buffer.concat(Array.from({ length: 16 }, (_, i) => noise.map(byte => byte ^ i)));
  const version = await store.put("n", "k", large);
  expect(await store.get("n", "k")).toEqual({ value: Uint8Array.from(large), version });
  expect(await store.put("n", "k", bytes(1), { ifVersion: version ?? "" })).not.toBeUndefined();
  expect((await store.get("n", "k"))?.value).toEqual(bytes(1));
  await store.close();
});

test("a value that is overwritten while its parts are read is read anew", async () => {
  const [reader, options] = await openedWith();
  const writer = new DynamoDbStore({ ...options, endpoint: emulator.url });
  const [old, next] = [Buffer.alloc(500_000, noise), Buffer.alloc(900_000, noise).reverse()];
  await writer.put("n", "k", old);
  meanwhile = async number => {
    if (number === 2) await writer.put("n", "k", next); // after the item, before its parts
  };
  expect(Buffer.compare((await reader.get("n", "k"))?.value ?? old, next)).toBe(0);
  expect(requests).toEqual(["BatchGetItem", "BatchGetItem", "BatchGetItem", "BatchGetItem"]);
  await Promise.all([reader.close(), writer.close()]);
});

describe("a table that stays as it is", () => {
  test.for([
    {
      it: "throttled",
      last: "status 400: ProvisionedThroughputExceededException: The level of throughput was exceeded",
    },
    { it: "an error of the server", last: "status 500: InternalServerError: Internal server error" },
    { it: "a proxy without a server", last: "status 503" },
    { it: "an answer that is no JSON", last: "status 200" },
  ] as const)("$it: gives up in time, and says why", async ({ it, last }) => {
    const store = await opened({ table: "shop", timeoutMs: 1000 });
    plan = [it];
    const error = await store.put("n", "k", bytes(1)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: `state table "shop": PutItem did not succeed within 1000 ms: PutItem was refused, got ${last}`,
      kind: "retry",
      retryAfterMs: 800,
    });
    // after 0, 50, 150, 350 and 750 ms; the next would be at 1,550
    expect(requests.length).toBe(5);
    await store.close();
  });

  test.for([
    { it: "a lost request", reason: "socket hang up" },
    { it: "an answer that comes too late", reason: "no answer within 50 ms" },
  ] as const)("$it: tells the place too", async ({ it, reason }) => {
    const store = await opened({ table: "shop", timeoutMs: 200, attemptMs: 50 });
    plan = [it];
    await expect(store.list("n")).rejects.toHaveProperty(
      "message",
      `state table "shop": Query did not succeed within 200 ms: ${front.url}/: ${reason}`,
    );
    await store.close();
  });

  test("half a batch: the rest is counted", async () => {
    const store = await opened({ table: "shop", timeoutMs: 200 });
    plan = ["half a batch"];
    await expect(store.putMany("n", new Map([["a", bytes(1)]]))).rejects.toHaveProperty(
      "message",
      'state table "shop": BatchWriteItem did not succeed within 200 ms: BatchWriteItem left 1 of 1 items for later',
    );
    await store.close();
  });
});

test("what no time will change is told at once", async () => {
  const store = await opened({ table: "missing" });
  await expect(store.get("n", "k")).rejects.toHaveProperty(
    "message",
    'state table "missing": BatchGetItem was refused, got status 400: ResourceNotFoundException: Requested resource not found',
  );
  expect(requests).toEqual(["BatchGetItem"]);
  await store.close();
});

test("a failure of one batch ends the others", async () => {
  const store = await opened({ table: "missing" });
  const keys = Array.from({ length: 5000 }, (_, i) => String(i));
  await expect(store.getMany("n", keys)).rejects.toThrow("ResourceNotFoundException");
  expect(requests.length).toBeLessThanOrEqual(8);
  await store.close();
});
