import path from "node:path";
import { Stage } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { allowed, idOf, invokers, synthesize } from "./testing.ts";

const environment = { BACKEND: "https://loki.example.com/loki/api/v1/push" };

const all = `
otelcol.receiver.otlp "in" {
  http { }
  output { logs = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" { client { endpoint = "http://collector.example.com" } }
loki.source.cloudwatch_logs "lambda" {
  log_groups     = ["/aws/lambda/orders", "/aws/lambda/bills", "/shop/*"]
  filter_pattern = "ERROR"
  forward_to     = [loki.write.out.receiver]
}
loki.write "out" { endpoint { url = sys.env("BACKEND") } }
prometheus.scrape "app" {
  targets         = [{ "__address__" = "app.example.com:80" }]
  scrape_interval = "15s"
  forward_to      = [prometheus.remote_write.out.receiver]
}
prometheus.scrape "slow" {
  targets         = [{ "__address__" = "app.example.com:80" }]
  scrape_interval = "5m"
  forward_to      = [prometheus.remote_write.out.receiver]
}
prometheus.remote_write "out" { endpoint { url = "https://mimir.example.com/api/v1/push" } }
`;

describe("a configuration with every kind of trigger", () => {
  const { stack, collector } = synthesize(all, { environment, tags: { team: "shop" } });
  collector.addToRolePolicy(new PolicyStatement({ actions: ["kms:Decrypt"], resources: ["arn:aws:kms:::key/1"] }));
  collector.addLogGroup(new LogGroup(stack, "Other"));
  collector.addLogGroup("/aws/lambda/orders");
  const template = Template.fromStack(stack);
  const ref = (of: Parameters<typeof idOf>[1]) => ({ Ref: idOf(stack, of) });
  const arn = (of: Parameters<typeof idOf>[1]) => ({ "Fn::GetAtt": [idOf(stack, of), "Arn"] });

  test("has a function for each kind, with the same code", () => {
    template.resourceCountIs("AWS::Lambda::Function", 5);
    template.allResourcesProperties("AWS::Lambda::Function", {
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Architectures: ["arm64"],
      MemorySize: 512,
      Environment: { Variables: environment },
      Tags: [{ Key: "team", Value: "shop" }],
    });
    const keys = Object.values(template.findResources("AWS::Lambda::Function")).map(
      ({ Properties }) => Properties.Code.S3Key,
    );
    expect(new Set(keys).size).toBe(1);
    template.resourcePropertiesCountIs("AWS::Lambda::Function", { Timeout: 30 }, 3);
    // scrapes every 15 seconds, inside of an invocation a minute
    template.hasResourceProperties("AWS::Lambda::Function", {
      Timeout: 90,
      LoggingConfig: { LogGroup: ref(collector.schedule?.logGroup) },
    });
  });

  test("keeps the logs of each function for a time in a group of its own", () => {
    for (const each of [collector.http, collector.logSubscription, collector.queue, collector.schedule])
      template.hasResourceProperties("AWS::Lambda::Function", {
        LoggingConfig: { LogFormat: "JSON", LogGroup: ref(each?.logGroup) },
      });
    template.resourcePropertiesCountIs("AWS::Logs::LogGroup", { RetentionInDays: 14 }, 5);
  });

  test("takes only signed requests, where the configuration asks for no credentials", () => {
    template.resourceCountIs("AWS::Lambda::Url", 1);
    template.hasResourceProperties("AWS::Lambda::Url", { AuthType: "AWS_IAM" });
    template.hasOutput("*", { Description: "Takes /v1/logs", Value: stack.resolve(collector.url) });
    expect(invokers(template)).toEqual(["logs.amazonaws.com"]);
  });

  test("subscribes each log group once, with one permission for all", () => {
    const names = Object.values(template.findResources("AWS::Logs::SubscriptionFilter")).map(
      ({ Properties: { LogGroupName, FilterPattern, DestinationArn } }) => [
        LogGroupName,
        FilterPattern,
        DestinationArn,
      ],
    );
    const to = arn(collector.logSubscription?.function);
    expect(names).toEqual([
      ["/aws/lambda/orders", "ERROR", to],
      ["/aws/lambda/bills", "ERROR", to],
      [{ Ref: expect.stringMatching(/^Other/) }, "ERROR", to],
    ]);
    template.hasResourceProperties("AWS::Lambda::Permission", {
      Action: "lambda:InvokeFunction",
      FunctionName: to,
      Principal: "logs.amazonaws.com",
      SourceAccount: { Ref: "AWS::AccountId" },
      SourceArn: { "Fn::Join": ["", Match.arrayWith([":log-group:*"])] },
    });
  });

  test("tries log events again, then keeps them", () => {
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: ref(collector.logSubscription?.function),
      MaximumEventAgeInSeconds: 21_600,
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: { Destination: arn(collector.logSubscription?.deadLetterQueue) } },
    });
  });

  test("takes messages of a queue one by one, and sets them aside after five tries", () => {
    const queue = collector.queue?.queue;
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: arn(queue),
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    template.hasResourceProperties("AWS::SQS::Queue", {
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 180,
      RedrivePolicy: { deadLetterTargetArn: arn(collector.queue?.deadLetterQueue), maxReceiveCount: 5 },
    });
  });

  test("runs each component by its clock, and not again when it is late", () => {
    const schedules = Object.values(template.findResources("AWS::Scheduler::Schedule")).map(({ Properties }) => [
      Properties.ScheduleExpression,
      JSON.parse(Properties.Target.Input),
    ]);
    expect(schedules).toEqual([
      [
        "rate(1 minute)",
        { amalgam: { schedule: "prometheus.scrape.app", forSeconds: 60, at: "<aws.scheduler.scheduled-time>" } },
      ],
      ["rate(5 minutes)", { amalgam: { schedule: "prometheus.scrape.slow" } }],
    ]);
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: ref(collector.schedule?.function),
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: arn(collector.schedule?.deadLetterQueue) } },
    });
  });

  test("keeps dead letters of each kind apart, two weeks, encrypted", () => {
    expect(collector.deadLetterQueues.length).toBe(3);
    template.resourcePropertiesCountIs(
      "AWS::SQS::Queue",
      { MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true, FifoQueue: Match.absent() },
      3,
    );
    template.resourceCountIs("AWS::SQS::Queue", 5);
    expect(stack.resolve(collector.metricDeadLetters().expression)).toBe("m0 + m1 + m2");
    expect(collector.metricErrors().expression).toBe("m0 + m1 + m2 + m3 + m4");
  });

  test("allows nothing with a wildcard but to put dead letters, whose names come with them", () => {
    const statements = allowed(template).filter(({ Action }) => !JSON.stringify(Action).includes("s3:PutObject"));
    expect(statements.length).toBeGreaterThan(0);
    expect(statements.filter(({ Action, Resource }) => JSON.stringify([Action, Resource]).includes("*"))).toEqual([]);
    template.allResourcesProperties("AWS::IAM::Role", { ManagedPolicyArns: Match.absent() });
    expect(statements.filter(({ Action }) => Action === "kms:Decrypt").length).toBe(5);
  });

  test("warns of what differs from a running process", () => {
    const warnings = Annotations.fromStack(stack).findWarning("*", Match.anyValue());
    expect(warnings).toEqual([]);
    Annotations.fromStack(stack).hasInfo(
      "/Shop/Collector",
      "loki.source.cloudwatch_logs.lambda takes the log groups /shop/*, but a subscription needs a name: name them when you deploy",
    );
  });

  test("satisfies the checks of AWS Solutions", () => {
    expect(new AwsSolutionsChecks(stack).validateScope(stack)).toEqual({ success: true, violations: [] });
  });

  test("deploys a handler that answers", async () => {
    const assembly = Stage.of(stack)?.synth();
    const [resource] = Object.values(template.findResources("AWS::Lambda::Function"));
    const asset = path.join(assembly?.directory ?? "", `asset.${path.parse(resource?.["Properties"].Code.S3Key).name}`);
    Object.assign(process.env, environment);
    const { handler } = await import(path.join(asset, "index.mjs"));
    const request = { version: "2.0", rawPath: "/nowhere", rawQueryString: "", headers: {}, isBase64Encoded: false };
    const requestContext = { http: { method: "GET", path: "/nowhere" } };
    expect(await handler({ ...request, requestContext })).toMatchObject({ statusCode: 404 });
  });
});
