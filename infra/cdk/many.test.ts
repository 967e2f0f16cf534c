/** Policies and variables of Lambda have limits, which collectors of many log groups, buckets and secrets must not come near. */
import { Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { synthesize } from "./testing.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

const groups = numbers(150).map(i => `"/aws/lambda/a-function-with-a-name-as-long-as-they-are-${i}"`);
const config = `
loki.source.cloudwatch_logs "in" {
  log_groups = [${groups.join(", ")}]
  forward_to = [loki.write.out.receiver]
}
loki.source.s3 "in" {
  ${numbers(30).map(i => `bucket {\n    name = "the-logs-of-a-team-with-a-long-name-${i}"\n  }`).join("\n  ")}
  forward_to = [loki.write.out.receiver]
}
${numbers(60).map(i => `remote.aws.secrets_manager "s${i}" {\n  secret_id = "teams/a-team-with-a-long-name/loki-${i}"\n}`).join("\n")}
loki.write "out" {
  ${numbers(60).map(i => `endpoint {\n    url = "https://loki.example.com/loki/api/v1/push"\n    bearer_token = remote.aws.secrets_manager.s${i}.data.token\n  }`).join("\n  ")}
}
`; // biome-ignore format: a configuration

describe("a collector of 150 log groups, 30 buckets and 60 secrets", () => {
  const { collector, stack } = synthesize(config);
  const template = Template.fromStack(stack);
  const ofType = (type: string) => Object.values(template.findResources(type)).map(({ Properties }) => Properties);

  test("subscribes all log groups with one permission, since a function's policy has at most 20,480 bytes", () => {
    const named = ofType("AWS::Lambda::Permission").filter(({ Principal }) => Principal === "logs.amazonaws.com");
    expect(ofType("AWS::Logs::SubscriptionFilter").length).toBe(150);
    expect(named).toEqual([
      {
        Action: "lambda:InvokeFunction",
        FunctionName: stack.resolve(collector.logSubscription?.function.functionArn),
        Principal: "logs.amazonaws.com",
        SourceAccount: { Ref: "AWS::AccountId" },
        SourceArn: expect.anything(),
      },
    ]);
  });

  test("lets all buckets send to the queue with one statement, and none call a function", () => {
    const senders = ofType("AWS::SQS::QueuePolicy").flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.filter(({ Principal }: Record<string, unknown>) => /"s3\./.test(JSON.stringify(Principal))), // as a policy has it
    );
    expect(senders.length).toBe(1);
    expect(senders[0].Condition.ArnLike["aws:SourceArn"].length).toBe(30);
    expect(ofType("AWS::SQS::QueuePolicy").filter(({ PolicyDocument }) => lengthOf(PolicyDocument) > 8192)).toEqual([]);
    expect(ofType("AWS::Lambda::Permission").filter(({ Principal }) => Principal === "s3.amazonaws.com")).toEqual([]);
  }); // biome-ignore format: one filter

  test("has roles whose policies are below the 10,240 characters of inline and the 6,144 of managed ones", () => {
    const sizes = new Map<string, number>();
    for (const { Roles, PolicyDocument } of ofType("AWS::IAM::Policy"))
      for (const role of Roles) {
        const key = JSON.stringify(role);
        sizes.set(key, (sizes.get(key) ?? 0) + lengthOf(PolicyDocument));
      }
    expect([...sizes.values()].filter(size => size > 10_240)).toEqual([]);
    const managed = ofType("AWS::IAM::ManagedPolicy").map(({ PolicyDocument }) => lengthOf(PolicyDocument));
    expect(managed.filter(size => size > 6144)).toEqual([]);
  });

  test("has variables far below the 4 KB of a function", () => {
    const sizes = ofType("AWS::Lambda::Function").map(({ Environment }) => lengthOf(Environment?.Variables));
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(2048);
  });
});

/** Of a document when it is deployed: texts stand for references. */
const lengthOf = (document: unknown): number =>
  JSON.stringify(document ?? {}, (_, value) => {
    if (value?.["Fn::Join"]) return value["Fn::Join"][1].map((part: unknown) => (typeof part === "string" ? part : "eu-central-1")).join(""); // biome-ignore format: one case
    if (value?.["Fn::GetAtt"] || value?.["Fn::ImportValue"])
      return "arn:aws:sqs:eu-central-1:123456789012:".padEnd(90, "x");
    return value?.Ref ? "x".repeat(40) : value;
  }).length;
