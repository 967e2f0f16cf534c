/** The subscriber of log groups with an emulator of AWS: its own subscriptions come and go, those of others stay. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { handler, type Settings } from "../../functions/aws/subscriber/main.ts";
import type { Selection, Tags } from "../../functions/aws/subscriber/selection.ts";
import { type Moto, motoIsInstalled, region, startMoto } from "./support/moto.ts";

const stream = (name: string) => `arn:aws:kinesis:${region}:123456789012:stream/${name}`;
const filter = { name: "amalgam-c8", destination: stream("logs"), pattern: "" };

/** What the construct grants. */
const actions = [
  "logs:DescribeLogGroups",
  "logs:DescribeSubscriptionFilters",
  "logs:ListTagsForResource",
  "logs:PutSubscriptionFilter",
  "logs:DeleteSubscriptionFilter",
  "tag:GetResources",
  "tagging:GetResources", // as the emulator names it
];

let moto: Moto;

beforeAll(async () => {
  if (!motoIsInstalled) return;
  moto = await startMoto();
  for (const StreamName of ["logs", "others"])
    await moto.json("kinesis", "Kinesis_20131202.CreateStream", { StreamName, ShardCount: 1 });
  const { accessKeyId, secretAccessKey } = await moto.addUser("subscriber", actions);
  await moto.guard();
  vi.stubEnv("AWS_ENDPOINT_URL", moto.url);
  vi.stubEnv("AWS_REGION", region);
  vi.stubEnv("AWS_ACCESS_KEY_ID", accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", secretAccessKey);
}, 120_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await moto?.stop();
});

const logs = (action: string, input: object) => moto.json("logs", `Logs_20140328.${action}`, input);

interface Group {
  readonly tags?: Tags;
  /** Subscriptions by their names, with their streams. */
  readonly filters?: Tags;
}

async function create(groups: Readonly<Record<string, Group>>): Promise<void> {
  for (const [logGroupName, { tags, filters = {} }] of Object.entries(groups)) {
    await logs("CreateLogGroup", { logGroupName, tags });
    for (const [filterName, name] of Object.entries(filters))
      await logs("PutSubscriptionFilter", {
        logGroupName,
        filterName,
        filterPattern: "",
        destinationArn: stream(name),
      });
  }
}

/** Names of the subscriptions of each group that has any. */
async function subscriptions(): Promise<Record<string, string[]>> {
  const { logGroups } = (await logs("DescribeLogGroups", {})) as { logGroups: { logGroupName: string }[] };
  const found: Record<string, string[]> = {};
  for (const { logGroupName } of logGroups) {
    const { subscriptionFilters } = (await logs("DescribeSubscriptionFilters", { logGroupName })) as {
      subscriptionFilters: { filterName: string; destinationArn: string }[];
    };
    if (subscriptionFilters.length)
      found[logGroupName] = subscriptionFilters.map(
        ({ filterName, destinationArn }) => `${filterName} ${destinationArn.split("/")[1]}`,
      );
  }
  return found;
}

const written: string[] = [];
vi.mock("node:fs", async original => ({
  ...(await original<typeof import("node:fs")>()),
  writeSync: (fd: number, line: string) => (fd === 2 ? written.push(line) : 0),
}));

beforeEach(() => void written.splice(0));
afterEach(async () => {
  if (!motoIsInstalled) return;
  const { logGroups } = (await logs("DescribeLogGroups", {})) as {
    logGroups: { logGroupName: string; logGroupArn: string }[];
  };
  for (const { logGroupName, logGroupArn: resourceArn } of logGroups) {
    const { tags } = (await logs("ListTagsForResource", { resourceArn })) as { tags: Tags };
    // the emulator keeps tags of a group that is gone for one of the same name
    if (Object.keys(tags).length) await logs("UntagResource", { resourceArn, tagKeys: Object.keys(tags) });
    await logs("DeleteLogGroup", { logGroupName });
  }
});

