import { Match, Template } from "aws-cdk-lib/assertions";
import { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Stream } from "aws-cdk-lib/aws-kinesis";
import { Code } from "aws-cdk-lib/aws-lambda";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import type { ComponentDescription, GraphDescription, TriggerDescription } from "../../lib/pipeline/graph/describe.ts";
import { planResources } from "../resources.ts";
import { defaults } from "./collector-function.ts";
import { KafkaFunction, type KafkaProps } from "./kafka.ts";
import { selectPlan, type TriggerKind } from "./plan.ts";
import { QueueFunction } from "./queue.ts";
import { StreamFunction } from "./stream.ts";
import { allowed, emptyStack, idOf, placesForTests, synthesize } from "./testing.ts";

const all = `
loki.source.kinesis "in" {
  streams    = ["orders", "arn:aws:kinesis:eu-west-1:111122223333:stream/bills", "shop-*"]
  forward_to = [loki.write.out.receiver]
}
loki.source.sns "in" {
  topics     = ["alarms"]
  forward_to = [loki.write.out.receiver]
}
loki.source.awsfirehose "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.source.cloudwatch_logs "in" {
  log_groups     = ["/aws/lambda/orders"]
  filter_pattern = "ERROR"
  forward_to     = [loki.write.out.receiver]
}
loki.source.kafka "in" {
  brokers    = ["b-1.example.com:9094"]
  topics     = ["orders", "bills"]
  labels     = { job = "kafka" }
  forward_to = [loki.write.out.receiver]
}
loki.source.eventbridge "in" {
  event_bus  = "shop"
  sources    = ["aws.ec2", "com.example.*"]
  forward_to = [loki.write.out.receiver]
}
loki.write "out" { endpoint { url = "https://loki.example.com/loki/api/v1/push" } }
`;

