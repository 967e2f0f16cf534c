/** What only the construct has: networks, keys, methods that add, and collectors of other stacks. */
import { Duration, Stack } from "aws-cdk-lib";
import { Annotations, Match, Template } from "aws-cdk-lib/assertions";
import { SecurityGroup, Vpc } from "aws-cdk-lib/aws-ec2";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Stream } from "aws-cdk-lib/aws-kinesis";
import { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { Amalgam } from "./amalgam.ts";
import { allowed, emptyStack, idOf, synthesize } from "./testing.ts";

const writer = `loki.write "out" { endpoint { url = "https://loki.example.com/loki/api/v1/push" } }`;
const logs = `
loki.source.cloudwatch_logs "in" {
  log_groups     = ["/aws/lambda/*"]
  filter_pattern = "ERROR"
  forward_to     = [loki.write.out.receiver]
}
${writer}`;
const scrape = `
prometheus.scrape "app" {
  targets         = [{ "__address__" = "app.example.com:80" }]
  scrape_interval = "1h"
  forward_to      = [prometheus.remote_write.out.receiver]
}
prometheus.remote_write "out" { endpoint { url = "https://mimir.example.com/api/v1/push" } }
loki.source.sns "in" {
  topics     = ["news-*"]
  forward_to = [loki.write.out.receiver]
}
loki.source.kinesis "in" {
  streams    = ["clicks-*"]
  forward_to = [loki.write.out.receiver]
}
${writer}`;

describe("a network and a key", () => {
  const stack = emptyStack();
  const vpc = new Vpc(stack, "Vpc", { natGateways: 0 });
  const encryptionKey = new Key(stack, "Key", { enableKeyRotation: true });
  const { collector } = synthesize(
    scrape,
    { vpc, vpcSubnets: { subnets: vpc.isolatedSubnets }, encryptionKey, triggers: ["schedule", "topic"] },
    stack,
  );
  collector.addTopic(new Topic(stack, "News", { masterKey: encryptionKey }));
  const template = Template.fromStack(stack);
  const arn = { "Fn::GetAtt": [idOf(stack, encryptionKey), "Arn"] };

  test("are those of all functions, with one security group", () => {
    template.allResourcesProperties("AWS::Lambda::Function", {
      VpcConfig: {
        SecurityGroupIds: [{ "Fn::GetAtt": [Match.stringLikeRegexp("^CollectorSecurityGroup"), "GroupId"] }],
        SubnetIds: Match.anyValue(),
      },
      KmsKeyArn: arn,
    });
    expect(collector.connections.securityGroups).toHaveLength(1);
  });

  test("let functions make network interfaces, and nothing else everywhere", () => {
    const everywhere = allowed(template).filter(({ Resource }) => Resource === "*");
    expect(new Set(everywhere.flatMap(({ Action }) => Action))).toEqual(
      new Set([
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
      ]),
    );
  });

  test.for([
    { type: "AWS::SQS::Queue", properties: { KmsMasterKeyId: arn } },
    { type: "AWS::Logs::LogGroup", properties: { KmsKeyId: arn } },
    { type: "AWS::DynamoDB::Table", properties: { SSESpecification: { KMSMasterKeyId: arn, SSEType: "KMS" } } },
    {
      type: "AWS::S3::Bucket",
      properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { KMSMasterKeyID: arn, SSEAlgorithm: "aws:kms" }, BucketKeyEnabled: true },
          ],
        },
      },
    },
  ])("the key encrypts each $type", ({ type, properties }) => {
    template.allResourcesProperties(type, properties);
  });

  test("a function may use the key as it uses what that encrypts", () => {
    const role = idOf(stack, collector.schedule?.function.role as never);
    const policies = Object.values(template.findResources("AWS::IAM::Policy"));
    const own = policies.filter(({ Properties }) => Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role));
    const statements = own.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    const ofKey = statements.filter(({ Resource }) => JSON.stringify(Resource) === JSON.stringify(arn));
    expect(ofKey.map(({ Action }) => Action)).toEqual([
      ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
      "kms:Decrypt",
    ]);
  });

  test("CloudWatch Logs may use the key for the stack's groups, SNS for the account's", () => {
    const [key] = Object.values(template.findResources("AWS::KMS::Key"));
    const ofServices = key?.["Properties"].KeyPolicy.Statement.flatMap(
      ({ Principal, Condition }: { Principal: { Service?: unknown }; Condition?: object }) =>
        Principal.Service ? [[Principal.Service, Object.keys(Condition ?? {})]] : [],
    );
    expect(ofServices).toEqual([
      [{ "Fn::Join": ["", ["logs.", { Ref: "AWS::Region" }, ".amazonaws.com"]] }, ["ArnLike"]],
      ["sns.amazonaws.com", ["StringEquals"]],
    ]);
  });

  test("satisfy the checks of AWS Solutions", () => {
    const { violations } = new AwsSolutionsChecks(stack).validateScope(stack);
    expect(violations.filter(each => JSON.stringify(each).includes("Collector"))).toEqual([]);
  });
});

