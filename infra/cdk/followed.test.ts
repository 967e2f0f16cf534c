/** Configurations that functions read while they run. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Template } from "aws-cdk-lib/assertions";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { expect, onTestFinished, test } from "vitest";
import { allow } from "./permissions.ts";
import { allowed, emptyStack, placesForTests, synthesize } from "./testing.ts";

const config = `
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}
loki.write "out" { endpoint { url = "https://loki.example.com/loki/api/v1/push" } }
`;

/** A server of a text, in a process of its own since a synthesis waits for nothing. */
async function serve(text: string): Promise<string> {
  const program = `
    const server = require("node:http").createServer((_, response) => response.end(${JSON.stringify(text)}));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill());
  const [port] = (await once(child.stdout, "data")) as [Buffer]; // what it prints first
  return `http://127.0.0.1:${String(port).trim()}/config.alloy`;
}

/** Tables, and alarms on a configuration that is old. */
const counts = (template: Template) => ({
  tables: Object.keys(template.findResources("AWS::DynamoDB::Table")).length,
  alarms: Object.values(template.findResources("AWS::CloudWatch::Alarm")).filter(
    ({ Properties }) =>
      Properties.AlarmDescription ===
      "Shop/Collector: functions run an old configuration, since the newest can't be read or does not load",
  ).length,
});

test("one at an address has a table for the last good one, and an alarm where the newest is bad", async () => {
  const address = await serve(config);
  const { stack, collector } = synthesize("", { config: address, alarms: {} });
  expect(collector.graph.followed).toEqual({ from: [address], permissions: [] });
  expect(collector.graph.components.map(({ id }) => id)).toEqual(["loki.write.out", "loki.source.api.in"]);
  expect(counts(Template.fromStack(stack))).toEqual({ tables: 1, alarms: 1 });
});

test("so has one that names a server of remotecfg; one in the bundle has neither", () => {
  const block = 'remotecfg { url = "https://user:secret@fleet.example.com/v1" }\n';
  const { stack, collector } = synthesize(block + config, { alarms: {} });
  expect(collector.graph.followed?.from).toEqual(["https://fleet.example.com/v1"]);
  expect(counts(Template.fromStack(stack))).toEqual({ tables: 1, alarms: 1 });
  expect(counts(Template.fromStack(synthesize(config, { alarms: {} }).stack))).toEqual({ tables: 0, alarms: 0 });
});

test("a file or an address that can't be read fails the synthesis", async () => {
  expect(() => synthesize("", { config: "missing.alloy" })).toThrow(
    "config should be a file, a folder or an address, got missing.alloy, which does not exist",
  );
  expect(() => synthesize("", { config: "http://127.0.0.1:1/config.alloy" })).toThrow(/127\.0\.0\.1:1.*ECONNREFUSED/s);
});

test("of a bucket only the folder of the configuration may be listed", () => {
  const stack = emptyStack();
  const role = new Role(stack, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  const permission = { actions: ["s3:ListBucket"], resource: "arn:${AWS::Partition}:s3:::configs", reason: "listed" };
  allow(role, [{ ...permission, prefix: "prod/" }, permission], placesForTests());
  expect(allowed(Template.fromStack(stack))).toMatchObject([
    { Action: "s3:ListBucket", Condition: { StringEquals: { "s3:prefix": "prod/" } } },
    { Action: "s3:ListBucket" },
  ]);
});
