import { Annotations, Template } from "aws-cdk-lib/assertions";
import { Key } from "aws-cdk-lib/aws-kms";
import { Bucket } from "aws-cdk-lib/aws-s3";
import { describe, expect, test } from "vitest";
import { allowed, emptyStack, idOf, synthesize } from "./testing.ts";

const reading = (buckets: string) => `
loki.source.s3 "in" {
  ${buckets}
  forward_to = [loki.write.out.receiver]
}
loki.write "out" { endpoint { url = "https://loki.example.com/loki/api/v1/push" } }
`;

describe("a configuration that names a bucket", () => {
  const { stack, collector } = synthesize(
    reading(`bucket {
      name   = "shop-logs"
      prefix = "alb/"
      suffix = ".gz"
    }
    bucket {
      name   = "shop-logs"
      prefix = "alb/eu/"
      suffix = ".log.gz"
    }
    bucket { name = "other-logs" }`),
  );
  const template = Template.fromStack(stack);
  const arn = (of: Parameters<typeof idOf>[1]) => ({ "Fn::GetAtt": [idOf(stack, of), "Arn"] });

  test("has notifications of it go into a queue that calls the function, and sets events aside after five tries", () => {
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: arn(collector.objects?.queue),
      FunctionName: { Ref: idOf(stack, collector.objects?.function) },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    template.hasResourceProperties("AWS::SQS::Queue", {
      SqsManagedSseEnabled: true,
      VisibilityTimeout: 1800,
      RedrivePolicy: { deadLetterTargetArn: arn(collector.objects?.deadLetterQueue), maxReceiveCount: 5 },
    });
    expect(collector.deadLetterQueues).toEqual([collector.objects?.deadLetterQueue]);
  });

  test("has one notification for what several components or blocks read", () => {
    const configured = Object.values(template.findResources("Custom::S3BucketNotifications")).map(
      ({ Properties: { BucketName, NotificationConfiguration } }) => [
        BucketName,
        NotificationConfiguration.QueueConfigurations.map((each: { Filter?: { Key: { FilterRules: unknown } } }) => each.Filter?.Key.FilterRules), // biome-ignore format: one path
      ],
    );
    expect(configured).toEqual([
      ["shop-logs", [[{ Name: "suffix", Value: ".gz" }, { Name: "prefix", Value: "alb/" }]]],
      ["other-logs", [undefined]],
    ]); // biome-ignore format: a bucket is one line
  });

  test("has a whole core and time", () => {
    template.hasResourceProperties("AWS::Lambda::Function", { MemorySize: 1769, Timeout: 300 });
  });

  test("may read what it names, and put the rest into its own queue", () => {
    const s3 = (resource: string) => ({ "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, `:s3:::${resource}`]] });
    const statements = allowed(template);
    for (const [Action, Resource] of [
      [["s3:GetObject", "s3:GetObjectVersion"], s3("shop-logs/alb/*")],
      [["s3:GetObject", "s3:GetObjectVersion"], s3("other-logs/*")],
      ["s3:ListBucket", s3("shop-logs")],
    ])
      expect(statements).toContainEqual(expect.objectContaining({ Action, Resource }));
    expect(statements).toContainEqual(
      expect.objectContaining({
        Action: "sqs:SendMessage",
        Resource: arn(collector.objects?.queue),
      }),
    );
  });
});

test("a bucket of the stack can be added, with its key", () => {
  const stack = emptyStack();
  const key = new Key(stack, "Key");
  const bucket = new Bucket(stack, "Logs", { encryptionKey: key });
  const { collector } = synthesize(reading(""), {}, stack);
  collector.addBucket(bucket, { prefix: "app/" });
  const template = Template.fromStack(stack);
  template.hasResourceProperties("Custom::S3BucketNotifications", {
    BucketName: { Ref: idOf(stack, bucket) },
    NotificationConfiguration: {
      QueueConfigurations: [
        {
          Events: ["s3:ObjectCreated:*"],
          QueueArn: { "Fn::GetAtt": [idOf(stack, collector.objects?.queue), "Arn"] },
          Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "app/" }] } },
        },
      ],
    },
  });
  const statements = allowed(template);
  expect(statements).toContainEqual(
    expect.objectContaining({
      Action: ["s3:GetObject", "s3:GetObjectVersion"],
      Resource: { "Fn::Join": ["", [{ "Fn::GetAtt": [idOf(stack, bucket), "Arn"] }, "/app/*"]] },
    }),
  );
  expect(statements).toContainEqual(
    expect.objectContaining({ Action: "kms:Decrypt", Resource: { "Fn::GetAtt": [idOf(stack, key), "Arn"] } }),
  );
  Annotations.fromStack(stack).hasInfo(
    "*",
    "loki.source.s3.in names no bucket: send events of S3 to the queue when you deploy",
  );
});

test("a queue that the configuration names is polled, and its bucket left as it is", () => {
  const { stack, collector } = synthesize(
    `
otelcol.receiver.awss3 "in" {
  s3downloader {
    s3_bucket = "shop-traces"
    s3_prefix = "otlp"
  }
  sqs {
    queue_url = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-objects"
    region    = "eu-central-1"
  }
  output { traces = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" { client { endpoint = "https://tempo.example.com" } }
`,
    { stability: "experimental" },
  );
  const template = Template.fromStack(stack);
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: "arn:aws:sqs:eu-central-1:123456789012:shop-objects",
    FunctionName: { Ref: idOf(stack, collector.objects?.function) },
  });
  template.resourceCountIs("Custom::S3BucketNotifications", 0);
});

test("a bucket can't be added where nothing reads objects", () => {
  const stack = emptyStack();
  const config = `
otelcol.receiver.otlp "in" {
  http { }
  output { logs = [otelcol.exporter.otlphttp.out.input] }
}
otelcol.exporter.otlphttp "out" { client { endpoint = "https://tempo.example.com" } }
`;
  const { collector } = synthesize(config, {}, stack);
  expect(() => collector.addBucket(new Bucket(stack, "Logs"))).toThrow(
    "Shop/Collector should have a component with the trigger objects, such as loki.source.s3, got none",
  );
});