test("a key that is only known by its ARN is used, with a word to its owner", () => {
  const stack = emptyStack();
  const encryptionKey = Key.fromKeyArn(stack, "Key", "arn:aws:kms:eu-central-1:123456789012:key/k");
  synthesize(logs, { triggers: ["log-subscription"], encryptionKey }, stack);
  Template.fromStack(stack).allResourcesProperties("AWS::SQS::Queue", {
    KmsMasterKeyId: "arn:aws:kms:eu-central-1:123456789012:key/k",
  });
  Annotations.fromStack(stack).hasWarning(
    "/Shop/Collector",
    Match.stringLikeRegexp("^policy of the key Shop/Key should let CloudWatch Logs use it"),
  );
});

test("security groups of one's own are used, and need a network", () => {
  const stack = emptyStack();
  const vpc = new Vpc(stack, "Vpc");
  const group = SecurityGroup.fromSecurityGroupId(stack, "Own", "sg-1");
  const { collector } = synthesize(logs, { vpc, securityGroups: [group], triggers: ["log-subscription"] }, stack);
  expect(collector.connections.securityGroups).toEqual([group]);
  expect(() => synthesize(logs, { securityGroups: [group] })).toThrow(
    new Error("securityGroups should be set together with vpc, got no vpc"),
  );
});

describe("what differs for one kind of function", () => {
  const { stack, collector } = synthesize(logs, {
    memory: 256,
    functions: { "log-subscription": { memory: 1024, timeout: Duration.seconds(60), reservedConcurrency: 5 } },
  });
  const template = Template.fromStack(stack);

  test("is not what the others have", () => {
    const sizes = Object.values(template.findResources("AWS::Lambda::Function")).map(({ Properties }) => [
      Properties.LoggingConfig.LogGroup.Ref,
      Properties.MemorySize,
      Properties.Timeout,
      Properties.ReservedConcurrentExecutions,
    ]);
    const group = (of: { readonly logGroup: LogGroup } | undefined) => idOf(stack, of?.logGroup);
    expect(sizes).toEqual([
      [group(collector.handOver), 256, 120, undefined],
      [group(collector.logSubscription), 1024, 60, 5],
      [group(collector.queue), 256, 30, undefined],
    ]);
  });

  test("is checked", () => {
    expect(() => synthesize(logs, { functions: { http: { memory: 1 } } })).toThrow(
      new Error("memory should be from 128 to 10240, got 1"),
    );
  });
});

