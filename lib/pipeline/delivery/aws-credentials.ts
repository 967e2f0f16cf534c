/**
 * Credentials for AWS without its SDK: from arguments, the environment, a profile, a web identity or a container's
 * address, and for a role that is assumed. Those that expire are renewed five minutes before.
 *
 *     const credentials = awsCredentials({ roleArn, region });
 *     const { accessKeyId } = await credentials();
 */
import { reasonOf } from "./classify.ts";
import { DeliveryError, messageOf } from "./errors.ts";
import { createHttpClient, type HttpClient, type OutgoingRequest } from "./http.ts";
import { reveal, type SecretText } from "./secret-text.ts";
import { type AwsCredentials, type CredentialSource, type RefusedCredentials, signRequest } from "./sigv4.ts";

export interface CredentialOptions {
  readonly accessKey?: string | undefined;
  readonly secretKey?: SecretText | undefined;
  /** Of `~/.aws/credentials`, which `AWS_SHARED_CREDENTIALS_FILE` moves. */
  readonly profile?: string | undefined;
  /** A role to assume with the credentials found. */
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
  readonly sessionName?: string | undefined;
  readonly region?: string | undefined;
  readonly useFipsStsEndpoint?: boolean | undefined;
  /** @default that of STS in the region */
  readonly stsUrl?: string;
  /** @default Date.now */
  readonly now?: () => number;
  /** @default process.env */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

interface Expiring extends AwsCredentials {
  readonly expiresAt?: number;
}

interface Context {
  readonly options: CredentialOptions;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
  readonly client: HttpClient;
}

const renewBeforeMs = 5 * 60_000;

/** Makes a function that gives valid credentials; calls at the same time share the work. */
export function awsCredentials(options: CredentialOptions): CredentialSource {
  const { now = Date.now, environment = process.env } = options;
  const context: Context = { options, environment, now, client: createHttpClient({ timeoutMs: 10_000 }) };
  let known: Expiring | undefined;
  let pending: Promise<Expiring> | undefined;
  const current = async () => {
    // What is in the environment is read each time: in a function it is the runtime's to renew.
    if (!options.roleArn) {
      const direct = fromArguments(options) ?? (options.profile ? undefined : fromEnvironment(environment));
      if (direct) return direct;
    }
    if (known && (known.expiresAt === undefined || now() < known.expiresAt - renewBeforeMs)) return known;
    pending ??= load(context);
    try {
      known = await pending;
      return known;
    } finally {
      pending = undefined;
    }
  };
  const refused = ({ accessKeyId, sessionToken }: RefusedCredentials) => {
    if (known?.accessKeyId === accessKeyId && known.sessionToken === sessionToken) known = undefined;
  };
  return Object.assign(current, { refused });
}

/** Those that a runtime puts into the environment of its functions, and renews there. */
export async function environmentCredentials(): Promise<AwsCredentials> {
  const found = fromEnvironment(process.env);
  if (found) return found;
  throw new DeliveryError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY should be set, got none", { kind: "retry" });
}

async function load(context: Context): Promise<Expiring> {
  const { options, environment } = context;
  const base =
    fromArguments(options) ??
    (options.profile ? undefined : fromEnvironment(environment)) ??
    fromProfile(options, environment) ??
    (await fromWebIdentity(context)) ??
    (await fromContainer(context));
  if (!base) {
    throw new DeliveryError(
      "no AWS credentials: neither in the arguments, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the profile, a web identity nor a container; those of an EC2 instance are not supported",
      { kind: "retry" },
    );
  }
  return options.roleArn ? assumeRole(context, base, options.roleArn) : base;
}

function fromArguments({ accessKey, secretKey }: CredentialOptions): Expiring | undefined {
  const secret = reveal(secretKey);
  return accessKey && secret ? { accessKeyId: accessKey, secretAccessKey: secret } : undefined;
}

function fromEnvironment(environment: Context["environment"]): Expiring | undefined {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = environment;
  return id && secret ? { accessKeyId: id, secretAccessKey: secret, sessionToken: token } : undefined;
}

function fromProfile({ profile }: CredentialOptions, environment: Context["environment"]): Expiring | undefined {
  const path = environment["AWS_SHARED_CREDENTIALS_FILE"] || `${environment["HOME"] ?? ""}/.aws/credentials`;
  const name = profile || environment["AWS_PROFILE"] || "default";
  let text: string;
  try {
    text = process.getBuiltinModule("node:fs").readFileSync(path, "utf8");
  } catch (cause) {
    if (!profile) return undefined;
    throw new DeliveryError(`AWS profile "${profile}" can't be read: ${messageOf(cause)}`, { kind: "retry", cause });
  }
  const section = readSection(text, name);
  const [id, secret] = [section.get("aws_access_key_id"), section.get("aws_secret_access_key")];
  if (id && secret) return { accessKeyId: id, secretAccessKey: secret, sessionToken: section.get("aws_session_token") };
  if (!profile) return undefined;
  throw new DeliveryError(
    `AWS profile "${profile}" should have aws_access_key_id and aws_secret_access_key in ${path}`,
    { kind: "retry" },
  );
}

function readSection(text: string, name: string): Map<string, string> {
  const fields = new Map<string, string>();
  let inside = false;
  for (const line of text.split(/\r?\n/)) {
    const heading = /^\s*\[\s*(?:profile\s+)?(.+?)\s*\]/.exec(line);
    if (heading) inside = heading[1] === name;
    const field = /^\s*([^#;=\s]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (inside && field?.[1] !== undefined && field[2] !== undefined) fields.set(field[1], field[2]);
  }
  return fields;
}

/** As Kubernetes gives service accounts a role (IRSA). */
async function fromWebIdentity(context: Context): Promise<Expiring | undefined> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role, AWS_ROLE_SESSION_NAME: session } = context.environment;
  if (!file || !role) return undefined;
  let token: string;
  try {
    token = process.getBuiltinModule("node:fs").readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new DeliveryError(`AWS_WEB_IDENTITY_TOKEN_FILE can't be read: ${messageOf(cause)}`, { kind: "retry", cause });
  }
  return askSts(context, {
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: role,
    RoleSessionName: session || "amalgam",
    WebIdentityToken: token,
  });
}

function assumeRole(context: Context, base: AwsCredentials, role: string): Promise<Expiring> {
  const { externalId, sessionName } = context.options;
  const form = {
    Action: "AssumeRole",
    RoleArn: role,
    RoleSessionName: sessionName || "amalgam",
    ...(externalId && { ExternalId: externalId }),
  };
  return askSts(context, form, base);
}

async function askSts(
  { options, environment, client, now }: Context,
  form: Record<string, string>,
  signer?: AwsCredentials,
): Promise<Expiring> {
  const region = options.region || environment["AWS_REGION"] || environment["AWS_DEFAULT_REGION"] || "us-east-1";
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const url = new URL(options.stsUrl ?? `https://sts${options.useFipsStsEndpoint ? "-fips" : ""}.${region}.${suffix}/`);
  const body = Buffer.from(new URLSearchParams({ Version: "2011-06-15", ...form }).toString());
  const request: OutgoingRequest = {
    method: "POST",
    url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body,
  };
  if (signer) signRequest(request, { region, service: "sts", credentials: signer, now: now() });
  const answer = await client.request({ method: "POST", url, headers: request.headers, body });
  const text = Buffer.from(answer.body).toString();
  const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  if (answer.status !== 200) {
    const reason = field("Message") ?? reasonOf(answer);
    throw new DeliveryError(
      `${form["Action"]} of ${form["RoleArn"]} was refused, got status ${answer.status}: ${reason}`,
      { kind: "retry", status: answer.status },
    );
  }
  return readCredentials(`the answer to ${form["Action"]}`, {
    id: field("AccessKeyId"),
    secret: field("SecretAccessKey"),
    token: field("SessionToken"),
    expiration: field("Expiration"),
  });
}

/** As ECS and EKS serve them to a container. */
async function fromContainer({ environment, client }: Context): Promise<Expiring | undefined> {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment;
  const url = relative ? `http://169.254.170.2${relative}` : full;
  if (!url) return undefined;
  const file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
  const token = file
    ? process.getBuiltinModule("node:fs").readFileSync(file, "utf8").trim()
    : environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
  const answer = await client.request({
    url,
    headers: { accept: "application/json", ...(token && { authorization: token }) },
  });
  if (answer.status !== 200) {
    throw new DeliveryError(`the container's credentials were refused, got status ${answer.status}`, {
      kind: "retry",
      status: answer.status,
    });
  }
  const fields = JSON.parse(Buffer.from(answer.body).toString()) as Record<string, string | undefined>; // its documented form
  return readCredentials("the container's answer", {
    id: fields["AccessKeyId"],
    secret: fields["SecretAccessKey"],
    token: fields["Token"],
    expiration: fields["Expiration"],
  });
}

function readCredentials(
  what: string,
  {
    id,
    secret,
    token,
    expiration,
  }: { id: string | undefined; secret: string | undefined; token: string | undefined; expiration: string | undefined },
): Expiring {
  if (!id || !secret) throw new DeliveryError(`${what} should hold credentials, got none`, { kind: "retry" });
  const expiresAt = Date.parse(expiration ?? "");
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    sessionToken: token,
    ...(!Number.isNaN(expiresAt) && { expiresAt }),
  };
}
