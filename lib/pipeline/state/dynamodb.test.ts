import { afterAll, beforeAll } from "vitest";
import { storeContract } from "./contract.ts";
import { DynamoDbStore } from "./dynamodb.ts";
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
