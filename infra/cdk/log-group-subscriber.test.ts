import path from "node:path";
import { Duration, type Stack, Stage } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Code, Function as Lambda, Runtime } from "aws-cdk-lib/aws-lambda";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterEach, describe, expect, test, vi } from "vitest";
import { LogGroupSubscriber, type LogGroupSubscriberProps } from "./log-group-subscriber.ts";
import { allowed, emptyStack, idOf, synthesize } from "./testing.ts";

const logs = `
loki.source.cloudwatch_logs "in" {
  forward_to = [loki.write.out.receiver]
}
loki.write "out" {
  endpoint { url = "https://loki.example.com/loki/api/v1/push" }
}
`;

afterEach(() => void vi.unstubAllEnvs());

type Selection = Omit<LogGroupSubscriberProps, "destination">;

/** A subscriber of a collector. */
function subscribe(props: Selection, config = logs) {
  const { stack, collector } = synthesize(config);
  const subscriber = new LogGroupSubscriber(stack, "Subscriber", { destination: collector, ...props });
  return { stack, collector, subscriber };
}

/** A subscriber of a function, which is quicker to make. */
function subscribeFunction(props: Selection) {
  const stack = emptyStack();
  const destination = new Lambda(stack, "Sink", {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline("-"),
  });
  return { stack, destination, subscriber: new LogGroupSubscriber(stack, "Subscriber", { destination, ...props }) };
}

const groups = (stack: Stack, name: string) =>
  stack.resolve(`arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:${name}`) as unknown;

test("what the configuration or the collector subscribes by itself is not subscribed again", () => {
  const { stack, collector } = subscribe(
    { include: ["/shop/*"] },
    logs.replace("forward_to", 'log_groups = ["/shop/orders", "/shop/*"]\n  forward_to'),
  );
  collector.addLogGroup("/shop/carts"); // after the subscriber was made
  const [settings] = Object.values(Template.fromStack(stack).findResources("AWS::Lambda::Function")).flatMap(
    ({ Properties }) => Properties.Environment?.Variables?.AMALGAM_SUBSCRIBER ?? [],
  );
  for (const name of ["/shop/orders", "/shop/carts"]) expect(JSON.stringify(settings)).toContain(`\\"${name}\\"`);
});

describe("a subscriber of a collector", () => {
  const { stack, collector, subscriber } = subscribe({ tags: { team: "shop" }, exclude: ["*debug*"] });
  const template = Template.fromStack(stack);
  const ref = (of: Parameters<typeof idOf>[1]) => ({ Ref: idOf(stack, of) });
  const arn = (of: Parameters<typeof idOf>[1]) => ({ "Fn::GetAtt": [idOf(stack, of), "Arn"] });

  test("knows the selection, its destination, and the log groups that are not to be subscribed", () => {
    const [resource] = Object.values(
      template.findResources("AWS::Lambda::Function", {
        Properties: { LoggingConfig: { LogGroup: ref(subscriber.logGroup) } },
      }),
    );
    const { Variables } = Object(resource)["Properties"].Environment;
    const [, parts] = Variables.AMALGAM_SUBSCRIBER["Fn::Join"] as [string, readonly (string | object)[]];
    const settings = JSON.parse(
      parts.map(part => (typeof part === "string" ? part : JSON.stringify(part).replaceAll('"', "'"))).join(""),
    );
    const text = (value: object) => JSON.stringify(value).replaceAll('"', "'");
    const own = [subscriber.logGroup, collector.logSubscription?.logGroup].map(group => text(ref(group)));
    expect(settings).toEqual({
      selection: { tags: { team: "shop" }, include: [], exclude: ["*debug*"], own: expect.arrayContaining(own) },
      filter: {
        name: subscriber.filterName,
        destination: text(arn(collector.logSubscription?.function)),
        pattern: "",
      },
    });
    expect(subscriber.filterName).toMatch(/^amalgam-c8[0-9a-f]+$/);
  });

  test("follows what CloudTrail tells of log groups", () => {
    template.resourceCountIs("AWS::Events::Rule", 1);
    template.hasResourceProperties("AWS::Events::Rule", {
      EventPattern: {
        source: ["aws.logs"],
        "detail-type": ["AWS API Call via CloudTrail"],
        detail: {
          eventSource: ["logs.amazonaws.com"],
          eventName: ["CreateLogGroup", "TagResource", "UntagResource", "TagLogGroup", "UntagLogGroup"],
          errorCode: [{ exists: false }],
        },
      },
      Targets: [Match.objectLike({ Arn: arn(subscriber.function) })],
    });
  });

  test("looks at all of them once a day, and at the rest in another invocation of itself", () => {
    template.hasResourceProperties("AWS::Scheduler::Schedule", {
      ScheduleExpression: "rate(1 day)",
      Target: { Arn: arn(subscriber.function), Input: '{"reconcile":{}}' },
    });
    template.hasResourceProperties("AWS::Lambda::Function", {
      Description: "Subscribes log groups to a collector",
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Architectures: ["arm64"],
      MemorySize: 256,
      Timeout: 900,
      LoggingConfig: { LogFormat: "JSON" },
    });
  });

  test("marks log groups of collectors with a tag", () => {
    for (const [group, value] of [
      [subscriber.logGroup, "Shop/Subscriber"],
      [collector.logSubscription?.logGroup, "Shop/Collector"],
    ] as const) {
      const resource = template.toJSON()["Resources"][idOf(stack, group)];
      expect(resource.Properties.Tags).toEqual([{ Key: "amalgam:collector", Value: value }]);
    }
  });

  test("may subscribe log groups, and nothing else", () => {
    const own = allowed(template).filter(({ Action }) =>
      JSON.stringify(Action).match(/"(logs:(?!Create|Put(Log|Ret))|tag:)/),
    );
    expect(own.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [["logs:DescribeLogGroups", "logs:DescribeSubscriptionFilters", "logs:ListTagsForResource"], groups(stack, "*")],
      ["logs:DeleteSubscriptionFilter", groups(stack, "*")],
      ["logs:PutSubscriptionFilter", groups(stack, "*")],
      ["tag:GetResources", "*"],
    ]);
    const invoking = allowed(template).filter(
      ({ Action, Resource }) =>
        Action === "lambda:InvokeFunction" && JSON.stringify(Resource) === JSON.stringify(arn(subscriber.function)),
    );
    expect(invoking.length).toBe(2); // itself, and its schedule
  });

  test("satisfies the checks of AWS Solutions", () => {
    expect(new AwsSolutionsChecks(stack).validateScope(stack)).toEqual({ success: true, violations: [] });
  });

  test("deploys a handler that answers", async () => {
    const assembly = Stage.of(stack)?.synth();
    const resource = template.toJSON()["Resources"][idOf(stack, subscriber.function)];
    const asset = path.join(assembly?.directory ?? "", `asset.${path.parse(resource.Properties.Code.S3Key).name}`);
    const { handler } = await import(path.join(asset, "index.mjs"));
    await expect(handler({})).rejects.toThrow(
      "AMALGAM_SUBSCRIBER should say which log groups are subscribed, got nothing",
    );
    vi.stubEnv(
      "AMALGAM_SUBSCRIBER",
      '{ "selection": { "tags": {}, "include": ["a"], "exclude": [], "own": [] }, "filter": {} }',
    );
    expect(await handler({ detail: { eventSource: "sqs.amazonaws.com" } })).toEqual({});
  });
});

