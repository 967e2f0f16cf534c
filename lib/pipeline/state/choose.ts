/** Which engine keeps the state of a function, as `AMALGAM_STATE` says. */
import { messageOf } from "../delivery/errors.ts";
import { DynamoDbStore } from "./dynamodb.ts";
import { MemoryStore } from "./memory.ts";
import type { StateStore } from "./store.ts";

export type StateChoice =
  | { readonly engine: "memory" }
  | { readonly engine: "dynamodb"; readonly table: string }
  | { readonly engine: "redis"; readonly url: string; readonly prefix: string };

const expected = "AMALGAM_STATE should be memory, dynamodb:TABLE, redis://HOST or rediss://HOST";

/** Reads the value of the variable. What is wrong with it is thrown, without passwords. */
export function parseState(text: string): StateChoice {
  if (text === "" || text === "memory") return { engine: "memory" };
  const [, scheme = "", rest = ""] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  switch (scheme) {
    case "dynamodb":
      if (/^[\w.-]{3,255}$/.test(rest)) return { engine: "dynamodb", table: rest };
      throw new Error(
        `AMALGAM_STATE should have the name of a table after dynamodb:, 3 to 255 of a-z, A-Z, 0-9, _, - and ., got ${JSON.stringify(rest)}`,
      );
    case "redis":
    case "rediss":
      return parseRedis(text, scheme);
    default:
      throw new Error(
        `${expected}, got ${scheme ? `what begins with ${JSON.stringify(`${scheme}:`)}` : JSON.stringify(text)}`,
      );
  }
}

function parseRedis(text: string, scheme: string): StateChoice {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.hostname) throw new Error(`AMALGAM_STATE should be an address with a host after ${scheme}://, got none`);
  if (!/^\/?\d*$/.test(url.pathname))
    throw new Error(`AMALGAM_STATE should have the number of a database after the host, got ${url.pathname}`);
  const prefix = url.searchParams.get("prefix") ?? "amalgam";
  for (const name of url.searchParams.keys())
    if (name !== "prefix") throw new Error(`AMALGAM_STATE should have no parameter of Redis but prefix, got ${name}`);
  url.search = "";
  return { engine: "redis", url: url.href, prefix };
}

/** Makes the store. Nothing is connected before its first use. */
export async function openState(text = ""): Promise<StateStore> {
  const choice = parseState(text);
  switch (choice.engine) {
    case "memory":
      return new MemoryStore();
    case "dynamodb":
      return new DynamoDbStore({ table: choice.table });
    case "redis": {
      const { RedisStore } = await import("./redis.ts").catch(notBundled); // its client is large
      return new RedisStore(choice.url, { prefix: choice.prefix });
    }
    default:
      return choice satisfies never;
  }
}

function notBundled(cause: unknown): never {
  throw new Error(
    `the client of Redis can't be loaded, a bundle has it if AMALGAM_STATE names a Redis when it is made: ${messageOf(cause)}`,
    { cause },
  );
}
