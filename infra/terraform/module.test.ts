/** The module by itself: its format, what its variables refuse, and a run of `terraform test` with a mock of the provider. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { archive } from "../../functions/archive.ts";
import type { GraphDescription } from "../../lib/pipeline/graph/describe.ts";
import { planResources } from "../resources.ts";
import { hasTerraform, Workspace } from "./testing/terraform.ts";

const graph: GraphDescription = {
  version: 1,
  edges: [],
  components: [
    {
      id: "loki.source.api.a",
      name: "loki.source.api",
      label: "a",
      triggers: [
        { kind: "http", host: "", port: 80, paths: ["/loki/api/v1/push"], authenticated: true },
        { kind: "records", format: "loki", sources: ["queue"], logGroups: [], filterPattern: "" },
      ],
      permissions: [
        {
          action: "ssm:GetParameter",
          resource: "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/a",
        },
      ],
      state: true,
    },
    {
      id: "prometheus.scrape.a",
      name: "prometheus.scrape",
      label: "a",
      triggers: [{ kind: "schedule", everySeconds: 15 }],
      permissions: [],
      state: true,
    },
  ],
};

const mocked = `
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

run "plans" {
  command = plan

  assert {
    condition     = jsonencode(output.function_names) == jsonencode({ http = "amalgam-http", queue = "amalgam-queue", schedule = "amalgam-schedule" })
    error_message = "got \${jsonencode(output.function_names)}"
  }
  assert {
    condition     = aws_lambda_function_url.this["http"].authorization_type == "NONE"
    error_message = "got \${aws_lambda_function_url.this["http"].authorization_type}"
  }
  assert {
    condition     = aws_lambda_function.this["schedule"].timeout == 90
    error_message = "got \${aws_lambda_function.this["schedule"].timeout}"
  }
  assert {
    condition     = aws_lambda_function.this["http"].environment[0].variables.AMALGAM_STATE == "dynamodb:amalgam-state"
    error_message = "got \${jsonencode(aws_lambda_function.this["http"].environment)}"
  }
}

run "makes_only_wanted_kinds" {
  command = plan

  variables {
    triggers    = ["http"]
    environment = { AMALGAM_STATE = "memory" }
    memory      = 256
    timeout     = 60
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/a"
  }
  assert {
    condition     = keys(aws_lambda_function.this) == ["http"] && length(aws_sqs_queue.this) == 0 && length(aws_dynamodb_table.this) == 0
    error_message = "got \${jsonencode(keys(aws_sqs_queue.this))}"
  }
  assert {
    condition     = aws_lambda_function.this["http"].memory_size == 256 && aws_lambda_function.this["http"].timeout == 60
    error_message = "memory and timeout should be those of the variables"
  }
  assert {
    condition     = aws_cloudwatch_log_group.this["http"].kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/a"
    error_message = "logs should have the key"
  }
}

run "hides_messages_six_times_the_timeout" {
  command = plan

  variables {
    triggers = ["queue"]
    timeout  = 60
  }
  assert {
    condition     = aws_sqs_queue.this["queue"].visibility_timeout_seconds == 360
    error_message = "got \${aws_sqs_queue.this["queue"].visibility_timeout_seconds}"
  }
}

run "refuses_reserved_variables" {
  command = plan
  variables {
    environment = { AWS_REGION = "eu-central-1" }
  }
  expect_failures = [var.environment]
}

run "refuses_little_memory" {
  command = plan
  variables {
    memory = 64
  }
  expect_failures = [var.memory]
}

run "refuses_long_names" {
  command = plan
  variables {
    name = "a-name-that-is-longer-than-thirty-two-characters"
  }
  expect_failures = [var.name]
}

run "refuses_a_folder_without_a_bundle" {
  command = plan
  variables {
    bundle = "nowhere"
  }
  expect_failures = [var.bundle]
}
`;

describe.skipIf(!hasTerraform)("the module", () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await Workspace.open({}, import.meta.dirname);
    const bundle = path.join(workspace.folder, "bundle");
    mkdirSync(bundle);
    writeFileSync(path.join(bundle, "resources.json"), JSON.stringify(planResources(graph)));
    writeFileSync(path.join(bundle, "function.zip"), archive(new Map()));
    writeFileSync(path.join(workspace.folder, "terraform.tfvars"), 'bundle = "bundle"\n');
    mkdirSync(path.join(workspace.folder, "tests"));
    writeFileSync(path.join(workspace.folder, "tests/module.tftest.hcl"), mocked);
  });
  afterAll(() => workspace.close());

  test("is formatted", async () => {
    const { status, output } = await workspace.run("fmt", "-check", "-diff", import.meta.dirname);
    expect({ status, output }).toEqual({ status: 0, output: "" });
  });

  test("has valid resources, plans with a mock of the provider, and refuses what can't be", async () => {
    for (const args of [["init"], ["validate"], ["test"]]) {
      const { status, output } = await workspace.run(...args, "-no-color");
      expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
      if (args[0] === "test") expect(output).toContain("Success! 7 passed, 0 failed.");
    }
  });

  test("would not be valid with an argument that the provider does not have", async () => {
    const other = await Workspace.open({ "main.tf": 'resource "aws_sqs_queue" "a" {\n  nme = "a"\n}\n' });
    await other.run("init");
    const { status, output } = await other.run("validate", "-no-color");
    other.close();
    expect(status).toBe(1);
    expect(output).toContain('An argument named "nme" is not expected here. Did you mean "name"?');
  });
});
