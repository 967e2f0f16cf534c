/** How `remote.s3` and `remote.aws` talk to AWS: signed requests over our own client, since a SDK would be most of a cold start. */
import { awsCredentials } from "../../../delivery/aws-credentials.ts";
import { awsDomain, endpointOf, regionOf } from "../../../delivery/aws-endpoints.ts";
import { type AwsJsonService, awsJsonClient as clientOf, refusalOf } from "../../../delivery/aws-json.ts";
import type { AwsCredentials } from "../../../delivery/sigv4.ts";
import { block, type Infer, object, optional, required } from "../../../eval/schema.ts";
import { secret, string } from "../../../eval/types.ts";
import type { Problem } from "../../../graph/component.ts";
import { type Fields, isHttpUrl } from "../rest.ts";

const assumeRole = object({
  role_arn: required(string, "The role."),
  session_name: optional(string, "", "Name of the session, `amalgam` where unset."),
  external_id: optional(secret, undefined, "Id that the role's owner asks for."),
});

/** The `client` block of all that only Amalgam has for AWS. */
export const awsClientArgs = object({
  region: optional(string, "", "Region; that of an ARN, AWS_REGION or AWS_DEFAULT_REGION where unset."),
  endpoint: optional(string, "", "URL of the service; AWS_ENDPOINT_URL and its relatives count where unset."),
  key: optional(string, "", "Access key id; the credentials of the function's role where unset."),
  secret: optional(secret, undefined, "Secret access key."),
  assume_role: block(assumeRole, "A role to assume with these credentials."),
});
export type AwsClientArgs = Infer<typeof awsClientArgs>;

/** What a client can't be made of. */
export function* awsClientProblems({ key, secret, endpoint, assume_role }: AwsClientArgs): Iterable<Problem> {
  if ((key === "") !== !secret?.reveal())
    yield { path: ["client"], message: "client: key and secret must both be set or both be empty" };
  if (endpoint !== "" && !isHttpUrl(endpoint))
    yield { path: ["client", "endpoint"], message: "endpoint should start with http:// or https:// and a host" };
  if (assume_role?.role_arn === "")
    yield { path: ["client", "assume_role", "role_arn"], message: "role_arn must not be empty" };
}

/** Credentials of the arguments, or those that the function has. */
export function credentialsOf({
  key,
  secret,
  assume_role: role,
  region,
}: AwsClientArgs): () => Promise<AwsCredentials> {
  const stsUrl = endpointOf("", "STS");
  return awsCredentials({
    ...(key !== "" && { accessKey: key, secretKey: secret }),
    ...(role && { roleArn: role.role_arn, sessionName: role.session_name, externalId: role.external_id?.reveal() }),
    region: regionOf(region),
    ...(stsUrl !== undefined && { stsUrl }),
  });
}

/** Calls actions of a service that speaks AWS' JSON protocol. */
export interface AwsJsonClient {
  call(action: string, input: Fields): Promise<Fields>;
  close(): void;
}

export interface JsonService extends AwsJsonService {
  /** As variables name it: `SECRETS_MANAGER`. */
  readonly variable: string;
}

const timeoutMs = 30_000;

export const noRegion = "client.region should be set where there is neither AWS_REGION nor AWS_DEFAULT_REGION";

/** A client of one service, of which any refusal is an error; nothing is connected or looked up before the first call. */
export function awsJsonClient(args: AwsClientArgs, service: JsonService, region: string): AwsJsonClient {
  const url = endpointOf(args.endpoint, service.variable) ?? `https://${service.name}.${region}.${awsDomain(region)}/`;
  const client = clientOf({ url, region, service, credentials: credentialsOf(args), timeoutMs, maxBytes: 1 << 20 });
  return {
    close: () => client.close(),
    async call(action, input) {
      if (region === "") throw new Error(noRegion); // told now, since who looks at a configuration may have none
      const answer = await client.send(action, input);
      if (answer.status === 200 && answer.fields) return answer.fields;
      throw new Error(refusalOf(action, answer));
    },
  };
}

/** What only a deployment knows of an ARN, in CloudFormation's words, which the CDK construct replaces. */
export const partition = "${AWS::Partition}";
export const account = "${AWS::AccountId}";

/** The region in the ARN of a resource: as set, or that of the function. */
export const arnRegion = (set: string): string => set || "${AWS::Region}";

/** The region in an ARN; empty where the text is none. */
export const regionOfArn = (text: string): string => /^arn:[^:]*:[^:]*:([^:]*):/.exec(text)?.[1] ?? "";