function run(event: object, selection: Partial<Selection>) {
  const settings: Settings = { selection: { tags: {}, include: [], exclude: [], own: [], ...selection }, filter };
  vi.stubEnv("AMALGAM_SUBSCRIBER", JSON.stringify(settings));
  return handler(event, { getRemainingTimeInMillis: () => 600_000 });
}

const lines = () => written.map(line => JSON.parse(line) as Readonly<Record<string, unknown>>);
const shop = { team: "shop" };

describe.runIf(motoIsInstalled)("all log groups", () => {
  test.for<{
    it: string;
    groups: Readonly<Record<string, Group>>;
    selection: Partial<Selection>;
    report: object;
    after: object;
  }>([
    {
      it: "those with a tag",
      groups: { "/a": { tags: shop }, "/b": { tags: { team: "search" } }, "/c": {} },
      selection: { tags: shop },
      report: { subscribed: 1, unchanged: 2 },
      after: { "/a": ["amalgam-c8 logs"] },
    },
    {
      it: "those with all tags, of which one may have any value",
      groups: { "/a": { tags: { ...shop, env: "prod" } }, "/b": { tags: shop }, "/c": { tags: { env: "prod" } } },
      selection: { tags: { ...shop, env: "*" } },
      report: { subscribed: 1, unchanged: 2 },
      after: { "/a": ["amalgam-c8 logs"] },
    },
    {
      it: "those whose names fit, and their tags",
      groups: { "/aws/lambda/a": { tags: shop }, "/aws/lambda/b": {}, "/aws/rds/a": { tags: shop }, "/aws/lambda/debug-a": { tags: shop } },
      selection: { tags: shop, include: ["/aws/lambda/*"], exclude: ["*/debug-*"] },
      report: { subscribed: 1, unchanged: 3 },
      after: { "/aws/lambda/a": ["amalgam-c8 logs"] },
    },
    {
      it: "none that a collector writes to, by its name or its tag",
      groups: { "/a": {}, "/own": {}, "/other": { tags: { "amalgam:collector": "Shop/Collector" } } },
      selection: { include: ["*"], own: ["/own"] },
      report: { subscribed: 1, unchanged: 2 },
      after: { "/a": ["amalgam-c8 logs"] },
    },
    {
      it: "a subscription of its own that leads elsewhere is put right",
      groups: { "/a": { tags: shop, filters: { "amalgam-c8": "others" } } },
      selection: { tags: shop },
      report: { subscribed: 1 },
      after: { "/a": ["amalgam-c8 logs"] },
    },
    {
      it: "what is as it should be stays",
      groups: { "/a": { tags: shop, filters: { "amalgam-c8": "logs", mine: "others" } } },
      selection: { tags: shop },
      report: { unchanged: 1 },
      after: { "/a": ["amalgam-c8 logs", "mine others"] },
    },
    {
      it: "a subscription of its own ends when the tag is gone, and others stay",
      groups: { "/a": { filters: { "amalgam-c8": "logs", mine: "others" } }, "/b": { filters: { "amalgam-c9": "logs" } } },
      selection: { tags: shop },
      report: { unsubscribed: 1, unchanged: 1 },
      after: { "/a": ["mine others"], "/b": ["amalgam-c9 logs"] },
    },
    {
      it: "a group that others have subscribed twice gets none",
      groups: { "/a": { tags: shop, filters: { x: "others", y: "others" } }, "/b": { tags: shop } },
      selection: { tags: shop },
      report: { full: 1, subscribed: 1 },
      after: { "/a": ["x others", "y others"], "/b": ["amalgam-c8 logs"] },
    },
  ])("$it", { timeout: 60_000 }, async ({ groups, selection, report, after }) => {
    await create(groups);
    expect(await run({ reconcile: {} }, selection)).toEqual(report);
    expect(await subscriptions()).toEqual(after);
  }); // biome-ignore format: groups are rows

  test("more than a page of them, and a second look changes nothing", async () => {
    const names = Array.from({ length: 60 }, (_, i) => `/many/${String(i).padStart(3, "0")}`);
    await create(Object.fromEntries(names.map(name => [name, {}])));
    expect(await run({ reconcile: {} }, { include: ["/many/*"] })).toEqual({ subscribed: 60 });
    expect(await run({ reconcile: {} }, { include: ["/many/*"] })).toEqual({ unchanged: 60 });
    expect(await run({ remove: {} }, { include: ["/many/*"] })).toEqual({ unsubscribed: 60 });
    expect(await subscriptions()).toEqual({});
  }, 120_000);

  test("the log and a line of metrics say what has changed", async () => {
    await create({ "/a": { tags: shop }, "/b": { tags: shop, filters: { x: "others", y: "others" } } });
    await run({ reconcile: {} }, { tags: shop });
    const [first, second, metrics] = lines();
    expect([first, second].sort((a, b) => String(a?.["level"]).localeCompare(String(b?.["level"])))).toEqual([
      expect.objectContaining({ level: "info", message: "log group is subscribed", logGroup: "/a" }),
      expect.objectContaining({
        level: "warn",
        message: "log group has as many subscriptions as it can have, so it gets none here",
        logGroup: "/b",
        others: "x, y",
      }),
    ]);
    expect(metrics).toEqual({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: "Amalgam",
            Dimensions: [["FunctionName"]],
            Metrics: [{ Name: "SubscribedLogGroups" }, { Name: "FullLogGroups" }],
          },
        ],
      },
      FunctionName: "amalgam",
      SubscribedLogGroups: 1,
      FullLogGroups: 1,
    });
  }, 60_000);
});

