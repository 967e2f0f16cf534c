import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";

const config = 'probe.schedule "a" { }\nprobe.schedule "b" { }\nprobe.tick "c" { }\nprobe.records "d" { }';

test.for([
  {
    it: "everything for a rule",
    event: recorded("eventbridge-rule"),
    runs: ["probe.schedule.a", "probe.schedule.b", "probe.tick.c"],
  },
  {
    it: "everything for a scheduler",
    event: recorded("eventbridge-scheduler"),
    runs: ["probe.schedule.a", "probe.schedule.b", "probe.tick.c"],
  },
  {
    it: "the component that an input names",
    event: { amalgam: { schedule: "probe.schedule.b" } },
    runs: ["probe.schedule.b"],
  },
  { it: "the tick that an input names", event: { amalgam: { schedule: "probe.tick.c" } }, runs: ["probe.tick.c"] },
  {
    it: "several that an input names",
    event: { amalgam: { schedule: ["probe.tick.c", "probe.schedule.a"] } },
    runs: ["probe.schedule.a", "probe.tick.c"],
  },
  {
    it: "what a rule's detail names",
    event: { ...recorded("eventbridge-rule"), detail: { amalgam: { schedule: "probe.schedule.a" } } },
    runs: ["probe.schedule.a"],
  },
])("a schedule runs $it", async ({ event, runs }) => {
  const { pipeline, seen } = await loadProbes(config);
  await createHandler(pipeline)(event);
  expect(seen.map(({ component }) => component)).toEqual(runs);
});

test("a name without a schedule is refused with those that have one", async () => {
  const { pipeline } = await loadProbes(config);
  await expect(createHandler(pipeline)({ amalgam: { schedule: "probe.records.d" } })).rejects.toThrow(
    "amalgam.schedule should name a component with a schedule, got probe.records.d; there are: probe.schedule.a, probe.schedule.b, probe.tick.c",
  );
});

test("one that fails does not keep the others from running, and fails the invocation", async () => {
  const { pipeline, seen, logged } = await loadProbes('probe.schedule "a" { outcome = "retry" }\nprobe.tick "b" { }');
  const message = "probe.schedule.a: scheduled run failed: backend says retry";
  await expect(createHandler(pipeline)(recorded("eventbridge-rule"), { awsRequestId: "r-1" })).rejects.toThrow(message);
  expect(seen.map(({ component }) => component)).toEqual(["probe.schedule.a", "probe.tick.b"]);
  expect(logged).toEqual([
    ["error", "scheduled run failed", { component: "probe.schedule.a", error: "backend says retry" }],
    ["error", "invocation failed", { invocation: "r-1", error: message }],
  ]);
});

describe("an event for a stretch of time", () => {
  afterEach(() => vi.useRealTimers());
  const minute = Date.parse("2026-08-01T10:00:00Z");

  /** Runs an event that comes 300 ms after it was due; gives the seconds of the minute at which runs began. */
  async function runsOf(config: string, { at = minute, takesMs = 0, remainingMs = 90_000 } = {}): Promise<number[]> {
    vi.useFakeTimers({ now: at + 300 });
    const runs: number[] = [];
    const { pipeline } = await loadProbes(config, { clock: () => Date.now() });
    for (const { trigger } of pipeline.triggers)
      if (trigger.kind === "schedule")
        Object.assign(trigger, {
          run: async () => {
            runs.push((Date.now() - minute) / 1000);
            await new Promise(resolve => setTimeout(resolve, takesMs));
          },
        });
    const event = { amalgam: { schedule: "probe.schedule.a", forSeconds: 60, at: new Date(at).toISOString() } };
    const done = createHandler(pipeline)(event, { getRemainingTimeInMillis: () => remainingMs }).catch(() => {});
    await vi.advanceTimersByTimeAsync(remainingMs);
    await done;
    return runs;
  }

  test.for([
    { it: "at each of its times, the first at once", every: 15_000, at: minute, runs: [0.3, 15, 30, 45] },
    { it: "at times of its own", every: 25_000, at: minute, runs: [0.3, 25, 50] },
    { it: "in the next minute where that is its time", every: 25_000, at: minute + 60_000, runs: [75, 100] },
    { it: "of longer than that at once, if one of its times is in it", every: 90_000, at: minute, runs: [0.3] },
    { it: "of longer than that not at all otherwise", every: 90_000, at: minute + 120_000, runs: [] },
    { it: "as often as there is time", every: 10_000, at: minute, remainingMs: 35_000, runs: [0.3, 10, 20, 30] },
    { it: "not twice at a time", every: 10_000, at: minute, takesMs: 24_000, runs: [0.3, 24.3, 48.3] },
  ])("runs $it", async ({ every, runs, ...options }) => {
    expect(await runsOf(`probe.schedule "a" { every = ${every} }`, options)).toEqual(runs);
  });
});

describe("a run that is too much for one invocation", () => {
  const config = 'probe.schedule "a" { shards = 3 }';
  const event = { amalgam: { schedule: "probe.schedule.a", at: "2026-08-01T10:00:00Z" } };

  /** Lambda's API as far as it is asked here; refuses from the given request on. */
  async function lambdaApi(refuseFrom = Number.POSITIVE_INFINITY) {
    const invoked: unknown[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const isRight =
          request.method === "POST" &&
          request.url === "/2015-03-31/functions/collector/invocations" &&
          request.headers["x-amz-invocation-type"] === "Event" &&
          /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/lambda\//.test(request.headers.authorization ?? "");
        const refused = !isRight || invoked.length >= refuseFrom;
        if (!refused) invoked.push(JSON.parse(Buffer.concat(chunks).toString()));
        response.writeHead(refused ? 429 : 202).end();
      });
    });
    await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "collector");
    vi.stubEnv("AWS_REGION", "eu-central-1");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKID");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
    vi.stubEnv("AWS_ENDPOINT_URL_LAMBDA", `http://127.0.0.1:${(server.address() as AddressInfo).port}`); // it listens on a port
    return { invoked, close: () => server.close() };
  }

  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });

  test("is split over several, each of which does its part and splits no more", async () => {
    const api = await lambdaApi();
    const { pipeline, seen } = await loadProbes(config);
    const handler = createHandler(pipeline);
    await handler(event);
    const shard = (index: number) => ({ amalgam: { ...event.amalgam, shard: { index, count: 3 } } });
    expect(api.invoked).toEqual(expect.arrayContaining([shard(1), shard(2)]));
    expect(api.invoked.length).toBe(2);
    for (const each of api.invoked) await handler(each);
    expect(api.invoked.length).toBe(2);
    expect(seen.map(({ got }) => got["what"]).sort()).toEqual(["shard 0 of 3", "shard 1 of 3", "shard 2 of 3"]);
    api.close();
  });

  test("is done here as far as no other invocation could be started", async () => {
    const api = await lambdaApi(1);
    const { pipeline, seen, logged } = await loadProbes(config);
    await createHandler(pipeline)(event);
    api.close();
    expect(api.invoked.length).toBe(1);
    expect(seen.map(({ got }) => got["what"]).sort()).toHaveLength(2);
    expect(logged).toEqual([
      [
        "warn",
        "shards run here, since no invocation could be started for them",
        {
          component: "probe.schedule.a",
          shards: 1,
          error: "Invoke of collector should be answered with status 202, got 429",
        },
      ],
    ]);
  });

  test("is done by one where there is no function to start", async () => {
    const { pipeline, seen } = await loadProbes(config);
    await createHandler(pipeline)(event);
    expect(seen.map(({ got }) => got["what"])).toEqual(["schedule"]);
  });
});
