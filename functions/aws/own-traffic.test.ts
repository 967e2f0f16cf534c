import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startBackend } from "../../lib/pipeline/components/testing.ts";
import { createWriter } from "../../lib/pipeline/components/writer.ts";
import { createHttpClient } from "../../lib/pipeline/delivery/http.ts";
import { nameSender, senderName } from "../../lib/pipeline/delivery/user-agent.ts";
import { MetricsRegistry } from "../../lib/pipeline/graph/metrics.ts";
import { testHost, testInvocation } from "../../lib/pipeline/graph/testing.ts";
import { recorded } from "../../test/functions/events.ts";
import { loadProbes } from "../../test/functions/probes.ts";
import { createHandler } from "./handler.ts";
import { ownTraffic } from "./own-traffic.ts";

const arn = "arn:aws:lambda:eu-central-1:123456789012:function:shop";

beforeEach(() => {
  vi.stubEnv("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/shop");
  nameSender(arn);
});
afterEach(() => vi.unstubAllEnvs());

/** What components see of an event, and what is counted as dropped. */
async function handled(event: unknown) {
  const metrics = new MetricsRegistry();
  const { pipeline, seen } = await loadProbes(`
    probe.records "logs" { format = "cloudwatch_logs" }
    probe.http "otlp" { path = "/v1/traces"; max_bytes = 100000 }
  `);
  const result = await createHandler(pipeline, { own: ownTraffic(metrics) })(event);
  const dropped = metrics.expose().match(/^amalgam_component_dropped_items_total.*$/gm);
  return { result, seen: seen.map(({ component }) => component), dropped };
}

const subscription = (logGroup: string, message = "hello") => {
  const logEvents = [1, 2, 3].map(id => ({ id: String(id), timestamp: 1, message }));
  const json = JSON.stringify({ messageType: "DATA_MESSAGE", owner: "1", logGroup, logStream: "a", logEvents });
  return { awslogs: { data: gzipSync(json).toString("base64") } };
};

const drop = (component: string, items: number) => [
  `amalgam_component_dropped_items_total{component_id="${component}",reason="own_traffic"} ${items}`,
];

test.for([
  {
    it: "logs of others are taken",
    event: subscription("/aws/lambda/orders"),
    seen: ["probe.records.logs"],
    dropped: null,
  },
  {
    it: "logs that only name the function are taken",
    event: subscription("/aws/lambda/orders", 'from "/aws/lambda/shop"'),
    seen: ["probe.records.logs"],
    dropped: null,
  },
  {
    it: "logs of a function whose name is longer are taken",
    event: subscription("/aws/lambda/shop-2"),
    seen: ["probe.records.logs"],
    dropped: null,
  },
  {
    it: "the function's own log is dropped, event by event",
    event: subscription("/aws/lambda/shop"),
    seen: [],
    dropped: drop("probe.records.logs", 3),
  },
])("$it", async ({ event, seen, dropped }) => {
  expect(await handled(event)).toEqual({ result: undefined, seen, dropped });
});

test("logs of other functions of the collector are dropped where they are named", async () => {
  vi.stubEnv("AMALGAM_OWN_LOG_GROUPS", "/aws/lambda/shop-http,/aws/lambda/shop-queue");
  expect((await handled(subscription("/aws/lambda/shop-queue"))).dropped).toEqual(drop("probe.records.logs", 3));
});

test.for([
  { it: "a request of its own", sender: () => senderName(), seen: [], dropped: drop("probe.http.otlp", 1) },
  { it: "a request of another function", sender: () => "shop-1", seen: ["probe.http.otlp"], dropped: null },
  { it: "a request of anyone", sender: () => undefined, seen: ["probe.http.otlp"], dropped: null },
])("$it is answered with 200", async ({ sender, seen, dropped }) => {
  const event = recorded("function-url-otlp-traces");
  const own = sender();
  const headers = { ...event.headers, ...(own !== undefined && { "amalgam-sender": own }) };
  const { result, ...rest } = await handled({ ...event, headers });
  expect(result).toMatchObject({ statusCode: 200 });
  expect(rest).toEqual({ seen, dropped });
});

test.for([
  { it: "an alias has the name of its function", other: `${arn}:live`, same: true },
  { it: "a function of the same name in another account has another", other: arn.replace("123", "124"), same: false },
  {
    it: "a function of the same name in another region has another",
    other: arn.replace("central", "west"),
    same: false,
  },
])("$it", ({ other, same }) => {
  const name = senderName();
  expect(name).toMatch(/^shop-[0-9a-f]{1,8}$/);
  nameSender(other);
  expect(senderName() === name).toBe(same);
});

test("writers name the function that sends", async () => {
  const { got, url } = await startBackend();
  const writer = createWriter<string>(testHost({ id: "test.write.out", mode: "local", clock: Date.now }), {
    destination: url,
    backend: "loki",
    format: "loki",
    policy: { minMs: 1, maxMs: 1 },
    client: createHttpClient(),
    timeoutMs: 1000,
    maxBytes: 10,
    encode: () => ({ url, headers: { "content-type": "text/plain" }, body: Buffer.from("a"), items: 1 }),
  });
  await writer.add("", "a", 1, testInvocation({ deadline: Date.now() + 5000 }));
  writer.close();
  expect(got.map(({ headers }) => headers["amalgam-sender"])).toEqual([senderName()]);
});
