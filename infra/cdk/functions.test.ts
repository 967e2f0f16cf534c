import { type CfnElement, Duration } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Code } from "aws-cdk-lib/aws-lambda";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { describe, expect, test } from "vitest";
import type { ComponentDescription, GraphDescription, TriggerDescription } from "../../lib/pipeline/graph/describe.ts";
import { planResources } from "../resources.ts";
import { defaults } from "./collector-function.ts";
import { HttpFunction } from "./http.ts";
import { LogSubscriptionFunction } from "./log-subscription.ts";
import { selectPlan } from "./plan.ts";
import { QueueFunction } from "./queue.ts";
import { ScheduleFunction } from "./schedule.ts";
import { allowed, emptyStack, idOf, invokers, placesForTests } from "./testing.ts";

/** A graph of components `a`, `b`, ... with one trigger each. */
const graphOf = (...triggers: readonly TriggerDescription[]): GraphDescription => ({
  version: 1,
  edges: [],
  components: triggers.map((trigger, i) => ({ ...component("abc".charAt(i)), triggers: [trigger] })),
});

const component = (id: string): ComponentDescription => ({
  id,
  name: id,
  label: "",
  triggers: [],
  permissions: [],
  state: false,
});

const propsOf = (graph: GraphDescription) => ({
  ...defaults,
  graph,
  plan: planResources(graph),
  places: placesForTests(),
  code: Code.fromInline("exports.handler = async () => {};"),
  title: "test",
  environment: {},
  ownLogGroups: () => [],
});

const http = (authenticated: boolean, path = "/push"): TriggerDescription => ({
  kind: "http",
  host: "0.0.0.0",
  port: 80,
  paths: [path],
  authenticated,
});

const logs = (
  logGroups: readonly string[],
  filterPattern = "",
  sources = ["log-subscription", "queue"],
): TriggerDescription => ({
  kind: "records",
  format: "cloudwatch_logs",
  sources,
  logGroups,
  filterPattern,
});

describe("requests", () => {
  test.for([
    { it: "open where each component asks for credentials", triggers: [true, true], authType: "NONE", open: 2 },
    { it: "closed where no component asks for credentials", triggers: [false], authType: "AWS_IAM", open: 0 },
    { it: "closed where one component would take any request", triggers: [true, false], authType: "AWS_IAM", open: 0 },
  ])("the URL is $it", ({ triggers, authType, open }) => {
    const stack = emptyStack();
    new HttpFunction(stack, "Http", propsOf(graphOf(...triggers.map(each => http(each)))));
    const template = Template.fromStack(stack);
    template.hasResourceProperties("AWS::Lambda::Url", { AuthType: authType });
    expect(invokers(template)).toEqual(Array(open).fill("*"));
  });

  test("a component whose credentials can't be seen is warned of", () => {
    const stack = emptyStack();
    new HttpFunction(stack, "Http", propsOf(graphOf(http(true, "/a"), http(false, "/b"))));
    Annotations.fromStack(stack).hasWarning(
      "/Shop/Http",
      "the URL takes only requests signed with AWS credentials, since b would take any: components with credentials of their own can't see them beside the signature [ack: amalgam:signed-requests-only]",
    );
  });

  test("a caller may send requests to the URL, and do nothing else", () => {
    const stack = emptyStack();
    const created = new HttpFunction(stack, "Http", propsOf(graphOf(http(false))));
    const caller = new Role(stack, "Caller", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
    created.grantInvoke(caller);
    const Resource = { "Fn::GetAtt": [idOf(stack, created.function), "Arn"] };
    expect(allowed(Template.fromStack(stack)).filter(({ Action }) => String(Action).startsWith("lambda:"))).toEqual([
      {
        Effect: "Allow",
        Action: "lambda:InvokeFunctionUrl",
        Resource,
        Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "AWS_IAM" } },
      },
      {
        Effect: "Allow",
        Action: "lambda:InvokeFunction",
        Resource,
        Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } },
      },
    ]);
  });
});

describe("log subscriptions", () => {
  test.for([
    { it: "the pattern of the component that names it", triggers: [logs(["/a"], "A"), logs([], "B")], pattern: "A" },
    { it: "the pattern of the component that takes all", triggers: [logs(["/b"], "B"), logs([], "A")], pattern: "A" },
    { it: "the pattern of a component that selects it by a pattern", triggers: [logs(["/*"], "A")], pattern: "A" },
    { it: "the one pattern of several components", triggers: [logs(["/a"], "A"), logs(["/a"], "A")], pattern: "A" },
  ])("a group has $it", ({ triggers, pattern }) => {
    const stack = emptyStack();
    new LogSubscriptionFunction(stack, "Logs", propsOf(graphOf(...triggers))).addLogGroup("/a");
    const filter = { LogGroupName: "/a", FilterPattern: pattern };
    Template.fromStack(stack).hasResourceProperties("AWS::Logs::SubscriptionFilter", filter);
  });

  test.for([
    {
      it: "that no component takes",
      triggers: [logs(["/b"]), logs(["/c/*", "/a.x"])],
      error: "log group /a should be one that log_groups of a component selects, got none: a, b",
    },
    {
      it: "that components filter differently",
      triggers: [logs(["/a"], "A"), logs(["/a"], "")],
      error: 'log group /a should have one filter_pattern, since it has one subscription, got: a has "A", b has ""',
    },
  ])("a group $it is refused", ({ triggers, error }) => {
    const created = new LogSubscriptionFunction(emptyStack(), "Logs", propsOf(graphOf(...triggers)));
    expect(() => created.addLogGroup("/a")).toThrow(new Error(error));
  });
});

