/** What refused data needs of AWS: a bucket of its own that functions write to, and nobody else reads by accident. */

import { Match, Template } from "aws-cdk-lib/assertions";
import { Key } from "aws-cdk-lib/aws-kms";
import { Bucket, BucketEncryption, CfnBucket } from "aws-cdk-lib/aws-s3";
import { AwsSolutionsChecks } from "cdk-nag";
import { describe, expect, test } from "vitest";
import { allowed, emptyStack, idOf, synthesize } from "./testing.ts";

const writes = `
loki.source.cloudwatch_logs "in" { forward_to = [loki.write.out.receiver] }
otelcol.receiver.otlp "in" {
  http { }
  output { logs = [otelcol.exporter.otlphttp.out.input] }
}
loki.write "out" { endpoint { url = "http://loki/loki/api/v1/push" } }
otelcol.exporter.otlphttp "out" { client { endpoint = "http://otlp" } }
`;
const prints = `
loki.source.cloudwatch_logs "in" { forward_to = [loki.echo.out.receiver] }
loki.echo "out" { }
`;

describe("a configuration that writes to a backend", () => {
  const { stack, collector } = synthesize(writes);
  const template = Template.fromStack(stack);
  const bucket = idOf(stack, collector.deadLetters?.bucket);

  test.for([
    {
      it: "is encrypted",
      properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
        },
      },
    },
    {
      it: "can't be public",
      properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    },
    {
      it: "keeps letters for 30 days",
      properties: {
        LifecycleConfiguration: {
          Rules: [
            { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, ExpirationInDays: 30, Status: "Enabled" },
          ],
        },
      },
    },
  ])("has a bucket that $it", ({ properties }) => {
    template.hasResourceProperties("AWS::S3::Bucket", properties);
  });

  test("has a bucket that outlives the stack", () => {
    template.hasResource("AWS::S3::Bucket", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    template.resourceCountIs("AWS::S3::Bucket", 1);
  });

  test("has a bucket that takes only encrypted connections", () => {
    template.hasResourceProperties("AWS::S3::BucketPolicy", {
      Bucket: { Ref: bucket },
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ],
      },
    });
  });

  test("tells each function where", () => {
    const place = { "Fn::Join": ["", ["s3://", { Ref: bucket }, "/Collector"]] };
    const functions = Object.values(template.findResources("AWS::Lambda::Function"));
    expect(functions).toHaveLength(4); // with the one for what is handed over
    for (const { Properties } of functions)
      expect(Properties.Environment.Variables).toMatchObject({ AMALGAM_DEAD_LETTERS: place });
  });

  test("lets each function put letters there, and no more of S3, but the one that delivers what waits there", () => {
    const s3 = allowed(template).filter(({ Action }) => [Action].flat().some(each => each.startsWith("s3:")));
    const Resource = { "Fn::Join": ["", [{ "Fn::GetAtt": [bucket, "Arn"] }, "/Collector/*"]] };
    expect(s3).toEqual([
      { Effect: "Allow", Action: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], Resource },
      ...Array(3).fill({ Effect: "Allow", Action: "s3:PutObject", Resource }),
    ]);
  });

  test("satisfies the checks of AWS Solutions", () => {
    expect(new AwsSolutionsChecks(stack).validateScope(stack)).toEqual({ success: true, violations: [] });
  });
});

test.for([
  { it: "the configuration writes to no backend", text: prints, props: {} },
  { it: "the user wants none", text: writes, props: { deadLetters: false as const } },
])("there is no bucket where $it", ({ text, props }) => {
  const { stack, collector } = synthesize(text, props);
  const template = Template.fromStack(stack);
  template.resourceCountIs("AWS::S3::Bucket", 0);
  expect(collector.deadLetters).toBeUndefined();
  expect(JSON.stringify(template.findResources("AWS::Lambda::Function"))).not.toContain("AMALGAM_DEAD_LETTERS");
});

test("a bucket of the user's is used, with its key", () => {
  const stack = emptyStack();
  const encryptionKey = new Key(stack, "Key", { enableKeyRotation: true });
  const bucket = new Bucket(stack, "Own", { encryption: BucketEncryption.KMS, encryptionKey });
  synthesize(writes, { deadLetters: bucket, handOver: false }, stack);
  const template = Template.fromStack(stack);
  template.resourceCountIs("AWS::S3::Bucket", 1);
  const arnOf = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });
  expect(bucket.node.defaultChild).toBeInstanceOf(CfnBucket);
  const statements = allowed(template).filter(({ Resource }) => JSON.stringify(Resource).includes("Own") || JSON.stringify(Resource).includes("Key")); // biome-ignore format: one row
  expect(statements).toEqual(
    Array(3)
      .fill([
        {
          Effect: "Allow",
          Action: "s3:PutObject",
          Resource: { "Fn::Join": ["", [arnOf(idOf(stack, bucket)), "/Collector/*"]] },
        },
        {
          Effect: "Allow",
          Action: "kms:GenerateDataKey",
          Resource: arnOf(idOf(stack, encryptionKey)),
        },
      ])
      .flat(),
  );
});

test("a place of the user's own is left alone", () => {
  const environment = { AMALGAM_DEAD_LETTERS: "sqs:https://sqs.eu-central-1.amazonaws.com/1/letters" };
  const template = Template.fromStack(synthesize(writes, { environment }).stack);
  template.resourceCountIs("AWS::S3::Bucket", 0);
  template.hasResourceProperties("AWS::Lambda::Function", { Environment: { Variables: environment } });
  const bucket = Bucket.fromBucketName(emptyStack(), "Own", "own");
  expect(() => synthesize(writes, { environment, deadLetters: bucket })).toThrow(
    "deadLetters should be left out where environment has AMALGAM_DEAD_LETTERS, got both",
  );
});
