/** What the module makes to subscribe log groups by their tags and names. */
import { rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Deployments, type State, type Values } from "./testing/deployment.ts";
import { logs, messages } from "./testing/graphs.ts";
import { hasTerraform } from "./testing/terraform.ts";

const name = "log-group-subscriber";
const arn = (resource: string) => `arn:aws:logs:eu-central-1:123456789012:log-group:${resource}`;

let deployments: Deployments;
beforeAll(async () => {
  deployments = await Deployments.open();
});
afterAll(() => deployments.close());

const settingsOf = (state: State) =>
  JSON.parse(state.of("aws_lambda_function", "subscriber")[name]?.["environment"][0].variables.AMALGAM_SUBSCRIBER);

const made = (state: State) => state.all.filter(each => each.name.startsWith("subscriber")).map(each => each.type);

describe.skipIf(!hasTerraform)("with tags", { timeout: 60_000 }, () => {
  const key = "arn:aws:kms:eu-central-1:123456789012:key/a";
  let state: State;
  let again: string;
  beforeAll(async () => {
    state = await deployments.apply(
      logs,
      `
      log_group_selection = { tags = { team = "shop", logs = "*" }, exclude = ["*-debug"], filter_pattern = "?ERROR ?<a>", every = "12 hours" }
      vpc_config          = { subnet_ids = ["subnet-1"] }
      kms_key_arn         = "${key}"
      log_retention_days  = 7
      tags                = { cost = "a" }
      `,
    );
    again = await deployments.planAgain();
  }, 60_000);

  test("a second plan changes nothing", () => {
    expect(again).toContain("No changes. Your infrastructure matches the configuration.");
  });

  test("the function knows the selection, its destination, and what is not to be subscribed", () => {
    expect(settingsOf(state)).toEqual({
      selection: {
        tags: { logs: "*", team: "shop" },
        include: [],
        exclude: ["*-debug", "/app"],
        own: ["/aws/lambda/amalgam-log-subscription", "/aws/lambda/amalgam-log-group-subscriber"],
      },
      filter: {
        name: "amalgam-log-group-subscriber",
        destination: "arn:aws:lambda:eu-central-1:123456789012:function:amalgam-log-subscription",
        pattern: "?ERROR ?<a>",
      },
    });
  });

  test("the function is that of subscriber.zip, in no network", () => {
    expect(state.of("aws_lambda_function", "subscriber")[name]).toMatchObject({
      function_name: "amalgam-log-group-subscriber",
      filename: "bundle/subscriber.zip",
      runtime: "nodejs24.x",
      handler: "index.handler",
      architectures: ["arm64"],
      memory_size: 256,
      timeout: 900,
      vpc_config: [],
      logging_config: [{ log_format: "JSON", log_group: "/aws/lambda/amalgam-log-group-subscriber" }],
      kms_key_arn: key,
      source_kms_key_arn: key,
      tags: { cost: "a" },
    });
  });

  test("it may subscribe log groups, and nothing else", () => {
    expect(state.statements(name, "subscriber")).toEqual([
      `may logs:CreateLogStream, logs:PutLogEvents on ${arn("/aws/lambda/amalgam-log-group-subscriber:*")}`,
      `may logs:DescribeLogGroups, logs:DescribeSubscriptionFilters, logs:ListTagsForResource on ${arn("*")}`,
      `may logs:DeleteSubscriptionFilter on ${arn("*")}`,
      `may logs:PutSubscriptionFilter on ${arn("*")}`,
      "may tag:GetResources on *",
      `may kms:Decrypt on ${key}`,
    ]);
    const itself =
      "may lambda:InvokeFunction on arn:aws:lambda:eu-central-1:123456789012:function:amalgam-log-group-subscriber";
    expect(state.statements(name, "subscriber_itself")).toEqual([itself]);
    expect(state.statements(name, "subscriber_scheduler")).toEqual([itself, `may kms:Decrypt on ${key}`]);
  });

  test("it looks at all log groups on a schedule", () => {
    const { schedule_expression, kms_key_arn, target } = state.of("aws_scheduler_schedule", "subscriber")[name] ?? {};
    expect([schedule_expression, kms_key_arn, target[0].input, target[0].retry_policy[0]]).toEqual([
      "rate(12 hours)",
      key,
      '{"reconcile":{}}',
      { maximum_event_age_in_seconds: 3600, maximum_retry_attempts: 2 },
    ]);
  });

  test("it follows what CloudTrail tells of log groups", () => {
    const rule = state.of("aws_cloudwatch_event_rule", "subscriber")[name] ?? {};
    expect(JSON.parse(rule["event_pattern"])).toEqual({
      source: ["aws.logs"],
      "detail-type": ["AWS API Call via CloudTrail"],
      detail: {
        eventSource: ["logs.amazonaws.com"],
        eventName: ["CreateLogGroup", "TagResource", "UntagResource", "TagLogGroup", "UntagLogGroup"],
        errorCode: [{ exists: false }],
      },
    });
    expect(state.of("aws_cloudwatch_event_target", "subscriber")[name]?.["arn"]).toBe(
      "arn:aws:lambda:eu-central-1:123456789012:function:amalgam-log-group-subscriber",
    );
    expect(state.of("aws_lambda_permission", "subscriber")[name]).toMatchObject({
      function_name: "amalgam-log-group-subscriber",
      principal: "events.amazonaws.com",
      source_arn: rule["arn"],
    });
  });

  test("log groups of the collector have a tag, with which no other collector subscribes them", () => {
    const groups = state.all.filter(each => each.type === "aws_cloudwatch_log_group").map(each => each.values);
    expect(groups.map(({ name, tags, retention_in_days }: Values) => [name, tags, retention_in_days])).toEqual(
      ["log-group-subscriber", "log-subscription"].map(each => [
        `/aws/lambda/amalgam-${each}`,
        { cost: "a", "amalgam:collector": "amalgam" },
        7,
      ]),
    );
  });

  test("outputs have what a person needs to end its subscriptions", () => {
    expect(state.outputs["log_group_subscriber"]).toEqual({
      function_name: "amalgam-log-group-subscriber",
      log_group_name: "/aws/lambda/amalgam-log-group-subscriber",
      filter_name: "amalgam-log-group-subscriber",
    });
  });
});

