import { existsSync } from "node:fs";
import path from "node:path";
import { Duration, Fn, Stage } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture } from "aws-cdk-lib/aws-lambda";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { describe, expect, test } from "vitest";
import { Amalgam, type AmalgamProps } from "./amalgam.ts";
import { emptyStack, idOf, synthesize, write } from "./testing.ts";

const config = `
loki.source.cloudwatch_logs "a" { forward_to = [loki.write.out.receiver] }
loki.write "out" { endpoint { url = sys.env("BACKEND") } }
`;
const environment = { BACKEND: "https://loki.example.com/loki/api/v1/push" };

describe("props that a deployment would refuse", () => {
  const refused: readonly { readonly props: Partial<AmalgamProps>; readonly error: string }[] = [
    { props: { memory: 127 }, error: "memory should be from 128 to 10240, got 127" },
    { props: { memory: 10_241 }, error: "memory should be from 128 to 10240, got 10241" },
    { props: { timeout: Duration.seconds(0) }, error: "timeout should be from 1 to 900 seconds, got 0" },
    { props: { timeout: Duration.minutes(16) }, error: "timeout should be from 1 to 900 seconds, got 960" },
    { props: { reservedConcurrency: 0 }, error: "reservedConcurrency should be 1 or more, got 0" },
    {
      props: { environment: { AWS_REGION: "eu-central-1" } },
      error: "environment should have no variable that Lambda sets itself, got AWS_REGION",
    },
    ...["/etc/ca.pem", "certificates/../../ca.pem"].map(file => ({
      props: { files: [file] },
      error: `files should be in the folder of the configuration, relative to it, got ${file}`,
    })),
    {
      props: { config: "missing.alloy" },
      error: "config should be a file, a folder or an address, got missing.alloy, which does not exist",
    },
  ];
  test.for(refused)("$error", ({ props, error }) => {
    expect(() => synthesize(config, props)).toThrow(new Error(error));
  });
});

describe("a configuration that would not work", () => {
  test("that needs a variable is shown with the variables that there are", () => {
    const file = write(config);
    process.env["BACKEND"] = "https://only.on.this.machine";
    expect(() => new Amalgam(emptyStack(), "Collector", { config: file, environment: { OTHER: "1" } })).toThrow(
      new Error(
        `config ${file} should load as it will in the function, whose variables are the prop environment (OTHER), got: the configuration does not load
Error: ${file}:3:37: url should be a URL, got ""

2 | loki.source.cloudwatch_logs "a" { forward_to = [loki.write.out.receiver] }
3 | loki.write "out" { endpoint { url = sys.env("BACKEND") } }
  |                                     ^^^^^^^^^^^^^^^^^^
4 | `,
      ),
    );
  });
});

describe("props", () => {
  const stack = emptyStack();
  const queue = new Queue(stack, "Mine", { visibilityTimeout: Duration.minutes(6) });
  const folder = path.dirname(write("secret", "token.txt"));
  const { collector } = synthesize(
    `${config}\nlocal.file "token" { filename = "token.txt" }`,
    {
      environment: { BACKEND: Fn.importValue("LokiUrl") },
      files: ["token.txt"],
      memory: 1024,
      timeout: Duration.minutes(1),
      architecture: Architecture.X86_64,
      reservedConcurrency: 20,
      maximumConcurrency: 15,
      logRetention: RetentionDays.ONE_DAY,
      logGroups: ["/aws/lambda/orders"],
      queue,
    },
    stack,
  );
  const template = Template.fromStack(stack);

  test("reach the functions", () => {
    template.allResourcesProperties("AWS::Lambda::Function", {
      Architectures: ["x86_64"],
      MemorySize: 1024,
      Timeout: 60,
      ReservedConcurrentExecutions: 20,
      Environment: { Variables: { BACKEND: { "Fn::ImportValue": "LokiUrl" } } },
    });
    template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 1 });
    template.hasResourceProperties("AWS::Logs::SubscriptionFilter", { LogGroupName: "/aws/lambda/orders" });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [idOf(stack, queue), "Arn"] },
      ScalingConfig: { MaximumConcurrency: 15 },
    });
  });

  test("put files beside the handler", () => {
    const asset = Object.values(template.findResources("AWS::Lambda::Function"))[0]?.["Properties"].Code.S3Key;
    const staged = path.join(Stage.of(stack)?.assetOutdir ?? "", `asset.${path.parse(asset).name}`);
    expect(["index.mjs", "token.txt"].map(file => existsSync(path.join(staged, file)))).toEqual([true, true]);
    expect(existsSync(path.join(folder, "token.txt"))).toBe(true);
  });

  test("a collector's own log groups can't be subscribed", () => {
    const error = new Error(
      "log group of Shop/Collector itself can't be subscribed: each log that it delivers would make another",
    );
    const own = [collector.logSubscription, collector.queue].map(each => each?.logGroup);
    for (const group of own) {
      if (!group) throw new Error("the function should have a log group, got none");
      expect(() => collector.addLogGroup(group)).toThrow(error);
      expect(() => collector.addLogGroup(`Shop-${idOf(stack, group)}-AbCdEfGhIjKl`)).toThrow(error);
    }
  });

  test("what the graph has no trigger for can't be asked for", () => {
    const caller = new Role(stack, "Caller", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
    expect(collector.url).toBe(undefined);
    expect(() => collector.grantInvoke(caller)).toThrow(
      new Error(
        "Shop/Collector should have a component with the trigger http, such as otelcol.receiver.otlp, got none",
      ),
    );
  });
});

test("only the triggers that the user wants have resources", () => {
  const { stack, collector } = synthesize(config, { environment, triggers: ["log-subscription"], handOver: false });
  const template = Template.fromStack(stack);
  template.resourceCountIs("AWS::Lambda::Function", 1);
  template.resourceCountIs("AWS::Lambda::EventSourceMapping", 0);
  template.hasResourceProperties("AWS::Lambda::Permission", { Principal: "logs.amazonaws.com" });
  template.resourcePropertiesCountIs("AWS::SQS::Queue", { RedrivePolicy: Match.anyValue() }, 0);
  expect(() => collector.addQueue(new Queue(stack, "Mine"))).toThrow(
    new Error("Shop/Collector should have a component with the trigger queue, such as otelcol.receiver.otlp, got none"),
  );
});
