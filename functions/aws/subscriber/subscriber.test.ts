import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type BackendAnswer, startBackend } from "../../../lib/pipeline/components/testing.ts";
import { testLog } from "../../../lib/pipeline/graph/testing.ts";
import { LogsApi, nameIn } from "./logs-api.ts";
import { handler, type Settings } from "./main.ts";
import { namesOf, type Selection, tagsFit } from "./selection.ts";
import { Subscriber } from "./subscriber.ts";

const selecting = (given: Partial<Selection>): Selection => ({ tags: {}, include: [], exclude: [], own: [], ...given });

test.for<{ it: string; selection: Partial<Selection>; yes: string[]; no: string[] }>([
  { it: "any name where none is given", selection: {}, yes: ["/a", "b"], no: [] },
  { it: "names by their beginning", selection: { include: ["/aws/lambda/*"] }, yes: ["/aws/lambda/a"], no: ["/aws/rds", "x/aws/lambda/a"] },
  { it: "names by several patterns", selection: { include: ["/a", "*-prod"] }, yes: ["/a", "b-prod"], no: ["/ab", "b-prod-2"] },
  { it: "a dot that is a dot", selection: { include: ["/a.b"] }, yes: ["/a.b"], no: ["/axb"] },
  { it: "not what is left out", selection: { include: ["/a*"], exclude: ["*debug*"] }, yes: ["/a"], no: ["/a-debug-1"] },
  { it: "not its own", selection: { own: ["/own"] }, yes: ["/own-2"], no: ["/own"] },
])("selected is $it", ({ selection, yes, no }) => {
  const selects = namesOf(selecting(selection));
  expect([...yes, ...no].filter(selects)).toEqual(yes);
}); // biome-ignore format: a row is one line

test.for([
  { it: "none are asked for", tags: {}, found: {}, fits: true },
  { it: "the value is the same", tags: { a: "1" }, found: { a: "1", b: "2" }, fits: true },
  { it: "the value is another", tags: { a: "1" }, found: { a: "2" }, fits: false },
  { it: "any value does", tags: { a: "*" }, found: { a: "" }, fits: true },
  { it: "one of two is missing", tags: { a: "1", b: "*" }, found: { a: "1" }, fits: false },
  { it: "a collector writes to it", tags: { a: "1" }, found: { a: "1", "amalgam:collector": "x" }, fits: false },
])("tags fit where $it: $fits", ({ tags, found, fits }) => {
  expect(tagsFit(selecting({ tags }), found)).toBe(fits);
});

test.for([
  ["arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/a", "/aws/lambda/a"],
  ["arn:aws-cn:logs:cn-north-1:123456789012:log-group:a:*", "a"],
  ["arn:aws:logs:eu-west-1:123456789012:destination:a", ""],
  ["arn:aws:sqs:eu-west-1:123456789012:log-group", ""],
  ["", ""],
] as const)("%s is of the log group %j", ([arn, name]) => {
  expect(nameIn(arn)).toBe(name);
});

const filter = { name: "amalgam-c8", destination: "arn:aws:lambda:eu-central-1:1:function:f", pattern: "ERROR" };

type Action = (input: Readonly<Record<string, unknown>>, call: number) => object | Refusal;
class Refusal {
  readonly answer: BackendAnswer;
  constructor(code: string, status = 400) {
    this.answer = { status, body: JSON.stringify({ __type: `com.amazonaws.logs#${code}`, message: "no" }) };
  }
}

/** A small AWS, in which each action that is not given answers with nothing. */
async function startAws(actions: Readonly<Record<string, Action>>) {
  const calls = new Map<string, object[]>();
  const { url } = await startBackend(({ headers, body, path }) => {
    const action =
      String(headers["x-amz-target"] ?? path)
        .split(".")
        .at(-1) ?? "";
    const input = JSON.parse(body.toString());
    const before = calls.get(action) ?? [];
    calls.set(action, [...before, input]);
    const answer = actions[action]?.(input, before.length) ?? {};
    if (answer instanceof Refusal) return answer.answer;
    return { status: action.endsWith("/invocations") ? 202 : 200, body: JSON.stringify(answer) };
  });
  vi.stubEnv("AWS_ENDPOINT_URL", url);
  return calls;
}

beforeEach(() => {
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_LAMBDA_FUNCTION_NAME", "subscriber");
});
afterEach(() => void vi.unstubAllEnvs());

const group = (name: string, more: object = {}) => ({
  logGroupName: name,
  arn: `arn:aws:logs:eu-central-1:123456789012:log-group:${name}:*`,
  ...more,
});

const subscriberOf = (selection: Partial<Selection> = {}, { remainingMs = () => 600_000, log = testLog() } = {}) =>
  new Subscriber({
    selection: selecting(selection),
    filter,
    log,
    remainingMs,
    api: new LogsApi({ region: "eu-central-1", deadline: Date.now() + 60_000, policy: { minMs: 1, maxMs: 1, maxRetries: 3 } }),
  }); // biome-ignore format: one client