describe.skipIf(!hasTerraform)("a selection of log groups", { timeout: 60_000 }, () => {
  test("by names limits what may be subscribed, and follows only new ones", async () => {
    const state = await deployments.apply(logs, 'log_group_selection = { include = ["/shop", "/aws/lambda/*"] }');
    expect(settingsOf(state).selection.include).toEqual(["/aws/lambda/*", "/shop"]);
    expect(state.statements(name, "subscriber").filter(each => each.includes("Put"))).toEqual([
      expect.stringContaining("logs:PutLogEvents"),
      `may logs:PutSubscriptionFilter on ${["/aws/lambda/*", "/shop", "/shop:*"].map(arn).join(", ")}`,
    ]);
    const { detail } = JSON.parse(state.of("aws_cloudwatch_event_rule", "subscriber")[name]?.["event_pattern"]);
    expect(detail.eventName).toEqual(["CreateLogGroup"]);
    expect(state.of("aws_scheduler_schedule", "subscriber")[name]?.["schedule_expression"]).toBe("rate(1 day)");
  });

  test("without news from CloudTrail has only a schedule", async () => {
    const state = await deployments.apply(logs, 'log_group_selection = { tags = { team = "*" }, events = false }');
    expect([...new Set(made(state))].sort()).toEqual([
      "aws_cloudwatch_log_group",
      "aws_iam_role",
      "aws_iam_role_policy",
      "aws_lambda_function",
      "aws_scheduler_schedule",
    ]);
  });

  test("that nobody wants makes nothing, and no tags", async () => {
    const state = await deployments.apply(logs);
    expect([made(state), state.outputs["log_group_subscriber"]]).toEqual([[], null]);
    expect(state.of("aws_cloudwatch_log_group")["log-subscription"]?.["tags"]).toEqual({});
  });

  test.for([
    {
      it: "says nothing of what to subscribe",
      variables: 'log_group_selection = { exclude = ["a"] }',
      message:
        'log_group_selection should have tags or include, which say which log groups are subscribed: include = ["*"] is all.',
    },
    {
      it: "has a name that no log group has",
      variables: 'log_group_selection = { include = ["/a b"] }',
      message: "log_group_selection should have names of letters, digits and _-/.#* in include and exclude.",
    },
    {
      it: "is too busy",
      variables: 'log_group_selection = { include = ["*"], every = "30 seconds" }',
      message: "log_group_selection.every should be a minute or more, such as 1 day or 12 hours.",
    },
    {
      it: "has a rate that EventBridge would refuse",
      variables: 'log_group_selection = { include = ["*"], every = "1 days" }',
      message: "log_group_selection.every should be a minute or more, such as 1 day or 12 hours.",
    },
    {
      it: "is beside a subscription of all",
      variables: 'log_group_selection = { include = ["*"] }\naccount_logs = {}',
      message:
        "log_group_selection should be left out where account_logs subscribes all log groups, since events would come twice.",
    },
    {
      it: "has no component that takes it",
      graph: messages,
      variables: 'log_group_selection = { include = ["*"] }',
      message:
        "log_groups, account_logs or log_group_selection should be left out, since no component of the configuration takes it.",
    },
  ])("that $it is refused", async ({ graph = logs, variables, message }) => {
    const { status, output } = await deployments.plan(graph, variables);
    expect({ status, output }).toEqual({ status: 1, output: expect.stringContaining(message) });
  });

  test("of a bundle without the function is refused", async () => {
    const own = await Deployments.open();
    rmSync(path.join(own.folder, "bundle/subscriber.zip"));
    const { status, output } = await own.plan(logs, 'log_group_selection = { include = ["*"] }');
    own.close();
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringContaining(
        "bundle should be a folder with subscriber.zip, which `amalgam bundle` of the same release writes",
      ),
    });
  });
});
