import { afterAll, beforeAll, describe } from "vitest";
import { storeContract } from "./contract.ts";
import { RedisStore } from "./redis.ts";
import { type RedisServer, redisIsInstalled, startRedis } from "./testing.ts";

describe.runIf(redisIsInstalled)("a real server", () => {
  let server: RedisServer;
  let stores = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  storeContract({
    engine: "redis",
    open: clock => new RedisStore(`redis://127.0.0.1:${server.port}`, { clock, prefix: `test${++stores}` }),
    sweeps: true,
  });
});
