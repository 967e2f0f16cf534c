/**
 * State in a table of DynamoDB, which functions share:
 *
 *     const store = new DynamoDbStore({ table: "amalgam" });
 *
 * The table has the partition key `namespace` and the sort key `key`, both strings, and `expires` as its time to live. A version
 * is a random text that the writer makes, so a write whose answer was lost is known again when it is repeated.
 */
import { randomBytes } from "node:crypto";
import { DeliveryError } from "../delivery/errors.ts";
import {
  bytesOf,
  type Item,
  keyIn,
  keyOf,
  pack,
  partKeys,
  prefixOf,
  read,
  type Stored,
  textOf,
  unpack,
} from "./dynamodb-items.ts";
import { conditionFailed, DynamoDbTable, type TableOptions } from "./dynamodb-table.ts";
import type { StoreOptions } from "./memory.ts";
import type { PutOptions, StateStore, Versioned } from "./store.ts";

export interface DynamoDbOptions extends StoreOptions, TableOptions {}

const live = "(attribute_not_exists(expires_ms) OR expires_ms > :now)";
const newVersion = () => randomBytes(12).toString("base64url");

export class DynamoDbStore implements StateStore {
  readonly #table: DynamoDbTable;
  readonly #clock: () => number;

  /** Nothing is connected or looked up before the first operation. */
  constructor({ clock = Date.now, ...table }: DynamoDbOptions) {
    this.#table = new DynamoDbTable(table);
    this.#clock = clock;
  }

  async get(namespace: string, key: string): Promise<Versioned | undefined> {
    const [found] = (await this.getMany(namespace, [key])).values();
    return found;
  }