describe("a configuration with sources of records", () => {
  const outer = emptyStack();
  const role = new Role(outer, "Delivery", { assumedBy: new ServicePrincipal("firehose.amazonaws.com") });
  const { stack, collector } = synthesize(
    all,
    {
      streams: [new Stream(outer, "Clicks")],
      topics: [new Topic(outer, "News")],
      deliveryStreamRoles: [role],
      accountLogs: true,
      kafka: {
        clusterArn: "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/1",
        pollers: { minimum: 1, maximum: 3 },
      },
    },
    outer,
  );
  const template = Template.fromStack(stack);
  const ref = (of: Parameters<typeof idOf>[1]) => ({ Ref: idOf(stack, of) });
  const arn = (of: Parameters<typeof idOf>[1]) => ({ "Fn::GetAtt": [idOf(stack, of), "Arn"] });
  const failuresTo = (of: Parameters<typeof idOf>[1]) => ({ OnFailure: { Destination: arn(of) } });

  test("has a function for each kind, and a queue for what each can't deliver", () => {
    template.resourceCountIs("AWS::Lambda::Function", 9); // http, logs, queue, stream, topic, firehose, kafka, bus, what waits
    expect(collector.deadLetterQueues.length).toBe(6);
  });

  test("streams are read in order, halved to find what fails, and given up after a while", () => {
    const sources = Object.values(template.findResources("AWS::Lambda::EventSourceMapping"))
      .map(({ Properties }) => Properties)
      .filter(({ BisectBatchOnFunctionError, Topics }) => BisectBatchOnFunctionError && !Topics);
    expect(sources.length).toBe(3);
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: "arn:aws:kinesis:eu-west-1:111122223333:stream/bills",
      FunctionName: ref(collector.stream?.function),
      StartingPosition: "LATEST",
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 86_400,
      ParallelizationFactor: 1,
      DestinationConfig: failuresTo(collector.stream?.deadLetterQueue),
    });
  });

  test("the function may read those streams and nothing else of Kinesis", () => {
    const statements = allowed(template).filter(({ Action }) => JSON.stringify(Action).includes("kinesis:"));
    expect(statements.flatMap(({ Resource }) => Resource)).toEqual([
      expect.objectContaining({ "Fn::Join": ["", expect.arrayContaining([":stream/orders"])] }),
      "arn:aws:kinesis:eu-west-1:111122223333:stream/bills",
      { "Fn::GetAtt": [expect.stringMatching(/^Clicks/), "Arn"] },
    ]);
    expect(statements.flatMap(({ Action }) => Action).filter(action => action.includes("*"))).toEqual([]);
  });

  test("topics are subscribed, and what the function does not take is kept", () => {
    template.resourceCountIs("AWS::SNS::Subscription", 2);
    template.hasResourceProperties("AWS::SNS::Subscription", {
      Protocol: "lambda",
      TopicArn: { Ref: Match.stringLikeRegexp("^News") },
      Endpoint: arn(collector.topic?.function),
      RedrivePolicy: { deadLetterTargetArn: arn(collector.topic?.deadLetterQueue) },
    });
    template.hasResourceProperties("AWS::Lambda::Permission", {
      Principal: "sns.amazonaws.com",
      SourceArn: { Ref: Match.stringLikeRegexp("^News") },
      FunctionName: arn(collector.topic?.function),
    });
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: ref(collector.topic?.function),
      DestinationConfig: failuresTo(collector.topic?.deadLetterQueue),
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
    });
  });

  test("a delivery stream's role may invoke the function that transforms, and no other", () => {
    const statements = allowed(template).filter(({ Action }) => Action === "lambda:InvokeFunction");
    const own = arn(collector.firehose?.function);
    expect(statements.map(({ Resource }) => Resource)).toEqual([[own, { "Fn::Join": ["", [own, ":$LATEST"]] }]]);
  });

  test("the account's logs are subscribed but those of the collector, and no group twice", () => {
    template.resourceCountIs("AWS::Logs::SubscriptionFilter", 0);
    const [policy] = Object.values(template.findResources("AWS::Logs::AccountPolicy"));
    expect(policy?.["Properties"]).toMatchObject({
      PolicyType: "SUBSCRIPTION_FILTER_POLICY",
      Scope: "ALL",
      PolicyDocument: {
        "Fn::Join": [
          "",
          [
            '{"DestinationArn":"',
            arn(collector.logSubscription?.function),
            '","FilterPattern":"ERROR","Distribution":"Random"}',
          ],
        ],
      },
    });
    const criteria = JSON.stringify(policy?.["Properties"].SelectionCriteria);
    expect(criteria).toContain("LogGroupName NOT IN [");
    for (const each of [collector.http, collector.logSubscription, collector.stream, collector.bus])
      expect(criteria).toContain(idOf(stack, each?.logGroup));
  });

  test("topics of Kafka have an event source each, whose answers for a part count", () => {
    for (const topic of ["orders", "bills"])
      template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
        EventSourceArn: "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/1",
        FunctionName: ref(collector.kafka?.function),
        Topics: [topic],
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: `loki.source.kafka-${topic}` },
        StartingPosition: "TRIM_HORIZON",
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
        ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 3 },
        DestinationConfig: failuresTo(collector.kafka?.deadLetterQueue),
      });
    template.hasResourceProperties("AWS::Lambda::Function", {
      Environment: { Variables: { AMALGAM_KAFKA_PARTIAL_FAILURES: "true" } },
    });
  });

  test("what polls Kafka may ask the cluster and reach its network, and has no policy of others", () => {
    const statements = allowed(template).filter(({ Action }) => /kafka|ec2/.test(JSON.stringify(Action)));
    expect(statements.map(({ Resource }) => Resource)).toEqual([
      "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/1",
      "*",
    ]);
    template.allResourcesProperties("AWS::IAM::Role", { ManagedPolicyArns: Match.absent() });
  });

  test("events of a bus come with the name of the component that they are for", () => {
    template.hasResourceProperties("AWS::Events::Rule", {
      EventBusName: "shop",
      EventPattern: { source: ["aws.ec2", { wildcard: "com.example.*" }] },
      Targets: [
        {
          Arn: arn(collector.bus?.function),
          DeadLetterConfig: { Arn: arn(collector.bus?.deadLetterQueue) },
          InputTransformer: {
            InputTemplate: '{"amalgam":{"component":"loki.source.eventbridge.in"},"event":<aws.events.event.json>}',
          },
        },
      ],
    });
    template.hasResourceProperties("AWS::Lambda::Permission", {
      Principal: "events.amazonaws.com",
      FunctionName: arn(collector.bus?.function),
      SourceArn: Match.anyValue(),
    });
  });

  test("satisfies the checks of AWS Solutions", () => {
    const { violations } = new AwsSolutionsChecks(stack).validateScope(stack);
    const own = violations.filter(each => JSON.stringify(each).includes("Collector")); // others are of the test's own resources
    expect(own).toEqual([]);
  });

  test("queues for dead letters take them of those sources alone", () => {
    const statements = Object.values(template.findResources("AWS::SQS::QueuePolicy"))
      .flatMap(
        ({ Properties }) =>
          Properties.PolicyDocument.Statement as { Effect: string; Principal: object; Condition: object }[],
      ) // what a policy document is made of
      .filter(({ Effect }) => Effect === "Allow");
    expect(statements.every(({ Condition }) => JSON.stringify(Condition).includes("aws:SourceArn"))).toBe(true);
  });
});