describe("messages", () => {
  const queueProps = (reservedConcurrency?: number, maximumConcurrency?: number) => ({
    ...propsOf(graphOf(logs([], "", ["queue"]))),
    reservedConcurrency,
    maximumConcurrency,
    queue: undefined,
  });

  test.for([
    { it: "ten", props: queueProps(), concurrency: 10 },
    { it: "as many as are reserved", props: queueProps(4), concurrency: 4 },
    { it: "as many as the user says", props: queueProps(100, 50), concurrency: 50 },
  ])("$it invocations may run for them", ({ props, concurrency }) => {
    const stack = emptyStack();
    new QueueFunction(stack, "Queue", props);
    const ScalingConfig = { MaximumConcurrency: concurrency };
    Template.fromStack(stack).hasResourceProperties("AWS::Lambda::EventSourceMapping", { ScalingConfig });
  });

  test.for([
    { props: queueProps(1), range: "2 to 1", got: 1 },
    { props: queueProps(4, 5), range: "2 to 4", got: 5 },
    { props: queueProps(undefined, 1), range: "2 to 1000", got: 1 },
    { props: queueProps(undefined, 1001), range: "2 to 1000", got: 1001 },
  ])("$got invocations are refused where $range can be", ({ props, range, got }) => {
    expect(() => new QueueFunction(emptyStack(), "Queue", props)).toThrow(
      new Error(
        `maximumConcurrency should be from ${range}, got ${got}: messages that a function has no room for count as failed`,
      ),
    );
  });

  test("an existing queue keeps its own redrive policy", () => {
    const stack = emptyStack();
    const queue = new Queue(stack, "Mine", { visibilityTimeout: Duration.seconds(180) });
    const created = new QueueFunction(stack, "Queue", { ...queueProps(), queue });
    const template = Template.fromStack(stack);
    expect(created.deadLetterQueue).toBe(undefined);
    template.resourceCountIs("AWS::SQS::Queue", 1);
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [idOf(stack, queue), "Arn"] },
    });
    Annotations.fromStack(stack).hasNoWarning("*", Match.anyValue());
  });

  test("a queue that shows messages again too early is refused, or warned of", () => {
    const stack = emptyStack();
    const created = new QueueFunction(stack, "Queue", { ...queueProps(), timeout: Duration.seconds(40) });
    expect(() => created.addQueue(new Queue(stack, "Short"))).toThrow(
      new Error(
        "visibility timeout of Shop/Short should be at least the function's timeout of 40 seconds, better six times that, got 30",
      ),
    );
    created.addQueue(new Queue(stack, "Better", { visibilityTimeout: Duration.seconds(60) }));
    Annotations.fromStack(stack).hasWarning(
      "/Shop/Queue",
      "visibility timeout of Shop/Better should be six times the function's timeout (240 seconds), got 60 [ack: amalgam:visibility-timeout]",
    );
  });
});

