/** What waits for a backend: a queue that keeps the order of each destination, and a function that delivers from it. */
import { Match, Template } from "aws-cdk-lib/assertions";
import { Stream } from "aws-cdk-lib/aws-kinesis";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { allowed, emptyStack, idOf, synthesize } from "./testing.ts";

const config = `
loki.source.cloudwatch_logs "in" { forward_to = [loki.write.out.receiver] }
loki.write "out" { endpoint { url = "http://loki/loki/api/v1/push" } }
`;
const triggers = ["log-subscription"] as const;

describe("a configuration that writes to a backend", () => {
  const { stack, collector } = synthesize(config, { triggers, alarms: {}, reservedConcurrency: 1 });
  const template = Template.fromStack(stack);
  const queue = idOf(stack, collector.handOver?.queue);
  const arn = { "Fn::GetAtt": [queue, "Arn"] };

  test("has a queue that keeps the order of each destination for two weeks, and sets nothing aside", () => {
    template.hasResourceProperties("AWS::SQS::Queue", {
      FifoQueue: true,
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
      MessageRetentionPeriod: 1_209_600,
      VisibilityTimeout: 720,
      RedrivePolicy: Match.absent(),
    });
  });

  test("has a function that takes its messages one by one, even where one invocation is all that is reserved", () => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: arn,
      FunctionName: { Ref: idOf(stack, collector.handOver?.function) },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: Match.absent(),
    });
  });

  test("lets the others send to it, and tells them where it is", () => {
    const statements = allowed(template).filter(({ Resource }) => JSON.stringify(Resource) === JSON.stringify(arn));
    expect(statements.map(({ Action }) => Action)).toEqual([expect.arrayContaining(["sqs:ReceiveMessage"]), "sqs:SendMessage"]); // biome-ignore format: a line
    const bucket = { Ref: idOf(stack, collector.deadLetters?.bucket) };
    template.allResourcesProperties("AWS::Lambda::Function", {
      Environment: {
        Variables: {
          AMALGAM_HAND_OVER: { "Fn::Join": ["", ["sqs:", { Ref: queue }, ",s3://", bucket, "/Collector"]] },
        },
      },
    });
  });

  test("has an alarm on the age of what waits", () => {
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      Metrics: Match.arrayWith([
        Match.objectLike({
          MetricStat: Match.objectLike({
            Metric: {
              Namespace: "AWS/SQS",
              MetricName: "ApproximateAgeOfOldestMessage",
              Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": [queue, "QueueName"] } }],
            },
          }),
        }),
      ]),
    });
  });

  test("satisfies the checks of AWS Solutions", () => {
    expect(new AwsSolutionsChecks(stack).validateScope(stack)).toEqual({ success: true, violations: [] });
  });
});

test.for([
  { it: "the user wants none", props: { handOver: false as const }, variable: undefined },
  { it: "there is no bucket", props: { deadLetters: false as const }, variable: undefined },
  { it: "the user has a queue", props: { environment: { AMALGAM_HAND_OVER: "sqs:q" } }, variable: "sqs:q" },
])("nothing is made where $it", ({ props, variable }) => {
  const { stack, collector } = synthesize(config, { triggers, ...props });
  const template = Template.fromStack(stack);
  template.resourceCountIs("AWS::Lambda::Function", 1);
  template.resourcePropertiesCountIs("AWS::SQS::Queue", { FifoQueue: true }, 0);
  expect(collector.handOver).toBeUndefined();
  const [made] = Object.values(template.findResources("AWS::Lambda::Function"));
  expect(made?.["Properties"].Environment?.Variables?.AMALGAM_HAND_OVER).toBe(variable);
  expect(allowed(template).filter(({ Action }) => JSON.stringify(Action).includes("ReceiveMessage"))).toEqual([]);
});

test("it is there with the first stream that the user brings, where the configuration names none", () => {
  const stack = emptyStack();
  const text = config.replace("loki.source.cloudwatch_logs", "loki.source.kinesis").replace("{ forward", '{\n streams = ["shop-*"]\n forward'); // biome-ignore format: a line
  const { collector } = synthesize(text, { streams: [new Stream(stack, "Orders")] }, stack);
  expect(collector.plan.functions.map(({ kind }) => kind)).toEqual(["hand-over", "stream"]);
  const queue = idOf(stack, collector.handOver?.queue);
  Template.fromStack(stack).hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [queue, "Arn"] },
    FunctionName: { Ref: idOf(stack, collector.handOver?.function) },
  });
});

test("what is too large for a message goes into the user's bucket", () => {
  const stack = emptyStack();
  const bucket = new Bucket(stack, "Letters");
  synthesize(config, { triggers, deadLetters: bucket }, stack);
  Template.fromStack(stack).allResourcesProperties("AWS::Lambda::Function", {
    Environment: {
      Variables: {
        AMALGAM_HAND_OVER: { "Fn::Join": ["", Match.arrayWith([",s3://", { Ref: idOf(stack, bucket) }])] },
      },
    },
  });
});