const graphOf = (...triggers: readonly TriggerDescription[]): GraphDescription => ({
  version: 1,
  edges: [],
  components: triggers.map(
    (trigger, i): ComponentDescription => ({
      id: "abc".charAt(i),
      name: "a",
      label: "",
      triggers: [trigger],
      permissions: [],
      state: false,
    }),
  ),
});

const records = (more: Partial<Extract<TriggerDescription, { kind: "records" }>>): TriggerDescription => ({
  kind: "records",
  format: "raw",
  sources: ["queue"],
  logGroups: [],
  filterPattern: "",
  ...more,
});

const propsOf = (...triggers: readonly TriggerDescription[]) => ({
  ...defaults,
  graph: graphOf(...triggers),
  plan: planResources(graphOf(...triggers)),
  places: placesForTests(),
  code: Code.fromInline("exports.handler = async () => {};"),
  title: "test",
  environment: {},
});

const kafka = (authentication: "none" | "iam" | "scram_512" = "scram_512", topics = ["orders"]) =>
  records({
    sources: ["kafka"],
    kafka: { brokers: ["b:9094"], topics, groupId: "g", authentication, startAt: "latest" },
  });

describe("queues that a configuration names", () => {
  const queueOf = (...triggers: readonly TriggerDescription[]) => {
    const stack = emptyStack();
    const queue = new QueueFunction(stack, "Queue", {
      ...propsOf(...triggers),
      maximumConcurrency: undefined,
      queue: undefined,
    });
    return { queue, template: Template.fromStack(stack) };
  };

  test("are polled, and none is made besides them", () => {
    const { queue, template } = queueOf(
      records({ from: ["orders", "arn:aws:sqs:eu-west-1:111122223333:bills", "x-*"] }),
    );
    template.resourceCountIs("AWS::SQS::Queue", 0);
    template.resourceCountIs("AWS::Lambda::EventSourceMapping", 2);
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: "arn:aws:sqs:eu-west-1:111122223333:bills",
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    expect(queue.deadLetterQueue).toBeUndefined();
  });

  test("are polled besides the one of components that name none", () => {
    const { template } = queueOf(records({ from: ["orders"] }), records({ from: [] }));
    template.resourceCountIs("AWS::SQS::Queue", 2);
    template.resourceCountIs("AWS::Lambda::EventSourceMapping", 2);
  });
});