describe("the logs of an account", () => {
  const stack = emptyStack();
  const { collector } = synthesize(logs, { triggers: ["log-subscription"], logGroups: ["/aws/lambda/one"] }, stack);
  collector.subscribeAccount({ except: ["/noise", new LogGroup(stack, "Noise")], filterPattern: "WARN" });
  collector.addLogGroup("/aws/lambda/later");
  const template = Template.fromStack(stack);

  test("are subscribed but those of the collector, those that are left out, and those that are subscribed themselves", () => {
    const [policy] = Object.values(template.findResources("AWS::Logs::AccountPolicy"));
    const ref = (of: LogGroup | undefined) => ({ Ref: idOf(stack, of) });
    expect(policy?.["Properties"].SelectionCriteria).toEqual({
      "Fn::Join": [
        "",
        [
          'LogGroupName NOT IN ["',
          ref(collector.logSubscription?.logGroup),
          '", "',
          ref(collector.handOver?.logGroup),
          '", "/noise", "',
          { Ref: expect.stringMatching(/^Noise/) },
          '", "/aws/lambda/one", "/aws/lambda/later"]',
        ],
      ],
    });
    expect(JSON.stringify(policy?.["Properties"].PolicyDocument)).toContain('\\"FilterPattern\\":\\"WARN\\"');
  });

  test("come from other groups than the functions' own, whose names functions know", () => {
    const names = [collector.logSubscription, collector.handOver].map(each => ({ Ref: idOf(stack, each?.logGroup) }));
    template.allResourcesProperties("AWS::Lambda::Function", {
      Environment: { Variables: { AMALGAM_OWN_LOG_GROUPS: { "Fn::Join": ["", [names[0], ",", names[1]]] } } },
    });
  });

  test("are subscribed once", () => {
    expect(() => collector.subscribeAccount()).toThrow(
      new Error("the account's log groups should be subscribed once, got Shop/Collector/LogSubscription twice"),
    );
  });
});

describe("what is added later", () => {
  const stack = emptyStack();
  const { collector } = synthesize(scrape, { triggers: ["schedule", "topic", "stream"] }, stack);
  collector.addTopic(new Topic(stack, "News"));
  collector.addStream(new Stream(stack, "Clicks"));
  collector.addScrapeSchedule("prometheus.scrape.app", Duration.minutes(5));
  const template = Template.fromStack(stack);

  test("is a topic, a stream and a schedule", () => {
    template.resourceCountIs("AWS::SNS::Subscription", 1);
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^Clicks"), "Arn"] },
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 86_400,
    });
    const rates = Object.values(template.findResources("AWS::Scheduler::Schedule")).map(({ Properties }) => [
      Properties.ScheduleExpression,
      Properties.Target.Input,
    ]);
    const input = '{"amalgam":{"schedule":"prometheus.scrape.app"}}';
    expect(rates).toEqual([
      ["rate(1 hour)", input],
      ["rate(5 minutes)", input],
    ]);
  });

  test("is refused for a component without a clock", () => {
    expect(() => collector.addScrapeSchedule("prometheus.scrape.b", Duration.minutes(5))).toThrow(
      new Error("component should be one that works on a clock (prometheus.scrape.app), got prometheus.scrape.b"),
    );
  });
});

describe("a collector of another stack", () => {
  const { collector } = synthesize(`
otelcol.receiver.otlp "in" {
  http { }
  output { logs = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" { client { endpoint = "http://collector.example.com" } }
loki.source.cloudwatch_logs "in" { forward_to = [loki.write.out.receiver] }
${writer}`);
  const arns = collector.functionArns;
  const stack = new Stack(collector.node.root as never, "Other");
  const attributes = {
    functionArns: { http: arns.http ?? "", "log-subscription": arns["log-subscription"] ?? "" },
    ...(collector.queue && { queueArn: collector.queue.queue.queueArn }),
    filterPattern: "ERROR",
  };
  const imported = Amalgam.fromAttributes(stack, "Collector", attributes);
  const role = new Role(stack, "Caller", { assumedBy: new ServicePrincipal("ec2.amazonaws.com") });
  imported.grantInvoke(role);
  imported.grantSendMessages(role);
  imported.addLogGroup("/aws/lambda/orders");
  const template = Template.fromStack(stack);

  test("takes requests and messages of those who are allowed to send", () => {
    expect(allowed(template).map(({ Action }) => Action)).toEqual([
      "lambda:InvokeFunctionUrl",
      "lambda:InvokeFunction",
      expect.arrayContaining(["sqs:SendMessage"]),
    ]);
  });

  test("has log groups subscribed", () => {
    template.hasResourceProperties("AWS::Logs::SubscriptionFilter", {
      LogGroupName: "/aws/lambda/orders",
      FilterPattern: "ERROR",
      DestinationArn: { "Fn::ImportValue": Match.stringLikeRegexp("LogSubscription") },
    });
  });

  test("has metrics, and says what is not known of it", () => {
    expect(imported.metricErrors().expression).toBe("m0 + m1");
    const other = Amalgam.fromAttributes(stack, "Part", { functionArns: { queue: "arn:aws:lambda:a:1:function:q" } });
    expect(() => other.grantInvoke(role)).toThrow(new Error("functionArns of Other/Part should have http, got queue"));
    expect(() => other.grantSendMessages(role)).toThrow(new Error("Other/Part should have a queueArn, got none"));
  });
});

