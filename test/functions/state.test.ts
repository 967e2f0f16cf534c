/** Two instances of one function that share what they count, with each engine of state that functions have. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { bundle } from "../../functions/bundle.ts";
import {
  type Emulator,
  type RedisServer,
  redisIsInstalled,
  startEmulator,
  startRedis,
} from "../../lib/pipeline/state/testing.ts";
import { decodePushProtobuf } from "../../lib/pipeline/telemetry/loki/push.ts";
import { uncompressBlock } from "../../lib/pipeline/telemetry/snappy.ts";
import { recorded } from "./events.ts";
import { type RunningFunction, startFunction } from "./runtime-api.ts";
import { type Sink, startSink } from "./sink.ts";

// three lines come with each event, and five may pass an hour
const config = `
loki.source.api "in" {
  http { }
  forward_to = [loki.process.few.receiver]
}
loki.process "few" {
  stage.limit {
    rate  = 0.001
    burst = 5
    drop  = true
  }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint { url = sys.env("SINK") + "/loki/api/v1/push" }
}
`;

const folder = mkdtempSync(path.join(tmpdir(), "amalgam-state-"));
let sink: Sink;
let emulator: Emulator;
let redis: RedisServer | undefined;
/** Folders to deploy: a function that was bundled with a Redis in `AMALGAM_STATE`, and one without. */
let [withRedis, without] = ["", ""];

beforeAll(async () => {
  [sink, emulator] = await Promise.all([startSink(), startEmulator()]);
  if (redisIsInstalled) redis = await startRedis();
  withRedis = await deploy("redis://cache.example.com");
  without = await deploy("");
});
afterAll(async () => {
  await Promise.all([sink.close(), emulator.stop(), redis?.stop()]);
  rmSync(folder, { recursive: true });
});

async function deploy(state: string): Promise<string> {
  const outdir = mkdtempSync(path.join(folder, "function-"));
  const file = path.join(outdir, "main.alloy");
  writeFileSync(file, config);
  vi.stubEnv("AMALGAM_STATE", state);
  await bundle({ config: file, outdir, target: "aws" });
  vi.unstubAllEnvs();
  return outdir;
}

/** An instance of a function, until the test ends. */
async function instance(taskRoot: string, env: Readonly<Record<string, string>>): Promise<RunningFunction> {
  const running = await startFunction({ taskRoot, env: { SINK: sink.url, AWS_REGION: "us-east-1", ...env } });
  onTestFinished(() => running.stop());
  return running;
}

/** Lines that arrived since the last call. */
const lines = (): number =>
  sink
    .take()
    .flatMap(({ body }) => decodePushProtobuf(uncompressBlock(body, 1 << 20)).flatMap(({ entries }) => entries)).length;

const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI" };

async function dynamodb(): Promise<Readonly<Record<string, string>>> {
  const { table, endpoint } = await emulator.table();
  return { ...credentials, AMALGAM_STATE: `dynamodb:${table}`, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
}
const ofRedis = async () => ({ AMALGAM_STATE: `redis://127.0.0.1:${redis?.port}?prefix=shop` });

test.for(
  [
    { it: "in memory, each instance counts by itself", env: async () => ({}), passed: 6, runs: true },
    { it: "in DynamoDB they count together", env: dynamodb, passed: 5, runs: true },
    { it: "in Redis they count together", env: ofRedis, passed: 5, runs: redisIsInstalled },
  ].filter(({ runs }) => runs),
)("$it", async ({ env, passed }) => {
  const variables = await env();
  for (const each of [await instance(withRedis, variables), await instance(withRedis, variables)])
    expect((await each.invoke(recorded("function-url-loki-push"))).result).toMatchObject({ statusCode: 204 });
  expect(lines()).toBe(passed);
});

test("a table that does not exist costs the exactness of the limit, not data, and the log says why", async () => {
  const variables = { ...(await dynamodb()), AMALGAM_STATE: "dynamodb:missing" };
  const running = await instance(without, variables);
  expect((await running.invoke(recorded("function-url-loki-push"))).result).toMatchObject({ statusCode: 204 });
  expect(lines()).toBe(3);
  expect(running.log()).toContain(
    String.raw`"error":"state table \"missing\": BatchGetItem was refused, got status 400: ResourceNotFoundException: Requested resource not found"`,
  );
});

test.for([
  {
    it: "an engine that does not exist",
    env: { AMALGAM_STATE: "mysql://host" },
    message:
      'AMALGAM_STATE should be memory, dynamodb:TABLE, redis://HOST or rediss://HOST, got what begins with "mysql:"',
  },
  {
    it: "a Redis that the bundle was not made for",
    env: { AMALGAM_STATE: "redis://127.0.0.1" },
    message:
      /^the client of Redis can't be loaded, a bundle has it if AMALGAM_STATE names a Redis when it is made: .*redis\.mjs/,
  },
])("$it: the function does not start", async ({ env, message }) => {
  const { error } = await (await instance(without, env)).invoke(recorded("function-url-loki-push"));
  expect(error?.errorMessage).toMatch(message);
});