test("names limit what may be subscribed", () => {
  const { stack } = subscribeFunction({ include: ["/aws/lambda/*", "/shop"] });
  const put = allowed(Template.fromStack(stack)).find(({ Action }) => Action === "logs:PutSubscriptionFilter");
  expect(put?.Resource).toEqual(["/aws/lambda/*", "/shop", "/shop:*"].map(name => groups(stack, name)));
  expect(
    new AwsSolutionsChecks(stack).validateScope(stack).violations.filter(({ ruleName }) => ruleName.includes("IAM5")),
  ).toEqual([]);
});

test("where tags do not matter, only new log groups are followed", () => {
  const { stack } = subscribeFunction({ include: ["/aws/lambda/*"] });
  Template.fromStack(stack).hasResourceProperties("AWS::Events::Rule", {
    EventPattern: Match.objectLike({ detail: Match.objectLike({ eventName: ["CreateLogGroup"] }) }),
  });
});

test("without events, the schedule is all", () => {
  const { stack } = subscribeFunction({ tags: { team: "*" }, events: false, every: Duration.hours(1) });
  const template = Template.fromStack(stack);
  template.resourceCountIs("AWS::Events::Rule", 0);
  template.hasResourceProperties("AWS::Scheduler::Schedule", { ScheduleExpression: "rate(1 hour)" });
});

test("CloudWatch may call a function that is no collector's", () => {
  const { stack, destination } = subscribeFunction({ tags: { team: "shop" } });
  Template.fromStack(stack).hasResourceProperties("AWS::Lambda::Permission", {
    Action: "lambda:InvokeFunction",
    Principal: "logs.amazonaws.com",
    FunctionName: { "Fn::GetAtt": [idOf(stack, destination), "Arn"] },
    SourceAccount: stack.resolve(stack.account),
    SourceArn: groups(stack, "*"),
  });
});

test.for<{ it: string; props: Selection; message: string }>([
  {
    it: "says nothing of what to subscribe",
    props: { exclude: ["a"] },
    message: 'tags or include should say which log groups are subscribed, got none: include: ["*"] is all',
  },
  {
    it: "has a name that no log group has",
    props: { include: ["/a b"] },
    message: 'include should be names of letters, digits and _-/.#*, got "/a b"',
  },
  {
    it: "is too busy",
    props: { include: ["*"], every: Duration.seconds(30) },
    message: "every should be a minute or more, got 30 seconds",
  },
])("one that $it is refused", ({ props, message }) => {
  expect(() => subscribeFunction(props)).toThrow(new Error(message));
});

test("a collector that takes no log subscriptions is refused", () => {
  const config = 'otelcol.receiver.otlp "in" {\n  http { }\n  output { }\n}\n';
  expect(() => subscribe({ tags: { team: "shop" } }, config)).toThrow(
    "Shop/Collector should have a component with the trigger log-subscription, such as loki.source.cloudwatch_logs, got none",
  );
});