test("a secret, a parameter and names of resources come by the environment, with permissions for just them", () => {
  const stack = emptyStack();
  const key = new Key(stack, "Key");
  const secret = new Secret(stack, "Secret", { encryptionKey: key });
  const parameter = new StringParameter(stack, "Parameter", { stringValue: "a" });
  const stream = new Stream(stack, "Clicks");
  synthesize(
    `
loki.source.kinesis "in" {
  streams    = [sys.env("STREAM")]
  forward_to = [loki.write.out.receiver]
}
remote.aws.secrets_manager "loki" { secret_id = sys.env("SECRET") }
remote.aws.ssm_parameter "tenant" { name = sys.env("PARAMETER") }
remote.aws.secrets_manager "named" { secret_id = sys.env("NAMED") }
loki.write "out" {
  endpoint {
    url       = sys.env("URL")
    tenant_id = convert.nonsensitive(remote.aws.ssm_parameter.tenant.content)
    basic_auth {
      username = convert.nonsensitive(remote.aws.secrets_manager.named.content)
      password = remote.aws.secrets_manager.loki.content
    }
  }
}`,
    {
      handOver: false,
      environment: {
        STREAM: stream.streamArn,
        SECRET: secret,
        PARAMETER: parameter,
        NAMED: Secret.fromSecretNameV2(stack, "Named", "shop/loki"),
        URL: `https://${stream.streamName}.example.com`,
      },
    },
    stack,
  );
  const template = Template.fromStack(stack);
  const ref = (Ref: string) => ({ Ref });
  const secretRef = ref(idOf(stack, secret));
  const parameterRef = ref(idOf(stack, parameter));
  template.allResourcesProperties("AWS::Lambda::Function", {
    Environment: { Variables: { SECRET: secretRef, PARAMETER: parameterRef, NAMED: "shop/loki" } },
  });
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [idOf(stack, stream), "Arn"] },
  });
  const statements = allowed(template).filter(({ Action }) => /secrets|ssm|kms/.test(JSON.stringify(Action)));
  const arn = (service: string, rest: unknown[]) => ({
    "Fn::Join": [
      "",
      ["arn:", ref("AWS::Partition"), `:${service}:`, ref("AWS::Region"), ":", ref("AWS::AccountId"), ...rest],
    ],
  });
  const sorted = statements.map(({ Action, Resource }) => [Action, Resource]);
  expect(sorted).toHaveLength(3);
  expect(sorted).toEqual(
    expect.arrayContaining([
      ["secretsmanager:GetSecretValue", secretRef],
      ["ssm:GetParameter", arn("ssm", [":parameter/", parameterRef])],
      ["secretsmanager:GetSecretValue", arn("secretsmanager", [":secret:shop/loki-??????"])],
    ]),
  );
  const service = { "Fn::Join": ["", ["secretsmanager.", ref("AWS::Region"), ".amazonaws.com"]] };
  template.hasResourceProperties("AWS::KMS::Key", {
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: "kms:Decrypt",
          Principal: { AWS: { "Fn::GetAtt": [Match.stringLikeRegexp("^CollectorStreamRole"), "Arn"] } },
          Condition: { StringEquals: { "kms:ViaService": service } },
        }),
      ]),
    },
  });
});
