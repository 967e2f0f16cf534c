/** Secrets are not read at synthesis; the functions may read just those that the configuration names. */
import { Template } from "aws-cdk-lib/assertions";
import { expect, test } from "vitest";
import { allowed, synthesize } from "./testing.ts";

test("a function may read the secrets, parameters and objects of its configuration, and nothing else", () => {
  const { stack } = synthesize(
    `
loki.source.api "in" {
  http { }
  forward_to = [loki.write.out.receiver]
}

remote.aws.secrets_manager "loki" {
  secret_id = "shop/loki"
  kms_key   = "arn:aws:kms:eu-central-1:123456789012:key/k"
}

remote.aws.ssm_parameter "shop" {
  path = "/shop/prod"
}

remote.s3 "env" {
  path = "s3://config/env.txt"
}

remote.vault "v" {
  server = "https://vault.invalid"
  path   = "kv"
  key    = "app"

  auth.aws {
    type = "iam"
  }
}

remote.gcp.secret_manager "g" {
  secret = "projects/shop/secrets/loki"
}

loki.write "out" {
  endpoint {
    url = convert.nonsensitive(remote.vault.v.data.url)

    basic_auth {
      username = convert.nonsensitive(remote.aws.ssm_parameter.shop.data["loki/user"])
      password = remote.aws.secrets_manager.loki.data.password
    }

    tls_config {
      ca_pem = convert.nonsensitive(remote.gcp.secret_manager.g.content)
    }
  }
  external_labels = { env = remote.s3.env.content }
}
`,
    { triggers: ["http"], handOver: false },
  );
  // its log, and what its backend refuses
  const statements = allowed(Template.fromStack(stack)).filter(
    ({ Action }) => !JSON.stringify(Action).includes("logs:") && Action !== "s3:PutObject",
  );
  const ref = (Ref: string) => ({ Ref: `AWS::${Ref}` });
  const arn = (service: string, rest: string) => ({
    "Fn::Join": ["", ["arn:", ref("Partition"), `:${service}:`, ref("Region"), ":", ref("AccountId"), `:${rest}`]],
  });
  const may = (Action: string, Resource: unknown) => ({ Effect: "Allow", Action, Resource });
  expect(statements).toHaveLength(5);
  expect(statements).toEqual(
    expect.arrayContaining([
      may("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:shop/loki-??????")),
      may("kms:Decrypt", "arn:aws:kms:eu-central-1:123456789012:key/k"),
      may("ssm:GetParametersByPath", arn("ssm", "parameter/shop/prod")),
      may("ssm:GetParametersByPath", arn("ssm", "parameter/shop/prod/*")),
      may("s3:GetObject", { "Fn::Join": ["", ["arn:", ref("Partition"), ":s3:::config/env.txt"]] }),
    ]),
  );
});