describe.runIf(motoIsInstalled)("a log group that CloudTrail tells of", () => {
  const call = (eventName: string, requestParameters: object, more: object = {}) => ({
    source: "aws.logs",
    "detail-type": "AWS API Call via CloudTrail",
    detail: { eventSource: "logs.amazonaws.com", eventName, requestParameters, ...more },
  });
  const arn = `arn:aws:logs:${region}:123456789012:log-group:/a`;
  const tagged = { "/a": { tags: shop } };
  const subscribed = { "/a": { filters: { "amalgam-c8": "logs" } } };

  test.for([
    { it: "is made with the tag", groups: tagged, event: call("CreateLogGroup", { logGroupName: "/a" }), report: { subscribed: 1 }, after: { "/a": ["amalgam-c8 logs"] } },
    { it: "is made without the tag", groups: { "/a": {} }, event: call("CreateLogGroup", { logGroupName: "/a" }), report: { unchanged: 1 }, after: {} },
    { it: "has a longer neighbour", groups: { "/ab": { tags: shop } }, event: call("CreateLogGroup", { logGroupName: "/a" }), report: { gone: 1 }, after: {} },
    { it: "is tagged", groups: tagged, event: call("TagResource", { resourceArn: `${arn}:*` }), report: { subscribed: 1 }, after: { "/a": ["amalgam-c8 logs"] } },
    { it: "is tagged in the old way", groups: tagged, event: call("TagLogGroup", { logGroupName: "/a" }), report: { subscribed: 1 }, after: { "/a": ["amalgam-c8 logs"] } },
    { it: "is untagged", groups: subscribed, event: call("UntagResource", { resourceArn: arn }), report: { unsubscribed: 1 }, after: {} },
    { it: "could not be made", groups: tagged, event: call("CreateLogGroup", { logGroupName: "/a" }, { errorCode: "AccessDenied" }), report: {}, after: {} },
    { it: "is none: a destination is tagged", groups: tagged, event: call("TagResource", { resourceArn: arn.replace("log-group", "destination") }), report: {}, after: {} },
    { it: "is of another service", groups: tagged, event: call("TagResource", { resourceArn: arn }, { eventSource: "sqs.amazonaws.com" }), report: {}, after: {} },
  ])("$it", { timeout: 60_000 }, async ({ groups, event, report, after }) => {
    await create(groups);
    expect(await run(event, { tags: shop })).toEqual(report);
    expect(await subscriptions()).toEqual(after);
  }); // biome-ignore format: a row is one line
});