describe("what AWS answers", () => {
  test("too many calls are tried again", async () => {
    const calls = await startAws({
      DescribeLogGroups: (_, call) => (call < 2 ? new Refusal("ThrottlingException") : { logGroups: [group("/a")] }),
      PutSubscriptionFilter: (_, call) => (call < 1 ? new Refusal("OperationAbortedException") : {}),
      DescribeSubscriptionFilters: (_, call) => (call < 1 ? new Refusal("ServiceUnavailableException", 503) : {}),
    });
    expect(await subscriberOf().all(undefined)).toEqual({ report: { subscribed: 1 }, next: undefined });
    const { name: filterName, destination: destinationArn, pattern: filterPattern } = filter;
    const put = { logGroupName: "/a", filterName, destinationArn, filterPattern };
    expect(calls.get("PutSubscriptionFilter")).toEqual([put, put]);
  });

  test.for([
    { it: "somebody else was faster", code: "LimitExceededException", report: { full: 1 } },
    { it: "the group is gone meanwhile", code: "ResourceNotFoundException", report: { gone: 1 } },
    { it: "the function may not be called", code: "InvalidParameterException", report: { failed: 1 } },
  ])("$it: the others go on", async ({ code, report }) => {
    await startAws({
      DescribeLogGroups: () => ({ logGroups: [group("/a"), group("/b")] }),
      PutSubscriptionFilter: ({ logGroupName }) => (logGroupName === "/a" ? new Refusal(code) : {}),
    });
    expect((await subscriberOf().all(undefined)).report).toEqual({ ...report, subscribed: 1 });
  });

  test("an event of a group that fails fails, and comes again", async () => {
    await startAws({
      DescribeLogGroups: () => ({ logGroups: [group("/a")] }),
      PutSubscriptionFilter: () => new Refusal("AccessDeniedException"),
    });
    await expect(subscriberOf().one("/a")).rejects.toThrow(
      "PutSubscriptionFilter was refused, got status 400: AccessDeniedException: no",
    );
  });

  test("a group of a class without subscriptions is passed over", async () => {
    const calls = await startAws({
      DescribeLogGroups: () => ({ logGroups: [group("/a", { logGroupClass: "INFREQUENT_ACCESS" })] }),
    });
    const subscriber = subscriberOf();
    expect((await subscriber.all(undefined)).report).toEqual({ unchanged: 1 });
    expect(await subscriber.one("/a")).toEqual({ unchanged: 1 });
    expect([...calls.keys()].sort()).toEqual(["DescribeLogGroups", "GetResources"]);
  });

  test("tags come in pages", async () => {
    const of = (name: string) => ({
      ResourceARN: group(name).arn.slice(0, -2),
      Tags: [{ Key: "team", Value: "shop" }],
    });
    await startAws({
      DescribeLogGroups: () => ({ logGroups: ["/a", "/b", "/c"].map(name => group(name)) }),
      GetResources: ({ TagFilters, PaginationToken }) =>
        JSON.stringify(TagFilters).includes("amalgam")
          ? { ResourceTagMappingList: [], PaginationToken: "" }
          : PaginationToken
            ? { ResourceTagMappingList: [of("/b")], PaginationToken: "" }
            : { ResourceTagMappingList: [of("/a")], PaginationToken: "more" },
    });
    expect((await subscriberOf({ tags: { team: "shop" } }).all(undefined)).report).toEqual({
      subscribed: 2,
      unchanged: 1,
    });
  });

  test("a tag that the list does not know yet keeps a subscription", async () => {
    const calls = await startAws({
      DescribeLogGroups: () => ({ logGroups: [group("/a")] }),
      DescribeSubscriptionFilters: () => ({ subscriptionFilters: [{ filterName: filter.name }] }),
      ListTagsForResource: () => ({ tags: { team: "shop" } }),
    });
    expect((await subscriberOf({ tags: { team: "shop" } }).all(undefined)).report).toEqual({ unchanged: 1 });
    expect(calls.get("ListTagsForResource")).toEqual([
      { resourceArn: "arn:aws:logs:eu-central-1:123456789012:log-group:/a" },
    ]);
  });
});

describe("more log groups than there is time for", () => {
  const pages: Action = ({ nextToken }) =>
    nextToken === "2" ? { logGroups: [group("/b")] } : { logGroups: [group("/a")], nextToken: "2" };
  const run = (event: object, remaining: number) => {
    const settings: Settings = { selection: selecting({ include: ["*"] }), filter };
    vi.stubEnv("AMALGAM_SUBSCRIBER", JSON.stringify(settings));
    return handler(event, { getRemainingTimeInMillis: () => remaining });
  };

  test("the rest is handed to another invocation", async () => {
    const calls = await startAws({ DescribeLogGroups: pages });
    expect(await run({ reconcile: {} }, 30_000)).toEqual({ subscribed: 1 });
    const [invoked] = [...calls].filter(([name]) => name.endsWith("/invocations"));
    expect(invoked?.[1]).toEqual([{ reconcile: { next: "2" } }]);
    expect(await run({ reconcile: { next: "2" } }, 30_000)).toEqual({ subscribed: 1 });
    expect(calls.get("PutSubscriptionFilter")?.map(input => Object(input).logGroupName)).toEqual(["/a", "/b"]);
  });

  test("with time all is done at once", async () => {
    const calls = await startAws({ DescribeLogGroups: pages });
    expect(await run({ reconcile: {} }, 600_000)).toEqual({ subscribed: 2 });
    expect([...calls.keys()].filter(name => name.endsWith("/invocations"))).toEqual([]);
  });
});