  async put(
    namespace: string,
    key: string,
    value: Uint8Array,
    { ifVersion, expiresAt }: PutOptions = {},
  ): Promise<string | undefined> {
    if (ifVersion === "") return undefined; // never a version
    const deadline = this.#table.deadline();
    const version = newVersion();
    const { parts, item } = pack(keyOf(namespace, key), value, { version, expiresAt });
    if (parts.length) await this.#table.putItems(parts, deadline);
    const input = { Item: item, ReturnValues: "ALL_OLD", ...conditionOf(ifVersion, version, this.#clock()) };
    const answer = await this.#table.call("PutItem", input, deadline);
    if (answer === conditionFailed) {
      await this.#removeParts(namespace, { version, parts: parts.length });
      return undefined;
    }
    // the old item is this one where an answer was lost and the write was repeated
    const old = answer.Attributes;
    if (old && textOf(old, "version") !== version) await this.#removeParts(namespace, partsOf(old));
    return version;
  }

  async delete(namespace: string, key: string, { ifVersion }: { readonly ifVersion?: string } = {}): Promise<boolean> {
    if (ifVersion === "") return false;
    const condition = ["attribute_exists(version)", live, ...(ifVersion === undefined ? [] : ["version = :version"])];
    const input = {
      Key: keyOf(namespace, key),
      ReturnValues: "ALL_OLD",
      ConditionExpression: condition.join(" AND "),
      ExpressionAttributeValues: {
        ":now": { N: String(this.#clock()) },
        ...(ifVersion !== undefined && { ":version": { S: ifVersion } }),
      },
    };
    const answer = await this.#table.call("DeleteItem", input, this.#table.deadline());
    if (answer === conditionFailed) return false;
    if (answer.Attributes) await this.#removeParts(namespace, partsOf(answer.Attributes));
    return true;
  }

  async getMany(namespace: string, keys: readonly string[]): Promise<ReadonlyMap<string, Versioned>> {
    const deadline = this.#table.deadline();
    const wanted = new Set(keys);
    let found = await this.#read(namespace, [...wanted], deadline);
    // The parts of a value are gone when it was overwritten between the two reads: what is there now is read instead.
    const torn = [...found].filter(([, each]) => each === "torn").map(([key]) => key);
    if (torn.length) {
      const again = await this.#read(namespace, torn, deadline);
      found = new Map([...found].filter(([, each]) => each !== "torn"));
      for (const [key, each] of again) found.set(key, each);
    }
    const inOrder = new Map<string, Versioned>();
    for (const key of wanted) {
      const each = found.get(key);
      if (each === "torn")
        throw new DeliveryError(`state of ${namespace}: the value of ${JSON.stringify(key)} lacks a part`, {
          kind: "retry",
        });
      if (each) inOrder.set(key, each);
    }
    return inOrder;
  }

  async putMany(
    namespace: string,
    entries: ReadonlyMap<string, Uint8Array>,
    { expiresAt }: { readonly expiresAt?: number } = {},
  ): Promise<void> {
    const deadline = this.#table.deadline();
    const packed = [...entries].map(([key, value]) =>
      pack(keyOf(namespace, key), value, { version: newVersion(), expiresAt }),
    );
    const parts = packed.flatMap(each => each.parts);
    if (parts.length) await this.#table.putItems(parts, deadline);
    await this.#table.putItems(
      packed.map(({ item }) => item),
      deadline,
    );
  }

  async list(
    namespace: string,
    { prefix = "", limit = Number.POSITIVE_INFINITY }: { readonly prefix?: string; readonly limit?: number } = {},
  ): Promise<readonly string[]> {
    const deadline = this.#table.deadline();
    const keys: string[] = [];
    let start: object | undefined;
    while (keys.length < limit) {
      const answer = await this.#table.call(
        "Query",
        {
          ConsistentRead: true,
          KeyConditionExpression: "#namespace = :namespace AND begins_with(#key, :prefix)",
          FilterExpression: live,
          ProjectionExpression: "#key",
          ExpressionAttributeNames: { "#namespace": "namespace", "#key": "key" },
          ExpressionAttributeValues: { ...prefixOf(namespace, prefix), ":now": { N: String(this.#clock()) } },
          ...(Number.isFinite(limit) && { Limit: limit - keys.length }),
          ...(start && { ExclusiveStartKey: start }),
        },
        deadline,
      );
      if (answer === conditionFailed) break; // a query has none
      keys.push(...(answer.Items ?? []).map(keyIn));
      start = answer.LastEvaluatedKey;
      if (!start) break;
    }
    return keys;
  }

  async close(): Promise<void> {
    this.#table.close();
  }

  /** Values by their keys; `torn` for one that lacks a part. */
  async #read(namespace: string, keys: readonly string[], deadline: number) {
    const items = await this.#table.getItems(
      keys.map(key => keyOf(namespace, key)),
      deadline,
    );
    const now = this.#clock();
    const stored = items.flatMap((item): [string, Stored][] => {
      const each = read(item, now);
      return each ? [[keyIn(item), each]] : [];
    });
    const names = stored.flatMap(([, each]) => partKeys(namespace, each));
    const parts = names.length ? await this.#table.getItems(names, deadline) : [];
    const bytes = new Map(parts.map(part => [textOf(part, "key"), bytesOf(part)]));
    return new Map(stored.map(([key, each]) => [key, joined(namespace, each, bytes)]));
  }

  /** What nothing names any more. A failure is nobody's: the write is done, and the parts are only in the way. */
  async #removeParts(namespace: string, of: Pick<Stored, "version" | "parts">): Promise<void> {
    if (!of.parts) return;
    await this.#table.deleteItems(partKeys(namespace, of), this.#table.deadline()).catch(() => {});
  }
}

function joined(
  namespace: string,
  { version, parts, encoding, bytes }: Stored,
  partsByKey: ReadonlyMap<string, Uint8Array>,
): Versioned | "torn" {
  if (!parts) return { version, value: unpack(bytes, encoding) };
  const found = partKeys(namespace, { version, parts }).map(({ key }) => partsByKey.get(textOf({ key }, "key")));
  const whole = found.filter(part => part !== undefined);
  return whole.length < parts ? "torn" : { version, value: unpack(Buffer.concat(whole), encoding) };
}

const partsOf = (item: Item) => ({ version: textOf(item, "version"), parts: Number(textOf(item, "parts")) });

/** A write that is repeated since its answer was lost finds its own version. */
function conditionOf(ifVersion: string | null | undefined, version: string, now: number) {
  if (ifVersion === undefined) return {};
  const holds =
    ifVersion === null ? "attribute_not_exists(version) OR expires_ms <= :now" : `(version = :version AND ${live})`;
  return {
    ConditionExpression: `${holds} OR version = :new`,
    ExpressionAttributeValues: {
      ":now": { N: String(now) },
      ":new": { S: version },
      ...(ifVersion !== null && { ":version": { S: ifVersion } }),
    },
  };
}
