/** The store of the state is slow, throttles, fails or is gone: each record is at the backend or stays with its trigger, and none is lost. */
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { startS3 } from "../../lib/pipeline/components/aws/testing.ts";
import { DynamoDbStore } from "../../lib/pipeline/state/dynamodb.ts";
import { RedisStore } from "../../lib/pipeline/state/redis.ts";
import type { StateStore } from "../../lib/pipeline/state/store.ts";
import { type Emulator, redisIsInstalled, startEmulator, startRedis } from "../../lib/pipeline/state/testing.ts";
import { balanced, balanceOf } from "./support/account.ts";
import { type FaultyBackend, good, refuses, startFaultyBackend } from "./support/backend.ts";
import { type Front, type FrontAnswer, startFront } from "./support/front.ts";
import { loadTestFunction } from "./support/function.ts";
import { triggers } from "./support/triggers.ts";

/** A limit that lets all pass, and objects that note how far they are read. */
const config = (url: string, s3: string) => `
loki.source.api "in" {
  http { }
  forward_to = [loki.process.limited.receiver]
}
loki.process "limited" {
  stage.limit {
    rate  = 1000
    burst = 1000
    drop  = true
  }
  forward_to = [loki.write.out.receiver]
}
loki.source.s3 "in" {
  client { endpoint = "${s3}" }
  checkpoint_interval = "0s"
  batch_size          = "10KiB"
  forward_to          = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint {
    url                 = "${url}/loki/api/v1/push"
    max_backoff_retries = 1
  }
}`;

type Fault = () => FrontAnswer | Promise<FrontAnswer> | undefined;

const refused = (name: string, status = 400): FrontAnswer => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: "not now" }),
});

/** What a table does; `undefined`: it does what it is asked for. */
const faults: Readonly<Record<string, Fault>> = {
  "throttles every call": () => refused("ProvisionedThroughputExceededException"),
  "throttles the account": () => refused("ThrottlingException"),
  "has an error in every call": () => refused("InternalServerError", 500),
  "is behind a proxy without a server": () => ({ status: 503, body: "<html>" }),
  "answers garbage": () => ({ status: 200, body: "\u0000\u0001" }),
  "is not there": () => refused("ResourceNotFoundException"),
  "may not be used": () => refused("AccessDeniedException"),
  "never answers": () => new Promise(() => {}),
};

let backend: FaultyBackend;
let emulator: Emulator;
let front: Front;
let fault: Fault = () => undefined;
let calls = 0;

beforeAll(async () => {
  [backend, emulator] = [await startFaultyBackend(), await startEmulator()];
  front = await startFront(() => {
    calls++;
    return fault() ?? emulator.url;
  });
});
afterAll(async () => {
  await Promise.all([backend.close(), emulator.stop(), front.close()]);
});
beforeEach(() => {
  backend.reset(() => good);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_REGION", "eu-central-1");
  calls = 0;
});
afterEach(() => vi.unstubAllEnvs());

const lines = ["a", "b", "c", "d"].map(id => ({ ids: [`line-${id}`] }));
const padding = "x".repeat(3000);
const objects = ["e", "f"].map(id => ({ ids: Array.from({ length: 30 }, (_, i) => `object-${id}-${i}`) }));
const idOf = (line: string): string => line.split(" ", 1)[0] ?? "";

/** Brings log lines and objects, some of which the backend refuses at first, so that they are read on from where the state says. */
async function run(state: StateStore) {
  const s3 = await startS3(
    Object.fromEntries(
      objects.map(({ ids }) => [
        `shop-logs/logs/${ids[0]}.log`,
        gzipSync(ids.map(id => `${id} ${padding}\n`).join("")),
      ]),
    ),
  );
  const { handler, pipeline, log } = await loadTestFunction(config(backend.url, s3.url), { state });
  onTestFinished(() => pipeline.close());
  let refusals = 0;
  backend.reset(({ ids }) => (ids.some(id => id.startsWith("object-e-29")) && refusals++ === 0 ? refuses(503) : good));
  const [first, second] = [await triggers["queue of log lines"](handler, lines), await triggers["bucket through a queue"](handler, objects)]; // biome-ignore format: a pair
  const brought = new Map([...first.brought, ...second.brought]);
  const stored = new Map([...backend.stored].map(([line, count]) => [idOf(line), count]));
  const sent = [...lines, ...objects].flatMap(({ ids }) => ids);
  const aside = [...first.aside, ...second.aside];
  const mayRepeat = (id: string) => (brought.get(id) ?? 0) > 1;
  expect(balanceOf({ sent, stored, dead: [], returned: aside, mayRepeat })).toEqual(balanced);
  return { stored, aside, log, linesAside: first.aside };
}

describe("DynamoDB", () => {
  /** Waits are short where the store never answers, and long enough for any machine where it does. */
  const open = async ([timeoutMs, attemptMs]: readonly [number, number]) => {
    const { table } = await emulator.table();
    const store = new DynamoDbStore({ table, region: "us-east-1", endpoint: front.url, timeoutMs, attemptMs });
    onTestFinished(() => store.close());
    return store;
  };
  const [patient, hasty] = [[60_000, 20_000], [400, 100]] as const; // biome-ignore format: a pair

  test("that works keeps how far objects are read, so that no line comes twice but those of the batch that failed", async () => {
    fault = () => undefined;
    const { stored, aside } = await run(await open(patient));
    expect(aside).toEqual([]);
    expect(calls).toBeGreaterThan(3);
    const twice = [...stored].filter(([, count]) => count > 1).map(([id]) => id);
    expect(twice.filter(id => !id.startsWith("object-e"))).toEqual([]);
    expect(twice).not.toContain("object-e-0");
  });

  test.for(Object.entries(faults))("that %s costs no record", async ([, always]) => {
    fault = always;
    const { stored, linesAside, log } = await run(await open(hasty));
    expect(calls).toBeGreaterThan(0);
    // a limit that is not known lets all pass; an object whose place is not known stays in its queue
    expect([linesAside, lines.flatMap(({ ids }) => ids).filter(id => !stored.has(id))]).toEqual([[], []]);
    expect(log.join("\n")).toMatch(/state/);
  });

  test.for(
    Object.entries(faults).filter(
      ([name]) => !name.startsWith("never") && !name.startsWith("is not") && !name.startsWith("may not"),
    ),
  )("that %s half of the time delivers all", async ([, sometimes]) => {
    let turn = 0;
    fault = () => (turn++ % 2 ? undefined : sometimes());
    const { aside, stored } = await run(await open(patient));
    expect(aside).toEqual([]);
    expect(stored.size).toBe(64);
  });
});

describe.runIf(redisIsInstalled)("Redis", () => {
  const open = (port: number, timeoutMs: number) => {
    const store = new RedisStore(`redis://127.0.0.1:${port}`, { timeoutMs });
    onTestFinished(() => store.close());
    return store;
  };

  test.for([
    { it: "that works", settings: [], stop: false, aside: 0 },
    { it: "that is gone", settings: [], stop: true },
    { it: "that has no memory left", settings: ["--maxmemory", "1", "--maxmemory-policy", "noeviction"], stop: false },
  ])("$it costs no record", async ({ settings, stop, aside }) => {
    const server = await startRedis({ settings });
    onTestFinished(() => server.stop());
    if (stop) await server.stop();
    const { stored, linesAside, aside: all } = await run(open(server.port, stop ? 400 : 60_000));
    expect([linesAside, lines.flatMap(({ ids }) => ids).filter(id => !stored.has(id))]).toEqual([[], []]);
    if (aside !== undefined) expect(all.length).toBe(aside);
  });
});