describe("brokers outside of MSK", () => {
  const build = (trigger: TriggerDescription, props: (stack: ReturnType<typeof emptyStack>) => KafkaProps) => {
    const stack = emptyStack();
    new KafkaFunction(stack, "Kafka", { ...propsOf(trigger), kafka: props(stack) });
    return Template.fromStack(stack);
  };
  const secret = (stack: ReturnType<typeof emptyStack>) => Secret.fromSecretNameV2(stack, "Secret", "brokers");

  test("are reached with a secret, which the function may read", () => {
    const template = build(kafka(), stack => ({ secret: secret(stack) }));
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ["b:9094"] } },
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: "g" },
      SourceAccessConfigurations: [{ Type: "SASL_SCRAM_512_AUTH", URI: Match.anyValue() }],
      StartingPosition: "LATEST",
      FunctionResponseTypes: Match.absent(),
    });
    expect(allowed(template).some(({ Action }) => Action.includes("secretsmanager:GetSecretValue"))).toBe(true);
  });

  test("are reached in a network", () => {
    const template = build(kafka("none"), stack => {
      const vpc = new Vpc(stack, "Vpc", { natGateways: 0 });
      return {
        network: {
          vpc,
          subnets: { subnets: vpc.isolatedSubnets },
          securityGroup: SecurityGroup.fromSecurityGroupId(stack, "Group", "sg-1"),
        },
      };
    });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      SourceAccessConfigurations: Match.arrayWith([Match.objectLike({ Type: "VPC_SECURITY_GROUP" })]),
    });
  });

  test("in MSK that know roles let this one read its topic in its group", () => {
    const template = build(kafka("iam"), () => ({ clusterArn: "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/1" }));
    const statements = allowed(template).filter(({ Action }) => JSON.stringify(Action).includes("kafka-cluster:"));
    expect(statements.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ["kafka-cluster:Connect", "arn:aws:kafka:eu-west-1:111122223333:cluster/shop/1"],
      [
        ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
        "arn:aws:kafka:eu-west-1:111122223333:group/shop/1/g",
      ],
      [
        ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
        "arn:aws:kafka:eu-west-1:111122223333:topic/shop/1/orders",
      ],
    ]);
  });

  test.for([
    {
      it: "without a secret or a network",
      trigger: kafka(),
      error: "kafka should have clusterArn, or secret or network for brokers outside of MSK, got none of them",
    },
    {
      it: "that know roles",
      trigger: kafka("iam"),
      error: "kafka should have clusterArn, since only MSK knows roles, got none",
    },
  ])("$it are refused", ({ trigger, error }) => {
    expect(() => build(trigger, () => ({}))).toThrow(new Error(error));
  });
});

const kindsOf = (given: readonly TriggerKind[], from?: readonly string[], triggers?: readonly TriggerKind[]) =>
  selectPlan(planResources(graphOf(records({ sources: ["stream"], ...(from && { from }) }))), {
    config: "a.alloy",
    brought: new Set(given),
    triggers,
  }).functions.map(({ kind }) => kind);

test.for([
  { it: "a stream that is named", from: ["a"], given: [], triggers: undefined },
  { it: "a stream that is brought", from: undefined, given: ["stream" as const], triggers: undefined },
  { it: "a stream that will be added", from: undefined, given: [], triggers: ["stream" as const] },
])("$it has a function", ({ from, given, triggers }) => {
  expect(kindsOf(given, from, triggers)).toEqual(["stream"]);
});

test.for([
  { it: "a stream that nobody names", given: [], error: "should have a component that something calls, got none" },
  {
    it: "a topic that nobody takes",
    given: ["topic" as const],
    error: "should have a component that a topic calls, got none",
  },
])("$it has none", ({ given, error }) => {
  expect(() => kindsOf(given, ["a*"])).toThrow(new Error(`config a.alloy ${error}`));
});

test("more than ten batches of a shard at the same time are refused", () => {
  const build = () =>
    new StreamFunction(emptyStack(), "Stream", { ...propsOf(records({ sources: ["stream"] })), parallelization: 11 });
  expect(build).toThrow(new Error("parallelization should be from 1 to 10, got 11"));
});
