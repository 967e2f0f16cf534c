/** A table of DynamoDB in an emulator that checks signatures and permissions: the store needs just those that it is given. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { AwsCredentials } from "../../lib/pipeline/delivery/sigv4.ts";
import { DynamoDbStore } from "../../lib/pipeline/state/dynamodb.ts";
import { tableActions } from "../../lib/pipeline/state/dynamodb-actions.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";

const table = "shop-state";
const one = Uint8Array.of(1);

const operations: Readonly<Record<(typeof tableActions)[number], (store: StateStore) => Promise<unknown>>> = {
  "dynamodb:BatchGetItem": store => store.get("n", "k"),
  "dynamodb:BatchWriteItem": store => store.putMany("n", new Map([["k", one]])),
  "dynamodb:DeleteItem": store => store.delete("n", "k"),
  "dynamodb:PutItem": store => store.put("n", "k", one, { ifVersion: null }),
  "dynamodb:Query": store => store.list("n"),
};

describe.runIf(motoIsInstalled)("the permissions of the store", () => {
  let moto: Moto;
  const users = new Map<string, AwsCredentials>();
  beforeAll(async () => {
    moto = await startMoto();
    await moto.json("dynamodb", "DynamoDB_20120810.CreateTable", {
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
    users.set("all", await moto.addUser("all", tableActions));
    for (const action of tableActions) {
      const others = tableActions.filter(each => each !== action);
      users.set(action, await moto.addUser(`without-${action.replace(":", "-")}`, others));
    }
    await moto.guard();
  });
  afterAll(() => moto.stop());
  afterEach(() => vi.unstubAllEnvs());

  const storeOf = (user: string) => {
    const { accessKeyId = "", secretAccessKey = "" } = users.get(user) ?? {};
    vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
    return new DynamoDbStore({ table, region, endpoint: moto.url, timeoutMs: 60_000, attemptMs: 30_000 });
  };

  test("suffice for all that it does", async () => {
    const store = storeOf("all");
    for (const operation of Object.values(operations)) await operation(store);
    const large = Uint8Array.from({ length: 900_000 }, (_, i) => (i * i * 31) >> (i % 7));
    const version = await store.put("n", "k", large);
    expect(Buffer.compare((await store.get("n", "k"))?.value ?? one, large)).toBe(0);
    expect(await store.put("n", "k", one, { ifVersion: version ?? "" })).not.toBeUndefined();
    expect(await store.list("n")).toEqual(["k"]);
    await store.close();
  });

  test.for(tableActions.map(action => ({ action })))(
    "$action is needed, and told at once where it is missing",
    async ({ action }) => {
      const store = storeOf(action);
      const name = action.replace("dynamodb:", "");
      await expect(operations[action](store)).rejects.toThrow(
        `state table "shop-state": ${name} was refused, got status 403`, // AWS has 400, and the reason as JSON
      );
      await store.close();
    },
  );
});
