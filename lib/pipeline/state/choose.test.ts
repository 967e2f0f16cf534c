import { afterEach, expect, test, vi } from "vitest";
import { openState, parseState, type StateChoice } from "./choose.ts";
import { DynamoDbStore } from "./dynamodb.ts";
import { MemoryStore } from "./memory.ts";
import { RedisStore } from "./redis.ts";

afterEach(() => vi.unstubAllEnvs());

const redis = (url: string, prefix = "amalgam"): StateChoice => ({ engine: "redis", url, prefix });

test.for([
  { text: "", choice: { engine: "memory" } },
  { text: "memory", choice: { engine: "memory" } },
  { text: "dynamodb:shop.state-1_a", choice: { engine: "dynamodb", table: "shop.state-1_a" } },
  { text: "redis://cache.example.com", choice: redis("redis://cache.example.com") },
  { text: "rediss://u:p%40@cache:6380/2", choice: redis("rediss://u:p%40@cache:6380/2") },
  { text: "redis://cache/1?prefix=shop", choice: redis("redis://cache/1", "shop") },
] satisfies { text: string; choice: StateChoice }[])("$text is understood", ({ text, choice }) => {
  expect(parseState(text)).toEqual(choice);
});

const all = "AMALGAM_STATE should be memory, dynamodb:TABLE, redis://HOST or rediss://HOST, got";
const table =
  "AMALGAM_STATE should have the name of a table after dynamodb:, 3 to 255 of a-z, A-Z, 0-9, _, - and ., got";

test.for([
  { text: "sqlite", message: `${all} "sqlite"` },
  { text: "Memory", message: `${all} "Memory"` },
  { text: "http://user:secret@host", message: `${all} what begins with "http:"` },
  { text: "dynamodb:", message: `${table} ""` },
  { text: "dynamodb:a table", message: `${table} "a table"` },
  { text: "redis://", message: "AMALGAM_STATE should be an address with a host after redis://, got none" },
  { text: "rediss:cache", message: "AMALGAM_STATE should be an address with a host after rediss://, got none" },
  {
    text: "redis://:secret@h:99999",
    message: "AMALGAM_STATE should be an address with a host after redis://, got none",
  },
  {
    text: "redis://:secret@host/shop",
    message: "AMALGAM_STATE should have the number of a database after the host, got /shop",
  },
  {
    text: "redis://host/0?prefix=a&tls=1",
    message: "AMALGAM_STATE should have no parameter of Redis but prefix, got tls",
  },
])("$text is refused", ({ text, message }) => {
  expect(() => parseState(text)).toThrow(new Error(message));
});

test.for([
  { text: "memory", engine: MemoryStore },
  { text: "dynamodb:shop", engine: DynamoDbStore },
  { text: "redis://127.0.0.1:1", engine: RedisStore },
])("$text opens its engine, which connects to nothing yet", async ({ text, engine }) => {
  vi.stubEnv("AWS_REGION", "eu-central-1");
  const store = await openState(text);
  expect(store).toBeInstanceOf(engine);
  await store.close();
});

test("a table without a region is told", async () => {
  vi.stubEnv("AWS_REGION", "");
  vi.stubEnv("AWS_DEFAULT_REGION", "");
  await expect(openState("dynamodb:shop")).rejects.toThrow(
    new Error("state in DynamoDB should have a region, from AWS_REGION or AWS_DEFAULT_REGION, got none"),
  );
});