describe("schedules", () => {
  test.for([
    { it: "of hours is as it is", seconds: [7200], rate: "rate(2 hours)", input: {}, timeout: 30 },
    {
      it: "of seconds is called each minute, and loops up to the next",
      seconds: [15],
      rate: "rate(1 minute)",
      input: { forSeconds: 60, at: "<aws.scheduler.scheduled-time>" },
      timeout: 90,
    },
    {
      it: "that is no whole minute looks at the clock each minute",
      seconds: [90],
      rate: "rate(1 minute)",
      input: { forSeconds: 60, at: "<aws.scheduler.scheduled-time>" },
      timeout: 90,
    },
    {
      it: "besides others of the component looks at the clock each minute",
      seconds: [300, 60, 600],
      rate: "rate(1 minute)",
      input: { forSeconds: 60, at: "<aws.scheduler.scheduled-time>" },
      timeout: 90,
    },
  ])("an interval $it", ({ seconds, rate, input, timeout }) => {
    const stack = emptyStack();
    const triggers = seconds.map(everySeconds => ({ kind: "schedule" as const, everySeconds }));
    const graph: GraphDescription = { version: 1, edges: [], components: [{ ...component("a"), triggers }] };
    new ScheduleFunction(stack, "Schedule", propsOf(graph));
    const template = Template.fromStack(stack);
    template.resourceCountIs("AWS::Scheduler::Schedule", 1);
    template.hasResourceProperties("AWS::Scheduler::Schedule", { ScheduleExpression: rate });
    const [schedule] = Object.values(template.findResources("AWS::Scheduler::Schedule"));
    expect(JSON.parse(schedule?.["Properties"].Target.Input)).toEqual({ amalgam: { schedule: "a", ...input } });
    template.hasResourceProperties("AWS::Lambda::Function", { Timeout: timeout });
    expect(Annotations.fromStack(stack).findWarning("*", Match.anyValue())).toEqual([]);
  });

  test.for([
    { it: "may start itself where runs are split", trigger: { shards: true } as const, allowed: 1 },
    { it: "may not where they are not", trigger: {}, allowed: 0 },
  ])("the function $it", ({ trigger, allowed: count }) => {
    const stack = emptyStack();
    const graph = graphOf({ kind: "schedule", everySeconds: 60, ...trigger });
    const { function: lambda } = new ScheduleFunction(stack, "Schedule", propsOf(graph));
    const id = stack.getLogicalId(lambda.node.defaultChild as CfnElement); // a function is one resource
    const policies = Object.values(Template.fromStack(stack).findResources("AWS::IAM::Policy")).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    const itself = policies.filter(
      ({ Resource }) => JSON.stringify(Resource) === JSON.stringify({ "Fn::GetAtt": [id, "Arn"] }),
    );
    const ofFunction = itself.filter(({ Action }) => Action === "lambda:InvokeFunction");
    expect(ofFunction.length).toBe(1 + count); // one is the scheduler's
  });

  test("only the account's own schedules may use the role", () => {
    const stack = emptyStack();
    new ScheduleFunction(stack, "Schedule", propsOf(graphOf({ kind: "schedule", everySeconds: 60 })));
    Template.fromStack(stack).hasResourceProperties("AWS::IAM::Role", {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: "scheduler.amazonaws.com" },
            Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
          },
        ],
      },
    });
  });
});

describe("permissions", () => {
  const graph = (action: string): GraphDescription => {
    const permissions = [
      { action, resource: "arn:aws:s3:::logs/*" },
      { action: "s3:ListBucket", resource: "arn:aws:s3:::logs" },
    ];
    return { version: 1, edges: [], components: [{ ...component("a"), triggers: [http(false)], permissions }] };
  };

  test("are those that components need", () => {
    const stack = emptyStack();
    new HttpFunction(stack, "Http", propsOf(graph("s3:GetObject")));
    expect(allowed(Template.fromStack(stack)).filter(({ Action }) => String(Action).startsWith("s3:"))).toEqual([
      { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::logs/*" },
      { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::logs" },
    ]);
  });

  test("are of the stack's account, region and partition, and only of AWS", () => {
    const resource = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a";
    const permissions = [
      { action: "ssm:GetParameter", resource },
      { action: "secretmanager.versions.access", resource: "projects/p/secrets/s" },
      { action: "Microsoft.KeyVault/vaults/secrets/getSecret/action", resource: "https://v.vault.azure.net/secrets/s" },
    ];
    const stack = emptyStack();
    const components = [{ ...component("a"), triggers: [http(false)], permissions }];
    new HttpFunction(stack, "Http", propsOf({ version: 1, edges: [], components }));
    const ref = (Ref: string) => ({ Ref: `AWS::${Ref}` });
    const parts = ["arn:", ref("Partition"), ":ssm:", ref("Region"), ":", ref("AccountId"), ":parameter/a"];
    expect(allowed(Template.fromStack(stack)).filter(({ Action }) => !String(Action).startsWith("logs:"))).toEqual([
      { Effect: "Allow", Action: "ssm:GetParameter", Resource: { "Fn::Join": ["", parts] } },
    ]);
  });
});

describe("kinds of triggers", () => {
  const graph = graphOf(logs([]), http(false));

  test.for([
    { it: "all that the graph has", wanted: undefined, kinds: ["http", "log-subscription", "queue"] },
    { it: "those that the user wants", wanted: ["queue" as const], kinds: ["queue"] },
  ])("are $it", ({ wanted, kinds }) => {
    const { functions } = selectPlan(planResources(graph), { config: "a.alloy", triggers: wanted });
    expect(functions.map(({ kind }) => kind)).toEqual(kinds);
  });

  test.for([
    {
      it: "that the graph has not",
      graph,
      wanted: ["schedule" as const],
      error: "triggers should be some of http, log-subscription, queue, which a.alloy has, got schedule",
    },
    {
      it: "of none",
      graph,
      wanted: [],
      error: "triggers should be some of http, log-subscription, queue, which a.alloy has, got none",
    },
    {
      it: "of a graph without one",
      graph: graphOf(),
      wanted: undefined,
      error: "config a.alloy should have a component that something calls, got none",
    },
  ])("$it can't be selected", ({ graph, wanted, error }) => {
    const select = () => selectPlan(planResources(graph), { config: "a.alloy", triggers: wanted });
    expect(select).toThrow(new Error(error));
  });
});
