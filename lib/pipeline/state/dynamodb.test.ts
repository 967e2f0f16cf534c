import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { storeContract } from "./contract.ts";
import { DynamoDbStore } from "./dynamodb.ts";
import { type Item, textOf } from "./dynamodb-items.ts";
import { type Emulator, startEmulator } from "./testing.ts";

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.stop());

storeContract({
  engine: "dynamodb",
  open: async clock => new DynamoDbStore({ ...(await emulator.table()), clock }),
  longestKey: {
    bytes: 1022,
    refusal: `state in DynamoDB: a key of n should have at most 1022 bytes, got 1023: "${"k".repeat(40)}"…`,
  },
});

/** A store on a table of its own, and all that is in that table. */
async function opened(clock?: () => number) {
  const options = await emulator.table();
  const store = new DynamoDbStore({ ...options, ...(clock && { clock }) });
  onTestFinished(() => store.close());
  const items = async () => {
    const { Items } = await emulator.call("Scan", { TableName: options.table, ConsistentRead: true });
    return (Items as Item[]).sort((a, b) => (textOf(a, "key") < textOf(b, "key") ? -1 : 1)); // as the reference has it
  };
  return { store, table: options.table, items };
}

const noise = (length: number) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
};
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

describe("a table has", () => {
  test("small values as they are, with their time to live in seconds and exactly", async () => {
    const { store, items } = await opened(() => 0);
    const first = await store.put("loki.process.few", "tenant/é", Uint8Array.of(0, 255), { expiresAt: 1500 });
    const second = await store.put("loki.process.few", "", new Uint8Array());
    expect(await items()).toEqual([
      { namespace: { S: "loki.process.few" }, key: { S: "v/" }, value: { B: "" }, version: { S: second } },
      {
        namespace: { S: "loki.process.few" },
        key: { S: "v/tenant/é" },
        value: { B: "AP8=" },
        version: { S: first },
        expires: { N: "2" },
        expires_ms: { N: "1500" },
      },
    ]);
  });

  test("what is larger than 1 KB compressed, unless that makes it no smaller or it is already", async () => {
    const { store, items } = await opened();
    const text = Buffer.from("again and ".repeat(200));
    await store.putMany("n", new Map([["a", text], ["b", text.subarray(0, 1024)], ["c", noise(3000)]])); // biome-ignore format: pairs
    const [a, b, c] = await items();
    expect([a, b, c].map(item => item && textOf(item, "encoding"))).toEqual(["gzip", "", ""]);
    expect(a && gunzipSync(Buffer.from(textOf(a, "value"), "base64"))).toEqual(text);
  });

  test("large values in parts, which go with them", async () => {
    const { store, items } = await opened();
    const value = noise(900_000);
    const version = await store.put("n", "k", value, { expiresAt: Number.MAX_SAFE_INTEGER });
    const expiry = { expires: { N: "9007199254741" }, expires_ms: { N: "9007199254740991" } };
    const part = (i: number) => ({
      namespace: { S: "n" },
      key: { S: `p/${version}/${i}` },
      value: { B: base64(value.subarray(i * 400_000, (i + 1) * 400_000)) },
      ...expiry,
    });
    const item = { namespace: { S: "n" }, key: { S: "v/k" }, version: { S: version }, parts: { N: "3" }, ...expiry };
    expect(await items()).toEqual([part(0), part(1), part(2), item]);
    expect(await store.put("n", "k", value, { ifVersion: "another" })).toBeUndefined();
    expect((await items()).length).toBe(4);
    const last = await store.put("n", "k", noise(500_000));
    expect((await items()).map(each => textOf(each, "key"))).toEqual([`p/${last}/0`, `p/${last}/1`, "v/k"]);
    await store.delete("n", "k");
    expect(await items()).toEqual([]);
  });
});

test("a value of 4 MB is more than one request of parts", async () => {
  const { store } = await opened();
  const value = noise(4_000_000);
  const version = await store.put("n", "k", value);
  const found = await store.get("n", "k");
  expect(found?.version).toBe(version);
  expect(Buffer.from(value).equals(found?.value ?? new Uint8Array())).toBe(true);
});

test("a list is read page by page", async () => {
  const { store } = await opened();
  const keys = Array.from({ length: 12 }, (_, i) => `k${String.fromCharCode(97 + i)}`);
  const value = noise(390_000); // three of them are a page
  await store.putMany("n", new Map(keys.map(key => [key, value])));
  expect(await store.list("n")).toEqual(keys);
  expect(await store.list("n", { limit: 5 })).toEqual(keys.slice(0, 5));
});

test("a value that lacks a part is an error, not a shorter value", async () => {
  const { store, table } = await opened();
  const version = await store.put("n", "k", noise(500_000));
  await emulator.call("DeleteItem", { TableName: table, Key: { namespace: { S: "n" }, key: { S: `p/${version}/1` } } });
  await expect(store.get("n", "k")).rejects.toHaveProperty("message", 'state of n: the value of "k" lacks a part');
});

test.for([
  { namespace: "", message: 'state in DynamoDB: a namespace should have 1 to 2048 bytes, got 0: ""' },
  {
    namespace: "é".repeat(1025),
    message: `state in DynamoDB: a namespace should have 1 to 2048 bytes, got 2050: "${"é".repeat(40)}"…`,
  },
])("a namespace of $namespace.length characters is refused", async ({ namespace, message }) => {
  const { store } = await opened();
  await expect(store.list(namespace)).rejects.toHaveProperty("message", message);
});
