/** Reads a secret of AWS Secrets Manager, again when that is older than `poll_frequency`, so that a rotation needs no deployment. */
import { type Infer, object, optional, required } from "../../../eval/schema.ts";
import { secret, string } from "../../../eval/types.ts";
import { Secret } from "../../../eval/value.ts";
import { defineComponent, type Problem } from "../../../graph/component.ts";
import type { Fields } from "../rest.ts";
import { fieldsOf, secretFields } from "../source.ts";
import { StandInFields, standInText } from "../stand-ins.ts";
import { account, arnRegion, partition } from "./client.ts";
import { type AwsValue, awsValueArgs, awsValueInFunctions, awsValueProblems, startAwsValue } from "./value.ts";

const args = object({
  secret_id: required(string, "Name or ARN of the secret."),
  version_stage: optional(string, "", "Label of the version to read, AWSCURRENT where unset."),
  version_id: optional(string, "", "Id of the version to read."),
  ...awsValueArgs("secret"),
});
type Args = Infer<typeof args>;

const service = { name: "secretsmanager", variable: "SECRETS_MANAGER", target: "secretsmanager" };

export const remoteAwsSecretsManager = defineComponent({
  name: "remote.aws.secrets_manager",
  summary: "Reads a secret of AWS Secrets Manager and exports it and its fields.",
  stability: "generally-available",
  ours: true,
  inFunctions: awsValueInFunctions,
  args,
  exports: object({
    content: required(secret, "The secret as it is."),
    data: required(secretFields, "The fields of a secret that is a JSON object; what is no string as JSON."),
  }),
  check: problemsOf,
  build(args, host) {
    const { secret_id, version_stage, version_id } = args;
    const input = {
      SecretId: secret_id,
      ...(version_stage !== "" && { VersionStage: version_stage }),
      ...(version_id !== "" && { VersionId: version_id }),
    };
    return startAwsValue(host, args, {
      service,
      id: secret_id,
      read: async client => exportsOf(await client.call("GetSecretValue", input)),
      permissions: permissionsOf(args),
      healthy: "secret fetched",
      failed: `secret ${JSON.stringify(secret_id)} can't be read`,
      standIn: { content: new Secret(standInText), data: new StandInFields() },
    });
  },
});

function* problemsOf({ secret_id, version_stage, version_id, ...shared }: Args): Iterable<Problem> {
  if (secret_id === "") yield { path: ["secret_id"], message: "secret_id must not be empty" };
  if (version_stage !== "" && version_id !== "")
    yield { path: ["version_id"], message: "only one of version_stage and version_id may be set" };
  yield* awsValueProblems(shared);
}

function exportsOf({ SecretString: text, SecretBinary: binary }: Fields) {
  if (typeof binary === "string") throw new Error("it is binary, and should be text");
  if (typeof text !== "string") throw new Error("the answer should have a SecretString, got none");
  return { content: new Secret(text), data: fieldsOf(text) };
}

/** Secrets have six characters of the service's choice at the end of their ARNs, which a user may leave out. */
function permissionsOf({ secret_id: id, client: { region } }: Args): AwsValue<unknown>["permissions"] {
  const arn = id.startsWith("arn:")
    ? id
    : `arn:${partition}:secretsmanager:${arnRegion(region)}:${account}:secret:${id}`;
  const mayBeWhole = id.startsWith("arn:") && /-\w{6}$/.test(id);
  const resources = [...(mayBeWhole ? [arn] : []), `${arn}-??????`];
  return resources.map(resource => ({ action: "secretsmanager:GetSecretValue", resource }));
}
