/** Reads a secret of AWS Secrets Manager, again when that is older than `poll_frequency`, so that a rotation needs no deployment. */
import { regionOf } from "../../../delivery/aws-endpoints.ts";
import { defaultBlock, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { duration, secret, string } from "../../../eval/types.ts";
import { Secret } from "../../../eval/value.ts";
import { defineComponent, type Needs, type Problem } from "../../../graph/component.ts";
import type { Fields } from "../rest.ts";
import { fieldsOf, secretFields, startSource } from "../source.ts";
import { StandInFields, standInText } from "../stand-ins.ts";
import {
  account,
  arnRegion,
  awsClientArgs,
  awsClientProblems,
  awsJsonClient,
  partition,
  regionOfArn,
} from "./client.ts";

const args = object({
  secret_id: required(string, "Name or ARN of the secret."),
  version_stage: optional(string, "", "Label of the version to read, AWSCURRENT where unset."),
  version_id: optional(string, "", "Id of the version to read."),
  poll_frequency: optional(duration, "5m", "Age at which the secret is read again; 0 reads it once."),
  kms_key: optional(string, "", "ARN of the key that encrypts the secret where it is not that of the service."),
  client: defaultBlock(awsClientArgs, "How to reach AWS."),
});
type Args = Infer<typeof args>;

const service = { name: "secretsmanager", variable: "SECRETS_MANAGER", target: "secretsmanager" };

export const remoteAwsSecretsManager = defineComponent({
  name: "remote.aws.secrets_manager",
  summary: "Reads a secret of AWS Secrets Manager and exports it and its fields.",
  stability: "generally-available",
  ours: true,
  inFunctions:
    "Read with the function's role at the cold start, and before the records of an invocation when it is older than poll_frequency.",
  args,
  exports: object({
    content: required(secret, "The secret as it is."),
    data: required(secretFields, "The fields of a secret that is a JSON object; what is no string as JSON."),
  }),
  check: problemsOf,
  build(args, host) {
    const { secret_id, version_stage, version_id, client: settings } = args;
    const region = regionOf(settings.region || regionOfArn(secret_id));
    const client = awsJsonClient(settings, service, region);
    const input = {
      SecretId: secret_id,
      ...(version_stage !== "" && { VersionStage: version_stage }),
      ...(version_id !== "" && { VersionId: version_id }),
    };
    return startSource(host, {
      read: async () => exportsOf(await client.call("GetSecretValue", input)),
      everyMs: args.poll_frequency,
      healthy: "secret fetched",
      failed: `secret ${JSON.stringify(secret_id)} can't be read`,
      needs: needsOf(args),
      standIn: { content: new Secret(standInText), data: new StandInFields() },
      close: async () => client.close(),
    });
  },
});

function* problemsOf({ secret_id, version_stage, version_id, poll_frequency, client }: Args): Iterable<Problem> {
  if (secret_id === "") yield { path: ["secret_id"], message: "secret_id must not be empty" };
  if (version_stage !== "" && version_id !== "")
    yield { path: ["version_id"], message: "only one of version_stage and version_id may be set" };
  if (poll_frequency < 0) yield { path: ["poll_frequency"], message: "poll_frequency must not be negative" };
  yield* awsClientProblems(client);
}

function exportsOf({ SecretString: text, SecretBinary: binary }: Fields) {
  if (typeof binary === "string") throw new Error("it is binary, and should be text");
  if (typeof text !== "string") throw new Error("the answer should have a SecretString, got none");
  return { content: new Secret(text), data: fieldsOf(text) };
}

/** Secrets have six characters of the service's choice at the end of their ARNs, which a user may leave out. */
function needsOf({ secret_id: id, kms_key, client: { region, assume_role } }: Args): Needs {
  if (assume_role) return { permissions: [{ action: "sts:AssumeRole", resource: assume_role.role_arn }] };
  const arn = id.startsWith("arn:")
    ? id
    : `arn:${partition}:secretsmanager:${arnRegion(region)}:${account}:secret:${id}`;
  const mayBeWhole = id.startsWith("arn:") && /-\w{6}$/.test(id);
  const resources = [...(mayBeWhole ? [arn] : []), `${arn}-??????`];
  return {
    permissions: [
      ...resources.map(resource => ({ action: "secretsmanager:GetSecretValue", resource })),
      ...(kms_key === "" ? [] : [{ action: "kms:Decrypt", resource: kms_key }]),
    ],
  };
}
